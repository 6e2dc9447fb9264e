import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, formatIp, formatNetwork, hosts, networkOf, overlap, parseIp, parseIpWithLength, unfitForInterface } from './ip.js';
import type { Ip, Network } from './ip.js';

const ip = (text: string): Ip => parseIp(text) as Ip;
const network = (text: string): Network => (parseIpWithLength(text) as { network: Network }).network;

describe('addresses', () => {
  it('are read and written canonically', () => {
    expect(formatIp(ip('192.0.2.1'))).toBe('192.0.2.1');
    // RFC 5952 section 4.2.3 and 4.3
    expect(formatIp(ip('2001:DB8:0:0:1:0:0:1'))).toBe('2001:db8::1:0:0:1');
  });
  it('round-trip', () => {
    const any = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value): Ip => ({ family: 4, value })),
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value): Ip => ({ family: 6, value })),
    );
    const roundTrip = fc.property(any, (a) => {
      expect(parseIp(formatIp(a))).toEqual(a);
    });
    fc.assert(roundTrip, { seed: 4, numRuns: 300 });
  });
  it.each(['192.0.2', '192.0.2.256', '2001:db8', 'fe80::1%eth0', '', 'alice'])('refuse "%s"', (text) => expect(parseIp(text)).toBeUndefined());
  it.each(['10.0.0.1/33', '2001:db8::/129', '10.0.0.1/', '10.0.0.1/024', '10.0.0.1'])('refuse the prefix "%s"', (text) =>
    expect(parseIpWithLength(text)).toBeUndefined(),
  );
});

describe('networks', () => {
  it('cut off host bits', () => {
    expect(formatNetwork(network('192.0.2.130/25'))).toBe('192.0.2.128/25');
    expect(formatNetwork(network('2001:db8::ffff:1/64'))).toBe('2001:db8::/64');
    expect(formatNetwork(networkOf(ip('255.255.255.255'), 0))).toBe('0.0.0.0/0');
  });
  it('contain by prefix and family', () => {
    expect(contains(network('192.0.2.0/25'), ip('192.0.2.127'))).toBe(true);
    expect(contains(network('192.0.2.0/25'), ip('192.0.2.128'))).toBe(false);
    expect(contains(network('0.0.0.0/0'), ip('::1'))).toBe(false);
  });
  it('overlap when one contains the other', () => {
    expect(overlap(network('10.0.0.0/8'), network('10.1.0.0/16'))).toBe(true);
    expect(overlap(network('10.1.0.0/16'), network('10.0.0.0/8'))).toBe(true);
    expect(overlap(network('10.0.0.0/16'), network('10.1.0.0/16'))).toBe(false);
  });
  it.each([
    ['192.0.2.0/24', '192.0.2.1', '192.0.2.254'],
    ['192.0.2.4/30', '192.0.2.5', '192.0.2.6'],
    // RFC 3021: both addresses of a /31 are hosts.
    ['192.0.2.4/31', '192.0.2.4', '192.0.2.5'],
    ['192.0.2.4/32', '192.0.2.4', '192.0.2.4'],
    ['2001:db8::/64', '2001:db8::1', '2001:db8::ffff:ffff:ffff:ffff'],
    // RFC 6164: both addresses of a /127 are hosts.
    ['2001:db8::/127', '2001:db8::', '2001:db8::1'],
  ])('%s has hosts from %s to %s', (text, first, last) => {
    expect(hosts(network(text))).toEqual({ first: ip(first).value, last: ip(last).value });
  });
});

describe('unfitForInterface', () => {
  it.each(['0.0.0.0', '127.0.0.1', '224.0.0.1', '255.255.255.255', '::', '::1', 'ff02::1', 'fe80::1'])('%s', (text) =>
    expect(unfitForInterface(ip(text))).toBeDefined(),
  );
  it.each(['192.0.2.1', '10.0.0.1', '100.64.0.1', '2001:db8::1', 'fd00::1'])('fits: %s', (text) => expect(unfitForInterface(ip(text))).toBeUndefined());
});
