/**
 * The time of the packet that is being looked at. A field that all parts of the tracker read, because a number beyond 31
 * bits that is handed from function to function is boxed.
 * @module
 */
import { type Clock, type Nanos, UNSET } from '../../base/time.js';

export class Moment {
  time: Nanos = UNSET;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.time = clock.now;
  }

  /** hot. It is now. */
  take(): void {
    this.time = this.#clock.now;
  }
}
