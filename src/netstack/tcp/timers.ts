/**
 * The deadlines of one connection: one booked event per kind, no closures. A deadline that moves later keeps its event,
 * which books itself anew when it comes too early (an RTO restarts with every ACK); a cleared one leaves nothing booked.
 * @module
 */
import type { TimerId } from '../../base/brand.js';
import { NEVER, type Nanos } from '../../base/time.js';
import type { Scheduler, Target } from '../../fabric/scheduler.js';

export const TIMER = {
  /** Retransmission of SYN, data, FIN. */
  RETRANSMIT: 0,
  /** Window probes, and segments that silly-window avoidance held back. */
  PERSIST: 1,
  DELAYED_ACK: 2,
  TIME_WAIT: 3,
  KEEP_ALIVE: 4,
  /** A connection that can't even begin fails in its own event, after `connect` has returned. */
  FAIL: 5,
} as const;

export type TimerKind = (typeof TIMER)[keyof typeof TIMER];

const KINDS = 6;

export class Timers implements Target {
  readonly #scheduler: Scheduler;
  readonly #expired: (kind: TimerKind) => void;
  readonly #deadline = new Float64Array(KINDS).fill(NEVER);
  readonly #bookedAt = new Float64Array(KINDS).fill(NEVER);
  readonly #ids: (TimerId | null)[] = new Array<TimerId | null>(KINDS).fill(null);

  constructor(scheduler: Scheduler, expired: (kind: TimerKind) => void) {
    this.#scheduler = scheduler;
    this.#expired = expired;
  }

  running(kind: TimerKind): boolean {
    return this.#deadline[kind] !== NEVER;
  }

  /** (Re)starts: fires `delay` from now. */
  start(kind: TimerKind, delay: Nanos): void {
    const when = this.#scheduler.now + delay;
    this.#deadline[kind] = when;
    if ((this.#bookedAt[kind] as number) > when) this.#book(kind, when);
  }

  stop(kind: TimerKind): void {
    this.#deadline[kind] = NEVER;
    this.#unbook(kind);
  }

  stopAll(): void {
    for (let kind = 0; kind < KINDS; kind++) this.stop(kind as TimerKind);
  }

  fire(op: number): void {
    const kind = op as TimerKind;
    this.#ids[kind] = null;
    this.#bookedAt[kind] = NEVER;
    const deadline = this.#deadline[kind] as number;
    if (deadline > this.#scheduler.now) {
      if (deadline !== NEVER) this.#book(kind, deadline);
      return;
    }
    this.#deadline[kind] = NEVER;
    this.#expired(kind);
  }

  #book(kind: TimerKind, when: number): void {
    this.#unbook(kind);
    this.#bookedAt[kind] = when;
    this.#ids[kind] = this.#scheduler.at(when as Nanos, this, kind, null);
  }

  #unbook(kind: TimerKind): void {
    const id = this.#ids[kind];
    if (id !== null && id !== undefined) this.#scheduler.cancel(id);
    this.#ids[kind] = null;
    this.#bookedAt[kind] = NEVER;
  }
}
