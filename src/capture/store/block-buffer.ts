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

  /** hot. Appends `len` bytes from `off` of the view on, padded with zeros to a whole word. */
  copy(view: DataView, off: number, len: number): void {
    const at = this.at;
    this.at = at + ((len + 3) >>> 2);
    if (len > BY_WORDS) {
      this.#copyBlock(view, off, len, at);
      return;
    }
    const { words } = this;
    const whole = len >>> 2;
    for (let i = 0; i < whole; i++) words[at + i] = view.getInt32(off + (i << 2), true);
    const rest = len & 3;
    if (rest === 0) return;
    let last = 0;
    for (let i = 0; i < rest; i++) last |= view.getUint8(off + (whole << 2) + i) << (i << 3);
    words[at + whole] = last;
  }

  #copyBlock(view: DataView, off: number, len: number, at: number): void {
    this.words[at + ((len + 3) >>> 2) - 1] = 0;
    this.bytes.set(new Uint8Array(view.buffer, view.byteOffset + off, len), at << 2);
  }
}
