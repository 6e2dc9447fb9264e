/**
 * The one scheduler, on virtual and on wall time: it keeps `now`, the queue and the note that asynchronous code may go
 * on. Net stacks, protocols and roles see its {@link Scheduler} face; only a driver uses the rest.
 *
 * @example
 * const scheduler = createScheduler();
 * scheduler.at(millis(20), target, OP_RETRANSMIT, null);
 * @module
 */
import type { TimerId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import type { Packet } from './packet.js';
import type { EventQueue, Scheduler, Target } from './scheduler.js';
import { assertInvariant } from '../base/assert.js';
import { TimingWheel } from './queue/timing-wheel.js';

export interface SchedulerOptions {
  /** Epoch second that lab time 0 stands for, for captures. Default 2026-01-01T00:00:00Z. */
  readonly originSeconds?: number;
  /** Default: a timing wheel. */
  readonly queue?: EventQueue;
}

const DEFAULT_ORIGIN = 1_767_225_600;

export class LabScheduler implements Scheduler {
  readonly originSeconds: number;
  readonly #queue: EventQueue;
  #touched = false;
  #fired = 0;
  #wake: (() => void) | null = null;

  constructor(options: SchedulerOptions = {}) {
    this.originSeconds = options.originSeconds ?? DEFAULT_ORIGIN;
    this.#queue = options.queue ?? new TimingWheel();
  }

  get now(): Nanos {
    return this.#queue.now;
  }

  at(when: Nanos, target: Target, op: number, packet: Packet | null): TimerId {
    const id = this.#queue.push(when > this.#queue.now ? when : this.#queue.now, target, op, packet);
    if (this.#wake !== null) this.#wake();
    return id;
  }

  post(target: Target, op: number, packet: Packet): void {
    const queue = this.#queue;
    if (packet.time < queue.now) packet.time = queue.now;
    queue.post(target, op, packet);
    if (this.#wake !== null) this.#wake();
  }

  cancel(id: TimerId): void {
    this.#queue.cancel(id);
  }

  touch(): void {
    this.#touched = true;
  }

  // From here on: for drivers only.

  /** Was there a `touch` since {@link settled}? */
  get touched(): boolean {
    return this.#touched;
  }

  /** Forgets the touches so far. */
  settled(): void {
    this.#touched = false;
  }

  /** Events fired so far. */
  get fired(): number {
    return this.#fired;
  }

  /** Events that wait. */
  get pending(): number {
    return this.#queue.size;
  }

  /** Time of the next event, `Infinity` when there is none. */
  get next(): Nanos {
    return this.#queue.peek();
  }

  /** Moves time to the next event and fires it. Virtual time. */
  step(): void {
    this.#fired++;
    this.#queue.pop();
  }

  /** As {@link step}, if the next event is not later than `limit`, nor never; false = it is, and nothing happened. */
  stepUntil(limit: Nanos): boolean {
    // Counted first: what fires may ask.
    this.#fired++;
    if (this.#queue.popUntil(limit)) return true;
    this.#fired--;
    return false;
  }

  /** Moves time forward, fires nothing. Moving back is ignored: time is monotone. */
  advance(to: Nanos): void {
    if (to > this.#queue.now) this.#queue.now = to;
  }

  /** Fires the next event at the present time, however long it has been due. Wall time. */
  fireDue(): void {
    assertInvariant(this.#queue.peek() <= this.#queue.now, 'an event that is due');
    this.#fired++;
    this.#queue.pop();
  }

  /** Tells a sleeping driver that something was booked, so that it does not oversleep; null = nobody sleeps. */
  onBooked(wake: (() => void) | null): void {
    this.#wake = wake;
  }
}

export function createScheduler(options: SchedulerOptions = {}): LabScheduler {
  return new LabScheduler(options);
}
