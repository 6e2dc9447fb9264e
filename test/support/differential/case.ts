/**
 * A case: rules, and a story of packets. Run on both sides, then compared: what came out where, frame by frame, the
 * counters of the rules, the connections that are known.
 * @module
 */
import { toHex } from '../../../src/wire/bytes.js';
import { PORTS } from './generate/universe.js';
import { describeFrame, sameFrame } from './observe.js';
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
  const drawn = new DrawnPorts();
  const say = (what: string, one: string, other: string): void => {
    if (!drawn.alike(one, other)) differences.push(`${what}: ${names[0]} ${one} | ${names[1]} ${other}`);
  };
  a.emitted.forEach((mine, step) => {
    const theirs = b.emitted[step] ?? null;
    const texts = [
      [mine, a],
      [theirs, b],
    ] as const;
    const [one = '', other = ''] = texts.map(([out, run]) => describeAll(out, run.injected[step] ?? null));
    say(`step ${step}`, one, other);
    if (one !== other || mine === null || theirs === null) return;
    for (const [i, { frame }] of mine.entries()) {
      if (!sameFrame(frame, theirs[i]!.frame, a.injected[step] ?? null))
        differences.push(`step ${step} bytes: ${names[0]} ${toHex(frame)} | ${names[1]} ${toHex(theirs[i]!.frame)}`);
    }
  });
  for (const name of new Set([...Object.keys(a.state.counters), ...Object.keys(b.state.counters)])) {
    const text = (state: BedState): string =>
      state.counters[name] === undefined ? 'absent' : `${state.counters[name].packets} packets ${state.counters[name].bytes} bytes`;
    const [one, other] = [text(a.state), text(b.state)];
    if (one !== other) differences.push(`counter ${name}: ${names[0]} ${one} | ${names[1]} ${other}`);
  }
  differences.push(...compareConnections(a.state.connections, b.state.connections, names, drawn));
  return differences;
}

/** What came out in a step, in one line. */
export function describeAll(out: readonly Emitted[] | null, injected: Uint8Array | null): string {
  if (out === null) return 'nothing to answer';
  return out.length === 0 ? 'nothing' : out.map((emitted) => describeFrame(emitted, injected)).join(' + ');
}

/** Ports that generated rules and packets name; what a side draws at random is none of them, but for a rare chance. */
const NAMED: ReadonlySet<number> = new Set([...PORTS, 2000, 7]);

/**
 * Ports that a translation drew: each side has its own, of the same class (below 512, below 1024, the rest), and whoever is
 * one on this side is the same one on the other all the time.
 */
class DrawnPorts {
  readonly #there = new Map<string, string>();
  readonly #here = new Map<string, string>();

  /** Whether two texts are the same but for such ports. */
  alike(one: string, other: string): boolean {
    if (one === other) return true;
    const [mine, theirs] = [one, other].map((text) => text.split(/(\d+)/));
    if (mine!.length !== theirs!.length) return false;
    return mine!.every((word, i) => word === theirs![i] || this.#same(word, theirs![i]!));
  }

  #same(a: string, b: string): boolean {
    const [x, y] = [Number(a), Number(b)];
    if (!(x > 0 && x < 65536 && y > 0 && y < 65536) || NAMED.has(x) || NAMED.has(y) || classOf(x) !== classOf(y)) return false;
    if ((this.#there.get(a) ?? b) !== b || (this.#here.get(b) ?? a) !== a) return false;
    this.#there.set(a, b);
    this.#here.set(b, a);
    return true;
  }
}

function classOf(port: number): number {
  return port < 512 ? 0 : port < 1024 ? 1 : 2;
}

/** Seconds by which timeouts may differ: the kernel's clock runs. */
const SLACK = 5;

interface Line {
  readonly text: string;
  readonly seconds: number;
}

function compareConnections(a: readonly string[], b: readonly string[], names: readonly [string, string], drawn: DrawnPorts): string[] {
  const differences: string[] = [];
  const rest = b.map(readLine);
  const mine = a.map(readLine);
  // The plain ones first, so that drawn ports are compared among what is left.
  for (const same of [(x: string, y: string): boolean => x === y, (x: string, y: string): boolean => drawn.alike(x, y)]) {
    for (let i = mine.length - 1; i >= 0; i--) {
      const line = mine[i]!;
      const at = rest.findIndex((other) => Math.abs(other.seconds - line.seconds) <= SLACK && same(line.text, other.text));
      if (at < 0) continue;
      rest.splice(at, 1);
      mine.splice(i, 1);
    }
  }
  for (const line of mine) differences.push(`connection of ${names[0]} only: ${line.seconds} s ${line.text}`);
  return [...differences, ...rest.map((line) => `connection of ${names[1]} only: ${line.seconds} s ${line.text}`)];
}

/** A connection without its seconds, the same on both sides. */
export function connectionText(line: string): string {
  return readLine(line).text;
}

/** Without what one side alone prints, and with its addresses in one spelling. */
function readLine(line: string): Line {
  const words = line
    .trim()
    .split(/\s+/)
    .filter((word) => !/^(use|zone|secctx)=/.test(word));
  const seconds = Number(words[4]);
  return { seconds, text: [...words.slice(0, 4), ...words.slice(5)].map(shorten).join(' ') };
}

/** The kernel prints IPv6 addresses in full. */
function shorten(word: string): string {
  const [key, value] = word.split('=');
  if (value === undefined || !value.includes(':')) return word;
  return `${key}=${new URL(`http://[${value}]/`).hostname.slice(1, -1)}`;
}
