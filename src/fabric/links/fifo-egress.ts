/**
 * First in, first out. The departure of a frame is known when it is offered, so a hop costs one event; a ring of the
 * departures still to come tells how long the queue is (drop-tail).
 * @module
 */
import { type Clock, UNSET } from '../../base/time.js';
import type { Packet } from '../packet.js';
import { type Egress, FULL, LEAVES, OCTET_NANOS } from './egress.js';

const FIRST_RING = 64;

export class FifoEgress implements Egress {
  freeAt: number = UNSET;
  departure: number = UNSET;
  readonly #clock: Clock;
  #rate = 0;
  #limit = 0;
  /** Departures to come, oldest first. */
  #ring = new Float64Array(FIRST_RING);
  #first = 0;
  #count = 0;

  constructor(clock: Clock, rate: number, limit: number) {
    this.#clock = clock;
    this.freeAt = 0;
    this.configure(rate, limit);
  }

  configure(rate: number, limit: number): void {
    this.#rate = rate;
    this.#limit = limit;
  }

  offer(p: Packet): number {
    const now = this.#clock.now;
    if (this.#rate === 0 && this.freeAt <= now) {
      this.departure = now;
      return LEAVES;
    }
    const mask = this.#ring.length - 1;
    while (this.#count > 0 && (this.#ring[this.#first] as number) <= now) {
      this.#first = (this.#first + 1) & mask;
      this.#count--;
    }
    if (this.#count >= this.#limit) return FULL;
    let free = this.freeAt > now ? this.freeAt : now;
    if (this.#rate !== 0) free += (p.len * OCTET_NANOS) / this.#rate;
    this.freeAt = free;
    const departure = Math.round(free);
    if (this.#count > mask) this.#grow();
    this.#ring[(this.#first + this.#count) & (this.#ring.length - 1)] = departure;
    this.#count++;
    this.departure = departure;
    return LEAVES;
  }

  purge(now: number): void {
    this.freeAt = now;
    this.#first = 0;
    this.#count = 0;
  }

  #grow(): void {
    const old = this.#ring;
    const ring = new Float64Array(old.length * 2);
    for (let i = 0; i < this.#count; i++) ring[i] = old[(this.#first + i) & (old.length - 1)] as number;
    this.#ring = ring;
    this.#first = 0;
  }
}
