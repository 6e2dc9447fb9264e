/**
 * Strict priority by DSCP: whenever the line is free, the oldest frame of the first band that has one goes next. What
 * is on the line is not interrupted, so EF waits for one frame at most.
 *
 * On an idle line the departure is known at once and costs no event of its own; in a backlog each frame is kept and
 * costs one "line is free" event. When the queue is full, the newest frame of the last band that has one gives way to
 * a frame of an earlier band; otherwise the new frame is dropped.
 * @module
 */
import type { TimerId } from '../../base/brand.js';
import { type Nanos, UNSET } from '../../base/time.js';
import { BANDS, bandOf } from './dscp-band.js';
import { type Egress, FULL, KEPT, LEAVES, OCTET_NANOS } from './egress.js';
import type { Packet } from '../packet.js';
import type { Scheduler, Target } from '../scheduler.js';

/** Whom the egress tells about frames that it kept. */
export interface Line {
  /** hot. It will have left the line at the egress's `departure`. */
  departs(p: Packet): void;
  /** It had to give way to a frame of an earlier band. */
  evicted(p: Packet): void;
}

/** A first in first out queue of packets; doubles when full. */
class Band {
  #ring: (Packet | null)[] = new Array<Packet | null>(16).fill(null);
  #first = 0;
  count = 0;

  push(p: Packet): void {
    if (this.count === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.count) & (this.#ring.length - 1)] = p;
    this.count++;
  }

  /** The oldest; the band must not be empty. */
  shift(): Packet {
    const p = this.#ring[this.#first] as Packet;
    this.#ring[this.#first] = null;
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    this.count--;
    return p;
  }

  /** The newest; the band must not be empty. */
  takeLast(): Packet {
    this.count--;
    const at = (this.#first + this.count) & (this.#ring.length - 1);
    const p = this.#ring[at] as Packet;
    this.#ring[at] = null;
    return p;
  }

  #grow(): void {
    const old = this.#ring;
    const ring = new Array<Packet | null>(old.length * 2).fill(null);
    for (let i = 0; i < this.count; i++) ring[i] = old[(this.#first + i) & (old.length - 1)] as Packet;
    this.#ring = ring;
    this.#first = 0;
  }
}

const OP_LINE_FREE = 0;
const NOT_BOOKED = 0 as TimerId;

export class PriorityEgress implements Egress, Target {
  freeAt: number = UNSET;
  departure: number = UNSET;
  readonly #scheduler: Scheduler;
  readonly #line: Line;
  readonly #bands: readonly Band[] = Array.from({ length: BANDS }, () => new Band());
  #kept = 0;
  #rate = 0;
  #limit = 0;
  #timer = NOT_BOOKED;

  constructor(scheduler: Scheduler, line: Line, rate: number, limit: number) {
    this.#scheduler = scheduler;
    this.#line = line;
    this.freeAt = 0;
    this.configure(rate, limit);
  }

  configure(rate: number, limit: number): void {
    this.#rate = rate;
    this.#limit = limit;
  }

  offer(p: Packet): number {
    const now = this.#scheduler.now;
    if (this.#kept === 0 && this.freeAt <= now) {
      const free = now + this.#onLine(p);
      this.freeAt = free;
      this.departure = Math.round(free);
      return LEAVES;
    }
    const band = bandOf(p.buf, p.off, p.len);
    // One more is on the line, unless that has just become free and its event is still to come.
    const onLine = this.freeAt > now ? 1 : 0;
    if (this.#kept + onLine >= this.#limit && !this.#makeRoom(band)) return FULL;
    (this.#bands[band] as Band).push(p);
    this.#kept++;
    // Booked already if the only frame kept has just given way to this one.
    if (this.#timer === NOT_BOOKED) this.#book();
    return KEPT;
  }

  fire(): void {
    this.#timer = NOT_BOOKED;
    const p = this.#takeFirst();
    // From when the line was free, not from now: a late clock does not slow the line down.
    const free = this.freeAt + this.#onLine(p);
    this.freeAt = free;
    if (this.#kept > 0) this.#book();
    this.departure = Math.round(free);
    this.#line.departs(p);
  }

  purge(now: number, lose: (p: Packet) => void): void {
    if (this.#timer !== NOT_BOOKED) this.#scheduler.cancel(this.#timer);
    this.#timer = NOT_BOOKED;
    this.freeAt = now;
    while (this.#kept > 0) lose(this.#takeFirst());
  }

  /** Nanoseconds that the frame is on the line. */
  #onLine(p: Packet): number {
    return this.#rate === 0 ? 0 : (p.len * OCTET_NANOS) / this.#rate;
  }

  #book(): void {
    this.#timer = this.#scheduler.at(Math.round(this.freeAt) as Nanos, this, OP_LINE_FREE, null);
  }

  #takeFirst(): Packet {
    let band = 0;
    while ((this.#bands[band] as Band).count === 0) band++;
    this.#kept--;
    return (this.#bands[band] as Band).shift();
  }

  #makeRoom(band: number): boolean {
    let last = BANDS - 1;
    while (last > band && (this.#bands[last] as Band).count === 0) last--;
    if (last <= band) return false;
    this.#kept--;
    this.#line.evicted((this.#bands[last] as Band).takeLast());
    return true;
  }
}
