/** nft(8), "NAT statements". */
import { describe, expect, it } from 'vitest';
import { refusalOf, statementsOf } from '../testing/rulesets.js';

type Place = 'srcnat' | 'dstnat' | 'ipSrcnat' | 'ipDstnat';
const NO_FLAGS = { random: false, fullyRandom: false, persistent: false };
const last = (place: Place, text: string): unknown => JSON.parse(JSON.stringify(statementsOf(place, text).at(-1)));
const to = (family: 4 | 6, from: string, end = from, ports: object | null = null): object => ({ addresses: { family, from, to: end }, ports });

describe('addresses', () => {
  it.each<[Place, string, object]>([
    ['srcnat', 'snat ip to 192.0.2.1', to(4, '192.0.2.1')],
    ['srcnat', 'snat ip to 192.0.2.1-192.0.2.9', to(4, '192.0.2.1', '192.0.2.9')],
    // A prefix is the range of its addresses: [ nat snat ip addr_min reg 1 addr_max reg 2 ].
    ['srcnat', 'snat ip to 192.0.2.0/30', to(4, '192.0.2.0', '192.0.2.3')],
    ['srcnat', 'snat ip6 to 2001:db8::1', to(6, '2001:db8::1')],
    ['ipSrcnat', 'snat to 192.0.2.1', to(4, '192.0.2.1')],
    // What a match before it says need not be said again.
    ['srcnat', 'meta nfproto ipv4 snat to 192.0.2.1', to(4, '192.0.2.1')],
    ['srcnat', 'meta nfproto ipv6 snat to 2001:db8::1', to(6, '2001:db8::1')],
    ['srcnat', 'ip saddr != 10.0.0.1 snat to 192.0.2.1', to(4, '192.0.2.1')],
    ['srcnat', 'ip protocol tcp snat to 192.0.2.1', to(4, '192.0.2.1')],
    ['srcnat', 'icmp type echo-request snat to 192.0.2.1', to(4, '192.0.2.1')],
  ])('%s: %s', (place, text, target) => expect(last(place, text)).toMatchObject({ do: 'snat', to: target, flags: NO_FLAGS }));

  it.each<[Place, string, string]>([
    ['srcnat', 'snat to 192.0.2.1', 'NFT_TYPE in a table of the family inet snat needs to know the family'],
    ['srcnat', 'meta protocol ip snat to 192.0.2.1', 'NFT_TYPE in a table of the family inet snat needs to know the family'],
    ['srcnat', 'meta nfproto != ipv6 snat to 192.0.2.1', 'NFT_TYPE in a table of the family inet snat needs to know the family'],
    ['srcnat', 'ct original ip saddr 10.0.0.1 snat to 192.0.2.1', 'NFT_TYPE in a table of the family inet snat needs to know the family'],
    ['srcnat', 'snat to ip saddr map { 10.0.0.1 : 192.0.2.1 }', 'NFT_TYPE in a table of the family inet snat needs to know the family'],
    ['srcnat', 'meta nfproto ipv6 snat to 192.0.2.1', 'NFT_TYPE "192.0.2.1" is an IPv4 address'],
    ['srcnat', 'ip6 saddr ::1 snat ip to 192.0.2.1', 'NFT_CONFLICT the packets here are IPv6, the new address is IPv4'],
    ['srcnat', 'snat ip to 192.0.2.9-192.0.2.1', 'NFT_TYPE the range ends before it begins'],
  ])('refused at %s: %s', (place, text, refusal) => expect(refusalOf(place, text)).toBe(refusal));
});

describe('ports', () => {
  it('one, several', () => {
    expect(last('srcnat', 'tcp dport 80 snat ip to 192.0.2.1:1024-2048')).toMatchObject({ to: to(4, '192.0.2.1', '192.0.2.1', { from: 1024, to: 2048 }) });
    expect(last('dstnat', 'tcp dport 80 redirect to :8080')).toEqual({ do: 'redirect', ports: { from: 8080, to: 8080 }, flags: NO_FLAGS });
    expect(last('srcnat', 'meta l4proto { tcp, udp } masquerade to :1024-2048')).toMatchObject({ ports: { from: 1024, to: 2048 } });
    expect(last('srcnat', 'masquerade')).toEqual({ do: 'masquerade', ports: null, flags: NO_FLAGS });
  });
  it.each<[Place, string, string]>([
    ['srcnat', 'snat ip to 192.0.2.1:80', 'NFT_CONFLICT a port can be translated only where the transport is known'],
    ['srcnat', 'tcp dport 80 snat ip to 192.0.2.1:90-80', 'NFT_TYPE the range ends before it begins'],
    ['dstnat', 'tcp dport 80 redirect to :65536', 'NFT_TYPE 65536 is out of range'],
  ])('refused at %s: %s', (place, text, refusal) => expect(refusalOf(place, text)).toBe(refusal));
});

it.each([
  ['random', { ...NO_FLAGS, random: true }],
  ['fully-random', { ...NO_FLAGS, fullyRandom: true }],
  ['random,persistent', { random: true, fullyRandom: false, persistent: true }],
])('flags: %s', (text, flags) => expect(last('srcnat', `masquerade ${text}`)).toEqual({ do: 'masquerade', ports: null, flags }));

describe('maps', () => {
  const withPort = (text: string): unknown => (last('dstnat', text) as { to: { withPort?: boolean } }).to.withPort;
  it('of addresses, or of addresses with ports, as the map itself says', () => {
    expect(withPort('dnat ip to tcp dport map { 80 : 10.0.0.1 }')).toBe(false);
    expect(withPort('dnat ip to tcp dport map { 80 : 10.0.0.1 . 8080 }')).toBe(true);
    expect(withPort('dnat ip addr . port to tcp dport map { 80 : 10.0.0.1 . 8080 }')).toBe(true);
  });
  it('of ranges of addresses', () =>
    expect(last('dstnat', 'dnat ip to ip saddr map { 10.0.0.1 : 10.1.0.1-10.1.0.4 }')).toMatchObject({
      to: {
        withPort: false,
        map: { set: { elements: [{ data: { parts: [{ is: 'range', from: { address: '10.1.0.1' }, to: { address: '10.1.0.4' } }] } }] } },
      },
    }));
  it.each([
    ['dnat ip to tcp dport map @verdicts', 'NFT_TYPE the map "verdicts" gives verdicts'],
    ['dnat ip to tcp dport map @ports', 'NFT_TYPE "ports" is a set, not a map'],
    ['dnat ip to ip saddr map @marks', 'NFT_TYPE the map "marks" gives a mark from 0 to 4294967295'],
    ['tcp dport 80 dnat ip to ip saddr map { 10.0.0.1 : 10.0.0.2 }:80', 'NFT_UNSUPPORTED a port beside a map of addresses is not supported'],
    ['dnat ip addr . port to 10.0.0.1', 'NFT_UNSUPPORTED addr . port without a map is not supported'],
    ['ip saddr 10.0.0.1 dnat ip to ip saddr map { 10.0.0.1 : 10.0.0.2 . 80 }', 'NFT_CONFLICT a port can be translated only where the transport is known'],
  ])('refused: %s', (text, refusal) => expect(refusalOf('dstnat', text)).toBe(refusal));
});
