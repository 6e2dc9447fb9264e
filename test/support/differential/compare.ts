/**
 * Two runs of a case beside each other: what came out where, octet by octet, the counters of the rules, the connections
 * that are known. Lenient at two places alone: ports that a translation drew, and what a stack draws by itself (`observe.ts`).
 * @module
 */
import { toHex, u16 } from '../../../src/wire/bytes.js';
import type { BedState, Emitted } from './bed.js';
import type { Run } from './case.js';
import { DrawnPorts, type NamedPorts } from './drawn.js';
import { describeAll, masked, soundFor } from './observe.js';
import { placesOf } from './places.js';

/** What differs, one line each; none: the two are alike. */
export function compareRuns(a: Run, b: Run, sides: readonly [string, string], named: NamedPorts): string[] {
  const differences: string[] = [];
  const drawn = new DrawnPorts(named);
  a.emitted.forEach((mine, step) => {
    const theirs = b.emitted[step] ?? null;
    const [injectedA, injectedB] = [a.injected[step] ?? null, b.injected[step] ?? null];
    if (sameEmitted(mine, theirs, [injectedA, injectedB], drawn)) return;
    const [one, other] = [describeAll(mine, injectedA), describeAll(theirs, injectedB)];
    differences.push(`step ${step}: ${sides[0]} ${one} | ${sides[1]} ${other}`);
    if (one === other)
      differences.push(
        `step ${step} octets: ${sides[0]} ${(mine ?? []).map((e) => toHex(e.frame)).join(' ')} | ${sides[1]} ${(theirs ?? []).map((e) => toHex(e.frame)).join(' ')}`,
      );
  });
  for (const name of new Set([...Object.keys(a.state.counters), ...Object.keys(b.state.counters)])) {
    const [one, other] = [counterText(a.state, name), counterText(b.state, name)];
    if (one !== other) differences.push(`counter ${name}: ${sides[0]} ${one} | ${sides[1]} ${other}`);
  }
  differences.push(...compareConnections(a.state.connections, b.state.connections, sides, drawn));
  return differences;
}

function counterText({ counters }: BedState, name: string): string {
  const counted = counters[name];
  return counted === undefined ? 'absent' : `${counted.packets} packets ${counted.bytes} bytes`;
}

type Injected = readonly [Uint8Array | null, Uint8Array | null];

function sameEmitted(a: readonly Emitted[] | null, b: readonly Emitted[] | null, injected: Injected, drawn: DrawnPorts): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((mine, i) => sameFrame(mine, b[i]!, injected, drawn));
}

function sameFrame(a: Emitted, b: Emitted, [injectedA, injectedB]: Injected, drawn: DrawnPorts): boolean {
  if (a.iface !== b.iface || a.frame.length !== b.frame.length || soundFor(a.frame, injectedA) !== soundFor(b.frame, injectedB)) return false;
  const [x, y] = [masked(a.frame, injectedA), masked(b.frame, injectedB)];
  const { ports, sums } = placesOf(a.frame);
  const pairs = ports.map((at) => [u16(x, at), u16(y, at)] as const);
  const follow = pairs.some(([one, other]) => one !== other) ? [...ports, ...sums] : [];
  for (const at of follow) for (const copy of [x, y]) copy.fill(0, at, at + 2);
  return x.every((octet, i) => octet === y[i]) && drawn.alike(pairs);
}

// ---- connections -----------------------------------------------------------------------------------------------------

/** Seconds by which timeouts may differ: the kernel's clock runs. */
const SLACK = 5;

interface Line {
  readonly text: string;
  readonly seconds: number;
}

function compareConnections(a: readonly string[], b: readonly string[], sides: readonly [string, string], drawn: DrawnPorts): string[] {
  const differences: string[] = [];
  const rest = b.map(readLine);
  const mine = a.map(readLine);
  // The plain ones first, so that drawn ports are compared among what is left.
  for (const same of [(x: string, y: string): boolean => x === y, (x: string, y: string): boolean => alikeLines(x, y, drawn)]) {
    for (let i = mine.length - 1; i >= 0; i--) {
      const line = mine[i]!;
      const at = rest.findIndex((other) => Math.abs(other.seconds - line.seconds) <= SLACK && same(line.text, other.text));
      if (at < 0) continue;
      rest.splice(at, 1);
      mine.splice(i, 1);
    }
  }
  for (const line of mine) differences.push(`connection of ${sides[0]} only: ${line.seconds} s ${line.text}`);
  return [...differences, ...rest.map((line) => `connection of ${sides[1]} only: ${line.seconds} s ${line.text}`)];
}

const PORT = /^(sport|dport|id)=(\d+)$/;

/** The same words, but for ports. */
function alikeLines(a: string, b: string, drawn: DrawnPorts): boolean {
  const [x, y] = [a.split(' '), b.split(' ')];
  if (x.length !== y.length) return false;
  const pairs: [number, number][] = [];
  for (const [i, word] of x.entries()) {
    const other = y[i]!;
    if (word === other) continue;
    const [one, two] = [PORT.exec(word), PORT.exec(other)];
    if (one === null || two === null || one[1] !== two[1]) return false;
    pairs.push([Number(one[2]), Number(two[2])]);
  }
  return drawn.alike(pairs);
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
