/**
 * The shape of a protocol here: sans-I/O. A machine is pure but for its own state; it may get an Rng and ids in its
 * constructor. It owns its timers: the shell books one event for `deadline` and calls `tick`.
 * @module
 */
import type { Nanos } from '../base/time.js';

export interface Machine<In, Out> {
  /** Appends outputs in order; throws only on broken invariants. */
  handle(input: In, now: Nanos, out: Out[]): void;
  /** Next time that it wants `tick`, `Infinity` = never. */
  readonly deadline: Nanos;
  tick(now: Nanos, out: Out[]): void;
}
