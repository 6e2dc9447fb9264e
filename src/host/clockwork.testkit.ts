/**
 * A clock that a test turns, with the timers of a Host.
 * @module
 */
import type { TimerId } from '../base/brand.js';
import { type Nanos, plus, ZERO } from '../base/time.js';
import type { TimerHost } from './deadline.js';

export class Clockwork implements TimerHost {
  readonly clock: { now: Nanos; readonly originSeconds: number } = { now: ZERO, originSeconds: 0 };
  readonly booked = new Map<TimerId, { at: Nanos; fn: () => void }>();
  #next = 1;

  after(delay: Nanos, fn: () => void): TimerId {
    const id = this.#next++ as TimerId;
    this.booked.set(id, { at: plus(this.clock.now, delay), fn });
    return id;
  }

  cancel(timer: TimerId): void {
    this.booked.delete(timer);
  }

  /** Fires what is due until then, in order of time and, among equal times, of booking. */
  turn(to: Nanos): void {
    for (;;) {
      const due = [...this.booked].filter(([, t]) => t.at <= to).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      this.booked.delete(due[0]);
      this.clock.now = due[1].at;
      due[1].fn();
    }
    this.clock.now = to;
  }
}
