/**
 * Lab time: integer nanoseconds since the run's start. Never epoch (an epoch in nanoseconds does not fit a double),
 * never fractional (round once, where a duration is computed).
 * @module
 */
import type { Brand } from './brand.js';

/** Integer nanoseconds, exact for 104 days. `Infinity` = never. */
export type Nanos = Brand<number, 'Nanos'>;

export const ZERO = 0 as Nanos;
export const NEVER = Infinity as Nanos;
/**
 * First value of a hot field that holds times. V8 lays a field out by its first value: one that starts as 0 holds small
 * integers, and when the first time beyond 31 bits comes (lab second 2.1) all code compiled for it is thrown away.
 */
export const UNSET = Infinity as Nanos;

export const nanos = (n: number): Nanos => Math.round(n) as Nanos;
export const micros = (n: number): Nanos => Math.round(n * 1e3) as Nanos;
export const millis = (n: number): Nanos => Math.round(n * 1e6) as Nanos;
export const seconds = (n: number): Nanos => Math.round(n * 1e9) as Nanos;
export const plus = (a: Nanos, b: Nanos): Nanos => (a + b) as Nanos;

/** What every floor may read of time. Only a driver moves it. */
export interface Clock {
  readonly now: Nanos;
  /** Epoch second that `now === 0` stands for. Goes into the capture's `if_tsoffset`, RTCP's NTP times and the Date of a registrar. */
  readonly originSeconds: number;
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Reads a duration as netem and people write it: `20ms`, `1.5s`, `250us`, `2m`. `undefined` when it is none. */
export function parseDuration(text: string): Nanos | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ns|us|ms|s|m|h)$/.exec(text.trim());
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (UNITS[match[2] as string] as number)) as Nanos;
}

/** Shortest exact-looking form for people: `0`, `850ns`, `1.25ms`, `20.000001s`. */
export function formatDuration(t: Nanos): string {
  if (t === 0) return '0';
  if (!Number.isFinite(t)) return 'never';
  const abs = Math.abs(t);
  const [unit, size] = abs >= 1e9 ? ['s', 1e9] : abs >= 1e6 ? ['ms', 1e6] : abs >= 1e3 ? ['us', 1e3] : ['ns', 1];
  return `${Number((t / size).toPrecision(12))}${unit}`;
}
