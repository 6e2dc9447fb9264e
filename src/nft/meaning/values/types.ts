/**
 * Data types: what values a selector has, how wide they are, and how people call them.
 * @see nft(8), "Data types", "Payload expressions"
 * @module
 */
import { unreachable } from '../../../base/assert.js';
import type { DataType, Selector } from '../../ruleset.js';

export interface TypeInfo {
  readonly type: DataType;
  /** Width of a value. */
  readonly bits: number;
  /** A time: its numbers are milliseconds. */
  readonly time: boolean;
}

const WIDTHS: Readonly<Record<DataType, number>> = {
  ipv4_addr: 32,
  ipv6_addr: 128,
  inet_service: 16,
  inet_proto: 8,
  ifname: 128,
  iface_index: 32,
  mark: 32,
  dscp: 6,
  ecn: 2,
  icmp_type: 8,
  icmp_code: 8,
  icmpv6_type: 8,
  icmpv6_code: 8,
  ct_state: 32,
  ct_status: 32,
  ct_dir: 8,
  tcp_flag: 8,
  nf_proto: 8,
  ether_type: 16,
  pkt_type: 8,
  integer: 32,
};

const WORDS: Readonly<Record<DataType, string>> = {
  ipv4_addr: 'an IPv4 address',
  ipv6_addr: 'an IPv6 address',
  inet_service: 'a port or a service name',
  inet_proto: 'a protocol',
  ifname: 'the name of an interface',
  iface_index: 'the name of an interface',
  mark: 'a mark',
  dscp: 'a DSCP',
  ecn: 'an ECN code point',
  icmp_type: 'an ICMP type',
  icmp_code: 'an ICMP code',
  icmpv6_type: 'an ICMPv6 type',
  icmpv6_code: 'an ICMPv6 code',
  ct_state: 'a state of connection tracking',
  ct_status: 'a status of connection tracking',
  ct_dir: 'a direction',
  tcp_flag: 'a TCP flag',
  nf_proto: 'ipv4 or ipv6',
  ether_type: 'an EtherType',
  pkt_type: 'a packet type',
  integer: 'a number',
};

/** `an IPv4 address`, as it stands after "expected". */
export function wordsOf({ type, bits, time }: TypeInfo): string {
  if (time) return 'a time, such as 30s or 1h30m';
  const range = type === 'integer' || type === 'mark' ? ` from 0 to ${maximum(bits)}` : '';
  return `${WORDS[type]}${range}`;
}

export function maximum(bits: number): number {
  return 2 ** bits - 1;
}

export function typeInfo(type: DataType, bits = WIDTHS[type]): TypeInfo {
  return { type, bits, time: false };
}

/** A type by its name in a set's definition; `undefined`: not one of the subset. */
export function typeByName(name: string): DataType | undefined {
  // Of an `integer` nft wants to know how wide it is, which only `typeof` tells.
  return Object.hasOwn(WIDTHS, name) && name !== 'integer' ? (name as DataType) : undefined;
}

/** Names of nft's types that are not in the subset. */
export const OTHER_TYPES: ReadonlySet<string> = new Set(
  'ether_addr arp_op ct_label ct_event ct_id uid gid classid realm devgroup cgroupsv2 fib_addrtype boolean string integer bitmask verdict nf_proto_l3 time time_type day hour iface_type igmp_type dccp_pkttype mh_type icmpx_code policy'.split(
    ' ',
  ),
);

const int = (bits: number): TypeInfo => typeInfo('integer', bits);

/** The type of what a selector reads. */
export function typeOf(selector: Selector): TypeInfo {
  switch (selector.select) {
    case 'meta':
      return metaType(selector.key);
    case 'ip':
      return ipType(selector.field);
    case 'ip6':
      return ip6Type(selector.field);
    case 'tcp':
      if (selector.field === 'flags') return typeInfo('tcp_flag');
      return selector.field === 'sequence' || selector.field === 'ackseq' ? int(32) : selector.field === 'window' ? int(16) : typeInfo('inet_service');
    case 'udp':
      return selector.field === 'length' ? int(16) : typeInfo('inet_service');
    case 'th':
      return typeInfo('inet_service');
    case 'icmp':
      return selector.field === 'type' ? typeInfo('icmp_type') : selector.field === 'code' ? typeInfo('icmp_code') : int(16);
    case 'icmpv6':
      if (selector.field === 'mtu') return int(32);
      return selector.field === 'type' ? typeInfo('icmpv6_type') : selector.field === 'code' ? typeInfo('icmpv6_code') : int(16);
    case 'ct':
      return ctType(selector.key);
    case 'ct-tuple':
      return tupleType(selector);
    default:
      return unreachable(selector);
  }
}

function metaType(key: Extract<Selector, { select: 'meta' }>['key']): TypeInfo {
  switch (key) {
    case 'iif':
    case 'oif':
      return typeInfo('iface_index');
    case 'iifname':
    case 'oifname':
      return typeInfo('ifname');
    case 'mark':
      return typeInfo('mark');
    case 'l4proto':
      return typeInfo('inet_proto');
    case 'nfproto':
      return typeInfo('nf_proto');
    case 'protocol':
      return typeInfo('ether_type');
    case 'length':
      return int(32);
    case 'pkttype':
      return typeInfo('pkt_type');
    default:
      return unreachable(key);
  }
}

function ipType(field: Extract<Selector, { select: 'ip' }>['field']): TypeInfo {
  switch (field) {
    case 'saddr':
    case 'daddr':
      return typeInfo('ipv4_addr');
    case 'dscp':
    case 'ecn':
      return typeInfo(field);
    case 'protocol':
      return typeInfo('inet_proto');
    case 'version':
    case 'hdrlength':
      return int(4);
    case 'ttl':
      return int(8);
    case 'length':
    case 'id':
    case 'frag-off':
      return int(16);
    default:
      return unreachable(field);
  }
}

function ip6Type(field: Extract<Selector, { select: 'ip6' }>['field']): TypeInfo {
  switch (field) {
    case 'saddr':
    case 'daddr':
      return typeInfo('ipv6_addr');
    case 'dscp':
    case 'ecn':
      return typeInfo(field);
    case 'nexthdr':
      return typeInfo('inet_proto');
    case 'version':
      return int(4);
    case 'hoplimit':
      return int(8);
    case 'length':
      return int(16);
    case 'flowlabel':
      return int(20);
    default:
      return unreachable(field);
  }
}

function ctType(key: Extract<Selector, { select: 'ct' }>['key']): TypeInfo {
  switch (key) {
    case 'state':
      return typeInfo('ct_state');
    case 'status':
      return typeInfo('ct_status');
    case 'mark':
      return typeInfo('mark');
    case 'direction':
      return typeInfo('ct_dir');
    case 'expiration':
      return { type: 'integer', bits: 32, time: true };
    default:
      return unreachable(key);
  }
}

function tupleType(selector: Extract<Selector, { select: 'ct-tuple' }>): TypeInfo {
  switch (selector.field) {
    case 'saddr':
    case 'daddr':
      return typeInfo(selector.family === 6 ? 'ipv6_addr' : 'ipv4_addr');
    case 'protocol':
      return typeInfo('inet_proto');
    case 'proto-src':
    case 'proto-dst':
      return typeInfo('inet_service');
    default:
      return unreachable(selector.field);
  }
}
