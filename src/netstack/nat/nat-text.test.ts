/** `nat=` of the ledger (lab/docs/capture.md): what a packet's ends were, and what became of them. */
import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { AddressBook, keyOf } from '../address-book.js';
import { Entry } from '../conntrack/entry.js';
import { Tuple } from '../conntrack/tuple.js';
import { IPPROTO } from '../transport.js';
import { natText } from './nat-text.js';

const book = new AddressBook();
const ESP = 50;
const REQUEST = 8 << 8;
const REQUEST6 = 128 << 8;

type End = readonly [address: string, port: number];

function tuple(protocol: number, [from, sport]: End, [to, dport]: End): Tuple {
  const t = new Tuple();
  t.family = from.includes(':') ? 6 : 4;
  t.protocol = protocol;
  t.srcKey = keyOf(must(book.parse(from), from));
  t.dstKey = keyOf(must(book.parse(to), to));
  t.sport = sport;
  t.dport = dport;
  return t;
}

/** A connection of `from` to `to` that looks as if it were of `as` to `reached`. */
function connection(protocol: number, from: End, to: End, as: End, reached: End): Entry {
  const reply = new Tuple();
  reply.setInverse(tuple(protocol, as, reached));
  return new Entry(1, tuple(protocol, from, to), reply);
}

const both = (entry: Entry, ports = true): string[] => ([0, 1] as const).map((direction) => natText(book, entry, direction, ports));

const A: End = ['10.0.1.1', 5000];
const OUT: End = ['198.51.100.1', 40000];
const B: End = ['203.0.113.9', 80];
const INSIDE: End = ['10.0.1.7', 8080];
const A6: End = ['2001:db8:1::1', 5000];
const OUT6: End = ['2001:db8:2::fe', 40000];
const B6: End = ['2001:db8:9::9', 80];

describe('the end that was translated, of each direction', () => {
  test.each([
    ['a source of UDP', connection(IPPROTO.UDP, A, B, OUT, B), ['10.0.1.1:5000>198.51.100.1:40000', '198.51.100.1:40000>10.0.1.1:5000']],
    ['a source of TCP', connection(IPPROTO.TCP, A, B, OUT, B), ['10.0.1.1:5000>198.51.100.1:40000', '198.51.100.1:40000>10.0.1.1:5000']],
    ['a destination', connection(IPPROTO.UDP, B, OUT, B, INSIDE), ['198.51.100.1:40000>10.0.1.7:8080', '10.0.1.7:8080>198.51.100.1:40000']],
    ['of IPv6', connection(IPPROTO.TCP, A6, B6, OUT6, B6), ['[2001:db8:1::1]:5000>[2001:db8:2::fe]:40000', '[2001:db8:2::fe]:40000>[2001:db8:1::1]:5000']],
    [
      'no port where the protocol has none',
      connection(ESP, ['10.0.1.1', 0], ['203.0.113.9', 0], ['198.51.100.1', 0], ['203.0.113.9', 0]),
      ['10.0.1.1>198.51.100.1', '198.51.100.1>10.0.1.1'],
    ],
    [
      'both ends, the source first',
      connection(IPPROTO.UDP, A, OUT, ['198.51.100.1', 5000], INSIDE),
      ['10.0.1.1:5000>198.51.100.1:5000,198.51.100.1:40000>10.0.1.7:8080', '10.0.1.7:8080>198.51.100.1:40000,198.51.100.1:5000>10.0.1.1:5000'],
    ],
  ])('%s', (_what, entry, expected) => {
    expect(both(entry)).toEqual(expected);
  });
});

describe('a query: its identifier stands for the port of both ends', () => {
  const asked = (protocol: number, from: string, to: string, as: string, id: number, other: number): Entry => {
    const request = protocol === IPPROTO.ICMP ? REQUEST : REQUEST6;
    const reply = new Tuple();
    reply.setInverse(tuple(protocol, [as, other], [to, request]));
    return new Entry(1, tuple(protocol, [from, id], [to, request]), reply);
  };

  test.each([
    ['that stays', 7, ['10.0.1.1:7>198.51.100.1:7', '198.51.100.1:7>10.0.1.1:7']],
    ['that changes', 9, ['10.0.1.1:7>198.51.100.1:9,203.0.113.9:7>203.0.113.9:9', '203.0.113.9:9>203.0.113.9:7,198.51.100.1:9>10.0.1.1:7']],
  ])('%s', (_what, other, expected) => {
    expect(both(asked(IPPROTO.ICMP, '10.0.1.1', '203.0.113.9', '198.51.100.1', 7, other))).toEqual(expected);
  });

  test('of IPv6 too', () => {
    expect(both(asked(IPPROTO.IPV6_ICMP, '2001:db8:1::1', '2001:db8:9::9', '2001:db8:2::fe', 7, 7))).toEqual([
      '[2001:db8:1::1]:7>[2001:db8:2::fe]:7',
      '[2001:db8:2::fe]:7>[2001:db8:1::1]:7',
    ]);
  });
});

test('an ICMP error about a packet of it has no ports of its own', () => {
  expect(both(connection(IPPROTO.UDP, A, B, OUT, B), false)).toEqual(['10.0.1.1>198.51.100.1', '198.51.100.1>10.0.1.1']);
});
