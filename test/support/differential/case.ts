/**
 * A case: rules, and a story of packets, run on either side.
 * @module
 */
import { type Bed, type BedName, type BedState, type Emitted, NETWORKS } from './bed.js';
import { type AnswerSpec, answerTo, errorAbout, framesOf, type PacketSpec } from './frames.js';

export type Step =
  | { readonly send: PacketSpec }
  /** Whoever got what came out first in an earlier step answers it. */
  | { readonly answer: number; readonly with: AnswerSpec }
  /** A router behind the interface by which it left reports an error of it. */
  | { readonly error: number; readonly type: number; readonly code: number };

/**
 * Of which families rules ask for connection tracking. The kernel runs a case where no other was ever tracked: it is slow
 * to end what rules that are gone have begun.
 */
export const TRACKED = ['both', 'ip', 'none'] as const;
export type Tracked = (typeof TRACKED)[number];

export interface Case {
  readonly name: string;
  readonly bed: BedName;
  readonly tracked: Tracked;
  readonly rules: string;
  readonly steps: readonly Step[];
}

export interface Run {
  /** What came out, by step; null: there was nothing to answer. */
  readonly emitted: readonly (readonly Emitted[] | null)[];
  readonly injected: readonly (Uint8Array | null)[];
  readonly state: BedState;
}

/** @param seed of what the side draws, where that can be chosen */
export function runCase(bed: Bed, { rules, steps }: Pick<Case, 'rules' | 'steps'>, seed = 1): Run {
  bed.reset(rules, seed);
  const emitted: (readonly Emitted[] | null)[] = [];
  const injected: (Uint8Array | null)[] = [];
  for (const step of steps) {
    const frames = framesFor(step, emitted, (seed - 1) * 0x101);
    injected.push(frames?.frames[0] ?? null);
    emitted.push(frames === null ? null : frames.frames.flatMap((frame) => bed.inject(frames.iface, frame)));
  }
  return { emitted, injected, state: bed.state() };
}

/** @param salt for identifications: a kernel remembers fragments that it could not put together */
function framesFor(step: Step, before: readonly (readonly Emitted[] | null)[], salt: number): { readonly iface: number; readonly frames: Uint8Array[] } | null {
  if ('send' in step) return { iface: step.send.iface, frames: framesOf({ ...step.send, id: ((step.send.id ?? 1) + salt) & 0xffff }) };
  const about = before['answer' in step ? step.answer : step.error]?.[0];
  if (about === undefined) return null;
  const { iface, frame } = about;
  if ('answer' in step) {
    const answer = answerTo(frame, iface, step.with);
    return answer === null ? null : { iface, frames: framesOf(answer) };
  }
  const host = (six: boolean): string => NETWORKS[iface]!.hosts.find((h) => h.includes(':') === six)!;
  const error = errorAbout(frame, iface, { 4: host(false), 6: host(true) }, step.type, step.code);
  return error === null ? null : { iface, frames: [error] };
}
