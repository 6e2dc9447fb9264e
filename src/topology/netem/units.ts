/**
 * Numbers as tc writes them (tc(8), "PARAMETERS"): times, percentages, rates. Each reader gives `undefined` for what it
 * does not understand; each writer gives text that its reader reads back to the same number.
 * @module
 */
import type { Nanos } from '../../base/time.js';

const TIME_UNITS: readonly (readonly [string, number])[] = [
  ['s', 1e9],
  ['sec', 1e9],
  ['secs', 1e9],
  ['ms', 1e6],
  ['msec', 1e6],
  ['msecs', 1e6],
  ['us', 1e3],
  ['usec', 1e3],
  ['usecs', 1e3],
  ['ns', 1],
  ['nsec', 1],
  ['nsecs', 1],
];

const SI = 1000;
const IEC = 1024;
/** bit/s per unit; names are compared without regard to case. `bps` is *bytes* per second, as in tc. */
const RATE_UNITS: readonly (readonly [string, number])[] = [
  ['', 1],
  ['bit', 1],
  ['kbit', SI],
  ['mbit', SI ** 2],
  ['gbit', SI ** 3],
  ['tbit', SI ** 4],
  ['kibit', IEC],
  ['mibit', IEC ** 2],
  ['gibit', IEC ** 3],
  ['tibit', IEC ** 4],
  ['bps', 8],
  ['kbps', 8 * SI],
  ['mbps', 8 * SI ** 2],
  ['gbps', 8 * SI ** 3],
  ['tbps', 8 * SI ** 4],
  ['kibps', 8 * IEC],
  ['mibps', 8 * IEC ** 2],
  ['gibps', 8 * IEC ** 3],
  ['tibps', 8 * IEC ** 4],
];

const TIMES = new Map(TIME_UNITS);
const RATES = new Map(RATE_UNITS);
const NUMBER = /^(\d+(?:\.\d*)?|\.\d+)([a-z]*)$/i;

function split(text: string): readonly [number, string] | undefined {
  const match = NUMBER.exec(text);
  return match === null ? undefined : [Number(match[1]), (match[2] ?? '').toLowerCase()];
}

/** `20ms`, `1.5s`, `250us`. A bare number is refused: tc would read microseconds where nearly everybody means milliseconds. */
export function readTime(text: string): Nanos | undefined {
  const parts = split(text);
  const unit = parts === undefined ? undefined : TIMES.get(parts[1]);
  if (parts === undefined || unit === undefined) return undefined;
  const value = Math.round(parts[0] * unit);
  return Number.isSafeInteger(value) ? (value as Nanos) : undefined;
}

export function writeTime(t: Nanos): string {
  for (const [unit, size] of [
    ['s', 1e9],
    ['ms', 1e6],
    ['us', 1e3],
  ] as const) {
    if (t >= size && t % size === 0) return `${t / size}${unit}`;
  }
  return `${t}ns`;
}

/** `1%` or `1` (tc reads both as one in a hundred); a probability from 0 to 1, to a precision of 1e-12. */
export function readPercent(text: string): number | undefined {
  const match = /^(\d+(?:\.\d*)?|\.\d+)%?$/.exec(text);
  if (match === null) return undefined;
  const probability = exact(Number(match[1]) / 100);
  return probability <= 1 ? probability : undefined;
}

export function writePercent(probability: number): string {
  return `${plain(exact(probability * 100))}%`;
}

/** bit/s, a whole number: `10mbit`, `1.5gbit`, `64kbps` (bytes!). */
export function readRate(text: string): number | undefined {
  const parts = split(text);
  const unit = parts === undefined ? undefined : RATES.get(parts[1]);
  if (parts === undefined || unit === undefined) return undefined;
  const value = Math.round(parts[0] * unit);
  return Number.isSafeInteger(value) ? value : undefined;
}

export function writeRate(rate: number): string {
  for (const [unit, size] of [
    ['gbit', 1e9],
    ['mbit', 1e6],
    ['kbit', 1e3],
  ] as const) {
    if (rate >= size && rate % size === 0) return `${rate / size}${unit}`;
  }
  return `${rate}bit`;
}

/** Takes the dust off binary fractions (1 - 0.7), so that percentages come back as they were written. */
export function exact(value: number): number {
  return Number(value.toFixed(12));
}

/** Decimal notation without exponent. */
function plain(value: number): string {
  const [whole = '', fraction = ''] = value.toFixed(12).split('.');
  let end = fraction.length;
  while (end > 0 && fraction.charAt(end - 1) === '0') end--;
  return end === 0 ? whole : `${whole}.${fraction.slice(0, end)}`;
}
