/**
 * Bytes by position in a stream: a ring that grows up to a limit, so that idle connections cost little.
 * Both directions of a connection stand on it; it knows no TCP.
 * @module
 */
import { assertInvariant } from '../../base/assert.js';

const SMALLEST = 4096;

export class ByteRing {
  readonly limit: number;
  #bytes = new Uint8Array(0);

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Makes room for `span` bytes; what is kept of `[from .. from + kept)` moves along. */
  reserve(span: number, from: number, kept: number): void {
    if (span <= this.#bytes.length) return;
    assertInvariant(span <= this.limit, `ring of ${this.limit} bytes asked for ${span}`);
    let size = Math.max(SMALLEST, this.#bytes.length);
    while (size < span) size *= 2;
    const larger = new Uint8Array(Math.min(size, this.limit));
    const old = this.#bytes;
    if (kept > 0) copyOut(old, from, kept, (part, at) => larger.set(part, (from + at) % larger.length), larger.length);
    this.#bytes = larger;
  }

  /** Copies `bytes[off .. off + len)` to the stream position `position`. */
  put(position: number, bytes: Uint8Array, off: number, len: number): void {
    const size = this.#bytes.length;
    const start = position % size;
    const first = Math.min(len, size - start);
    this.#bytes.set(bytes.subarray(off, off + first), start);
    if (len > first) this.#bytes.set(bytes.subarray(off + first, off + len), 0);
  }

  /** Copies `[position .. position + len)` to `out[off ..]`. */
  get(position: number, len: number, out: Uint8Array, off: number): void {
    const size = this.#bytes.length;
    if (len === 0) return;
    const start = position % size;
    const first = Math.min(len, size - start);
    out.set(this.#bytes.subarray(start, start + first), off);
    if (len > first) out.set(this.#bytes.subarray(0, len - first), off + first);
  }
}

/** Hands the pieces of a ring that wrap neither in it nor in a ring of `other` bytes to `put`. */
function copyOut(ring: Uint8Array, from: number, len: number, put: (part: Uint8Array, at: number) => void, other: number): void {
  for (let at = 0; at < len; ) {
    const start = (from + at) % ring.length;
    const piece = Math.min(len - at, ring.length - start, other - ((from + at) % other));
    put(ring.subarray(start, start + piece), at);
    at += piece;
  }
}
