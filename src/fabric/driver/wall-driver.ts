/**
 * Wall time: the same queue and scheduler, moved on by the real clock. `now` is sampled once per burst (and by whoever
 * brings frames from outside, with {@link WallDriver.sample}), so all events of a burst share one time; it is monotone.
 *
 * There is no LAB_STALLED here: the outside world may always bring something. How late events fire is kept in a
 * histogram, since it bounds what a measurement on this clock can say.
 * @module
 */
import type { Nanos } from '../../base/time.js';
import { assertInvariant } from '../../base/assert.js';
import type { LabScheduler } from '../lab-scheduler.js';
import type { Driver } from '../scheduler.js';
import { type DriverOptions, interrupted, PROGRESS_EVERY, timeLimit, watch } from './driver-options.js';
import { Lateness } from './lateness.js';
import { type Idle, MONOTONIC, type RealTime, TimerIdle } from './real-time.js';

/** Real time after which a burst lets the event loop turn. */
const BURST_NANOS = 50e6;
/** Events between two looks at the real clock. */
const LOOK_EVERY = 64;

export interface WallDriverOptions extends DriverOptions {
  readonly time?: RealTime;
  readonly idle?: Idle;
}

export class WallDriver implements Driver {
  readonly lateness = new Lateness();
  readonly #scheduler: LabScheduler;
  readonly #options: DriverOptions;
  readonly #time: RealTime;
  readonly #idle: Idle;
  /** Real time of lab time 0. */
  readonly #zero: number;
  #running = false;
  #progressAt = 0;

  /** Lab time runs from here on, from what the scheduler says it is. */
  constructor(scheduler: LabScheduler, options: WallDriverOptions = {}) {
    this.#scheduler = scheduler;
    this.#options = options;
    this.#time = options.time ?? MONOTONIC;
    this.#idle = options.idle ?? new TimerIdle(this.#time);
    this.#zero = this.#time.now() - scheduler.now;
  }

  /** Moves lab time on to the real clock's. Call it once per batch of what comes from outside. */
  sample(): Nanos {
    this.#scheduler.advance((this.#time.now() - this.#zero) as Nanos);
    return this.#scheduler.now;
  }

  /** `limit` is an instant of lab time. Errors: LAB_TIME_LIMIT, LAB_INTERRUPTED. */
  async run<T>(task: Promise<T>, limit: Nanos): Promise<T> {
    assertInvariant(!this.#running, 'a driver runs one task at a time');
    this.#running = true;
    const wake = (): void => this.#idle.wake();
    this.#options.signal?.addEventListener('abort', wake);
    try {
      return await this.#pump(task, limit);
    } finally {
      this.#options.signal?.removeEventListener('abort', wake);
      this.#scheduler.onBooked(null);
      this.#running = false;
    }
  }

  async #pump<T>(task: Promise<T>, limit: Nanos): Promise<T> {
    const box = watch(task, () => this.#idle.wake());
    this.#progressAt = this.#time.now();
    // The task may have settled already, which its callbacks know in the next microtask.
    await Promise.resolve();
    for (;;) {
      if (box.outcome.kind === 'value') return box.outcome.value;
      if (box.outcome.kind === 'error') throw box.outcome.error;
      const signal = this.#options.signal;
      if (signal?.aborted === true) throw interrupted(this.#scheduler.now, signal);
      const now = this.sample();
      this.#progress();
      if (this.#burst(limit)) await turn();
      else if (now >= limit) throw timeLimit(limit, this.#options.waiting?.() ?? []);
      else await this.#sleep(limit);
    }
  }

  /** Fires what is due. True: there may be more to do at once, after a turn of the event loop. */
  #burst(limit: Nanos): boolean {
    const scheduler = this.#scheduler;
    const due = scheduler.now < limit ? scheduler.now : limit;
    const until = this.#time.now() + BURST_NANOS;
    let fired = 0;
    for (let next = scheduler.next; next <= due; next = scheduler.next) {
      this.lateness.add(scheduler.now - next);
      scheduler.fireDue();
      if (++fired % LOOK_EVERY === 0 && this.#time.now() >= until) return true;
    }
    const touched = scheduler.touched;
    scheduler.settled();
    return touched;
  }

  async #sleep(limit: Nanos): Promise<void> {
    const next = this.#scheduler.next;
    let until = (next < limit ? next : limit) as number;
    // An earlier booking from outside ends the sleep; booking something later need not.
    this.#scheduler.onBooked(() => {
      if (this.#scheduler.next < until) {
        until = this.#scheduler.next;
        this.#idle.wake();
      }
    });
    await this.#idle.wait((until + this.#zero) as Nanos);
    this.#scheduler.onBooked(null);
  }

  #progress(): void {
    const real = this.#time.now();
    if (this.#options.onProgress === undefined || real - this.#progressAt < PROGRESS_EVERY * 1e6) return;
    this.#progressAt = real;
    this.#options.onProgress({ now: this.#scheduler.now, fired: this.#scheduler.fired });
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
