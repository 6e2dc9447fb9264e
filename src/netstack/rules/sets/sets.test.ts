import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressBook, keyOf } from '../../address-book.js';
import { ConcatSet } from './concat-set.js';
import type { KeyPart } from './element-set.js';
import { ExactSet } from './exact-set.js';
import { IntervalSet } from './interval-set.js';
import { AddressPieces, WordPieces } from './pieces.js';

const INT = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
/** Few values, so that they meet; and the ends of the line. */
const WORD = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, -1, 0), INT);
const unsigned = (word: number): number => word >>> 0;

const interval = fc.tuple(WORD, WORD).map(([a, b]): KeyPart => {
  const [from, to] = unsigned(a) <= unsigned(b) ? [a, b] : [b, a];
  return { exact: from === to ? from : null, from: [from], to: [to] };
});
const within = (part: KeyPart, word: number): boolean => unsigned(part.from[0]!) <= unsigned(word) && unsigned(word) <= unsigned(part.to[0]!);

test('single values: what a list finds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(WORD, WORD), { maxLength: 40 }), fc.array(fc.tuple(WORD, WORD)), (keys, asked) => {
      const set = new ExactSet(2, keys);
      for (const key of [...keys, ...asked]) expect(set.find(Int32Array.from(key))).toBe(keys.findIndex(([a, b]) => a === key[0] && b === key[1]));
    }),
  );
});

test('intervals: the first that holds a value, by unsigned order', () => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 20 }), fc.array(WORD), (parts, words) => {
      const set = new IntervalSet(new WordPieces(parts), parts);
      for (const word of [...words, ...parts.flatMap((p) => [...p.from, ...p.to])])
        expect(set.find(Int32Array.of(word))).toBe(parts.findIndex((part) => within(part, word)));
    }),
  );
});

test('concatenations: the first element that holds every part, also beyond 32 of them', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(interval, interval), { maxLength: 70 }), fc.array(fc.tuple(WORD, WORD)), (rows, asked) => {
      const [a, b] = [rows.map((row) => row[0]), rows.map((row) => row[1])];
      const set = new ConcatSet(
        [
          { pieces: new WordPieces(a), keys: a },
          { pieces: new WordPieces(b), keys: b },
        ],
        rows.length,
      );
      for (const [x, y] of asked) expect(set.find(Int32Array.of(x, y))).toBe(rows.findIndex((row) => within(row[0], x) && within(row[1], y)));
    }),
  );
});

describe('IPv6', () => {
  const book = new AddressBook();
  const key = (text: string): number => keyOf(book.parse(text)!);
  const words = (text: string): number[] => [0, 1, 2, 3].map((i) => book.word6(key(text), i));
  const part = (from: string, to: string): KeyPart => ({ exact: from === to ? key(from) : null, from: words(from), to: words(to) });
  const parts = [
    part('2001:db8::', '2001:db8:0:ffff:ffff:ffff:ffff:ffff'),
    part('2001:db8:1::5', '2001:db8:1::5'),
    part('ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
  ];
  const set = new IntervalSet(new AddressPieces(parts, book), parts);

  test.each([
    ['2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', -1],
    ['2001:db8::', 0],
    ['2001:db8:0:ffff:ffff:ffff:ffff:ffff', 0],
    ['2001:db8:1::', -1],
    ['2001:db8:1::5', 1],
    ['2001:db8:1::6', -1],
    ['feff::', -1],
    ['ff02::1', 2],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 2],
    ['::', -1],
  ])('%s lies in interval %i', (address, element) => {
    expect(set.find(Int32Array.of(key(address)))).toBe(element);
  });
});
