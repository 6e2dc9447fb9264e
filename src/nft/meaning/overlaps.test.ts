/** nft(8), "Sets": intervals must not overlap unless they merge; the very same element twice is one. */
import { describe, expect, it } from 'vitest';
import type { Element, MapData, Pattern } from '../ruleset.js';
import { clash, spanOf } from './overlaps.js';

const number = (n: number): Pattern => ({ is: 'number', number: n });
const range = (from: number, to: number): Pattern => ({ is: 'range', from: { is: 'number', number: from }, to: { is: 'number', number: to } });
const prefix = (address: string, length: number): Pattern => ({ is: 'prefix', family: address.includes(':') ? 6 : 4, address, length });
const name = (text: string, wildcard = false): Pattern => ({ is: 'interface', name: text, wildcard });
const says = (n: number): MapData => ({ is: 'data', parts: [number(n)] });
let line = 0;
const element = (key: Pattern | readonly Pattern[], data: MapData | null = null): Element => ({
  key: Array.isArray(key) ? (key as readonly Pattern[]) : [key as Pattern],
  data,
  src: { file: 'fw.nft', line: ++line, column: 1 },
});
const told = (elements: readonly Element[], merges = false): string | null => clash(elements, merges)?.message ?? null;

const OVERLAPS = 'the element overlaps another one';
const TWICE = 'the same key has other data already';

describe('spans', () => {
  it.each([
    ['a number', number(5), 5n, 5n],
    ['a range', range(5, 9), 5n, 9n],
    ['10.0.0.0/8', prefix('10.0.0.0', 8), 0x0a000000n, 0x0affffffn],
    ['0.0.0.0/0', prefix('0.0.0.0', 0), 0n, 0xffffffffn],
    ['2001:db8::/32', prefix('2001:db8::', 32), 0x20010db8n << 96n, (0x20010db9n << 96n) - 1n],
    // 16 octets (IFNAMSIZ), of a wildcard the rest is open: [ cmp eq reg 1 0x00687465 ] looks at three octets alone.
    ['"lo"', name('lo'), 0x6c6fn << 112n, 0x6c6fn << 112n],
    ['"lo*"', name('lo', true), 0x6c6fn << 112n, (0x6c70n << 112n) - 1n],
  ])('%s', (_, pattern, from, to) => expect(spanOf(pattern)).toEqual({ from, to }));

  it('of "*" there is none', () => expect(spanOf({ is: 'any' })).toBeNull());
});

describe('one part', () => {
  it.each([
    ['side by side', [range(1, 4), range(5, 9)], null],
    ['the same twice', [range(1, 4), range(1, 4)], null],
    ['one within the other', [range(1, 9), number(5)], OVERLAPS],
    ['one within the other, the other way round', [number(5), range(1, 9)], OVERLAPS],
    ['they share an end', [range(1, 5), range(5, 9)], OVERLAPS],
    ['one beyond the next, in the widest', [range(1, 100), range(2, 3), number(50)], OVERLAPS],
    ['an interface and its wildcard', [name('eth0'), name('eth', true)], OVERLAPS],
    ['two interfaces', [name('eth0'), name('eth1')], null],
  ] as const)('%s', (_, keys, message) => expect(told(keys.map((key) => element(key)))).toBe(message));

  it('those that merge may overlap, but not say different things', () => {
    expect(told([element(range(1, 9)), element(number(5))], true)).toBeNull();
    expect(told([element(number(5), says(1)), element(number(5), says(2))], true)).toBe(TWICE);
  });

  it('in a map the same key must give the same', () => {
    expect(told([element(number(5), says(1)), element(number(5), says(1))])).toBeNull();
    expect(told([element(number(5), says(1)), element(number(5), says(2))])).toBe(TWICE);
  });

  it('"*" stands beside everything, once', () => {
    expect(told([element({ is: 'any' }, says(1)), element(number(5), says(2))])).toBeNull();
    expect(told([element({ is: 'any' }, says(1)), element({ is: 'any' }, says(1))])).toBeNull();
    expect(told([element({ is: 'any' }, says(1)), element({ is: 'any' }, says(2))])).toBe(TWICE);
  });
});

describe('several parts', () => {
  const net = prefix('10.0.0.0', 24);
  const host = { is: 'address', family: 4, address: '10.0.0.5' } as const;
  it.each([
    ['apart in one part', [[net, number(80)] as const, [host, number(81)] as const], null],
    ['within in all parts', [[net, number(80)] as const, [host, number(80)] as const], OVERLAPS],
    ['single values may repeat', [[host, number(80)] as const, [host, number(80)] as const], null],
    // The kernel looks for the first and the last key of a new element among those that it has.
    ['around another one', [[host, number(80)] as const, [net, number(80)] as const], null],
  ])('%s', (_, keys, message) => expect(told(keys.map((key) => element(key)))).toBe(message));

  it('the same key with other data', () => expect(told([element([host, number(80)], says(1)), element([host, number(80)], says(2))])).toBe(TWICE));
});

it('nothing clashes with nothing', () => expect(told([])).toBeNull());
it('the fault stands at the later one and names the earlier', () => {
  const [a, b] = [element(range(1, 9)), element(range(2, 3))];
  const fault = clash([a, b], false);
  expect(fault?.where?.line).toBe(b.src.line);
  expect(fault?.hint).toContain(`line ${a.src.line}`);
});
