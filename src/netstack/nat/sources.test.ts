/** Which connections count as those of one source: Linux's same_src (nf_nat_core). */
import { expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import type { Nanos } from '../../base/time.js';
import { AddressBook, keyOf } from '../address-book.js';
import { Entry } from '../conntrack/entry.js';
import { Tuple } from '../conntrack/tuple.js';
import { IPPROTO } from '../transport.js';
import { SourceTable } from './sources.js';

const book = new AddressBook();

function tuple(from: string, sport: number, to = '198.51.100.1', dport = 9, protocol: number = IPPROTO.UDP): Tuple {
  const t = new Tuple();
  t.family = from.includes(':') ? 6 : 4;
  t.protocol = protocol;
  t.srcKey = keyOf(must(book.parse(from), from));
  t.dstKey = keyOf(must(book.parse(to), to));
  t.sport = sport;
  t.dport = dport;
  return t;
}

let lastId = 0;
function entry(original: Tuple, expires = 100): Entry {
  const reply = new Tuple();
  reply.setInverse(original);
  const made = new Entry(++lastId, original, reply);
  made.expires = expires as Nanos;
  return made;
}

const known = (sources: SourceTable, of: Tuple, now = 0): number[] => [...sources.of(of, now)].map(({ id }) => id);

test('wherever they go to: the newest is asked first', () => {
  const sources = new SourceTable();
  const entries = ['198.51.100.1', '198.51.100.2', '198.51.100.3'].map((to, i) => entry(tuple('10.0.0.1', 5000, to, 9 + i)));
  for (const one of entries) sources.add(one);
  expect(known(sources, tuple('10.0.0.1', 5000, '203.0.113.7', 443))).toEqual(entries.map(({ id }) => id).reverse());
});

test.each([
  ['another address', tuple('10.0.0.2', 5000)],
  ['another port', tuple('10.0.0.1', 5001)],
  ['another protocol', tuple('10.0.0.1', 5000, '198.51.100.1', 9, IPPROTO.TCP)],
  ['an address of the other family', tuple('2001:db8::1', 5000, '2001:db8::2')],
  ['the first port of the next address', tuple('10.0.0.2', 0)],
])('%s is another source', (_what, other) => {
  const sources = new SourceTable();
  for (const port of [5000, 65535]) sources.add(entry(tuple('10.0.0.1', port)));
  expect(known(sources, other)).toEqual([]);
});

test('of IPv6 too', () => {
  const sources = new SourceTable();
  const one = entry(tuple('2001:db8::1', 5000, '2001:db8::2'));
  sources.add(one);
  expect(known(sources, tuple('2001:db8::1', 5000, '2001:db8::3'))).toEqual([one.id]);
  expect(known(sources, tuple('2001:db8::4', 5000, '2001:db8::3'))).toEqual([]);
});

test('a connection whose time is over counts no more, though it is still there', () => {
  const sources = new SourceTable();
  const one = entry(tuple('10.0.0.1', 5000), 30);
  sources.add(one);
  expect([29, 30, 31].map((now) => known(sources, one.original, now))).toEqual([[one.id], [], []]);
});

test('one that is removed is known no more; the others of its source are', () => {
  const sources = new SourceTable();
  const [first, second, third] = ['198.51.100.1', '198.51.100.2', '198.51.100.3'].map((to) => entry(tuple('10.0.0.1', 5000, to)));
  for (const one of [first, second]) sources.add(must(one, 'entry'));
  const { original } = must(first, 'entry');
  // Never added: as if nothing were said.
  sources.remove(must(third, 'entry'));
  sources.remove(entry(tuple('10.0.0.9', 5000)));
  expect(known(sources, original)).toEqual([second?.id, first?.id]);
  sources.remove(must(first, 'entry'));
  expect(known(sources, original)).toEqual([second?.id]);
  sources.remove(must(second, 'entry'));
  expect(known(sources, original)).toEqual([]);
  sources.add(must(third, 'entry'));
  expect(known(sources, original)).toEqual([third?.id]);
});
