import { expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { formatIpv4, formatIpv6, parseAddress } from '../../wire/address.js';
import { addressOfPool, hash4 } from './spread.js';

const bytesOf = (text: string): Uint8Array => {
  const address = must(parseAddress(text), text);
  return address.family === 6 ? address.bytes : Uint8Array.of(address.value >>> 24, address.value >>> 16, address.value >>> 8, address.value);
};
const POOLS = { 4: ['10.0.2.100', '10.0.2.110'], 6: ['2001:db8:2:0:1::', '2001:db8:2:0:3::5'] } as const;

// What a Linux 6.18 kernel (x86-64) chose by `snat to FROM-TO` and `snat to FROM-TO persistent`.
test.each([
  ['10.0.1.1', '10.0.2.1', false, '10.0.2.100'],
  ['10.0.1.1', '10.0.2.2', false, '10.0.2.109'],
  ['10.0.1.2', '10.0.2.1', false, '10.0.2.104'],
  ['10.0.1.3', '10.0.2.7', false, '10.0.2.104'],
  ['10.0.1.9', '10.0.2.9', false, '10.0.2.110'],
  ['2001:db8:1::1', '2001:db8:2::1', false, '2001:db8:2:0:2:673f:b39f:9cf2'],
  ['2001:db8:1::1', '2001:db8:2::2', false, '2001:db8:2:0:2:d882:ec40:dd80'],
  ['2001:db8:1::2', '2001:db8:2::1', false, '2001:db8:2:0:1:99a8:4cd4:2749'],
  ['2001:db8:1::9', '2001:db8:2::9', false, '2001:db8:2:0:2:c9c:864e:f3e'],
  ['10.0.1.1', '10.0.2.1', true, '10.0.2.107'],
  ['10.0.1.1', '10.0.2.2', true, '10.0.2.107'],
  ['10.0.1.2', '10.0.2.1', true, '10.0.2.110'],
  ['10.0.1.9', '10.0.2.9', true, '10.0.2.100'],
  ['2001:db8:1::1', '2001:db8:2::1', true, '2001:db8:2:0:2:3a62:9d30:b91d'],
  ['2001:db8:1::1', '2001:db8:2::2', true, '2001:db8:2:0:2:3a62:9d30:b91d'],
  ['2001:db8:1::3', '2001:db8:2::7', true, '2001:db8:2:0:1:bf3:5f9:aff5'],
])('%s to %s (persistent: %s) gets the address that Linux gives: %s', (from, to, persistent, expected) => {
  const [first, last] = POOLS[from.includes(':') ? 6 : 4];
  const chosen = addressOfPool(bytesOf(first), bytesOf(last), bytesOf(from), bytesOf(to), persistent);
  expect(chosen.length === 16 ? formatIpv6(chosen) : formatIpv4(new DataView(chosen.buffer).getUint32(0))).toBe(expected);
});

// By an implementation of hashlittle() that gives lookup3.c's own examples (driver5: 0x17770551 and 0xcd628161).
test.each([
  ['Four score and s', 0, 0x17bd0180],
  ['Four score and s', 1, 0xe44aa5f2],
  ['even years ago o', 0, 0x81f88807],
  ['\0'.repeat(16), 0, 0xbaf9078c],
  ['\xff'.repeat(16), 0xffffffff, 0x34e69a46],
])('the hash of the 16 octets %j from %i on', (text, initial, expected) => {
  const octets = new DataView(Uint8Array.from(text, (char) => char.charCodeAt(0)).buffer);
  expect(
    hash4(
      Uint32Array.from([0, 4, 8, 12], (at) => octets.getUint32(at, true)),
      initial,
    ),
  ).toBe(expected);
});
