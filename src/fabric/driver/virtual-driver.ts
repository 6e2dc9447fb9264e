/**
 * Virtual time: the clock jumps from event to event, as fast as events can be fired.
 *
 * Events fire in synchronous bursts. A burst ends where an event has touched asynchronous code (a stream, a deferred,
 * a sleep); time then stands still until that code has come to rest: until {@link QUIET_TURNS} turns of the event loop
 * in a row saw no new touch. One quiet turn is not enough (a stream's chunk takes several ticks, and the answer would
 * be sent too late, the same way in every run). An event that touches nothing, such as a hop of media, never pays.
 *
 * Bursts also end after some real time, for one turn of the event loop, so that an interrupt and the progress line get
 * in. Nothing inside the lab can notice that turn.
 *
 * @example
 * const driver = createVirtualDriver(scheduler, { waiting: () => waiting.list() });
 * await driver.run(task, seconds(60));
 * @module
 */
import type { Nanos } from '../../base/time.js';
import { assertInvariant } from '../../base/assert.js';
import { nowFiring, startWatching, stopWatching } from './async-work.js';
import type { LabScheduler } from '../lab-scheduler.js';
import type { Driver } from '../scheduler.js';
import { type DriverOptions, interrupted, type Outcome, PROGRESS_EVERY, stalled, timeLimit, watch } from './driver-options.js';

/** Turns of the event loop without a touch after which asynchronous code is at rest. Two suffice in what was seen. */
export const QUIET_TURNS = 4;
/** Real milliseconds after which a burst lets the event loop turn. */
const BURST_MILLIS = 50;
/** Events between two looks at the real clock. */
const LOOK_EVERY = 64;

type BurstEnd = 'touched' | 'slice' | 'empty' | 'limit';

class VirtualDriver implements Driver {
  readonly #scheduler: LabScheduler;
  readonly #options: DriverOptions;
  #running = false;
  #progressAt = 0;

  constructor(scheduler: LabScheduler, options: DriverOptions) {
    this.#scheduler = scheduler;
    this.#options = options;
  }

  /** `limit` is an instant of lab time: no later event fires. */
  async run<T>(task: Promise<T>, limit: Nanos): Promise<T> {
    assertInvariant(!this.#running, 'a driver runs one task at a time');
    this.#running = true;
    startWatching();
    try {
      return await this.#pump(task, limit);
    } finally {
      stopWatching();
      this.#running = false;
    }
  }

  async #pump<T>(task: Promise<T>, limit: Nanos): Promise<T> {
    const box = watch(task, () => undefined);
    this.#progressAt = performance.now();
    // The task has begun before the driver: let it come to its first wait.
    await this.#settle(box);
    for (;;) {
      if (box.outcome.kind === 'value') return box.outcome.value;
      if (box.outcome.kind === 'error') throw box.outcome.error;
      this.#checkSignal();
      nowFiring(this.#scheduler);
      let end: BurstEnd;
      try {
        end = this.#burst(limit);
      } finally {
        nowFiring(null);
      }
      this.#progress();
      if (end === 'touched') await this.#settle(box);
      else if (end === 'slice') await turn();
      else await this.#atEnd(box, limit);
    }
  }

  /** Nothing may fire any more. Asynchronous code gets its chance before that is called an error. */
  async #atEnd(box: { outcome: Outcome<unknown> }, limit: Nanos): Promise<void> {
    const fired = this.#scheduler.fired;
    await this.#settle(box);
    assertInvariant(this.#scheduler.fired === fired, 'only the driver fires events');
    const next = this.#scheduler.next;
    if (box.outcome.kind !== 'pending' || (next !== Infinity && next <= limit)) return;
    const waiting = this.#options.waiting?.() ?? [];
    // What was booked without a touch may lie beyond the limit: then it is the limit that ends the run.
    if (next === Infinity) throw stalled(this.#scheduler.now, waiting);
    this.#scheduler.advance(limit);
    throw timeLimit(limit, waiting);
  }

  #burst(limit: Nanos): BurstEnd {
    const scheduler = this.#scheduler;
    const until = performance.now() + BURST_MILLIS;
    let look = LOOK_EVERY;
    for (;;) {
      // An event at "never" is booked, but does not come.
      if (!scheduler.stepUntil(limit)) return scheduler.next === Infinity ? 'empty' : 'limit';
      if (scheduler.touched) return 'touched';
      if (--look === 0) {
        if (performance.now() >= until) return 'slice';
        look = LOOK_EVERY;
      }
    }
  }

  async #settle(box: { outcome: Outcome<unknown> }): Promise<void> {
    let quiet = 0;
    while (quiet < QUIET_TURNS && box.outcome.kind === 'pending') {
      this.#scheduler.settled();
      await turn();
      quiet = this.#scheduler.touched ? 0 : quiet + 1;
      if (box.outcome.kind === 'pending') this.#checkSignal();
    }
    this.#scheduler.settled();
  }

  #checkSignal(): void {
    const signal = this.#options.signal;
    if (signal?.aborted === true) throw interrupted(this.#scheduler.now, signal);
  }

  #progress(): void {
    if (this.#options.onProgress === undefined) return;
    const real = performance.now();
    if (real - this.#progressAt < PROGRESS_EVERY) return;
    this.#progressAt = real;
    this.#options.onProgress({ now: this.#scheduler.now, fired: this.#scheduler.fired });
  }
}

/** One turn of the event loop: signals, sockets and all promises that can go on. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export function createVirtualDriver(scheduler: LabScheduler, options: DriverOptions = {}): Driver {
  return new VirtualDriver(scheduler, options);
}
