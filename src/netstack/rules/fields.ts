/**
 * The fields that rules read off a packet, as nf_tables' payload, meta and ct expressions do: where each one stands, and
 * which headers the packet must have. A field that is not there breaks the rule.
 * @see net/netfilter/nft_payload.c, nft_meta.c, nft_ct.c
 * @module
 */
import { must } from '../../base/assert.js';
import type { Selector } from '../../nft/ruleset.js';

/** What kind of thing is read; the numbers are the cases of {@link PacketFields.read}. */
export const KIND = { TRANSPORT: 0, NETWORK: 1, ADDRESS6: 2, META: 3, STATE: 4, CONNECTION: 5, TUPLE: 6 } as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

export const META = { IIF: 0, OIF: 1, MARK: 2, L4PROTO: 3, NFPROTO: 4, PROTOCOL: 5, LENGTH: 6, PKTTYPE: 7 } as const;
export const CONNECTION = { STATUS: 0, MARK: 1, DIRECTION: 2, EXPIRATION: 3 } as const;
export const TUPLE = { SADDR: 0, DADDR: 1, PROTOCOL: 2, PROTO_SRC: 3, PROTO_DST: 4 } as const;

/** What `meta nfproto` says. */
export const NFPROTO_IPV4 = 2;
export const NFPROTO_IPV6 = 10;

export interface Field {
  readonly kind: Kind;
  /** Address family that the packet must have; 0 = either. */
  readonly family: 0 | 4 | 6;
  /** Protocol that the packet must carry; 0 = any. */
  readonly protocol: number;
  /** Octets from the header's start; for META, CONNECTION and TUPLE which one it is. */
  readonly offset: number;
  /** Octets, 1, 2 or 4; for TUPLE the direction. */
  readonly size: number;
  readonly shift: number;
  /** After the shift. */
  readonly mask: number;
  /** ICMP types that have the field; -1 = no such condition. */
  readonly typeA: number;
  readonly typeB: number;
  /** True: the same in every TCP or UDP packet of one direction of a connection, or watched by the flow cache. */
  readonly steady: boolean;
}

const ANY = { family: 0, protocol: 0, size: 0, shift: 0, mask: -1, typeA: -1, typeB: -1, steady: true } as const;
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;

function ip(offset: number, size: number, steady: boolean, shift = 0, mask = -1): Field {
  return { ...ANY, kind: KIND.NETWORK, family: 4, offset, size, shift, mask, steady };
}
function ip6(offset: number, size: number, shift = 0, mask = -1): Field {
  return { ...ANY, kind: KIND.NETWORK, family: 6, offset, size, shift, mask, steady: false };
}
function transport(protocol: number, offset: number, size: number, steady: boolean, family: 0 | 4 | 6 = 0, types: readonly [number, number] = [-1, -1]): Field {
  return { ...ANY, kind: KIND.TRANSPORT, family, protocol, offset, size, steady, typeA: types[0], typeB: types[1] };
}
function meta(offset: number, steady = true): Field {
  return { ...ANY, kind: KIND.META, offset, steady };
}

const IP = {
  version: ip(0, 1, true, 4, 15),
  hdrlength: ip(0, 1, false, 0, 15),
  dscp: ip(1, 1, false, 2),
  ecn: ip(1, 1, false, 0, 3),
  length: ip(2, 2, false),
  id: ip(4, 2, false),
  'frag-off': ip(6, 2, false),
  ttl: ip(8, 1, false),
  protocol: ip(9, 1, true),
  saddr: ip(12, 4, true),
  daddr: ip(16, 4, true),
} as const;

const IP6 = {
  version: ip6(0, 1, 4, 15),
  dscp: ip6(0, 2, 6, 0x3f),
  ecn: ip6(1, 1, 4, 3),
  flowlabel: ip6(0, 4, 0, 0xfffff),
  length: ip6(4, 2),
  nexthdr: ip6(6, 1),
  hoplimit: ip6(7, 1),
  saddr: { ...ANY, kind: KIND.ADDRESS6, family: 6, offset: 8 },
  daddr: { ...ANY, kind: KIND.ADDRESS6, family: 6, offset: 24 },
} as const satisfies Record<string, Field>;

const TCP_FIELDS = {
  sport: transport(TCP, 0, 2, true),
  dport: transport(TCP, 2, 2, true),
  sequence: transport(TCP, 4, 4, false),
  ackseq: transport(TCP, 8, 4, false),
  flags: transport(TCP, 13, 1, false),
  window: transport(TCP, 14, 2, false),
} as const;

const UDP_FIELDS = { sport: transport(UDP, 0, 2, true), dport: transport(UDP, 2, 2, true), length: transport(UDP, 4, 2, false) } as const;

/** nft asks for no protocol here: it is what stands there in whatever transport there is (an ICMP message's checksum). */
const TH = { sport: transport(0, 0, 2, true), dport: transport(0, 2, 2, true) } as const;

/** nft's dependencies: identifier and sequence are those of echoes, the MTU that of "fragmentation needed". */
const ICMP_FIELDS = {
  type: transport(ICMP, 0, 1, false, 4),
  code: transport(ICMP, 1, 1, false, 4),
  id: transport(ICMP, 4, 2, false, 4, [0, 8]),
  sequence: transport(ICMP, 6, 2, false, 4, [0, 8]),
  mtu: transport(ICMP, 6, 2, false, 4, [3, 3]),
} as const;

const ICMPV6_FIELDS = {
  type: transport(ICMPV6, 0, 1, false, 6),
  code: transport(ICMPV6, 1, 1, false, 6),
  id: transport(ICMPV6, 4, 2, false, 6, [128, 129]),
  sequence: transport(ICMPV6, 6, 2, false, 6, [128, 129]),
  mtu: transport(ICMPV6, 4, 4, false, 6, [2, 2]),
} as const;

const METAS = {
  iif: meta(META.IIF),
  iifname: meta(META.IIF),
  oif: meta(META.OIF),
  oifname: meta(META.OIF),
  mark: meta(META.MARK),
  l4proto: meta(META.L4PROTO),
  nfproto: meta(META.NFPROTO),
  protocol: meta(META.PROTOCOL),
  length: meta(META.LENGTH, false),
  pkttype: meta(META.PKTTYPE, false),
} as const;

const CONNECTIONS = {
  state: { ...ANY, kind: KIND.STATE, offset: 0 },
  status: { ...ANY, kind: KIND.CONNECTION, offset: CONNECTION.STATUS },
  mark: { ...ANY, kind: KIND.CONNECTION, offset: CONNECTION.MARK },
  direction: { ...ANY, kind: KIND.CONNECTION, offset: CONNECTION.DIRECTION },
  expiration: { ...ANY, kind: KIND.CONNECTION, offset: CONNECTION.EXPIRATION, steady: false },
} as const satisfies Record<string, Field>;

const TUPLES = { saddr: TUPLE.SADDR, daddr: TUPLE.DADDR, protocol: TUPLE.PROTOCOL, 'proto-src': TUPLE.PROTO_SRC, 'proto-dst': TUPLE.PROTO_DST } as const;
const DIRECTIONS = { original: 0, reply: 1 } as const;

function tuples(): [string, Field][] {
  const all: [string, Field][] = [];
  for (const [direction, size] of Object.entries(DIRECTIONS)) {
    for (const [name, offset] of Object.entries(TUPLES)) {
      for (const family of [0, 4, 6] as const) all.push([`ct-tuple ${direction} ${name} ${family}`, { ...ANY, kind: KIND.TUPLE, family, offset, size }]);
    }
  }
  return all;
}

function named(header: string, fields: Readonly<Record<string, Field>>): [string, Field][] {
  return Object.entries(fields).map(([name, field]) => [`${header} ${name}`, field]);
}

/** Read without a look at the packet's own protocol: nft has that of its connection. */
function assumed(header: string, fields: Readonly<Record<string, Field>>): [string, Field][] {
  return Object.entries(fields).map(([name, field]) => [`${header} ${name} assumed`, { ...field, protocol: 0 }]);
}

/** Every field there is; those that differ between packets of one flow stand at the end. */
const ALL: readonly (readonly [string, Field])[] = [
  ...named('meta', METAS),
  ...named('ip', IP),
  ...named('ip6', IP6),
  ...named('tcp', TCP_FIELDS),
  ...named('udp', UDP_FIELDS),
  ...named('th', TH),
  ...named('icmp', ICMP_FIELDS),
  ...named('icmpv6', ICMPV6_FIELDS),
  ...named('ct', CONNECTIONS),
  ...tuples(),
  ...assumed('tcp', TCP_FIELDS),
  ...assumed('udp', UDP_FIELDS),
  ...assumed('icmp', ICMP_FIELDS),
  ...assumed('icmpv6', ICMPV6_FIELDS),
].sort(([, a], [, b]) => Number(b.steady) - Number(a.steady));

export const FIELDS: readonly Field[] = ALL.map(([, field]) => field);

/** Numbers from here on are of fields that differ between packets of one flow. */
export const FIRST_UNSTEADY = FIELDS.findIndex((field) => !field.steady);

const NUMBERS: ReadonlyMap<string, number> = new Map(ALL.map(([name], number) => [name, number]));

/** The number of a field: its index in {@link FIELDS}. @param family of a connection's address where the selector leaves it open */
export function fieldNumber(selector: Selector, family: 4 | 6 | null = null): number {
  return must(NUMBERS.get(nameOf(selector, family)), 'field');
}

function nameOf(selector: Selector, family: 4 | 6 | null): string {
  switch (selector.select) {
    case 'meta':
    case 'ct':
      return `${selector.select} ${selector.key}`;
    case 'ct-tuple': {
      const addressed = selector.field === 'saddr' || selector.field === 'daddr';
      return `ct-tuple ${selector.direction} ${selector.field} ${selector.family ?? (addressed ? (family ?? 0) : 0)}`;
    }
    default:
      return `${selector.select} ${selector.field}${'assumed' in selector && selector.assumed === true ? ' assumed' : ''}`;
  }
}
