/**
 * Sets and maps of a rule file as structures that a packet's key is looked up in: single values in a hash table, intervals
 * and prefixes of one field in a sorted array, concatenations with intervals as bit vectors.
 * @module
 */
import { must } from '../../../base/assert.js';
import type { DataType, Element, SetBody } from '../../../nft/ruleset.js';
import type { AddressBook } from '../../address-book.js';
import { ConcatSet } from '../sets/concat-set.js';
import type { ElementSet, KeyPart } from '../sets/element-set.js';
import { ExactSet } from '../sets/exact-set.js';
import { IntervalSet } from '../sets/interval-set.js';
import { AddressPieces, type Pieces, WordPieces } from '../sets/pieces.js';
import type { Keys } from './keys.js';

export interface CompiledSet {
  readonly set: ElementSet;
  /** What an index of the set means; an element that names several interfaces stands here several times. */
  readonly elements: readonly Element[];
  /** Index of the element `*`, or -1. */
  readonly catchAll: number;
}

export function compileSet(body: SetBody, keys: Keys, book: AddressBook): CompiledSet {
  const elements: Element[] = [];
  const rows: KeyPart[][] = [];
  for (const element of body.elements) {
    for (const row of combinations(element.key.map((pattern) => keys.parts(pattern)))) {
      rows.push(row);
      elements.push(element);
    }
  }
  const any = body.elements.find((element) => element.key.length === 1 && element.key[0]?.is === 'any');
  if (any !== undefined) elements.push(any);
  return { set: structure(body.types, rows, book), elements, catchAll: any === undefined ? -1 : elements.length - 1 };
}

function structure(types: readonly DataType[], rows: readonly KeyPart[][], book: AddressBook): ElementSet {
  if (rows.every((row) => row.every((part) => part.exact !== null))) {
    return new ExactSet(
      types.length,
      rows.map((row) => row.map((part) => must(part.exact, 'single value'))),
    );
  }
  const columns = types.map((type, i) => {
    const parts = rows.map((row) => must(row[i], 'part of a key'));
    const pieces: Pieces = type === 'ipv6_addr' ? new AddressPieces(parts, book) : new WordPieces(parts);
    return { pieces, keys: parts };
  });
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return new IntervalSet(only.pieces, only.keys);
  return new ConcatSet(columns, rows.length);
}

/** One row for each choice of one of each. */
function combinations(choices: readonly KeyPart[][]): KeyPart[][] {
  let rows: KeyPart[][] = [[]];
  for (const choice of choices) rows = rows.flatMap((row) => choice.map((part) => [...row, part]));
  return rows;
}
