/**
 * A set of single values: open addressing over the words of the key, never more than half full.
 * @hot
 * @module
 */
import type { ElementSet } from './element-set.js';

export class ExactSet implements ElementSet {
  readonly #width: number;
  readonly #mask: number;
  /** Index + 1; 0 = free. */
  readonly #slots: Int32Array;
  readonly #keys: Int32Array;

  /** @param width words of a key @param keys of the elements in order; of equal ones the first is found */
  constructor(width: number, keys: readonly (readonly number[])[]) {
    let size = 4;
    while (size < keys.length * 2) size *= 2;
    this.#width = width;
    this.#mask = size - 1;
    this.#slots = new Int32Array(size);
    this.#keys = new Int32Array(keys.length * width);
    for (let i = 0; i < keys.length; i++) this.#insert(i, keys[i] as readonly number[]);
  }

  find(words: Int32Array): number {
    const width = this.#width;
    const keys = this.#keys;
    let slot = hash(words, width) & this.#mask;
    for (;;) {
      const index = (this.#slots[slot] as number) - 1;
      if (index < 0) return -1;
      let i = 0;
      while (i < width && keys[index * width + i] === words[i]) i++;
      if (i === width) return index;
      slot = (slot + 1) & this.#mask;
    }
  }

  #insert(index: number, key: readonly number[]): void {
    this.#keys.set(key, index * this.#width);
    const words = Int32Array.from(key);
    let slot = hash(words, this.#width) & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = index + 1;
  }
}

function hash(words: Int32Array, width: number): number {
  let h = 0;
  for (let i = 0; i < width; i++) {
    h = Math.imul(h ^ (words[i] as number), 0x9e3779b1);
    h ^= h >>> 15;
  }
  h = Math.imul(h, 0x85ebca6b);
  return h ^ (h >>> 13);
}
