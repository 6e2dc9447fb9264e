/**
 * Real time as a driver on the wall clock needs it: what the time is, and how to sleep without missing a call.
 * @module
 */
import type { Nanos } from '../../base/time.js';

/** A monotone clock. */
export interface RealTime {
  /** Nanoseconds since some fixed moment. */
  now(): Nanos;
}

/** How a driver passes the time until the next event. A kernel substrate polls its TAP devices here. */
export interface Idle {
  /**
   * Resolves when real time has come to `until` (as {@link RealTime.now} counts it), after {@link wake}, or when
   * something has come from outside. It may resolve too early; the driver looks again. `Infinity` = until woken.
   */
  wait(until: Nanos): Promise<void>;
  /** Ends a wait that is going on, and the next one if none is. */
  wake(): void;
}

export const MONOTONIC: RealTime = { now: () => Math.round(performance.now() * 1e6) as Nanos };

/** Longest delay that setTimeout takes. */
const LONGEST_MILLIS = 2 ** 31 - 1;

/**
 * Sleeps by timers, which keep milliseconds; the rest is passed in turns of the event loop, so that an event is late by
 * microseconds rather than by a millisecond.
 */
export class TimerIdle implements Idle {
  readonly #time: RealTime;
  #end: (() => void) | null = null;
  #woken = false;

  constructor(time: RealTime = MONOTONIC) {
    this.#time = time;
  }

  wait(until: Nanos): Promise<void> {
    return new Promise((resolve) => {
      const millis = Math.floor((until - this.#time.now()) / 1e6);
      if (this.#woken || millis < 1) {
        this.#woken = false;
        setImmediate(resolve);
        return;
      }
      const timer = setTimeout(() => this.#end?.(), Math.min(millis, LONGEST_MILLIS));
      this.#end = () => {
        clearTimeout(timer);
        this.#end = null;
        resolve();
      };
    });
  }

  wake(): void {
    if (this.#end === null) this.#woken = true;
    else this.#end();
  }
}
