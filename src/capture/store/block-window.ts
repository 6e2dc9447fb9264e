/**
 * A window that slides over a source: any stretch of it as a DataView, read in large pieces.
 * @module
 */
import type { ByteSource } from './byte-store.js';

const WINDOW = 1 << 20;

export class BlockWindow {
  readonly #source: ByteSource;
  #bytes = new Uint8Array(0);
  #offset = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** `length` bytes from `offset`; they must be within the source. Valid until the next call. */
  at(offset: number, length: number): DataView {
    const within = offset - this.#offset;
    if (within < 0 || within + length > this.#bytes.length) return this.#load(offset, length);
    return new DataView(this.#bytes.buffer, within, length);
  }

  #load(offset: number, length: number): DataView {
    const wanted = Math.min(Math.max(WINDOW, length), this.#source.size - offset);
    const bytes = new Uint8Array(wanted);
    const got = this.#source.read(offset, bytes);
    // A file that was cut while it was read: what is missing reads as zeros, which no block accepts.
    bytes.fill(0, got);
    this.#bytes = bytes;
    this.#offset = offset;
    return new DataView(bytes.buffer, 0, length);
  }
}
