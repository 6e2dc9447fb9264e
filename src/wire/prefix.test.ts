import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.js';
import * as prefix from './prefix.js';

const p = (text: string): prefix.Prefix => prefix.parsePrefix(text) ?? expect.fail(`not read: ${text}`);
const a = (text: string) => parseAddress(text) ?? expect.fail(`not read: ${text}`);

describe('prefix', () => {
  it('keeps the address, and finds the network', () => {
    expect(prefix.formatPrefix(p('10.1.2.3/24'))).toBe('10.1.2.0/24');
    expect(prefix.formatInterfacePrefix(p('10.1.2.3/24'))).toBe('10.1.2.3/24');
    // RFC 4291 2.3: all of these are the 60-bit prefix 20010DB80000CD3
    for (const text of [
      '2001:0DB8:0000:CD30:0000:0000:0000:0000/60',
      '2001:0DB8::CD30:0:0:0:0/60',
      '2001:0DB8:0:CD30::/60',
      '2001:0DB8:0:CD30:123:4567:89AB:CDEF/60',
    ]) {
      expect(prefix.formatPrefix(p(text))).toBe('2001:db8:0:cd30::/60');
    }
    expect(prefix.formatPrefix(p('2001:db8:ffff::1/33'))).toBe('2001:db8:8000::/33');
    expect(prefix.formatPrefix(p('1.2.3.4/0'))).toBe('0.0.0.0/0');
    expect(prefix.formatPrefix(p('::1/0'))).toBe('::/0');
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '::/129', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/', '/8', '10.0.0/8', '10.0.0.0/8/8'])('refuses %j', (text) => {
    expect(prefix.parsePrefix(text)).toBeUndefined();
  });

  it('a bare address is a host', () => {
    const host = prefix.parsePrefixOrHost('10.0.0.7');
    expect(host && prefix.formatPrefix(host)).toBe('10.0.0.7/32');
    const host6 = prefix.parsePrefixOrHost('::7');
    expect(host6 && prefix.formatPrefix(host6)).toBe('::7/128');
    expect(prefix.parsePrefixOrHost('10.0.0.7/40')).toBeUndefined();
    expect(prefix.parsePrefixOrHost('x')).toBeUndefined();
  });

  it('contains and covers', () => {
    expect(prefix.contains(p('10.0.0.0/8'), a('10.255.255.255'))).toBe(true);
    expect(prefix.contains(p('10.0.0.0/8'), a('11.0.0.0'))).toBe(false);
    expect(prefix.contains(p('0.0.0.0/0'), a('255.255.255.255'))).toBe(true);
    expect(prefix.contains(p('0.0.0.0/0'), a('::1'))).toBe(false);
    expect(prefix.contains(p('2001:db8::/33'), a('2001:db8:7fff::1'))).toBe(true);
    expect(prefix.contains(p('2001:db8::/33'), a('2001:db8:8000::1'))).toBe(false);
    expect(prefix.contains(p('::1/128'), a('::1'))).toBe(true);
    expect(prefix.covers(p('10.0.0.0/8'), p('10.1.0.0/16'))).toBe(true);
    expect(prefix.covers(p('10.1.0.0/16'), p('10.0.0.0/8'))).toBe(false);
  });

  it('agrees with a bit-by-bit reading', () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(bytes, bytes, fc.nat(128), fc.nat(128), (x, y, length, same) => {
        for (let i = 0; i < same; i++) y[i >> 3] = (y[i >> 3]! & ~(0x80 >> (i & 7))) | (x[i >> 3]! & (0x80 >> (i & 7)));
        const bit = (b: Uint8Array, i: number): number => (b[i >> 3]! >> (7 - (i & 7))) & 1;
        let expected = true;
        for (let i = 0; i < length; i++) expected &&= bit(x, i) === bit(y, i);
        const network = prefix.prefixOf({ family: 6, bytes: x }, length);
        expect(prefix.contains(network, { family: 6, bytes: y })).toBe(expected);
      }),
      { seed: 4291, numRuns: 300 },
    );
  });

  it('directed broadcast', () => {
    expect(prefix.broadcast4(0x0a000000, 24)).toBe(0x0a0000ff);
    expect(prefix.broadcast4(0x0a000000, 0)).toBe(0xffffffff);
    expect(prefix.broadcast4(0x0a000000, 31)).toBeUndefined();
  });
});
