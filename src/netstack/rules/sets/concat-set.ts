/**
 * A set of concatenations with intervals in them: for each part of the key, the piece that holds the value has a row of
 * bits, one per element; what the rows of all parts have in common is what matches (the bit vectors of Lakshman and
 * Stiliadis; the kernel's pipapo sets are kin).
 * @hot
 * @module
 */
import type { ElementSet, KeyPart } from './element-set.js';
import type { Pieces } from './pieces.js';

export interface ConcatPart {
  readonly pieces: Pieces;
  /** Of every element, in order. */
  readonly keys: readonly KeyPart[];
}

export class ConcatSet implements ElementSet {
  readonly #pieces: readonly Pieces[];
  readonly #rows: readonly Int32Array[];
  /** Words of a row. */
  readonly #words: number;
  /** Scratch: where the rows of the key in hand begin. */
  readonly #at: Int32Array;

  /** Where elements overlap, the one that comes first is found. @param size number of elements */
  constructor(parts: readonly ConcatPart[], size: number) {
    this.#words = (size + 31) >>> 5;
    this.#pieces = parts.map((part) => part.pieces);
    this.#rows = parts.map((part) => rowsOf(part, this.#words));
    this.#at = new Int32Array(parts.length);
  }

  find(words: Int32Array): number {
    const at = this.#at;
    for (let i = 0; i < at.length; i++) at[i] = (this.#pieces[i] as Pieces).of(words[i] as number) * this.#words;
    for (let w = 0; w < this.#words; w++) {
      let bits = -1;
      for (let i = 0; i < at.length && bits !== 0; i++) bits &= (this.#rows[i] as Int32Array)[(at[i] as number) + w] as number;
      if (bits !== 0) return w * 32 + 31 - Math.clz32(bits & -bits);
    }
    return -1;
  }
}

function rowsOf(part: ConcatPart, words: number): Int32Array {
  const rows = new Int32Array(part.pieces.count * words);
  part.keys.forEach((key, element) => {
    const [first, last] = part.pieces.span(key);
    for (let piece = first; piece <= last; piece++) {
      const at = piece * words + (element >>> 5);
      rows[at] = (rows[at] ?? 0) | (1 << (element & 31));
    }
  });
  return rows;
}
