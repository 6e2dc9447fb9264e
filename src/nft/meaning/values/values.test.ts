/** nft(8), "Data types": what each type takes; canonical addresses by RFC 5952. */
import { describe, expect, it } from 'vitest';
import { firstOf, refusalOf } from '../../testing/rulesets.js';
import { addressNumber, formatAddressNumber, network, rank } from './values.js';

const right = (text: string): unknown => (firstOf('filter', `${text} accept`) as { right: unknown }).right;
const refused = (text: string): string => refusalOf('filter', `${text} accept`);
const number = (n: number): object => ({ is: 'number', number: n });

describe('numbers', () => {
  it.each([
    ['tcp dport 80', 80],
    ['tcp dport 0x50', 80],
    ['tcp dport https', 443],
    ['tcp dport "443"', 443],
    ['ip dscp ef', 46],
    ['meta mark 0xffffffff', 0xffffffff],
    ['meta mark (1 | 6) & 5', 5],
    ['meta l4proto sctp', 132],
    ['icmp type echo-request', 8],
    ['ct direction reply', 1],
  ])('%s', (text, expected) => expect(right(text)).toEqual(number(expected)));
  it.each([
    ['tcp dport 65536', 'NFT_TYPE 65536 is out of range'],
    ['ip dscp 64', 'NFT_TYPE 64 is out of range'],
    ['ip ttl 256', 'NFT_TYPE 256 is out of range'],
    ['meta mark 0x100000000', 'NFT_TYPE 4294967296 is out of range'],
    ['ip dscp gold', 'NFT_TYPE "gold" is not a DSCP'],
    ['tcp dport 80, 443', 'NFT_TYPE a list without braces is for flags only'],
    ['tcp dport { ssh-http }', 'NFT_TYPE "ssh-http" is read as one word'],
    ['ip ttl ip saddr', 'NFT_'],
  ])('refused: %s', (text, refusal) => expect(refused(text)).toContain(refusal));
});

// [ cmp eq reg 1 0x00007530 ]: 30 s are 30 000 ms
describe('times', () => {
  it.each([
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['500ms', 500],
    ['5', 5000],
  ])('%s', (text, expected) => expect(right(`ct expiration ${text}`)).toEqual(number(expected)));
  it.each(['soon', '"1s1h"', 's'])('refused: %s', (text) => expect(refused(`ct expiration ${text}`)).toContain('NFT_TYPE'));
});

describe('addresses', () => {
  it('in their canonical text', () => {
    expect(right('ip6 saddr 2001:DB8:0:0:0:0:0:1')).toEqual({ is: 'address', family: 6, address: '2001:db8::1' });
    expect(right('ip saddr 10.0.0.1')).toEqual({ is: 'address', family: 4, address: '10.0.0.1' });
  });
  it.each([
    ['ip saddr 256.0.0.1', 'NFT_TYPE "256.0.0.1" is no address'],
    ['ip saddr ::1', 'NFT_TYPE "::1" is an IPv6 address'],
    ['ip6 saddr 10.0.0.1', 'NFT_TYPE "10.0.0.1" is an IPv4 address'],
    ['ip saddr example.org', 'NFT_UNSUPPORTED a host by its name ("example.org") is not supported'],
  ])('refused: %s', (text, refusal) => expect(refused(text)).toBe(refusal));
  it('as numbers and back', () => {
    expect(addressNumber('10.0.0.1')).toBe(0x0a000001n);
    expect(addressNumber('2001:db8::1')).toBe((0x20010db8n << 96n) + 1n);
    expect(formatAddressNumber(0x0a000001n, 4)).toBe('10.0.0.1');
    expect(formatAddressNumber((0x20010db8n << 96n) + 1n, 6)).toBe('2001:db8::1');
  });
});

describe('ranges and prefixes', () => {
  it('a range, both ends belong to it', () => expect(right('tcp dport 80-90')).toEqual({ is: 'range', from: number(80), to: number(90) }));
  it('bits after the length do not count', () => {
    expect(right('ip saddr 10.1.2.3/8')).toEqual({ is: 'prefix', family: 4, address: '10.0.0.0', length: 8 });
    expect(network({ is: 'address', family: 6, address: '2001:db8:ffff::1' }, 36)).toEqual({ is: 'prefix', family: 6, address: '2001:db8:f000::', length: 36 });
    expect(network({ is: 'address', family: 4, address: '203.0.113.9' }, 0)).toEqual({ is: 'prefix', family: 4, address: '0.0.0.0', length: 0 });
  });
  it.each([
    ['tcp dport 90-80', 'NFT_TYPE the range ends before it begins'],
    ['ip saddr 10.0.0.9-10.0.0.1', 'NFT_TYPE the range ends before it begins'],
    ['ip saddr 10.0.0.0/33', 'NFT_TYPE an IPv4 prefix has no 33 bits'],
    ['ip6 saddr 2001:db8::/129', 'NFT_TYPE an IPv6 prefix has no 129 bits'],
    ['tcp dport 80/8', 'NFT_UNSUPPORTED a prefix of what is no address is not supported'],
    ['iifname "a"-"b"', 'NFT_TYPE interfaces have no ranges'],
  ])('refused: %s', (text, refusal) => expect(refused(text)).toBe(refusal));
  it('where a value stands', () => {
    expect(rank({ is: 'number', number: 7 })).toBe(7n);
    expect(rank({ is: 'address', family: 4, address: '0.0.1.0' })).toBe(256n);
    expect(rank({ is: 'interface', name: 'eth0', wildcard: false })).toBe(0n);
  });
});

it('EtherTypes whose names begin with a digit', () => {
  expect(refused('meta protocol { ip, 8021q }')).toBe('');
  expect(refused('meta protocol 8021ad')).toBe('');
});

describe('interfaces', () => {
  it('to iifname any text is a name', () => {
    for (const name of ['/never/', 'a b', 'a*b', '..', '/a*']) expect(refused(`iifname "${name}"`)).toBe('');
  });
  it.each([
    ['iifname "eth0"', 'eth0', false],
    ['iifname eth0', 'eth0', false],
    ['iifname "eth*"', 'eth', true],
    ['iifname "eth\\*"', 'eth*', false],
    ['iif lo', 'lo', false],
    // IFNAMSIZ is 16 with the zero at the end.
    ['iifname "abcdefghijklmno"', 'abcdefghijklmno', false],
  ])('%s', (text, name, wildcard) => expect(right(text)).toEqual({ is: 'interface', name, wildcard }));
  it.each([
    ['iifname "*"', 'NFT_TYPE "*" matches every interface, which nft refuses'],
    ['iifname "abcdefghijklmnop"', 'NFT_TYPE the name "abcdefghijklmnop" is too long'],
    ['iif "a b"', 'NFT_TYPE "a b" can be no name of an interface'],
    ['iif "a/b"', 'NFT_TYPE "a/b" can be no name of an interface'],
    ['iifname ""', 'NFT_TYPE the name is empty'],
    ['iif "eth*"', 'NFT_TYPE "eth*" is no name of an interface'],
    ['iif 2', 'NFT_UNSUPPORTED an interface by its index is not supported'],
  ])('refused: %s', (text, refusal) => expect(refused(text)).toBe(refusal));
});

it('a variable stands for its value, and the fault is told where it is used', () => {
  const file = 'define port = 65536\ntable inet t {\n chain c {\n  tcp dport $port accept\n }\n}\n';
  expect(refusalOf('file', file)).toBe('NFT_TYPE 65536 is out of range');
});
