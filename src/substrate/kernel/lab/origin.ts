/**
 * Lab time 0 of a lab on the wall clock: a whole second of CLOCK_REALTIME, since that is how captures tell it.
 * @module
 */
import { epochNanos } from '../role/kernel-clock.js';

const SECOND = 1_000_000_000n;

export class Origin {
  /** Of the run that is about to be built: its capture names the same second. */
  #announced: bigint | null = null;

  /** Seconds since 1970, for the recorder that is made before the lab. */
  announce(): number {
    this.#announced = wholeSecond();
    return Number(this.#announced / SECOND);
  }

  /** Nanoseconds since 1970, for the lab: what was announced last, else the present second. */
  take(): bigint {
    const origin = this.#announced ?? wholeSecond();
    this.#announced = null;
    return origin;
  }
}

function wholeSecond(): bigint {
  return (epochNanos() / SECOND) * SECOND;
}
