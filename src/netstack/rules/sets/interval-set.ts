/**
 * A set of intervals of one field: a binary search over the pieces that their ends cut the field's values into.
 * @hot
 * @module
 */
import type { ElementSet, KeyPart } from './element-set.js';
import type { Pieces } from './pieces.js';

export class IntervalSet implements ElementSet {
  readonly #pieces: Pieces;
  /** Element of each piece, or -1. */
  readonly #elements: Int32Array;

  /** Where intervals overlap, the element that comes first is found. @param parts the keys of the elements, in order */
  constructor(pieces: Pieces, parts: readonly KeyPart[]) {
    this.#pieces = pieces;
    this.#elements = new Int32Array(pieces.count).fill(-1);
    parts.forEach((part, element) => {
      const [first, last] = pieces.span(part);
      for (let piece = first; piece <= last; piece++) if (this.#elements[piece] === -1) this.#elements[piece] = element;
    });
  }

  find(words: Int32Array): number {
    return this.#elements[this.#pieces.of(words[0] as number)] as number;
  }
}
