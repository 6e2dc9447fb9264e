/**
 * Makes the ledger out of records. The live recorder and the reader of a file feed the same `record`, `causes` and
 * `event`, and nothing else enters: so a file gives the same ledger as the run that wrote it.
 *
 * `record` is hot: numbers in typed arrays; no allocation but when a column grows.
 * @module
 */
import { assertInvariant } from '../base/assert.js';
import type { TrailId } from '../base/brand.js';
import type { DropCode } from '../base/drop.js';
import { type Nanos, UNSET } from '../base/time.js';
import { type Pairs, parseComment } from './comment.js';
import type { Points } from './points.js';
import { FlowTable } from './store/flow-table.js';
import { type PacketChunk, PacketColumns, ROW_BITS, ROW_MASK } from './store/packet-columns.js';
import { TimeStream } from './store/time-stream.js';
import { type StepCode, TrailTable } from './store/trail-table.js';

/** Times that an open packet keeps in its slot; more go to a list of their own. */
const SLOT_TIMES = 32;
/** Marks a row whose times are still in a slot. */
const OPEN = 0x80000000;
/** Records of one packet beyond this many are counted, not kept: no journey is as long, but a damaged file may say so. */
const MAX_RECORDS = 60000;
/** Open packets before those idle for `IDLE` are closed. */
const SWEEP = 1 << 16;
const IDLE = 10e9;

export interface LabEvent {
  readonly at: Nanos;
  /** Name of the node that it is about; empty for the lab as a whole. */
  readonly node: string;
  readonly name: string;
  /** All other pairs. */
  readonly fields: Pairs;
}

export class LedgerBuilder {
  readonly points: Points;
  readonly columns = new PacketColumns();
  readonly trails = new TrailTable();
  readonly flows = new FlowTable();
  readonly times = new TimeStream();
  readonly events: LabEvent[] = [];
  /** Further causes of packets that have more than one, by row. */
  readonly moreCauses = new Map<number, number[]>();
  /** Causes of packets that have no record, by id: what a sender cut into fragments was on no link. */
  readonly unseenCauses = new Map<number, readonly number[]>();
  /** Texts of decisions by number; 0 = none. */
  readonly decisions: string[] = [''];
  /** Records that were not kept (see MAX_RECORDS). */
  ignored = 0;
  /** Lab time of the next record. A field: an argument beyond 31 bits is boxed where the call is not inlined. */
  time = UNSET;
  /** Whether the record taken last was its packet's first. */
  opened = false;
  /** Slot of the packet of the record taken last, plus one: the hint for its next record. */
  slot = 0;
  first = Infinity as Nanos;
  last = -Infinity as Nanos;
  readonly #numbers = new Map<string, number>([['', 0]]);

  // Slots of open packets: what a record changes stands here, and goes to the columns when the packet closes.
  #slotTimes = new Float64Array(64 * SLOT_TIMES);
  #slotCount = new Int32Array(64);
  #slotRow = new Int32Array(64).fill(-1);
  /** Id of the packet in the slot; 0 = free. */
  #slotId = new Uint32Array(64);
  #slotTrail = new Int32Array(64);
  #free: number[] = [];
  #slots = 0;
  #sweepAt = SWEEP;
  readonly #overflow = new Map<number, number[]>();

  constructor(points: Points) {
    this.points = points;
  }

  /** cold. The number of a decision's text; the same text gives the same number. */
  decision(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.decisions.length;
    this.decisions.push(text);
    this.#numbers.set(text, number);
    this.flows.decision(number, parseComment(text)?.['nat']);
    return number;
  }

  /**
   * hot. One record of a packet, at `time`.
   * @param hint what {@link slot} was after the packet's last record, 0 = not known: saves looking the id up
   * @param cause id of the packet that caused it, 0 = not said here; read with the first record
   * @param decision number by {@link decision}
   * @returns the trail so far
   */
  record(
    kind: StepCode,
    point: number,
    id: number,
    hint: number,
    buf: Uint8Array,
    off: number,
    len: number,
    drop: DropCode,
    decision: number,
    cause: number,
  ): TrailId {
    const time = this.time;
    if (time < this.first) this.first = time;
    if (time > this.last) this.last = time;
    this.opened = false;
    const slot = hint !== 0 && this.#slotId[hint - 1] === id ? hint - 1 : this.#slotOf(id, buf, off, len, cause);
    this.slot = slot + 1;
    if (!this.#addTime(slot)) return this.#slotTrail[slot] as TrailId;
    const trail = this.trails.next(this.#slotTrail[slot] as number, point, kind, decision);
    this.#slotTrail[slot] = trail;
    if (drop !== 0) this.#dropped(slot, drop);
    if (decision !== 0 && this.flows.translates(decision)) this.#translated(slot, decision);
    return trail;
  }

  /** The causes of a packet, when they are more than one, come late or before its first record, or it has none. */
  causes(id: number, causes: readonly number[]): void {
    const row = this.columns.find(id);
    if (row < 0) {
      this.unseenCauses.set(id, [...new Set([...(this.unseenCauses.get(id) ?? []), ...causes])]);
      return;
    }
    const chunk = this.columns.chunk(row);
    for (const cause of causes) {
      const first = chunk.cause[row & ROW_MASK];
      if (first === 0) chunk.cause[row & ROW_MASK] = cause;
      else if (first !== cause) {
        const more = this.moreCauses.get(row) ?? [];
        if (!more.includes(cause)) this.moreCauses.set(row, [...more, cause]);
      }
    }
  }

  event(event: LabEvent): void {
    this.events.push(event);
  }

  /** hot. No record of the packet is expected any more. One that comes yet is still taken. @param hint as for {@link record} */
  ended(id: number, hint: number): void {
    if (hint !== 0 && this.#slotId[hint - 1] === id) {
      this.#close(hint - 1);
      return;
    }
    const row = this.columns.find(id);
    if (row < 0) return;
    const state = (this.columns.chunks[row >>> ROW_BITS] as PacketChunk).times[row & ROW_MASK] as number;
    if (state >= OPEN) this.#close(state - OPEN);
  }

  /** Closes all packets; after that the ledger may be read. */
  finish(): void {
    for (let slot = 0; slot < this.#slots; slot++) if (this.#slotRow[slot] !== -1) this.#close(slot);
  }

  /** Forgets all packets, flows and events, of which ledgers then know nothing any more; decisions keep their numbers. */
  reset(): void {
    this.finish();
    this.columns.reset();
    this.flows.reset();
    this.times.reset();
    this.moreCauses.clear();
    this.unseenCauses.clear();
    this.#overflow.clear();
    this.events.length = 0;
    this.ignored = 0;
    this.first = Infinity as Nanos;
    this.last = -Infinity as Nanos;
  }

  /** Bytes in memory per structure, for measurements. */
  get allocated(): number {
    return this.columns.allocated + this.times.allocated + this.#slotTimes.byteLength;
  }

  /** A packet's first record; gives its slot. */
  #open(id: number, buf: Uint8Array, off: number, len: number, cause: number): number {
    const row = this.columns.add(id);
    const chunk = this.columns.chunk(row);
    const i = row & ROW_MASK;
    chunk.start[i] = this.time;
    chunk.cause[i] = cause;
    const flow = this.flows.of(buf, off, len, cause);
    chunk.flow[i] = flow >= 0 ? flow : this.flows.fragment(cause, this.#flowOf(cause));
    // 16 bits: a frame of a kernel's segmentation offload may be longer by the Ethernet header.
    chunk.length[i] = len > 0xffff ? 0xffff : len;
    const slot = this.#slot(row, id);
    chunk.times[i] = OPEN + slot;
    if (this.unseenCauses.size > 0) this.#toldBefore(id);
    return slot;
  }

  /** Causes that were told before the packet's first record. */
  #toldBefore(id: number): void {
    const causes = this.unseenCauses.get(id);
    if (causes === undefined) return;
    this.unseenCauses.delete(id);
    this.causes(id, causes);
  }

  /** Flow of a packet that has a record; -1 when it has none. */
  #flowOf(id: number): number {
    const row = this.columns.find(id);
    return row < 0 ? -1 : (this.columns.chunk(row).flow[row & ROW_MASK] as number);
  }

  /** The slot of a packet without a hint: its first record, one read from a file, one after its end. */
  #slotOf(id: number, buf: Uint8Array, off: number, len: number, cause: number): number {
    const row = this.columns.find(id);
    this.opened = row < 0;
    if (row < 0) return this.#open(id, buf, off, len, cause);
    const chunk = this.columns.chunk(row);
    const state = chunk.times[row & ROW_MASK] as number;
    return state >= OPEN ? state - OPEN : this.#reopen(row, id, chunk, row & ROW_MASK);
  }

  #dropped(slot: number, drop: DropCode): void {
    const row = this.#slotRow[slot] as number;
    this.columns.chunk(row).drop[row & ROW_MASK] = drop;
  }

  #translated(slot: number, decision: number): void {
    const row = this.#slotRow[slot] as number;
    this.flows.met(this.columns.chunk(row).flow[row & ROW_MASK] as number, decision);
  }

  /** A record of a packet that was closed: a verdict of a kernel that came late. */
  #reopen(row: number, id: number, chunk: PacketChunk, i: number): number {
    const trail = chunk.trail[i] as number;
    const start = chunk.start[i] as Nanos;
    const times = new Float64Array(this.trails.steps(trail).length);
    this.times.read(chunk.times[i] as number, start, times.length, times);
    const slot = this.#slot(row, id);
    this.#slotTrail[slot] = trail;
    const now = this.time;
    for (const time of times) {
      this.time = time as Nanos;
      this.#addTime(slot);
    }
    this.time = now;
    chunk.times[i] = OPEN + slot;
    return slot;
  }

  #slot(row: number, id: number): number {
    let slot = this.#free.pop();
    if (slot === undefined && this.#slots >= this.#sweepAt) {
      this.#sweep();
      slot = this.#free.pop();
    }
    if (slot === undefined) {
      slot = this.#slots++;
      if (slot === this.#slotCount.length) this.#growSlots();
    }
    this.#slotRow[slot] = row;
    this.#slotId[slot] = id;
    this.#slotTrail[slot] = 0;
    this.#slotCount[slot] = 0;
    return slot;
  }

  #growSlots(): void {
    const size = this.#slotCount.length * 2;
    const times = new Float64Array(size * SLOT_TIMES);
    times.set(this.#slotTimes);
    const count = new Int32Array(size);
    count.set(this.#slotCount);
    const row = new Int32Array(size).fill(-1);
    row.set(this.#slotRow);
    const id = new Uint32Array(size);
    id.set(this.#slotId);
    const trail = new Int32Array(size);
    trail.set(this.#slotTrail);
    this.#slotTimes = times;
    this.#slotCount = count;
    this.#slotRow = row;
    this.#slotId = id;
    this.#slotTrail = trail;
  }

  /** Closes packets that nobody ended and that have been silent for long; a reader sees no end of a packet. */
  #sweep(): void {
    const now = this.time;
    let freed = 0;
    for (let slot = 0; slot < this.#slots; slot++) {
      if (this.#slotRow[slot] === -1 || now - this.#lastTime(slot) < IDLE) continue;
      this.#close(slot);
      freed++;
    }
    if (freed * 2 < this.#slots) this.#sweepAt *= 2;
  }

  #lastTime(slot: number): number {
    const count = this.#slotCount[slot] as number;
    if (count > SLOT_TIMES) return this.#overflow.get(slot)?.at(-1) ?? 0;
    return count === 0 ? 0 : (this.#slotTimes[slot * SLOT_TIMES + count - 1] as number);
  }

  /** hot. False when the packet has more records than are kept. */
  #addTime(slot: number): boolean {
    const time = this.time;
    const count = this.#slotCount[slot] as number;
    if (count < SLOT_TIMES) this.#slotTimes[slot * SLOT_TIMES + count] = time;
    else if (!this.#addOverflow(slot, count, time)) return false;
    this.#slotCount[slot] = count + 1;
    return true;
  }

  #addOverflow(slot: number, count: number, time: Nanos): boolean {
    if (count >= MAX_RECORDS) {
      this.ignored++;
      return false;
    }
    const list = this.#overflow.get(slot);
    if (list === undefined) this.#overflow.set(slot, [time]);
    else list.push(time);
    return true;
  }

  /** hot. Writes the packet's times to the stream and frees its slot. */
  #close(slot: number): void {
    const row = this.#slotRow[slot] as number;
    const count = this.#slotCount[slot] as number;
    const chunk = this.columns.chunks[row >>> ROW_BITS] as PacketChunk;
    const position = count <= SLOT_TIMES ? this.times.write(this.#slotTimes, slot * SLOT_TIMES, count) : this.#writeOverflow(slot, count);
    assertInvariant(position < OPEN, 'times of a run fit 2 GiB');
    chunk.times[row & ROW_MASK] = position;
    chunk.trail[row & ROW_MASK] = this.#slotTrail[slot] as number;
    this.#slotRow[slot] = -1;
    this.#slotId[slot] = 0;
    this.#free.push(slot);
  }

  #writeOverflow(slot: number, count: number): number {
    const all = new Float64Array(count);
    all.set(this.#slotTimes.subarray(slot * SLOT_TIMES, (slot + 1) * SLOT_TIMES));
    all.set(this.#overflow.get(slot) ?? [], SLOT_TIMES);
    this.#overflow.delete(slot);
    return this.times.write(all, 0, count);
  }
}
