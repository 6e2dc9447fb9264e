/**
 * A case: rules, and a story of packets. Run on both sides, then compared: what came out where, frame by frame, the
 * counters of the rules, the connections that are known.
 * @module
 */
import { describeFrame, sameFrame } from './observe.js';
import { type Bed, type BedName, type BedState, type Emitted, NETWORKS } from './bed.js';
import { type AnswerSpec, answerTo, errorAbout, framesOf, type PacketSpec } from './frames.js';

export type Step =
  | { readonly send: PacketSpec }
  /** Whoever got what came out first in an earlier step answers it. */
  | { readonly answer: number; readonly with: AnswerSpec }
  /** A router behind the interface by which it left reports an error of it. */
  | { readonly error: number; readonly type: number; readonly code: number };

export interface Case {
  readonly name: string;
  readonly bed: BedName;
  /** False: no rule asks for connection tracking. The kernel runs it where none ever did. */
  readonly tracked: boolean;
  readonly rules: string;
  readonly steps: readonly Step[];
}

export interface Run {
  /** What came out, by step; null: there was nothing to answer. */
  readonly emitted: readonly (readonly Emitted[] | null)[];
  readonly injected: readonly (Uint8Array | null)[];
  readonly state: BedState;
}

export function runCase(bed: Bed, { rules, steps }: Pick<Case, 'rules' | 'steps'>): Run {
  bed.reset(rules);
  const emitted: (readonly Emitted[] | null)[] = [];
  const injected: (Uint8Array | null)[] = [];
  for (const step of steps) {
    const frames = framesFor(step, emitted);
    injected.push(frames?.frames[0] ?? null);
    emitted.push(frames === null ? null : frames.frames.flatMap((frame) => bed.inject(frames.iface, frame)));
  }
  return { emitted, injected, state: bed.state() };
}

function framesFor(step: Step, before: readonly (readonly Emitted[] | null)[]): { readonly iface: number; readonly frames: Uint8Array[] } | null {
  if ('send' in step) return { iface: step.send.iface, frames: framesOf(step.send) };
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

/** What differs, one line each; none: the two are alike. */
export function compareRuns(a: Run, b: Run, names: readonly [string, string]): string[] {
  const differences: string[] = [];
  const say = (what: string, one: string, other: string): void => {
    if (one !== other) differences.push(`${what}: ${names[0]} ${one} | ${names[1]} ${other}`);
  };
  a.emitted.forEach((mine, step) => {
    const theirs = b.emitted[step] ?? null;
    const injected = a.injected[step] ?? null;
    const texts = [mine, theirs].map((out) => (out === null ? 'nothing to answer' : out.length === 0 ? 'nothing' : out.map((e) => describeFrame(e, injected)).join(' + ')));
    if (texts[0] !== texts[1]) say(`step ${step}`, texts[0]!, texts[1]!);
    else if (mine !== null && theirs !== null) {
      for (const [i, one] of mine.entries()) if (!sameFrame(one.frame, theirs[i]!.frame, injected)) say(`step ${step} bytes`, hexOf(one), hexOf(theirs[i]!));
    }
  });
  for (const name of new Set([...Object.keys(a.state.counters), ...Object.keys(b.state.counters)])) {
    const text = (state: BedState): string => (state.counters[name] === undefined ? 'absent' : `${state.counters[name].packets} packets ${state.counters[name].bytes} bytes`);
    say(`counter ${name}`, text(a.state), text(b.state));
  }
  differences.push(...compareConnections(a.state.connections, b.state.connections, names));
  return differences;
}

const hexOf = ({ frame }: Emitted): string => Array.from(frame, (octet) => octet.toString(16).padStart(2, '0')).join('');

/** Seconds by which timeouts may differ: the kernel's clock runs. */
const SLACK = 5;

interface Line {
  readonly text: string;
  readonly seconds: number;
}

function compareConnections(a: readonly string[], b: readonly string[], names: readonly [string, string]): string[] {
  const [mine, theirs] = [a, b].map((lines) => lines.map(readLine).sort((x, y) => (x.text < y.text ? -1 : 1)));
  const differences: string[] = [];
  const rest = [...theirs!];
  for (const line of mine!) {
    const at = rest.findIndex((other) => other.text === line.text && Math.abs(other.seconds - line.seconds) <= SLACK);
    if (at < 0) differences.push(`connection of ${names[0]} only: ${line.seconds} s ${line.text}`);
    else rest.splice(at, 1);
  }
  return [...differences, ...rest.map((line) => `connection of ${names[1]} only: ${line.seconds} s ${line.text}`)];
}

/** Without what one side alone prints, and with its addresses in one spelling. */
function readLine(line: string): Line {
  const words = line.trim().split(/\s+/).filter((word) => !/^(use|zone|secctx)=/.test(word));
  const seconds = Number(words[4]);
  return { seconds, text: [...words.slice(0, 4), ...words.slice(5)].map(shorten).join(' ') };
}

/** The kernel prints IPv6 addresses in full. */
function shorten(word: string): string {
  const [key, value] = word.split('=');
  if (value === undefined || !value.includes(':')) return word;
  return `${key}=${new URL(`http://[${value}]/`).hostname.slice(1, -1)}`;
}
