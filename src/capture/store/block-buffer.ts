/**
 * A chunk of blocks in the making, seen as bytes and as 32-bit words.
 * @module
 */

/** Up to this length a frame is copied word by word; beyond, a view and a block copy cost less. */
const BY_WORDS = 512;

export class BlockBuffer {
  words: Int32Array;
  bytes: Uint8Array;
  /** Bytes. */
  capacity: number;
  /** Next free word. */
  at = 0;
  // Word views of the slabs that frames came from lately: a slab holds thousands of frames.
  #slabA: Uint8Array | null = null;
  #slabB: Uint8Array | null = null;
  #wordsA: Int32Array = new Int32Array(0);
  #wordsB: Int32Array = new Int32Array(0);

  constructor(capacity: number) {
    this.capacity = capacity;
    this.words = new Int32Array(capacity >>> 2);
    this.bytes = new Uint8Array(this.words.buffer);
  }

  /** cold. Makes room for `bytes` more. */
  reserve(bytes: number): void {
    const needed = this.at * 4 + bytes;
    if (needed <= this.capacity) return;
    const capacity = Math.max(this.capacity * 2, (needed + 3) & ~3);
    const words = new Int32Array(capacity >>> 2);
    words.set(this.words.subarray(0, this.at));
    this.words = words;
    this.bytes = new Uint8Array(words.buffer);
    this.capacity = capacity;
  }

  /** hot. Appends ready words. */
  copyWords(source: Int32Array): void {
    const { words, at } = this;
    const n = source.length;
    for (let i = 0; i < n; i++) words[at + i] = source[i] as number;
    this.at = at + n;
  }

  /** hot. Appends `len` bytes, padded with zeros to a whole word. */
  copy(buf: Uint8Array, off: number, len: number): void {
    const n = (len + 3) >>> 2;
    const at = this.at;
    this.at = at + n;
    if (len > BY_WORDS || ((buf.byteOffset + off) & 3) !== 0) {
      this.#copyBytes(buf, off, len, at);
      return;
    }
    const source = this.#wordsOf(buf);
    const from = off >>> 2;
    if (from + n > source.length) {
      this.#copyBytes(buf, off, len, at);
      return;
    }
    const words = this.words;
    for (let i = 0; i < n; i++) words[at + i] = source[from + i] as number;
    const rest = len & 3;
    if (rest !== 0) words[at + n - 1] = (words[at + n - 1] as number) & ((1 << (rest << 3)) - 1);
  }

  #copyBytes(buf: Uint8Array, off: number, len: number, at: number): void {
    if (len === 0) return;
    this.words[at + ((len + 3) >>> 2) - 1] = 0;
    this.bytes.set(buf.subarray(off, off + len), at << 2);
  }

  #wordsOf(buf: Uint8Array): Int32Array {
    if (buf === this.#slabA) return this.#wordsA;
    if (buf === this.#slabB) return this.#wordsB;
    this.#slabB = this.#slabA;
    this.#wordsB = this.#wordsA;
    this.#slabA = buf;
    // An odd slab start gives no words at all: the caller then copies bytes.
    const aligned = (buf.byteOffset & 3) === 0;
    this.#wordsA = aligned ? new Int32Array(buf.buffer, buf.byteOffset, buf.byteLength >>> 2) : new Int32Array(0);
    return this.#wordsA;
  }
}
