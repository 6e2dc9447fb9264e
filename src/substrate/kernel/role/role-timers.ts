/**
 * A role's timers on the wall clock: the lab's own queue and driver, so that equal times fire in call order here too,
 * and a timer is late by microseconds rather than by the millisecond that setTimeout keeps.
 * @module
 */
import type { TimerId } from '../../../base/brand.js';
import { type Clock, NEVER, type Nanos, plus } from '../../../base/time.js';
import { WallDriver } from '../../../fabric/driver/wall-driver.js';
import { createScheduler, type LabScheduler } from '../../../fabric/lab-scheduler.js';
import type { Target } from '../../../fabric/scheduler.js';

export class RoleTimers {
  readonly #clock: Clock;
  readonly #scheduler: LabScheduler;
  readonly #driver: WallDriver;
  readonly #booked = new Set<TimerId>();
  #end: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#scheduler = createScheduler({ originSeconds: clock.originSeconds });
    this.#scheduler.advance(clock.now);
    this.#driver = new WallDriver(this.#scheduler, { time: { now: () => clock.now } });
  }

  /**
   * Fires timers until {@link close}. Rejects with what a callback threw: a mistake of the role's, which is to end its
   * process.
   */
  run(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    return this.#driver.run(closed, NEVER);
  }

  close(): void {
    this.#end();
  }

  after(delay: Nanos, fn: () => void): TimerId {
    const target: Target = {
      fire: () => {
        this.#booked.delete(id);
        fn();
      },
    };
    const id = this.#scheduler.at(plus(this.#clock.now, delay), target, 0, null);
    this.#booked.add(id);
    return id;
  }

  /** Idempotent; a stale id cancels nothing. */
  cancel(id: TimerId): void {
    if (this.#booked.delete(id)) this.#scheduler.cancel(id);
  }
}
