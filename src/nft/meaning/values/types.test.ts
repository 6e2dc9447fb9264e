/** Expected: what `nft describe SELECTOR` (1.0.6) prints: data type and bits; widths of header fields from the RFCs. */
import { describe, expect, it } from 'vitest';
import type { Selector } from '../../ruleset.js';
import { maximum, OTHER_TYPES, typeByName, typeInfo, typeOf, wordsOf } from './types.js';

const FIELDS: readonly (readonly [Selector, string])[] = [
  [{ select: 'ip', field: 'version' }, 'integer 4'],
  [{ select: 'ip', field: 'hdrlength' }, 'integer 4'],
  [{ select: 'ip', field: 'dscp' }, 'dscp 6'],
  [{ select: 'ip', field: 'ecn' }, 'ecn 2'],
  [{ select: 'ip', field: 'length' }, 'integer 16'],
  [{ select: 'ip', field: 'id' }, 'integer 16'],
  [{ select: 'ip', field: 'frag-off' }, 'integer 16'],
  [{ select: 'ip', field: 'ttl' }, 'integer 8'],
  [{ select: 'ip', field: 'protocol' }, 'inet_proto 8'],
  [{ select: 'ip', field: 'saddr' }, 'ipv4_addr 32'],
  [{ select: 'ip6', field: 'flowlabel' }, 'integer 20'],
  [{ select: 'ip6', field: 'nexthdr' }, 'inet_proto 8'],
  [{ select: 'ip6', field: 'hoplimit' }, 'integer 8'],
  [{ select: 'ip6', field: 'daddr' }, 'ipv6_addr 128'],
  [{ select: 'tcp', field: 'flags' }, 'tcp_flag 8'],
  [{ select: 'tcp', field: 'sequence' }, 'integer 32'],
  [{ select: 'tcp', field: 'ackseq' }, 'integer 32'],
  [{ select: 'tcp', field: 'window' }, 'integer 16'],
  [{ select: 'tcp', field: 'dport' }, 'inet_service 16'],
  [{ select: 'udp', field: 'length' }, 'integer 16'],
  [{ select: 'udp', field: 'sport' }, 'inet_service 16'],
  [{ select: 'th', field: 'dport' }, 'inet_service 16'],
  [{ select: 'icmp', field: 'type' }, 'icmp_type 8'],
  [{ select: 'icmp', field: 'code' }, 'icmp_code 8'],
  [{ select: 'icmp', field: 'mtu' }, 'integer 16'],
  [{ select: 'icmpv6', field: 'type' }, 'icmpv6_type 8'],
  [{ select: 'icmpv6', field: 'mtu' }, 'integer 32'],
  [{ select: 'icmpv6', field: 'sequence' }, 'integer 16'],
  [{ select: 'meta', key: 'iif' }, 'iface_index 32'],
  [{ select: 'meta', key: 'oifname' }, 'ifname 128'],
  [{ select: 'meta', key: 'mark' }, 'mark 32'],
  [{ select: 'meta', key: 'l4proto' }, 'inet_proto 8'],
  [{ select: 'meta', key: 'nfproto' }, 'nf_proto 8'],
  [{ select: 'meta', key: 'protocol' }, 'ether_type 16'],
  [{ select: 'meta', key: 'length' }, 'integer 32'],
  [{ select: 'meta', key: 'pkttype' }, 'pkt_type 8'],
  [{ select: 'ct', key: 'state' }, 'ct_state 32'],
  [{ select: 'ct', key: 'status' }, 'ct_status 32'],
  [{ select: 'ct', key: 'mark' }, 'mark 32'],
  [{ select: 'ct', key: 'direction' }, 'ct_dir 8'],
  [{ select: 'ct-tuple', direction: 'original', field: 'saddr', family: 6 }, 'ipv6_addr 128'],
  [{ select: 'ct-tuple', direction: 'reply', field: 'daddr', family: 4 }, 'ipv4_addr 32'],
  [{ select: 'ct-tuple', direction: 'reply', field: 'protocol', family: null }, 'inet_proto 8'],
  [{ select: 'ct-tuple', direction: 'reply', field: 'proto-dst', family: null }, 'inet_service 16'],
];

describe('what a field holds', () => {
  it.each(FIELDS)('%j: %s', (selector, expected) => {
    const { type, bits, time } = typeOf(selector);
    expect([`${type} ${bits}`, time]).toEqual([expected, false]);
  });
  it('the one time: milliseconds', () => expect(typeOf({ select: 'ct', key: 'expiration' })).toEqual({ type: 'integer', bits: 32, time: true }));
});

it('types by name; an integer has no width, so it has no name here', () => {
  expect(typeByName('ipv4_addr')).toBe('ipv4_addr');
  expect(typeByName('integer')).toBeUndefined();
  expect(typeByName('toString')).toBeUndefined();
  expect(typeByName('verdict')).toBeUndefined();
  expect([...OTHER_TYPES].filter((name) => typeByName(name) !== undefined)).toEqual([]);
});

it('the largest number of a width', () => expect([4, 6, 8, 16, 32].map(maximum)).toEqual([15, 63, 255, 65535, 4294967295]));

it('in words', () => {
  expect(wordsOf(typeInfo('ipv4_addr'))).toBe('an IPv4 address');
  expect(wordsOf(typeInfo('integer', 8))).toBe('a number from 0 to 255');
  expect(wordsOf(typeInfo('mark'))).toBe('a mark from 0 to 4294967295');
  expect(wordsOf({ type: 'integer', bits: 32, time: true })).toBe('a time, such as 30s or 1h30m');
});
