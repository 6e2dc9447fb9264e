/**
 * A firewall's rules, read and resolved: what `nft -f FILE` would load, as plain JSON data. Variables are replaced,
 * names of services, types and marks are numbers, includes are in place; so whoever evaluates it needs no text again.
 * The order of statements in a rule is the order of evaluation.
 *
 * What stands here is the documented subset (lab/docs/firewalls.md); the parser refuses the rest by name.
 * @see nft(8)
 * @module
 */
import type { SourceRef } from '../base/error.js';

export interface Ruleset {
  /** The file itself first, then those that it includes. */
  readonly files: readonly string[];
  /** Tables in the order in which they were first met; a table that is opened twice is one. */
  readonly tables: readonly Table[];
}

export type TableFamily = 'ip' | 'ip6' | 'inet';

export interface Table {
  readonly family: TableFamily;
  readonly name: string;
  readonly chains: readonly Chain[];
  /** Named sets and maps. */
  readonly sets: readonly NamedSet[];
  /** Named counters. */
  readonly counters: readonly NamedCounter[];
  /** Named limits. */
  readonly limits: readonly NamedLimit[];
  readonly src: SourceRef;
}

export interface NamedCounter {
  readonly name: string;
  readonly packets: number;
  readonly bytes: number;
  readonly src: SourceRef;
}

export interface NamedLimit {
  readonly name: string;
  readonly limit: Limit;
  readonly src: SourceRef;
}

export type ChainType = 'filter' | 'nat' | 'route';
export type ChainHook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

export interface BaseChain {
  readonly type: ChainType;
  readonly hook: ChainHook;
  /** As a number; `srcnat + 5` is 105. */
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  /** Where the policy is written; the chain where it is not. */
  readonly policySrc: SourceRef;
}

export interface Chain {
  readonly name: string;
  /** Null: a regular chain, reached by jump and goto. */
  readonly base: BaseChain | null;
  readonly rules: readonly Rule[];
  readonly src: SourceRef;
}

export interface Rule {
  /** Place in its chain, from 1. */
  readonly number: number;
  readonly statements: readonly Statement[];
  readonly comment: string | null;
  /** As a person wrote it, on one line, variables in place, without the comment: for reports. */
  readonly text: string;
  readonly src: SourceRef;
}

// ---- data ------------------------------------------------------------------------------------------------------------

/** nft's data types, as far as the subset has them. */
export type DataType =
  | 'ipv4_addr'
  | 'ipv6_addr'
  | 'inet_service'
  | 'inet_proto'
  | 'ifname'
  | 'iface_index'
  | 'mark'
  | 'dscp'
  | 'ecn'
  | 'icmp_type'
  | 'icmp_code'
  | 'icmpv6_type'
  | 'icmpv6_code'
  | 'ct_state'
  | 'ct_status'
  | 'ct_dir'
  | 'tcp_flag'
  | 'nf_proto'
  | 'ether_type'
  | 'pkt_type'
  | 'integer';

/** One value. Addresses are in their canonical text (RFC 5952 for IPv6). */
export type Value =
  | { readonly is: 'number'; readonly number: number }
  | { readonly is: 'address'; readonly family: 4 | 6; readonly address: string }
  /** An interface by name. `wildcard`: `name` is a prefix (`eth*`). */
  | { readonly is: 'interface'; readonly name: string; readonly wildcard: boolean };

/** What a packet's value is held against: one value, or an interval (both ends belong to it). */
export type Pattern =
  | Value
  | { readonly is: 'range'; readonly from: Value; readonly to: Value }
  | { readonly is: 'prefix'; readonly family: 4 | 6; readonly address: string; readonly length: number }
  /** `*` in an element: what no other element matches. */
  | { readonly is: 'any' };

/** An element of a set: one pattern, or one for each part of a concatenation. */
export interface Element {
  readonly key: readonly Pattern[];
  /** What a map gives for it; null in a set. */
  readonly data: MapData | null;
  readonly src: SourceRef;
}

export type MapData =
  | { readonly is: 'verdict'; readonly verdict: Verdict }
  /** One value, or `address . port` for NAT; a range of addresses or ports for NAT too. */
  | { readonly is: 'data'; readonly parts: readonly Pattern[] };

export interface SetBody {
  /** One type for each part of the key. */
  readonly types: readonly DataType[];
  /** Null: a set. `verdict`, or the types of the data. */
  readonly gives: 'verdict' | readonly DataType[] | null;
  readonly elements: readonly Element[];
}

export interface NamedSet extends SetBody {
  readonly name: string;
  /** Where `types` holds `integer`, which has no width of its own: a field for each part of the key (`typeof`). */
  readonly example?: readonly Selector[];
  readonly src: SourceRef;
}

/** A set in braces, or a named one of the same table. */
export type SetRef = { readonly is: 'anonymous'; readonly set: SetBody } | { readonly is: 'named'; readonly name: string };

// ---- expressions -----------------------------------------------------------------------------------------------------

/**
 * What is read off a packet. A field whose header the packet has not does not match (nft breaks the rule there).
 * `assumed`: nobody asks whether it has, since the protocol of its connection was asked for before (`ct reply protocol udp
 * udp dport 53`); an ICMP error about such a connection is read as if it were of that protocol.
 */
export type Selector =
  | { readonly select: 'meta'; readonly key: 'iif' | 'oif' | 'iifname' | 'oifname' | 'mark' | 'l4proto' | 'nfproto' | 'protocol' | 'length' | 'pkttype' }
  | { readonly select: 'ip'; readonly field: 'version' | 'hdrlength' | 'dscp' | 'ecn' | 'length' | 'id' | 'frag-off' | 'ttl' | 'protocol' | 'saddr' | 'daddr' }
  | { readonly select: 'ip6'; readonly field: 'version' | 'dscp' | 'ecn' | 'flowlabel' | 'length' | 'nexthdr' | 'hoplimit' | 'saddr' | 'daddr' }
  | { readonly select: 'tcp'; readonly field: 'sport' | 'dport' | 'sequence' | 'ackseq' | 'flags' | 'window'; readonly assumed?: true }
  | { readonly select: 'udp'; readonly field: 'sport' | 'dport' | 'length'; readonly assumed?: true }
  /** Ports of whatever transport has them. */
  | { readonly select: 'th'; readonly field: 'sport' | 'dport' }
  | { readonly select: 'icmp'; readonly field: 'type' | 'code' | 'id' | 'sequence' | 'mtu'; readonly assumed?: true }
  | { readonly select: 'icmpv6'; readonly field: 'type' | 'code' | 'id' | 'sequence' | 'mtu'; readonly assumed?: true }
  | { readonly select: 'ct'; readonly key: 'state' | 'status' | 'mark' | 'direction' | 'expiration' }
  /** `ct original ip saddr`, `ct reply proto-dst`. */
  | {
      readonly select: 'ct-tuple';
      readonly direction: 'original' | 'reply';
      readonly field: 'saddr' | 'daddr' | 'protocol' | 'proto-src' | 'proto-dst';
      readonly family: 4 | 6 | null;
    };

/**
 * A number made from a packet: `meta mark and 0xff or 0x100`. `a and MASK` then `xor XOR` expresses every chain of
 * and, or, xor with constants, as the kernel's bitwise expression does: `(selector & mask) ^ xor`. 32-bit unsigned.
 */
export interface Bits {
  readonly of: Selector;
  readonly mask: number;
  readonly xor: number;
}

/** The left side of a match, or the key of a look-up: a field, a field with a bit mask, or a concatenation of fields. */
export type Operand =
  | { readonly is: 'selector'; readonly selector: Selector }
  | { readonly is: 'bits'; readonly bits: Bits }
  | { readonly is: 'concat'; readonly parts: readonly Selector[] };

export type Match =
  /** `ip saddr 10.0.0.0/8`, `tcp dport != 22`, `iifname "eth*"`. `eq` and `ne` take any pattern, the others a value. */
  | { readonly do: 'match'; readonly left: Operand; readonly op: 'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge'; readonly right: Pattern }
  /** `ct state established,related`, `tcp flags syn`: any of the bits. `ne`: none of them (`ct state != established`). */
  | { readonly do: 'match-any-bit'; readonly left: Selector; readonly op: 'eq' | 'ne'; readonly bits: number }
  /** `tcp flags & (syn|ack) == syn`, `tcp flags syn / fin,syn,rst,ack`: `(left & mask) op value`. */
  | { readonly do: 'match-masked'; readonly left: Selector; readonly op: 'eq' | 'ne'; readonly mask: number; readonly value: number }
  /** `tcp dport { 80, 443 }`, `ip saddr @inside`, `ip saddr . tcp dport { 10.0.0.1 . 80 }`. */
  | { readonly do: 'lookup'; readonly left: Operand; readonly op: 'eq' | 'ne'; readonly set: SetRef };

/** Where a number comes from that is set: a constant, bits of the packet, or a map. */
export type NumberSource =
  | { readonly from: 'value'; readonly number: number }
  | { readonly from: 'bits'; readonly bits: Bits }
  | { readonly from: 'map'; readonly key: Operand; readonly map: SetRef };

// ---- statements ------------------------------------------------------------------------------------------------------

export type Verdict = { readonly verdict: 'accept' | 'drop' | 'return' | 'continue' } | { readonly verdict: 'jump' | 'goto'; readonly chain: string };

/** `limit rate [over] AMOUNT/UNIT [burst N packets|bytes]`. */
export interface Limit {
  /** True: matches what exceeds the rate. */
  readonly over: boolean;
  readonly what: 'packets' | 'bytes';
  /** Packets or bytes per `unit`. */
  readonly amount: number;
  readonly unit: 'second' | 'minute' | 'hour' | 'day' | 'week';
  /** Packets or bytes; nft's default is 5 packets, or 0 bytes. */
  readonly burst: number;
}

/** The answer of `reject`, as ICMP type and code or a TCP reset; family `inet` chooses by the packet (`icmpx`). */
export type RejectWith =
  | { readonly with: 'tcp-reset' }
  | { readonly with: 'icmp'; readonly code: number }
  | { readonly with: 'icmpv6'; readonly code: number }
  /** NFT_REJECT_ICMPX_*: 0 no-route, 1 port-unreachable, 2 host-unreachable, 3 admin-prohibited. */
  | { readonly with: 'icmpx'; readonly code: 0 | 1 | 2 | 3 };

export interface NatFlags {
  /** Port by random choice. */
  readonly random: boolean;
  readonly fullyRandom: boolean;
  /** The same source keeps its address of a pool. */
  readonly persistent: boolean;
}

/** What a translation translates to. Null: left as it is (address of `masquerade` and `redirect`: the interface's). */
export interface NatTarget {
  /** A single address has `to` equal to `from`. */
  readonly addresses: { readonly family: 4 | 6; readonly from: string; readonly to: string } | null;
  readonly ports: { readonly from: number; readonly to: number } | null;
}

export type NatStatement =
  | {
      readonly do: 'snat' | 'dnat';
      readonly family: 4 | 6 | null;
      readonly to: NatTarget | { readonly map: SetRef; readonly key: Operand /** The map gives `address . port`. */; readonly withPort: boolean };
      readonly flags: NatFlags;
    }
  | { readonly do: 'masquerade' | 'redirect'; readonly ports: { readonly from: number; readonly to: number } | null; readonly flags: NatFlags };

export type Statement =
  | Match
  | NatStatement
  | ({ readonly do: 'verdict' } & Verdict)
  /** `tcp dport vmap { 80 : accept }`: no element, no verdict: the rule goes on. */
  | { readonly do: 'vmap'; readonly key: Operand; readonly map: SetRef }
  | { readonly do: 'reject'; readonly reject: RejectWith }
  /** Named, or one of its own with its start values. */
  | { readonly do: 'counter'; readonly name: string | null; readonly packets: number; readonly bytes: number }
  | { readonly do: 'limit'; readonly name: string | null; readonly limit: Limit }
  | { readonly do: 'log'; readonly prefix: string | null; readonly level: string | null }
  | { readonly do: 'notrack' }
  | { readonly do: 'set-meta-mark' | 'set-ct-mark'; readonly to: NumberSource }
  /** `ip dscp set af41`, `ip6 dscp set map ...`; also TTL and hop limit. */
  | {
      readonly do: 'set-field';
      readonly field:
        | { readonly select: 'ip'; readonly field: 'dscp' | 'ecn' | 'ttl' }
        | { readonly select: 'ip6'; readonly field: 'dscp' | 'ecn' | 'hoplimit' };
      readonly to: NumberSource;
    };
