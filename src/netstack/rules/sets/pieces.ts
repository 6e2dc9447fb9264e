/**
 * The line of all values of one part of a key, cut at the ends of intervals: which piece does a value lie in? Pieces are
 * numbered from 0 in ascending order, and every interval is a run of whole pieces.
 * @hot
 * @module
 */
import type { AddressBook } from '../../address-book.js';
import { BIAS, type KeyPart } from './element-set.js';

export abstract class Pieces {
  /** How many there are. */
  readonly count: number;
  /** Biased words of the first value of each piece but the first. */
  protected readonly cuts: Int32Array;
  readonly #starts: readonly (readonly number[])[];

  constructor(parts: readonly KeyPart[]) {
    const starts: (readonly number[])[] = [];
    for (const part of parts) {
      starts.push(biased(part.from));
      const after = successor(biased(part.to));
      if (after !== null) starts.push(after);
    }
    starts.sort(compare);
    this.#starts = starts.filter((start, i) => i === 0 || compare(start, starts[i - 1] ?? []) !== 0);
    this.cuts = Int32Array.from(this.#starts.flat());
    this.count = this.#starts.length + 1;
  }

  /** hot. The piece that holds a packet's value. */
  abstract of(value: number): number;

  /** First and last piece of an interval that was handed to the constructor. */
  span(part: KeyPart): readonly [number, number] {
    return [this.#holding(biased(part.from)), this.#holding(biased(part.to))];
  }

  #holding(value: readonly number[]): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#starts[middle] ?? [], value) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Values of one word. */
export class WordPieces extends Pieces {
  of(value: number): number {
    const cuts = this.cuts;
    const x = value ^ BIAS;
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cuts[middle] as number) <= x) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** IPv6 addresses; a value is an index of the book. */
export class AddressPieces extends Pieces {
  readonly #book: AddressBook;

  constructor(parts: readonly KeyPart[], book: AddressBook) {
    super(parts);
    this.#book = book;
  }

  of(value: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#startsUpTo(middle * 4, value)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #startsUpTo(cut: number, value: number): boolean {
    for (let i = 0; i < 4; i++) {
      const x = this.#book.word6(value, i) ^ BIAS;
      const start = this.cuts[cut + i] as number;
      if (start !== x) return start < x;
    }
    return true;
  }
}

function biased(words: readonly number[]): number[] {
  return words.map((word) => word ^ BIAS);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The value after this one, in biased words; null after the last. */
function successor(words: readonly number[]): number[] | null {
  const next = [...words];
  for (let i = next.length - 1; i >= 0; i--) {
    if (next[i] !== 0x7fffffff) {
      next[i] = (next[i] ?? 0) + 1;
      return next;
    }
    next[i] = BIAS;
  }
  return null;
}
