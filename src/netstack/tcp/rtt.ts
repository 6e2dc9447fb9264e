/**
 * Round-trip estimate and retransmission time-out: RFC 6298, with Linux's floor (the time-out is at least `floor` above
 * the smoothed round trip, so a peer's delayed ACK is never taken for a loss).
 * @module
 */
import { nanos, type Nanos } from '../../base/time.js';

export interface RttLimits {
  readonly initial: Nanos;
  /** Least value of the variance term K * RTTVAR. */
  readonly floor: Nanos;
  readonly ceiling: Nanos;
}

export class RttEstimator {
  readonly #limits: RttLimits;
  #smoothed = 0;
  #variation = 0;
  #measured = false;
  #base: number;
  #backoff = 0;

  constructor(limits: RttLimits) {
    this.#limits = limits;
    this.#base = limits.initial;
  }

  /** SRTT, 0 while nothing was measured. */
  get smoothed(): Nanos {
    return nanos(this.#smoothed);
  }

  /** RTTVAR. */
  get variation(): Nanos {
    return nanos(this.#variation);
  }

  get measured(): boolean {
    return this.#measured;
  }

  /** Current RTO, back-off included (rules 5.5 and 2.5). */
  get timeout(): Nanos {
    return nanos(Math.min(this.#base * 2 ** this.#backoff, this.#limits.ceiling));
  }

  /** A round trip of a segment that was sent once only (Karn: rule 3). Ends the back-off. */
  sample(roundTrip: Nanos): void {
    if (this.#measured) {
      // Rule 2.3: RTTVAR first, with the old SRTT; alpha = 1/8, beta = 1/4.
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - roundTrip);
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * roundTrip;
    } else {
      this.#smoothed = roundTrip;
      this.#variation = roundTrip / 2;
      this.#measured = true;
    }
    this.#backoff = 0;
    this.#base = this.#smoothed + Math.max(this.#limits.floor, 4 * this.#variation);
  }

  /** Rule 5.5. */
  backOff(): void {
    if (this.timeout < this.#limits.ceiling) this.#backoff += 1;
  }

  /** Rule 5.7: the SYN had to be repeated, so its initial time-out was too short. Only while nothing was measured. */
  restart(timeout: Nanos): void {
    if (this.#measured) return;
    this.#base = timeout;
    this.#backoff = 0;
  }
}
