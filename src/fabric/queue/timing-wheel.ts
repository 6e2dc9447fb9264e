/**
 * The event queue of the lab: a timing wheel for what comes soon, a heap for what comes late or crowds a slot.
 *
 * - Events are slots in typed arrays (time, order, op, generation, links) and two object columns (target, packet):
 *   booking and firing allocate nothing; the columns double when they run full.
 * - The wheel has a bucket per `width` nanoseconds, from the tick of the event fired last. A bucket is a list in order
 *   of (time, order of booking). Whatever lies beyond the wheel, or would need a long walk in its bucket, goes to a
 *   4-ary heap. The next event is the smaller of the two heads by (time, order), so it does not matter for the result
 *   where an event stands: the wheel's width and length are a matter of speed only, and may change at any time.
 * - Equal times fire in the order of booking, also across wheel and heap.
 * - `peek` moves nothing: a time before the one looked at may still be booked. Times before the event fired last are
 *   put into the first bucket, where the order by time still holds.
 *
 * Costs (average): push, cancel and pop O(1) in the wheel, O(log n) in the heap.
 * @module
 */
import type { TimerId } from '../../base/brand.js';
import { NEVER, type Nanos, UNSET, ZERO } from '../../base/time.js';
import type { Packet } from '../packet.js';
import type { EventQueue, Target } from '../scheduler.js';
import { assertInvariant } from '../../base/assert.js';

/** Timer ids are `generation * SLOT_SPAN + slot`: 2^24 events at a time, 2^29 generations each. */
const SLOT_SPAN = 16_777_216;
const LAST_GENERATION = 0x1fff_ffff;
const NONE = -1;
/** In `#where`: the slot is free, or stands in the heap; else its bucket. */
const FREE = -2;
const IN_HEAP = -1;

const MIN_BUCKETS = 1024;
const MAX_BUCKETS = 1 << 20;
/** Longest walk in a crowded bucket before an event goes to the heap. */
const MAX_WALK = 16;
/** Events between two looks at whether the width still fits. */
const REVIEW = 4096;
const MAX_WIDTH = 2 ** 40;

/** Object of fired and cancelled slots, so that the columns keep one shape. */
const NOBODY: Target = {
  fire() {
    assertInvariant(false, 'a free slot does not fire');
  },
};

export class TimingWheel implements EventQueue {
  #when = new Float64Array(MIN_BUCKETS);
  #order = new Float64Array(MIN_BUCKETS);
  #op = new Int32Array(MIN_BUCKETS);
  #generation = new Int32Array(MIN_BUCKETS);
  /** Next in the bucket or in the free list. */
  #next = new Int32Array(MIN_BUCKETS);
  /** Previous in the bucket; position in the heap for slots there. */
  #prev = new Int32Array(MIN_BUCKETS);
  #where = new Int32Array(MIN_BUCKETS);
  #target: Target[] = [];
  #packet: (Packet | null)[] = [];
  #free = NONE;

  #head = new Int32Array(MIN_BUCKETS);
  #tail = new Int32Array(MIN_BUCKETS);
  /** One bit per bucket, and one bit per 32 of those. */
  #occupied = new Int32Array(MIN_BUCKETS >> 5);
  #occupiedWords = new Int32Array(((MIN_BUCKETS >> 5) + 31) >> 5);
  #mask = MIN_BUCKETS - 1;
  /** Nanoseconds per bucket, a power of two: dividing by it is exact. */
  #width = 1024;
  /** Tick (time / width) of the event fired last; the wheel spans `#base .. #base + mask`. */
  #base = 0;
  #inWheel = 0;

  #heap = new Int32Array(64);
  #inHeap = 0;

  #lastOrder = 0;
  /** Slot of the next event if it is known. */
  #first = NONE;
  /** Its time; `Infinity` when nothing waits. */
  #firstTime: Nanos = NEVER;
  #sinceReview = 0;
  #reviewedAt: number = UNSET;
  #lastTime: number = UNSET;

  now: Nanos = UNSET;

  constructor() {
    this.now = ZERO;
    this.#reviewedAt = 0;
    this.#lastTime = 0;
    this.#head.fill(NONE);
    this.#tail.fill(NONE);
    this.#freeSlots(0, MIN_BUCKETS);
  }

  get size(): number {
    return this.#inWheel + this.#inHeap;
  }

  push(when: Nanos, target: Target, op: number, packet: Packet | null): TimerId {
    const slot = this.#take();
    this.#when[slot] = when;
    this.#fill(slot, target, op, packet);
    return ((this.#generation[slot] as number) * SLOT_SPAN + slot) as TimerId;
  }

  post(target: Target, op: number, packet: Packet): void {
    const slot = this.#take();
    this.#when[slot] = packet.time;
    this.#fill(slot, target, op, packet);
  }

  /** A free slot, off the free list. */
  #take(): number {
    if (this.#free === NONE) this.#growSlots();
    const slot = this.#free;
    this.#free = this.#next[slot] as number;
    return slot;
  }

  /** The rest of an event whose time is set, and its place. */
  #fill(slot: number, target: Target, op: number, packet: Packet | null): void {
    this.#order[slot] = ++this.#lastOrder;
    this.#op[slot] = op;
    this.#target[slot] = target;
    this.#packet[slot] = packet;
    this.#place(slot);
    // The newest of equal times is last: only a strictly earlier time changes the first event.
    if (this.#first !== NONE && (this.#when[slot] as number) < this.#firstTime) this.#know(slot);
  }

  cancel(id: TimerId): boolean {
    const slot = id % SLOT_SPAN;
    if (!(slot < this.#where.length) || this.#where[slot] === FREE) return false;
    if (this.#generation[slot] !== (id - slot) / SLOT_SPAN) return false;
    if (this.#first === slot) this.#first = NONE;
    this.#unlink(slot);
    this.#retire(slot);
    return true;
  }

  peek(): Nanos {
    if (this.#first === NONE) this.#seek();
    return this.#firstTime;
  }

  pop(): void {
    if (this.#first === NONE) this.#seek();
    const slot = this.#first;
    assertInvariant(slot !== NONE, 'an event to pop');
    const when = this.#firstTime;
    if (when > this.now) this.now = when;
    const tick = Math.floor(when / this.#width);
    // Never backwards: what was booked before the last event stands in the first bucket.
    if (tick > this.#base) this.#base = tick;
    this.#lastTime = when;
    const target = this.#target[slot] as Target;
    const op = this.#op[slot] as number;
    const packet = this.#packet[slot] as Packet | null;
    this.#unlink(slot);
    this.#retire(slot);
    this.#first = NONE;
    if (++this.#sinceReview >= REVIEW) this.#review();
    target.fire(op, packet);
  }

  popUntil(limit: Nanos): boolean {
    if (this.#first === NONE) this.#seek();
    const when = this.#firstTime;
    if (when > limit || when === NEVER) return false;
    this.pop();
    return true;
  }

  /** Puts a slot into its bucket, or into the heap if that is far or crowded. */
  #place(slot: number): void {
    const when = this.#when[slot] as number;
    let tick = Math.floor(when / this.#width);
    if (tick < this.#base) tick = this.#base;
    if (!(tick - this.#base <= this.#mask)) {
      this.#heapPush(slot);
      return;
    }
    const bucket = tick % (this.#mask + 1);
    const last = this.#tail[bucket] as number;
    if (last === NONE) {
      this.#head[bucket] = slot;
      this.#prev[slot] = NONE;
      const word = bucket >> 5;
      this.#occupied[word] = (this.#occupied[word] as number) | (1 << (bucket & 31));
      this.#occupiedWords[word >> 5] = (this.#occupiedWords[word >> 5] as number) | (1 << (word & 31));
    } else if ((this.#when[last] as number) <= when) {
      this.#next[last] = slot;
      this.#prev[slot] = last;
    } else {
      this.#insertBefore(slot, bucket, last);
      return;
    }
    this.#next[slot] = NONE;
    this.#tail[bucket] = slot;
    this.#where[slot] = bucket;
    this.#inWheel++;
  }

  /** Walks back from the bucket's last event, which is later. */
  #insertBefore(slot: number, bucket: number, last: number): void {
    const when = this.#when[slot] as number;
    let after = last;
    for (let i = 0; i < MAX_WALK; i++) {
      const before = this.#prev[after] as number;
      if (before === NONE || (this.#when[before] as number) <= when) {
        this.#prev[slot] = before;
        this.#next[slot] = after;
        this.#prev[after] = slot;
        if (before === NONE) this.#head[bucket] = slot;
        else this.#next[before] = slot;
        this.#where[slot] = bucket;
        this.#inWheel++;
        return;
      }
      after = before;
    }
    this.#heapPush(slot);
  }

  #unlink(slot: number): void {
    const bucket = this.#where[slot] as number;
    if (bucket === IN_HEAP) {
      this.#heapRemove(this.#prev[slot] as number);
      return;
    }
    const before = this.#prev[slot] as number;
    const after = this.#next[slot] as number;
    if (before === NONE) this.#head[bucket] = after;
    else this.#next[before] = after;
    if (after === NONE) this.#tail[bucket] = before;
    else this.#prev[after] = before;
    if (before === NONE && after === NONE) this.#clearBit(bucket);
    this.#inWheel--;
  }

  #clearBit(bucket: number): void {
    const word = bucket >> 5;
    const rest = (this.#occupied[word] as number) & ~(1 << (bucket & 31));
    this.#occupied[word] = rest;
    if (rest === 0) this.#occupiedWords[word >> 5] = (this.#occupiedWords[word >> 5] as number) & ~(1 << (word & 31));
  }

  /** Frees an unlinked slot: a new generation makes ids given before stale. */
  #retire(slot: number): void {
    this.#target[slot] = NOBODY;
    this.#packet[slot] = null;
    this.#where[slot] = FREE;
    const generation = this.#generation[slot] as number;
    this.#generation[slot] = generation === LAST_GENERATION ? 1 : generation + 1;
    this.#next[slot] = this.#free;
    this.#free = slot;
  }

  #seek(): void {
    const slot = this.#findFirst();
    if (slot === NONE) this.#firstTime = NEVER;
    else this.#know(slot);
  }

  /** That slot is the next event. */
  #know(slot: number): void {
    this.#first = slot;
    this.#firstTime = this.#when[slot] as Nanos;
  }

  #findFirst(): number {
    const top = this.#inHeap === 0 ? NONE : (this.#heap[0] as number);
    if (this.#inWheel === 0) return top;
    const first = this.#head[this.#firstBucket()] as number;
    return top !== NONE && this.#before(top, first) ? top : first;
  }

  /** The first bucket that holds something, from the base on and round once. The wheel must not be empty. */
  #firstBucket(): number {
    const start = this.#base % (this.#mask + 1);
    const word = start >> 5;
    const bits = (this.#occupied[word] as number) & (-1 << (start & 31));
    if (bits !== 0) return (word << 5) | lowestBit(bits);
    const next = this.#nextWord(word + 1);
    const found = next === NONE ? this.#nextWord(0) : next;
    return (found << 5) | lowestBit(this.#occupied[found] as number);
  }

  /** Index of the first word with a bit, from `from` to the end; NONE if there is none. */
  #nextWord(from: number): number {
    const words = this.#occupiedWords;
    let i = from >> 5;
    if (i >= words.length) return NONE;
    let bits = (words[i] as number) & (-1 << (from & 31));
    while (bits === 0) {
      if (++i >= words.length) return NONE;
      bits = words[i] as number;
    }
    return (i << 5) | lowestBit(bits);
  }

  #before(a: number, b: number): boolean {
    const ta = this.#when[a] as number;
    const tb = this.#when[b] as number;
    return ta < tb || (ta === tb && (this.#order[a] as number) < (this.#order[b] as number));
  }

  #heapPush(slot: number): void {
    if (this.#inHeap === this.#heap.length) this.#heap = grown(this.#heap);
    this.#where[slot] = IN_HEAP;
    this.#siftUp(this.#inHeap++, slot);
  }

  #heapRemove(at: number): void {
    const last = this.#heap[--this.#inHeap] as number;
    if (at === this.#inHeap) return;
    if (at > 0 && this.#before(last, this.#heap[(at - 1) >> 2] as number)) this.#siftUp(at, last);
    else this.#siftDown(at, last);
  }

  #siftUp(at: number, slot: number): void {
    const heap = this.#heap;
    while (at > 0) {
      const up = (at - 1) >> 2;
      const parent = heap[up] as number;
      if (!this.#before(slot, parent)) break;
      heap[at] = parent;
      this.#prev[parent] = at;
      at = up;
    }
    heap[at] = slot;
    this.#prev[slot] = at;
  }

  #siftDown(at: number, slot: number): void {
    const heap = this.#heap;
    const size = this.#inHeap;
    for (;;) {
      const child = at * 4 + 1;
      if (child >= size) break;
      let least = child;
      const end = child + 4 < size ? child + 4 : size;
      for (let i = child + 1; i < end; i++) if (this.#before(heap[i] as number, heap[least] as number)) least = i;
      const candidate = heap[least] as number;
      if (!this.#before(candidate, slot)) break;
      heap[at] = candidate;
      this.#prev[candidate] = at;
      at = least;
    }
    heap[at] = slot;
    this.#prev[slot] = at;
  }

  /**
   * Fits the wheel to what happened since the last look: about one event per bucket, and twice as many buckets as
   * events wait (by Little's law these then span twice the time that an event waits).
   */
  #review(): void {
    const gap = (this.#lastTime - this.#reviewedAt) / this.#sinceReview;
    this.#sinceReview = 0;
    this.#reviewedAt = this.#lastTime;
    let width = 1;
    while (width < gap && width < MAX_WIDTH) width *= 2;
    let buckets = MIN_BUCKETS;
    while (buckets < 2 * this.size && buckets < MAX_BUCKETS) buckets *= 2;
    const now = this.#mask + 1;
    if (width >= this.#width / 2 && width <= this.#width * 2 && buckets <= now && buckets * 8 > now) return;
    this.#rebuild(width, buckets);
  }

  /** Sorts all of the wheel into another width and number of buckets; what the heap holds stays there. */
  #rebuild(width: number, buckets: number): void {
    const slots = new Int32Array(this.#inWheel);
    const heads = this.#head;
    let n = 0;
    for (let i = 0, bucket = this.#base % (this.#mask + 1); i <= this.#mask; i++) {
      for (let slot = heads[bucket] as number; slot !== NONE; slot = this.#next[slot] as number) slots[n++] = slot;
      bucket = bucket === this.#mask ? 0 : bucket + 1;
    }
    this.#width = width;
    this.#mask = buckets - 1;
    this.#base = Math.floor(this.#lastTime / width);
    this.#head = new Int32Array(buckets).fill(NONE);
    this.#tail = new Int32Array(buckets).fill(NONE);
    this.#occupied = new Int32Array(buckets >> 5);
    this.#occupiedWords = new Int32Array(((buckets >> 5) + 31) >> 5);
    this.#inWheel = 0;
    // In order of (time, booking): each one is appended.
    for (let i = 0; i < n; i++) this.#place(slots[i] as number);
  }

  #growSlots(): void {
    const size = this.#when.length;
    assertInvariant(size < SLOT_SPAN, 'at most 2^24 events wait at a time');
    this.#when = grownFloats(this.#when);
    this.#order = grownFloats(this.#order);
    this.#op = grown(this.#op);
    this.#generation = grown(this.#generation);
    this.#next = grown(this.#next);
    this.#prev = grown(this.#prev);
    this.#where = grown(this.#where);
    this.#freeSlots(size, size * 2);
  }

  #freeSlots(from: number, to: number): void {
    for (let slot = from; slot < to; slot++) {
      this.#target.push(NOBODY);
      this.#packet.push(null);
      this.#generation[slot] = 1;
      this.#where[slot] = FREE;
      this.#next[slot] = slot + 1 === to ? NONE : slot + 1;
    }
    this.#free = from;
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function grown(a: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const b = new Int32Array(a.length * 2);
  b.set(a);
  return b;
}

function grownFloats(a: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const b = new Float64Array(a.length * 2);
  b.set(a);
  return b;
}
