/**
 * One new transaction every Ta, over gathering and checks together: RFC 8445 section 14.2.
 * @module
 */
import { millis, plus, ZERO, type Nanos } from '../../../base/time.js';

export const DEFAULT_TA = millis(50);

export class Pacer {
  readonly ta: Nanos;
  #free: Nanos = ZERO;

  constructor(ta: Nanos = DEFAULT_TA) {
    this.ta = ta;
  }

  /** The first time at which a transaction may start. */
  get free(): Nanos {
    return this.#free;
  }

  /** Takes the slot at `now`, if it is free. */
  take(now: Nanos): boolean {
    if (now < this.#free) return false;
    this.#free = plus(now, this.ta);
    return true;
  }
}
