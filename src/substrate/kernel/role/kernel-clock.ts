/**
 * Lab time on the wall clock: nanoseconds since a moment of CLOCK_REALTIME that the lab chose, the same in every
 * process of the lab. The real-time clock is read once, at the process's start; from there on time runs by the
 * monotone clock, so that a step of the machine's clock does not reach the lab.
 *
 * Processes agree to some microseconds: `performance.timeOrigin` keeps fractions of a millisecond.
 * @module
 */
import type { Clock, Nanos } from '../../../base/time.js';

/** CLOCK_REALTIME in nanoseconds since 1970, too long for a number. */
export function epochNanos(): bigint {
  return BigInt(Math.round(performance.timeOrigin * 1e3)) * 1000n + monotone();
}

function monotone(): bigint {
  return BigInt(Math.round(performance.now() * 1e6));
}

export class KernelClock implements Clock {
  readonly originSeconds: number;
  /** Nanoseconds from lab time 0 to the zero of `performance.now`. */
  readonly #lead: number;
  #last = 0;

  /** @param origin CLOCK_REALTIME of lab time 0, in nanoseconds */
  constructor(origin: bigint) {
    this.originSeconds = Number(origin / 1_000_000_000n);
    this.#lead = Number(epochNanos() - monotone() - origin);
  }

  /** Never below 0 and never backwards. */
  get now(): Nanos {
    const now = Math.round(performance.now() * 1e6) + this.#lead;
    if (now > this.#last) this.#last = now;
    return this.#last as Nanos;
  }
}
