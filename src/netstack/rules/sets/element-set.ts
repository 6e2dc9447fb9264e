/**
 * What a packet's key is looked up in: a set, or the keys of a map. Keys are one 32-bit word per part of the
 * concatenation: numbers as they are, IPv4 addresses signed, IPv6 addresses by their index in the address book, interfaces
 * by their index at the node.
 * @module
 */
export interface ElementSet {
  /** hot. Index of the element that holds the key `words[0 ..]`; -1 without one. */
  find(words: Int32Array): number;
}

/** One part of an element's key: the values from `from` to `to`, both among them. */
export interface KeyPart {
  /** The word, where it is a single value; else null. */
  readonly exact: number | null;
  /** One word; four for IPv6, the most significant first. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** The order of unsigned words in signed ones: flips the sign. */
export const BIAS = 0x80000000 | 0;
