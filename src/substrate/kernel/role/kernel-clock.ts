/**
 * Lab time on the wall clock: nanoseconds since a moment that the lab chose, the same in every process of the lab.
 * It runs by CLOCK_MONOTONIC, which all processes of a machine share, containers too: the lab names its lab time 0 on
 * that clock. Only the lab itself reads the real-time clock, once, for the capture's header.
 * @module
 */
import type { Clock, Nanos } from '../../../base/time.js';

/** CLOCK_MONOTONIC in nanoseconds: `process.hrtime` reads it, `performance` counts from each process's own start. */
function monotone(): bigint {
  return process.hrtime.bigint();
}

/** CLOCK_REALTIME less CLOCK_MONOTONIC, read once: a step of the machine's clock does not reach the lab. */
const REAL = BigInt(Date.now()) * 1_000_000n - monotone();

/** CLOCK_REALTIME in nanoseconds since 1970, too long for a number. */
export function epochNanos(): bigint {
  return monotone() + REAL;
}

/** The moment of CLOCK_MONOTONIC that an epoch time of this process's {@link epochNanos} is. */
export function monotoneOf(epoch: bigint): bigint {
  return epoch - REAL;
}

export class KernelClock implements Clock {
  readonly originSeconds: number;
  /** CLOCK_MONOTONIC of lab time 0. */
  readonly #zero: bigint;
  #last = 0;

  /**
   * @param origin CLOCK_REALTIME of lab time 0, in nanoseconds
   * @param zero the same moment on CLOCK_MONOTONIC, as the lab names it to its roles
   */
  constructor(origin: bigint, zero: bigint = monotoneOf(origin)) {
    this.originSeconds = Number(origin / 1_000_000_000n);
    this.#zero = zero;
  }

  /** Never below 0 and never backwards. */
  get now(): Nanos {
    const now = Number(monotone() - this.#zero);
    if (now > this.#last) this.#last = now;
    return this.#last as Nanos;
  }
}
