/**
 * The times of packets' records, packed: differences from one record to the next, in bytes of 7 bits, lowest first
 * (LEB128); bit 0 of the first byte is the sign. Two records in the same instant (in and out of a router) cost one
 * byte, a link's delay of some milliseconds four.
 * @module
 */
import { assertInvariant } from '../../base/assert.js';
import type { Nanos } from '../../base/time.js';

const CHUNK_BITS = 20;
const CHUNK = 1 << CHUNK_BITS;
/** Sign and a 53-bit difference in groups of 7 bits. */
const LONGEST = 8;
/** Below it a difference is written with shifts: nearly all are, and the remainder of two doubles is a call into C. */
const INTEGER = 0x4000_0000;

export class TimeStream {
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #chunk = new Uint8Array(0);
  #at = CHUNK;

  /** Bytes that the stream holds in memory. */
  get allocated(): number {
    return this.#chunks.length * CHUNK;
  }

  /**
   * Appends the differences between `times[from .. from + count)`; the first time is kept elsewhere.
   * @returns position, below 2^31
   */
  write(times: Float64Array, from: number, count: number): number {
    const most = Math.max(1, count - 1) * LONGEST;
    assertInvariant(most <= CHUNK, 'records of one packet fit a chunk');
    if (this.#at + most > CHUNK) this.#grow();
    const bytes = this.#chunk;
    const start = this.#at;
    let at = start;
    for (let i = from + 1; i < from + count; i++) {
      const difference = (times[i] as number) - (times[i - 1] as number);
      const sign = difference < 0 ? 1 : 0;
      const v = sign === 1 ? -difference : difference;
      if (v >= INTEGER) {
        at = writeLong(bytes, at, v, sign);
        continue;
      }
      let rest = v | 0;
      let byte = ((rest & 63) << 1) | sign;
      for (rest >>>= 6; rest > 0; rest >>>= 7) {
        bytes[at++] = byte | 128;
        byte = rest & 127;
      }
      bytes[at++] = byte;
    }
    this.#at = at;
    return (this.#chunks.length - 1) * CHUNK + start;
  }

  /** Writes the `count` times that start with `first` into `into`. */
  read(position: number, first: Nanos, count: number, into: Float64Array): void {
    into[0] = first;
    if (count < 2) return;
    const bytes = this.#chunks[position >>> CHUNK_BITS] as Uint8Array;
    let at = position & (CHUNK - 1);
    let time: number = first;
    for (let i = 1; i < count; i++) {
      let byte = bytes[at++] as number;
      const sign = byte & 1;
      let v = (byte & 127) >>> 1;
      for (let scale = 64; byte >= 128; scale *= 128) {
        byte = bytes[at++] as number;
        v += (byte & 127) * scale;
      }
      time += sign === 1 ? -v : v;
      into[i] = time;
    }
  }

  /** Forgets everything; what it has allocated last stays. */
  reset(): void {
    this.#chunks.length = Math.min(this.#chunks.length, 1);
    const [first] = this.#chunks;
    if (first === undefined) return;
    this.#chunk = first;
    this.#at = 0;
  }

  #grow(): void {
    assertInvariant(this.#chunks.length < 2048, 'times of a run fit 2 GiB');
    this.#chunk = new Uint8Array(CHUNK);
    this.#chunks.push(this.#chunk);
    this.#at = 0;
  }
}

/** As the loop above, for a difference of up to 53 bits. Returns the place after it. */
function writeLong(bytes: Uint8Array, from: number, difference: number, sign: number): number {
  let at = from;
  let low = difference % 64;
  let byte = low * 2 + sign;
  for (let v = (difference - low) / 64; v > 0; v = (v - low) / 128) {
    bytes[at++] = byte | 128;
    low = v % 128;
    byte = low;
  }
  bytes[at++] = byte;
  return at;
}
