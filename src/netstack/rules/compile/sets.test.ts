import { describe, expect, it } from 'vitest';
import type { SetBody } from '../../../nft/ruleset.js';
import { rulesetOf } from '../../../nft/testing/rulesets.js';
import { keyOf } from '../../address-book.js';
import { ConcatSet } from '../sets/concat-set.js';
import { ExactSet } from '../sets/exact-set.js';
import { IntervalSet } from '../sets/interval-set.js';
import { Keys } from './keys.js';
import { compileSet } from './sets.js';
import { router } from './testing.js';

const net = router();
const keys = new Keys(net.node('r'));
const bodyOf = (text: string): SetBody => rulesetOf(`table inet t {\n ${text}\n}\n`).tables[0]?.sets[0] as SetBody;
const made = (text: string): ReturnType<typeof compileSet> => compileSet(bodyOf(text), keys, net.book);
const find = (set: ReturnType<typeof compileSet>, ...words: readonly number[]): number => set.set.find(Int32Array.from(words));
const four = (address: string): number => keyOf(net.addr(address));

describe('the structure', () => {
  it('single values: a hash table', () => {
    const ports = made('set s { type inet_service; elements = { 80, 443 } }');
    expect(ports.set).toBeInstanceOf(ExactSet);
    expect([find(ports, 80), find(ports, 443), find(ports, 81)]).toEqual([0, 1, -1]);
  });
  it('intervals: a sorted array', () => {
    const nets = made('set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1-192.0.2.9 } }');
    expect(nets.set).toBeInstanceOf(IntervalSet);
    expect(['10.255.0.1', '192.0.2.1', '192.0.2.9', '192.0.2.10', '11.0.0.0'].map((address) => find(nets, four(address)))).toEqual([0, 1, 1, -1, -1]);
  });
  it('intervals of IPv6 addresses', () => {
    const nets = made('set s { type ipv6_addr; flags interval; elements = { 2001:db8::/32 } }');
    expect([find(nets, four('2001:db8:ffff::1')), find(nets, four('2001:db9::1'))]).toEqual([0, -1]);
  });
  it('concatenations, with intervals as bit vectors', () => {
    const pairs = made('set s { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 80, 192.0.2.1 . 5060-5061 } }');
    expect(pairs.set).toBeInstanceOf(ConcatSet);
    expect([find(pairs, four('10.9.9.9'), 80), find(pairs, four('192.0.2.1'), 5061), find(pairs, four('10.9.9.9'), 5060)]).toEqual([0, 1, -1]);
    expect(made('set s { type ipv4_addr . inet_service; elements = { 10.0.0.1 . 80 } }').set).toBeInstanceOf(ExactSet);
  });
});

describe('elements', () => {
  it('one that names several interfaces stands there for each', () => {
    const found = made('map m { type ifname : verdict; flags interval; elements = { "eth*" : accept, "lo" : drop } }');
    expect([0, 1, 2].map((index) => found.elements[find(found, index)]?.data)).toEqual([
      { is: 'verdict', verdict: { verdict: 'drop' } },
      { is: 'verdict', verdict: { verdict: 'accept' } },
      { is: 'verdict', verdict: { verdict: 'accept' } },
    ]);
  });
  it('one that names none is not there', () => {
    const found = made('set s { type ifname; elements = { "wan", "eth0" } }');
    expect([found.elements.length, find(found, 1), find(found, 2)]).toEqual([1, 0, -1]);
  });
  it('"*" is what is left', () => {
    const found = made('map m { type inet_service : verdict; elements = { 80 : accept, * : drop } }');
    expect([find(found, 80), find(found, 81), found.catchAll]).toEqual([0, -1, 1]);
    expect(found.elements[found.catchAll]?.data).toEqual({ is: 'verdict', verdict: { verdict: 'drop' } });
    expect(made('set s { type inet_service; elements = { 80 } }').catchAll).toBe(-1);
  });
});

it('an empty set holds nothing', () => expect(find(made('set s { type inet_service; }'), 80)).toBe(-1));
