/** Expected: what `nft --debug=netlink` (1.0.6) prints of the same rule, in the words of ruleset.ts. */
import { describe, expect, it } from 'vitest';
import { firstOf, refusalOf } from '../testing/rulesets.js';

const flags = { select: 'tcp', field: 'flags' };
const mark = { select: 'meta', key: 'mark' };
const dport = { is: 'selector', selector: { select: 'tcp', field: 'dport' } };

describe('flags', () => {
  // [ bitwise reg 1 = ( reg 1 & 0x02 ) ^ 0 ] [ cmp neq reg 1 0 ]
  it('any of them without an operator', () =>
    expect(firstOf('filter', 'tcp flags syn accept')).toEqual({ do: 'match-any-bit', left: flags, op: 'eq', bits: 2 }));
  it('any of a list', () =>
    expect(firstOf('filter', 'ct state established,related accept')).toEqual({
      do: 'match-any-bit',
      left: { select: 'ct', key: 'state' },
      op: 'eq',
      bits: 6,
    }));
  // [ bitwise reg 1 = ( reg 1 & 0x02 ) ^ 0 ] [ cmp eq reg 1 0 ]
  it('none of them with "!"', () => expect(firstOf('filter', 'tcp flags ! syn accept')).toEqual({ do: 'match-any-bit', left: flags, op: 'ne', bits: 2 }));
  // [ cmp neq reg 1 0x02 ]
  it('the whole field with "!=" and "=="', () => {
    const whole = { do: 'match', left: { is: 'selector', selector: flags }, right: { is: 'number', number: 2 } };
    expect(firstOf('filter', 'tcp flags != syn accept')).toEqual({ ...whole, op: 'ne' });
    expect(firstOf('filter', 'tcp flags == syn accept')).toEqual({ ...whole, op: 'eq' });
  });
  // [ bitwise reg 1 = ( reg 1 & 0x12 ) ^ 0 ] [ cmp eq reg 1 0x02 ]
  it.each([
    ['tcp flags syn / syn,ack accept', 'eq'],
    ['tcp flags & (syn|ack) == syn accept', 'eq'],
    ['tcp flags != syn / syn,ack accept', 'ne'],
  ])('some of a mask: %s', (text, op) => expect(firstOf('filter', text)).toEqual({ do: 'match-masked', left: flags, op, mask: 0x12, value: 2 }));
  it.each([
    ['tcp dport ! 80 accept', 'NFT_TYPE "!" before a value is for flags only'],
    ['tcp dport 80 / 80,81 accept', 'NFT_TYPE a mask after a slash is for flags only'],
    ['tcp flags < syn / syn,ack accept', 'NFT_TYPE a mask after a slash cannot be compared by "<"'],
  ])('refused: %s', (text, refusal) => expect(refusalOf('filter', text)).toBe(refusal));
});

describe('bits of a field', () => {
  // [ bitwise reg 1 = ( reg 1 & 0xff00 ) ^ 0x01 ] [ cmp eq reg 1 0x0101 ]: the xor moves to the other side
  it('a mask and an or', () =>
    expect(firstOf('filter', 'meta mark and 0xff00 or 0x1 == 0x101 accept')).toEqual({ do: 'match-masked', left: mark, op: 'eq', mask: 0xff00, value: 0x100 }));
  // [ cmp eq reg 1 0x13 ]
  it('an xor of the whole field is a comparison with another value', () =>
    expect(firstOf('filter', 'meta mark ^ 0x3 == 0x10 accept')).toEqual({
      do: 'match',
      left: { is: 'selector', selector: mark },
      op: 'eq',
      right: { is: 'number', number: 0x13 },
    }));
});

describe('order', () => {
  // [ cmp gt reg 1 0x03ff ], gte, lt, lte
  it.each([
    ['>', 'gt'],
    ['>=', 'ge'],
    ['<', 'lt'],
    ['<=', 'le'],
  ])('%s', (sign, op) =>
    expect(firstOf('filter', `tcp dport ${sign} 1023 accept`)).toEqual({ do: 'match', left: dport, op, right: { is: 'number', number: 1023 } }),
  );
  it('addresses have one', () =>
    expect(firstOf('filter', 'ip saddr < 10.0.0.5 accept')).toMatchObject({ op: 'lt', right: { is: 'address', family: 4, address: '10.0.0.5' } }));
  it.each([
    ['tcp dport > 80-90 accept', 'NFT_TYPE only a single number or address is greater or less'],
    ['iifname > "eth0" accept', 'NFT_TYPE only a single number or address is greater or less'],
  ])('refused: %s', (text, refusal) => expect(refusalOf('filter', text)).toBe(refusal));
});

describe('look-ups', () => {
  it('a set in braces, in it or not in it', () => {
    const set = {
      is: 'anonymous',
      set: {
        types: ['inet_service'],
        gives: null,
        elements: [
          { key: [{ is: 'number', number: 80 }], data: null },
          { key: [{ is: 'number', number: 443 }], data: null },
        ],
      },
    };
    expect(firstOf('filter', 'tcp dport { 80, 443 } accept')).toEqual({ do: 'lookup', left: dport, op: 'eq', set });
    expect(firstOf('filter', 'tcp dport != { 80, 443 } accept')).toEqual({ do: 'lookup', left: dport, op: 'ne', set });
  });
  it('a named one that holds the same type', () =>
    expect(firstOf('filter', 'tcp dport @ports accept')).toEqual({ do: 'lookup', left: dport, op: 'eq', set: { is: 'named', name: 'ports' } }));
  it.each([
    ['ip saddr @ports accept', 'NFT_TYPE the set "ports" holds a port or a service name'],
    ['tcp dport < { 80 } accept', 'NFT_TYPE a set cannot be compared by "<"'],
    ['ip saddr . tcp dport 10.0.0.1 . 80 accept', 'NFT_TYPE a concatenation is compared with a set'],
    ['tcp dport @nobody accept', 'NFT_UNKNOWN the table inet t has no set or map "nobody"'],
  ])('refused: %s', (text, refusal) => expect(refusalOf('filter', text)).toBe(refusal));
});
