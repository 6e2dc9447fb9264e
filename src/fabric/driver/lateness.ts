/**
 * How late events fired on the wall clock, in buckets of powers of two: what the calibration table prints.
 * @module
 */
import type { Nanos } from '../../base/time.js';

const BUCKETS = 40;

export class Lateness {
  /** Bucket 0: less than a microsecond; bucket i: from 2^(i-1) to 2^i microseconds. */
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #max = 0;

  add(late: number): void {
    let bucket = 0;
    for (let us = Math.floor(late / 1e3); us >= 1 && bucket < BUCKETS - 1; us /= 2) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#count++;
    if (late > this.#max) this.#max = late;
  }

  get count(): number {
    return this.#count;
  }

  get max(): Nanos {
    return this.#max as Nanos;
  }

  /** An upper bound of the quantile `q` in 0..1: the upper end of its bucket, at most the maximum. 0 if nothing fired. */
  quantile(q: number): Nanos {
    let left = Math.ceil(q * this.#count);
    for (let i = 0, upper = 1e3; i < BUCKETS && this.#count > 0; i++, upper *= 2) {
      left -= this.#counts[i] as number;
      if (left <= 0) return Math.min(upper, this.#max) as Nanos;
    }
    return this.#max as Nanos;
  }

  /** Buckets that are not empty: upper end and events. */
  buckets(): readonly { readonly below: Nanos; readonly events: number }[] {
    return [...this.#counts].map((events, i) => ({ below: (1e3 * 2 ** i) as Nanos, events })).filter((b) => b.events > 0);
  }
}
