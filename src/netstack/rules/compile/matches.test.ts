/** Expected: the expressions of `nft --debug=netlink` (1.0.6) for the same match, in the machine's words. */
import { describe, expect, it } from 'vitest';
import { keyOf } from '../../address-book.js';
import { BIAS } from '../sets/element-set.js';
import { NO_SUCH_INTERFACE } from './keys.js';
import { compiledRule, ruleListing } from './testing.js';

const MIN = BIAS; // the smallest biased word
const MAX = ~BIAS;
const biased = (n: number): number => n ^ BIAS;

describe('comparisons', () => {
  it.each([
    ['tcp dport 80', 'EQ tcp dport 80 0 0'],
    ['tcp dport != 80', 'EQ tcp dport 80 0 1'],
    // [ cmp gte ] [ cmp lte ]
    ['tcp dport 1000-2000', `RANGE tcp dport ${biased(1000)} ${biased(2000)} 0`],
    ['tcp dport != 1000-2000', `RANGE tcp dport ${biased(1000)} ${biased(2000)} 1`],
    ['ip saddr 10.0.0.0/8', `RANGE ip saddr ${biased(0x0a000000)} ${biased(0x0affffff)} 0`],
    ['ip saddr 10.0.0.1', `EQ ip saddr ${0x0a000001} 0 0`],
    ['tcp dport >= 1023', `RANGE tcp dport ${biased(1023)} ${MAX} 0`],
    ['tcp dport < 1023', `RANGE tcp dport ${biased(1023)} ${MAX} 1`],
    ['tcp dport <= 1023', `RANGE tcp dport ${MIN} ${biased(1023)} 0`],
    ['tcp dport > 1023', `RANGE tcp dport ${MIN} ${biased(1023)} 1`],
  ])('%s', (text, line) => expect(ruleListing(`${text} accept`)[0]).toBe(line));
});

describe('bits', () => {
  it.each([
    // [ bitwise reg 1 = ( reg 1 & 0x02 ) ^ 0 ] [ cmp neq reg 1 0 ]
    ['tcp flags syn', 'MASK tcp flags 2 0 1'],
    ['tcp flags ! syn', 'MASK tcp flags 2 0 0'],
    ['tcp flags syn / syn,ack', 'MASK tcp flags 18 2 0'],
    ['tcp flags != syn / syn,ack', 'MASK tcp flags 18 2 1'],
    ['ct state established,related', 'MASK ct state 6 0 1'],
  ])('%s', (text, line) => expect(ruleListing(`${text} accept`)[0]).toBe(line));
  it('of a field that is held against a range: made first, then compared', () =>
    expect(ruleListing('meta mark and 0xff 1-5 accept').slice(0, 3)).toEqual([
      'LOAD meta mark 0 0 0',
      'BITS - 255 0 0',
      `RANGE - ${biased(1)} ${biased(5)} 0`,
    ]));
});

describe('interfaces', () => {
  it.each([
    ['iifname "eth1"', 'EQ iifname 2 0 0'],
    ['iifname != "eth1"', 'EQ iifname 2 0 1'],
    ['iifname "wan"', `EQ iifname ${NO_SUCH_INTERFACE} 0 0`],
    ['iifname "eth0*"', 'EQ iifname 1 0 0'],
    ['iifname != "eth*"', 'IN iifname 0 0 1'],
  ])('%s', (text, line) => expect(ruleListing(`${text} accept`)[0]).toBe(line));
  it('a wildcard is the set of those that it names', () => {
    const { program } = compiledRule('iifname "eth*" accept');
    expect([0, 1, 2].map((index) => program.sets[0]?.find(Int32Array.of(index)))).toEqual([-1, 0, 1]);
  });
});

describe('look-ups', () => {
  it('in a set, or not', () => {
    expect(ruleListing('tcp dport { 80, 443 } accept')[0]).toBe('IN tcp dport 0 0 0');
    expect(ruleListing('tcp dport != { 80, 443 } accept')[0]).toBe('IN tcp dport 0 0 1');
  });
  it('of a concatenation, whose parts are loaded one after the other', () =>
    expect(ruleListing('ip saddr . tcp dport { 10.0.0.1 . 80 } accept').slice(0, 3)).toEqual(['LOAD ip saddr 0 0 0', 'LOAD tcp dport 1 0 0', 'IN - 0 0 0']));
});

it('an IPv6 prefix is held against eight words', () => {
  const { program } = compiledRule('ip6 saddr 2001:db8::/32 accept');
  expect([...program.bounds]).toEqual([0x20010db8, 0, 0, 0, 0x20010db8, -1, -1, -1].map(biased));
  expect(ruleListing('ip6 saddr != 2001:db8::/32 accept')[0]).toBe('RANGE6 ip6 saddr 0 0 1');
});

it('one IPv6 address by its key', () => {
  const { net, program } = compiledRule('ip6 saddr 2001:db8::9 accept');
  expect(program.code[6 + 2]).toBe(keyOf(net.addr('2001:db8::9')));
});
