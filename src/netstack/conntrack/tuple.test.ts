import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressBook } from '../address-book.js';
import { must } from '../../base/assert.js';
import { IPPROTO } from '../transport.js';
import { endpointText, icmpAnswer, icmpAsks, Tuple } from './tuple.js';

const book = new AddressBook();
const A = must(book.parse('10.0.0.5'), 'address');
const B = must(book.parse('192.0.2.9'), 'address');

interface Fields {
  readonly family?: 4 | 6;
  readonly protocol?: number;
  readonly srcKey?: number;
  readonly dstKey?: number;
  readonly sport?: number;
  readonly dport?: number;
}

function tuple(fields: Fields = {}): Tuple {
  return Object.assign(new Tuple(), { family: 4, protocol: IPPROTO.UDP, srcKey: A | 0, dstKey: B | 0, sport: 5000, dport: 53, ...fields });
}

function inverse(of: Tuple): Tuple | null {
  const t = new Tuple();
  return t.setInverse(of) ? t : null;
}

const TYPES = Array.from({ length: 256 }, (_, type) => type);

describe('ICMP', () => {
  test.each([
    ['RFC 792', IPPROTO.ICMP, { 0: 8, 8: 0, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17 }],
    ['RFC 4443, RFC 4620', IPPROTO.IPV6_ICMP, { 128: 129, 129: 128, 139: 140, 140: 139 }],
  ])('%s: queries and their answers; nobody answers anything else', (_rfc, protocol, pairs: Record<number, number>) => {
    expect(TYPES.map((type) => icmpAnswer(protocol, type))).toEqual(TYPES.map((type) => pairs[type] ?? -1));
  });

  test.each([
    ['ICMP', IPPROTO.ICMP, [8, 13, 15, 17]],
    ['ICMPv6', IPPROTO.IPV6_ICMP, [128, 139]],
  ])('an entry begins with a query of %s', (_what, protocol, asking) => {
    expect(TYPES.filter((type) => icmpAsks(protocol, type))).toEqual(asking);
  });

  test('the answer has the identifier and the code of the query, the other type, and goes back', () => {
    const answer = must(inverse(tuple({ protocol: IPPROTO.ICMP, sport: 77, dport: (13 << 8) | 5 })), 'answer');
    expect(answer).toMatchObject({ family: 4, protocol: IPPROTO.ICMP, srcKey: B | 0, dstKey: A | 0, sport: 77, dport: (14 << 8) | 5 });
    expect(inverse(tuple({ protocol: IPPROTO.IPV6_ICMP, family: 6, sport: 7, dport: 128 << 8 }))).toMatchObject({ sport: 7, dport: 129 << 8 });
    expect(inverse(tuple({ protocol: IPPROTO.ICMP, dport: 3 << 8 }))).toBeNull();
  });
});

test('what answers UDP, TCP and the rest goes back, ports and all', () => {
  for (const protocol of [IPPROTO.UDP, IPPROTO.TCP, 47]) {
    expect(inverse(tuple({ protocol }))).toMatchObject({ family: 4, protocol, srcKey: B | 0, dstKey: A | 0, sport: 53, dport: 5000 });
  }
});

const key = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const port = fc.integer({ min: 0, max: 65535 });
const anyTuple = fc
  .record({ family: fc.constantFrom(4 as const, 6 as const), protocol: fc.constantFrom(6, 17, 47), srcKey: key, dstKey: key, sport: port, dport: port })
  .map(tuple);

test('the answer to an answer is the first packet again; a copy is equal, and has the same place', () => {
  fc.assert(
    fc.property(anyTuple, (t) => {
      const back = inverse(must(inverse(t), 'answer'));
      const copy = new Tuple();
      copy.set(t);
      return back?.equals(t) === true && copy.equals(t) && copy.computeHash() === t.computeHash();
    }),
    { seed: 1, numRuns: 50 },
  );
});

describe('each of its fields', () => {
  const others: readonly Fields[] = [{ family: 6 }, { protocol: IPPROTO.TCP }, { srcKey: B | 0 }, { dstKey: A | 0 }, { sport: 5001 }, { dport: 54 }];

  test('makes another one of it', () => {
    expect(others.map((other) => tuple(other).equals(tuple()) || tuple().equals(tuple(other)))).toEqual(Array(6).fill(false));
  });

  test('gives it another place in the table', () => {
    const places = [{}, ...others].map((other) => tuple(other).computeHash());
    expect(new Set(places).size).toBe(7);
  });

  // By chance 1024 of them would take 1 - 1/e of 1024 places: 647.
  test.each(['srcKey', 'dstKey', 'sport', 'dport'] as const)('%s spreads flows over the table', (field) => {
    const places = Array.from({ length: 1024 }, (_, i) => tuple({ [field]: 2000 + i }).computeHash());
    expect(new Set(places).size).toBeGreaterThan(1000);
    expect(new Set(places.map((place) => place & 1023)).size).toBeGreaterThan(560);
    expect(places.filter((place) => place < 0 || place >= 2 ** 30)).toEqual([]);
  });
});

test('addresses are those of the book', () => {
  const v6 = must(book.parse('2001:db8::5'), 'address');
  expect([tuple().src, tuple().dst]).toEqual([A, B]);
  expect(book.text(tuple({ family: 6, srcKey: v6 - 2 ** 32, dstKey: v6 - 2 ** 32 }).src)).toBe('2001:db8::5');
  expect(tuple({ family: 6, dstKey: v6 - 2 ** 32 }).dst).toBe(v6);
});

test('ends as text', () => {
  const v6 = must(book.parse('2001:db8::5'), 'address');
  expect([endpointText(book, A, 53, true), endpointText(book, v6, 53, true), endpointText(book, A, 53, false), endpointText(book, v6, 53, false)]).toEqual([
    '10.0.0.5:53',
    '[2001:db8::5]:53',
    '10.0.0.5',
    '2001:db8::5',
  ]);
});
