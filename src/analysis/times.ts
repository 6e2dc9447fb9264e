/**
 * Delays summed up as they come: least, mean, greatest, and the mean step from one to the next.
 * @module
 */
import { NEVER, ZERO } from '../base/time.js';
import type { Nanos } from '../base/time.js';
import type { Spread } from './direction.js';

export class Times {
  count = 0;
  #min: number = NEVER;
  #max: number = ZERO;
  #sum = 0;
  #last = 0;
  #steps = 0;
  #stepSum = 0;

  /** hot. */
  add(time: number): void {
    if (this.count > 0) {
      this.#steps += 1;
      this.#stepSum += Math.abs(time - this.#last);
    }
    this.count += 1;
    this.#sum += time;
    this.#last = time;
    if (time < this.#min) this.#min = time;
    if (time > this.#max) this.#max = time;
  }

  /** Takes another series in; the step between the two is none. */
  merge(other: Times): void {
    this.count += other.count;
    this.#sum += other.#sum;
    this.#steps += other.#steps;
    this.#stepSum += other.#stepSum;
    this.#last = other.#last;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  get spread(): Spread | null {
    if (this.count === 0) return null;
    return { min: this.#min as Nanos, mean: Math.round(this.#sum / this.count) as Nanos, max: this.#max as Nanos };
  }

  get meanStep(): Nanos {
    return (this.#steps === 0 ? 0 : Math.round(this.#stepSum / this.#steps)) as Nanos;
  }
}
