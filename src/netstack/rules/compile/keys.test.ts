/** Words of values: network order, as they stand in a packet; nft(8), "Data types". */
import { describe, expect, it } from 'vitest';
import { keyOf } from '../../address-book.js';
import { Keys, NO_SUCH_INTERFACE } from './keys.js';
import { router } from './testing.js';

const net = router();
const keys = new Keys(net.node('r'));
const single = (n: number): object => ({ exact: n, from: [n], to: [n] });

describe('values', () => {
  it('numbers, of 32 bits as signed words', () => {
    expect(keys.parts({ is: 'number', number: 80 })).toEqual([single(80)]);
    expect(keys.parts({ is: 'number', number: 0xffffffff })).toEqual([single(-1)]);
    expect(keys.word({ is: 'number', number: 0x80000000 })).toBe(-0x80000000);
  });
  it('an IPv4 address is its number', () => expect(keys.parts({ is: 'address', family: 4, address: '10.0.0.1' })).toEqual([single(0x0a000001)]));
  it('an IPv6 address is its key in the book, and four words where it is an end of a range', () =>
    expect(keys.parts({ is: 'address', family: 6, address: '2001:db8::1' })).toEqual([
      { exact: keyOf(net.addr('2001:db8::1')), from: [0x20010db8, 0, 0, 1], to: [0x20010db8, 0, 0, 1] },
    ]));
  it('"*" is no part of a key', () => expect(keys.parts({ is: 'any' })).toEqual([]));
});

describe('ranges and prefixes', () => {
  it('a range has both ends', () =>
    expect(keys.parts({ is: 'range', from: { is: 'number', number: 80 }, to: { is: 'number', number: 90 } })).toEqual([{ exact: null, from: [80], to: [90] }]));
  it.each([
    ['10.0.0.0', 8, [0x0a000000], [0x0affffff]],
    ['0.0.0.0', 0, [0], [-1]],
    ['128.0.0.0', 1, [-0x80000000], [-1]],
    ['2001:db8::', 36, [0x20010db8, 0, 0, 0], [0x20010db8, 0x0fffffff, -1, -1]],
  ])('%s/%i', (address, length, from, to) =>
    expect(keys.parts({ is: 'prefix', family: address.includes(':') ? 6 : 4, address, length })).toEqual([{ exact: null, from, to }]),
  );
  it('a prefix of all bits is a single address', () =>
    expect(keys.parts({ is: 'prefix', family: 4, address: '10.0.0.1', length: 32 })).toEqual([single(0x0a000001)]));
});

describe('interfaces', () => {
  it('are the indexes of those that the node has', () => {
    expect(keys.interfaces({ name: 'eth1', wildcard: false })).toEqual([2]);
    expect(keys.interfaces({ name: 'eth', wildcard: true })).toEqual([1, 2]);
    expect(keys.parts({ is: 'interface', name: 'eth', wildcard: true })).toEqual([single(1), single(2)]);
  });
  it("one that the node has not is no packet's", () => {
    expect(keys.interfaces({ name: 'eth', wildcard: false })).toEqual([]);
    expect(keys.parts({ is: 'interface', name: 'wan', wildcard: false })).toEqual([]);
    expect(keys.word({ is: 'interface', name: 'wan', wildcard: false })).toBe(NO_SUCH_INTERFACE);
  });
});

it('a text that is no address is a broken invariant', () =>
  expect(() => keys.parts({ is: 'address', family: 4, address: 'nowhere' })).toThrow('address nowhere'));
