/**
 * The scan over the columns of a ledger.
 * @module
 */
import { assertInvariant, must } from '../base/assert.js';
import type { FlowId, PacketId, TrailId } from '../base/brand.js';
import type { DropCode } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import type { LedgerBuilder } from './ledger-builder.js';
import { type PacketChunk, ROW_BITS, ROW_MASK } from './store/packet-columns.js';

/** Columns for scans, in the order of the packets' first records: no object per packet. */
export interface LedgerCursor {
  /** Moves to the next packet; false at the end. */
  next(): boolean;
  readonly id: PacketId;
  readonly flow: FlowId;
  readonly trail: TrailId;
  readonly start: Nanos;
  readonly length: number;
  /** First cause, 0 = none. */
  readonly cause: number;
  readonly drop: DropCode;
  /** Number of records. */
  readonly records: number;
  /** Time of the k-th record, from 0; `trail(cursor.trail)[k]` says which it is. */
  time(k: number): Nanos;
}

export class ColumnCursor implements LedgerCursor {
  readonly #b: LedgerBuilder;
  #row = -1;
  #chunk: PacketChunk | null = null;
  #i = 0;
  #times = new Float64Array(64);
  /** Row whose times are in `#times`. */
  #timed = -1;

  constructor(builder: LedgerBuilder) {
    this.#b = builder;
  }

  next(): boolean {
    if (this.#row + 1 >= this.#b.columns.rows) return false;
    this.#row++;
    this.#i = this.#row & ROW_MASK;
    if (this.#i === 0 || this.#chunk === null) this.#chunk = this.#b.columns.chunks[this.#row >>> ROW_BITS] as PacketChunk;
    return true;
  }

  get #at(): PacketChunk {
    return must(this.#chunk, 'a packet: call next() first');
  }

  get id(): PacketId {
    return this.#at.id[this.#i] as PacketId;
  }

  get flow(): FlowId {
    return this.#b.flows.root(this.#at.flow[this.#i] as number) as FlowId;
  }

  get trail(): TrailId {
    return this.#at.trail[this.#i] as TrailId;
  }

  get start(): Nanos {
    return this.#at.start[this.#i] as Nanos;
  }

  get length(): number {
    return this.#at.length[this.#i] as number;
  }

  get cause(): number {
    return this.#at.cause[this.#i] as number;
  }

  get drop(): DropCode {
    return this.#at.drop[this.#i] as DropCode;
  }

  get records(): number {
    return this.#b.trails.steps(this.trail).length;
  }

  time(k: number): Nanos {
    const count = this.records;
    assertInvariant(k >= 0 && k < count, `record ${k} of ${count}`);
    if (this.#timed !== this.#row) {
      if (count > this.#times.length) this.#times = new Float64Array(count * 2);
      this.#b.times.read(this.#at.times[this.#i] as number, this.start, count, this.#times);
      this.#timed = this.#row;
    }
    return this.#times[k] as Nanos;
  }
}
