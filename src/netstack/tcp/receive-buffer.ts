/**
 * What has come from the peer: bytes in order for the reader, and behind them what arrived out of order, kept in
 * place in the same ring. Its ranges are also the blocks of the SACK option (RFC 2018 section 4).
 * @module
 */
import { assertInvariant } from '../../base/assert.js';
import { ByteRing } from './byte-ring.js';

/** `[start .. end)` by stream position; `stamp` grows with the last arrival in it. */
export interface ReceivedRange {
  readonly start: number;
  readonly end: number;
  readonly stamp: number;
}

export class ReceiveBuffer {
  readonly #ring: ByteRing;
  #read = 1;
  #next = 1;
  #stamp = 0;
  /** Sorted, disjoint, not touching, all beyond `#next`. */
  #ranges: ReceivedRange[] = [];

  /** @param capacity bytes */
  constructor(capacity: number) {
    this.#ring = new ByteRing(capacity);
  }

  /** Position of the first byte that is missing. */
  get next(): number {
    return this.#next;
  }

  get readable(): number {
    return this.#next - this.#read;
  }

  /** Bytes that may still be promised to the peer, counted from `next`. */
  get window(): number {
    return this.#ring.limit - this.readable;
  }

  get outOfOrder(): readonly ReceivedRange[] {
    return this.#ranges;
  }

  /**
   * Stores what of `bytes[off .. off + len)` is new and fits; position is that of its first byte.
   * @returns bytes that became readable
   */
  insert(position: number, bytes: Uint8Array, off: number, len: number): number {
    const start = Math.max(position, this.#next);
    const end = Math.min(position + len, this.#read + this.#ring.limit);
    if (end <= start) return 0;
    this.#ring.reserve(end - this.#read, this.#read, this.#reach - this.#read);
    this.#ring.put(start, bytes, off + (start - position), end - start);
    const before = this.#next;
    this.#merge(start, end);
    return this.#next - before;
  }

  /** Up to `max` bytes in order, copied. Empty when there is nothing. */
  read(max: number): Uint8Array {
    const len = Math.max(0, Math.min(max, this.readable));
    const out = new Uint8Array(len);
    this.#ring.get(this.#read, len, out, 0);
    this.#read += len;
    return out;
  }

  /** Position after the last byte stored. */
  get #reach(): number {
    return this.#ranges.at(-1)?.end ?? this.#next;
  }

  #merge(start: number, end: number): void {
    let from = start;
    let to = end;
    const rest: ReceivedRange[] = [];
    for (const range of this.#ranges) {
      if (range.end < from || range.start > to) {
        rest.push(range);
        continue;
      }
      from = Math.min(from, range.start);
      to = Math.max(to, range.end);
    }
    if (from <= this.#next) {
      this.#next = Math.max(this.#next, to);
    } else {
      rest.push({ start: from, end: to, stamp: ++this.#stamp });
      rest.sort((a, b) => a.start - b.start);
    }
    assertInvariant(
      rest.every((r) => r.start > this.#next),
      'a range out of order touches what is in order',
    );
    this.#ranges = rest;
  }

  /** Up to `count` ranges, the one that the latest segment went to first (RFC 2018 section 4). */
  recentRanges(count: number): readonly ReceivedRange[] {
    return [...this.#ranges].sort((a, b) => b.stamp - a.stamp).slice(0, count);
  }
}
