/**
 * The event queue in its simplest form: a list kept in order. It is what the timing wheel is held against
 * (one contract, two implementations), and too slow for anything else.
 * @module
 */
import type { TimerId } from '../../../base/brand.js';
import { NEVER, type Nanos, ZERO } from '../../../base/time.js';
import type { Packet } from '../../packet.js';
import type { EventQueue, Target } from '../../scheduler.js';
import { must } from '../../../base/assert.js';

interface Entry {
  readonly id: TimerId;
  readonly when: Nanos;
  readonly target: Target;
  readonly op: number;
  readonly packet: Packet | null;
}

export class SortedQueue implements EventQueue {
  readonly #entries: Entry[] = [];
  #lastId = 0;
  now: Nanos = ZERO;

  get size(): number {
    return this.#entries.length;
  }

  push(when: Nanos, target: Target, op: number, packet: Packet | null): TimerId {
    const id = ++this.#lastId as TimerId;
    // After all that are not later: equal times keep their order.
    const at = this.#entries.findLastIndex((e) => e.when <= when) + 1;
    this.#entries.splice(at, 0, { id, when, target, op, packet });
    return id;
  }

  post(target: Target, op: number, packet: Packet): void {
    this.push(packet.time, target, op, packet);
  }

  cancel(id: TimerId): boolean {
    const at = this.#entries.findIndex((e) => e.id === id);
    if (at >= 0) this.#entries.splice(at, 1);
    return at >= 0;
  }

  peek(): Nanos {
    return this.#entries[0]?.when ?? NEVER;
  }

  pop(): void {
    const e = must(this.#entries.shift(), 'an event to pop');
    if (e.when > this.now) this.now = e.when;
    e.target.fire(e.op, e.packet);
  }

  popUntil(limit: Nanos): boolean {
    const when = this.peek();
    if (when > limit || when === NEVER) return false;
    this.pop();
    return true;
  }
}
