/**
 * The media clock: what a stream's timestamps count (RFC 3550 section 5.1), and lab time.
 * @module
 */
import type { Nanos } from '../../base/time.js';

/** hot. Whole units of a clock of `clockRate` Hz in `t`. Seconds apart from the rest: no product leaves 53 bits. */
export function unitsIn(t: Nanos, clockRate: number): number {
  const seconds = Math.floor(t / 1e9);
  return seconds * clockRate + Math.floor(((t - seconds * 1e9) * clockRate) / 1e9);
}

/** How long so many units of that clock are. */
export function timeOf(units: number, clockRate: number): Nanos {
  return Math.round((units * 1e9) / clockRate) as Nanos;
}
