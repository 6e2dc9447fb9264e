/** Expected: the [ bitwise reg 1 = ( reg 1 & MASK ) ^ XOR ] of `nft --debug=netlink` (1.0.6) for the same expression. */
import { describe, expect, it } from 'vitest';
import { firstOf, refusalOf } from '../testing/rulesets.js';

const mark = { select: 'meta', key: 'mark' };
const bitsOf = (text: string): unknown => (firstOf('filter', `meta mark set ${text}`) as { to: unknown }).to;

describe('and, or, xor are folded into one mask and one xor', () => {
  it.each([
    ['meta mark and 0xff or 0x100', 0xff, 0x100],
    ['meta mark xor 0xff', 0xffffffff, 0xff],
    // Kernel: (m & ~0x10) ^ 0x10 is m | 0x10.
    ['meta mark or 0x10', 0xffffffef, 0x10],
    // ((m ^ 0xf) & 0x3) = (m & 0x3) ^ 0x3
    ['(meta mark xor 0xf) and 0x3', 0x3, 0x3],
  ])('%s', (text, mask, xor) => expect(bitsOf(text)).toEqual({ from: 'bits', bits: { of: mark, mask, xor } }));

  it('bits that leave a field whole are the field', () =>
    expect(firstOf('filter', 'meta mark and 0xffffffff == 5 accept')).toEqual({
      do: 'match',
      left: { is: 'selector', selector: mark },
      op: 'eq',
      right: { is: 'number', number: 5 },
    }));
});

it('the address of a connection takes the family from what is known, in a match', () => {
  for (const text of ['10.0.0.1', '{ 10.0.0.1 }']) expect(refusalOf('filter', `meta nfproto ipv4 ct original saddr ${text} accept`)).toBe('');
  expect(refusalOf('filter', 'ct original ip saddr . meta mark { 10.0.0.1 . 1 } accept')).toBe('');
});

describe('fields joined by dots', () => {
  it('are read in their order', () =>
    expect(firstOf('filter', 'ip saddr . tcp dport { 10.0.0.1 . 80 } accept')).toMatchObject({
      left: {
        is: 'concat',
        parts: [
          { select: 'ip', field: 'saddr' },
          { select: 'tcp', field: 'dport' },
        ],
      },
      set: { set: { types: ['ipv4_addr', 'inet_service'] } },
    }));
  it.each([
    [`${Array.from({ length: 17 }, () => 'meta mark').join(' . ')} { 1 } accept`, 'NFT_TYPE the concatenation has too many parts'],
    ['ip6 dscp . tcp dport { 1 . 80 } accept', 'NFT_UNSUPPORTED ip6 dscp in a concatenation is not supported'],
    // nft 1.0.6: "specify either ip or ip6 for address matching", of keys too.
    ['meta nfproto ipv4 ct original saddr . meta mark { 10.0.0.1 . 1 } accept', 'NFT_TYPE the family of the address is not known here'],
    ['meta nfproto ipv4 ct reply daddr vmap { 10.0.0.1 : accept }', 'NFT_TYPE the family of the address is not known here'],
    ['meta nfproto ipv4 meta mark set ct original saddr map { 10.0.0.1 : 1 }', 'NFT_TYPE the family of the address is not known here'],
    ['meta mark & 1 . tcp dport { 1 . 80 } accept', 'NFT_UNSUPPORTED bits of a field in a concatenation is not supported'],
  ])('refused: %s', (text, refusal) => expect(refusalOf('filter', text)).toBe(refusal));
});

describe('addresses of connections', () => {
  it('take their family from the table or the rule', () => {
    const address = (text: string, place: 'ip' | 'filter'): unknown => (firstOf(place, text) as { left: unknown }).left;
    const original = (family: number): unknown => ({ is: 'selector', selector: { select: 'ct-tuple', direction: 'original', field: 'saddr', family } });
    expect(address('ct original saddr 10.0.0.1 accept', 'ip')).toEqual(original(4));
    expect(address('ct original ip6 saddr ::1 accept', 'filter')).toEqual(original(6));
  });
  it.each([
    ['ct original saddr 10.0.0.1 accept', 'NFT_TYPE the family of the address is not known here'],
    ['ct original proto-dst 80 accept', 'NFT_TYPE ct original proto-dst needs to know the transport'],
  ])('refused: %s', (text, refusal) => expect(refusalOf('filter', text)).toBe(refusal));
});

it.each([
  ['iifname & 1 == 1 accept', 'NFT_TYPE the name of an interface has no bits'],
  ['ip6 saddr & ::1 == ::1 accept', 'NFT_UNSUPPORTED bits of an IPv6 address is not supported'],
  ['ip saddr & 255.255.255.0 == 10.0.0.0 accept', 'NFT_UNSUPPORTED bits of an address is not supported'],
  ['meta mark << 1 == 2 accept', 'NFT_UNSUPPORTED a shift of a field (<<) is not supported'],
  ['tcp dport vmap { 80 : accept, 80 : drop }', 'NFT_CONFLICT the same key has other data already'],
])('refused: %s', (text, refusal) => expect(refusalOf('filter', text)).toBe(refusal));
