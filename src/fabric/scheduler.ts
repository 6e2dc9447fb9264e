/**
 * The seam of time: who may read it, who may book it, who moves it.
 * Net stacks, protocols and roles get a {@link Scheduler}; only a {@link Driver} moves the clock.
 * @module
 */
import type { TimerId } from '../base/brand.js';
import type { Clock, Nanos } from '../base/time.js';
import type { Packet } from './packet.js';

/** What fires. `op` is a small integer that the target owns, so an event needs no closure. */
export interface Target {
  fire(op: number, packet: Packet | null): void;
}

export interface Scheduler extends Clock {
  /** hot. Past times fire now. Equal times fire in call order, always. */
  at(when: Nanos, target: Target, op: number, packet: Packet | null): TimerId;
  /** hot. As {@link at} for `packet.time`, and never cancelled: neither time nor id is handed over, so nothing is boxed. */
  post(target: Target, op: number, packet: Packet): void;
  /** Idempotent; a stale id cancels nothing. */
  cancel(id: TimerId): void;
  /** "A promise or a stream may go on because of this event": sets one boolean. */
  touch(): void;
}

/** The queue under a scheduler: stable first-in first-out among equal times. */
export interface EventQueue {
  readonly size: number;
  push(when: Nanos, target: Target, op: number, packet: Packet | null): TimerId;
  /** As {@link push} for `packet.time`, without an id. */
  post(target: Target, op: number, packet: Packet): void;
  cancel(id: TimerId): boolean;
  /** Time of the next event, `Infinity` when empty. Pure: looking moves nothing. */
  peek(): Nanos;
  /** Removes the next event and fires it. Time is kept here, so that it moves without being handed over (and boxed). */
  pop(): void;
  /** As {@link pop}, if the next event is not later than `limit`, nor never; false = nothing happened. */
  popUntil(limit: Nanos): boolean;
  /** Lab time: that of the event that fired last, or what a clock has set since. {@link pop} only moves it forward. */
  now: Nanos;
}

export interface Driver {
  /**
   * Pumps until the task settles.
   * Errors: LAB_STALLED (queue empty and the task pending), LAB_TIME_LIMIT (lab time), LAB_INTERRUPTED (signal).
   */
  run<T>(task: Promise<T>, limit: Nanos): Promise<T>;
}
