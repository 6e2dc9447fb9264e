/**
 * The pool of packets: slots of three sizes in slabs, handed out and taken back without allocation.
 * A slot belongs to one owner at a time; ids count from 1 in the order of `take` and `clone`, so that the same run
 * gives the same ids. It knows frames only by their length.
 *
 * A released packet has id 0 until its slot is taken again: that finds a double release and a send after release.
 * A *checked* pool finds them always: it gives every generation of a slot its own object, so that a stale reference
 * never looks like its successor, and it fills free slots with 0xa5 and looks at `take` whether somebody wrote there.
 *
 * @example
 * const pool = createPool({ checked: true });
 * const p = pool.take(214);
 * pool.release(p);
 * @module
 */
import type { DecisionId, PacketId, TrailId } from '../base/brand.js';
import { UNSET, ZERO } from '../base/time.js';
import type { Packet, PacketPool } from './packet.js';
import { assertInvariant, must } from '../base/assert.js';

/** The largest frame: 64 KiB of IP and an Ethernet header (segmentation offload of a kernel). */
export const MAX_FRAME = 65_536 + 14;

/** Bytes per slot and slots per slab, smallest first: voice and signalling, a full Ethernet frame, offloaded segments. */
const CLASSES = [
  { bytes: 256, slots: 256 },
  { bytes: 2048, slots: 64 },
  { bytes: (MAX_FRAME + 3) & ~3, slots: 1 },
] as const;

const FREE_FILL = 0xa5;

class PooledPacket implements Packet {
  readonly buf: Uint8Array;
  readonly off: number;
  readonly view: DataView;
  readonly capacity: number;
  /** Index of its size class. */
  readonly class: number;
  /** How often the slot has been taken; 0 = never. Counts in a checked pool only. */
  readonly generation: number;
  len = 0;
  id = 0 as PacketId;
  cause = 0;
  trail = 0 as TrailId;
  slot = 0;
  decision = 0 as DecisionId;
  time = UNSET;
  sentAt = UNSET;
  leftAt = UNSET;
  row = 0;
  line = 0;
  epoch = 0;
  iif = 0;
  oif = 0;
  mark = 0;
  fragmented = 0;
  ct: object | null = null;
  ctinfo = 0;

  constructor(buf: Uint8Array, view: DataView, off: number, capacity: number, sizeClass: number, generation: number) {
    this.buf = buf;
    this.view = view;
    this.off = off;
    this.capacity = capacity;
    this.class = sizeClass;
    this.generation = generation;
  }
}

export interface PoolOptions {
  /** Finds every use after release, at the price of an object per packet and a fill per release. Default false. */
  readonly checked?: boolean;
}

/** A {@link PacketPool} with its figures. */
export interface CountedPool extends PacketPool {
  /** Slabs made so far: stands still once the run has met its largest number of packets in flight. */
  readonly slabs: number;
  /** Packets taken or cloned so far: the last id given. */
  readonly taken: number;
  /** Throws when `p` was released (always in a checked pool; until its slot is taken again otherwise). */
  check(p: Packet): void;
}

class Pool implements CountedPool {
  readonly #checked: boolean;
  readonly #free: PooledPacket[][] = [[], [], []];
  #lastId = 0;
  #live = 0;
  #slabs = 0;

  constructor(checked: boolean) {
    this.#checked = checked;
  }

  get live(): number {
    return this.#live;
  }

  get slabs(): number {
    return this.#slabs;
  }

  get taken(): number {
    return this.#lastId;
  }

  take(len: number): Packet {
    const sizeClass = len <= 256 ? 0 : len <= 2048 ? 1 : 2;
    const free = this.#free[sizeClass] as PooledPacket[];
    let p = free.pop();
    if (p === undefined) {
      assertInvariant(len <= MAX_FRAME, `a frame has at most ${MAX_FRAME} bytes`);
      this.#grow(sizeClass);
      p = free.pop() as PooledPacket;
    }
    if (this.#checked) p = renew(p);
    p.len = len;
    p.id = ++this.#lastId as PacketId;
    p.cause = 0;
    p.trail = 0 as TrailId;
    p.slot = 0;
    p.decision = 0 as DecisionId;
    p.time = ZERO;
    p.sentAt = ZERO;
    p.leftAt = ZERO;
    p.row = 0;
    p.line = 0;
    p.epoch = 0;
    p.iif = 0;
    p.oif = 0;
    p.mark = 0;
    p.fragmented = 0;
    p.ct = null;
    p.ctinfo = 0;
    this.#live++;
    return p;
  }

  clone(p: Packet): Packet {
    this.check(p);
    const copy = this.take(p.len);
    // Not `set(subarray)`: a view per copy would be garbage per copy.
    const from = p.buf;
    const to = copy.buf;
    for (let i = 0, a = p.off, b = copy.off; i < p.len; i++) to[b++] = from[a++] as number;
    copy.cause = p.id;
    copy.trail = p.trail;
    copy.decision = p.decision;
    return copy;
  }

  release(p: Packet): void {
    assertInvariant(p instanceof PooledPacket, 'only packets of a pool are released');
    assertInvariant(p.id !== 0, 'a packet is released once');
    p.id = 0 as PacketId;
    p.ct = null;
    p.ctinfo = 0;
    this.#live--;
    if (this.#checked) p.buf.fill(FREE_FILL, p.off, p.off + p.capacity);
    (this.#free[p.class] as PooledPacket[]).push(p);
  }

  check(p: Packet): void {
    assertInvariant(p.id !== 0, 'a packet is not used after its release');
  }

  #grow(sizeClass: number): void {
    const { bytes, slots } = must(CLASSES[sizeClass], 'size class');
    const slab = new Uint8Array(bytes * slots);
    const view = new DataView(slab.buffer);
    if (this.#checked) slab.fill(FREE_FILL);
    const free = this.#free[sizeClass] as PooledPacket[];
    // Backwards, so that the first one taken lies first in the slab.
    for (let i = slots - 1; i >= 0; i--) free.push(new PooledPacket(slab, view, i * bytes, bytes, sizeClass, 0));
    this.#slabs++;
  }
}

/** The slot's next generation as an object of its own; throws when its bytes were written while it was free. */
function renew(p: PooledPacket): PooledPacket {
  for (let i = p.off; i < p.off + p.capacity; i++) {
    assertInvariant(p.buf[i] === FREE_FILL, `the bytes of a released packet were written (generation ${p.generation}, octet ${i - p.off})`);
  }
  return new PooledPacket(p.buf, p.view, p.off, p.capacity, p.class, p.generation + 1);
}

export function createPool(options: PoolOptions = {}): CountedPool {
  return new Pool(options.checked ?? false);
}
