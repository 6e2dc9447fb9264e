/**
 * The packets of a ledger as columns, one row per packet in the order of their first records, in chunks of 64 Ki rows;
 * and the table that finds a packet's row by its id.
 * @module
 */
import { must } from '../../base/assert.js';

export const ROW_BITS = 16;
export const ROWS = 1 << ROW_BITS;
export const ROW_MASK = ROWS - 1;
/** 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4). */
const GOLDEN = 0x9e3779b1;

/** 31 bytes a packet. */
export class PacketChunk {
  readonly start = new Float64Array(ROWS);
  readonly id = new Uint32Array(ROWS);
  readonly cause = new Uint32Array(ROWS);
  readonly flow = new Int32Array(ROWS);
  readonly trail = new Int32Array(ROWS);
  /** Position in the time stream; while the packet is open, OPEN | slot. */
  readonly times = new Uint32Array(ROWS);
  readonly length = new Uint16Array(ROWS);
  readonly drop = new Uint8Array(ROWS);
}

export class PacketColumns {
  readonly chunks: PacketChunk[] = [];
  rows = 0;
  /**
   * Row + 1 by id; open addressing, 0 = free. 2^bits entries, at most three quarters full. Rows are entered when an id
   * is looked up: a run that only records never does, since its ids grow and its packets know their slot.
   */
  #table = new Uint32Array(1 << 12);
  /** 32 - bits: the place is the top bits of a multiplication, which spreads runs of ids without clusters. */
  #shift = 20;
  /** Rows below are in the table. */
  #entered = 0;
  #highest = 0;

  chunk(row: number): PacketChunk {
    return must(this.chunks[row >>> ROW_BITS], `packet row ${row}`);
  }

  /** Bytes that columns and table hold in memory. */
  get allocated(): number {
    return this.chunks.length * ROWS * 31 + this.#table.byteLength;
  }

  /** hot. The packet's row, or -1. */
  find(id: number): number {
    if (id > this.#highest) return -1;
    if (this.#entered !== this.rows) this.#enter();
    const table = this.#table;
    const mask = table.length - 1;
    for (let at = Math.imul(id, GOLDEN) >>> this.#shift; ; at = (at + 1) & mask) {
      const row = (table[at] as number) - 1;
      if (row < 0) return -1;
      if ((this.chunks[row >>> ROW_BITS] as PacketChunk).id[row & ROW_MASK] === id) return row;
    }
  }

  /** hot. A row for a new id. */
  add(id: number): number {
    const row = this.rows++;
    if (row >>> ROW_BITS === this.chunks.length) this.chunks.push(new PacketChunk());
    (this.chunks[row >>> ROW_BITS] as PacketChunk).id[row & ROW_MASK] = id;
    if (id > this.#highest) this.#highest = id;
    return row;
  }

  /** Forgets everything; the first chunk stays. */
  reset(): void {
    const used = Math.min(this.rows, ROWS);
    this.chunks.length = Math.min(this.chunks.length, 1);
    this.chunks[0]?.drop.fill(0, 0, used);
    this.chunks[0]?.trail.fill(0, 0, used);
    this.#table.fill(0);
    this.rows = this.#entered = this.#highest = 0;
  }

  #enter(): void {
    while (this.rows * 4 > this.#table.length * 3) this.#double();
    for (; this.#entered < this.rows; this.#entered++) this.#insert(this.#entered);
  }

  #insert(row: number): void {
    const mask = this.#table.length - 1;
    const id = (this.chunks[row >>> ROW_BITS] as PacketChunk).id[row & ROW_MASK] as number;
    let at = Math.imul(id, GOLDEN) >>> this.#shift;
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = row + 1;
  }

  #double(): void {
    this.#table = new Uint32Array(this.#table.length * 2);
    this.#shift--;
    this.#entered = 0;
  }
}
