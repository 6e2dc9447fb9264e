/**
 * ICMP and ICMPv6 side by side: what their messages are called and how each family quotes a packet (RFC 792, RFC 1122,
 * RFC 1812 section 4.3.2, RFC 4443). `input.ts` and `errors.ts` walk the same way for both.
 * @module
 */
import type { Packet } from '../../fabric/packet.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as icmp from '../../wire/icmp.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment from '../../wire/ipv6-fragment.js';
import type { AddressBook } from '../address-book.js';
import { type Addr, IPPROTO, type NetError } from '../transport.js';
import { CODES4, CODES6 } from './kinds.js';

/** Octets of a message before what it carries or quotes; identifier, sequence and checksum stand alike in both families. */
export const HEADER = icmp.HEADER;

export interface IcmpFamily {
  readonly family: 4 | 6;
  readonly protocol: number;
  readonly echoRequest: number;
  readonly echoReply: number;
  readonly destinationUnreachable: number;
  readonly timeExceeded: number;
  /** Codes of "destination unreachable" by {@link UNREACHABLE}; null where the family has another message for it. */
  readonly unreachableCodes: readonly (number | null)[];
  /** "Fragmentation needed" (RFC 1191) or "packet too big". */
  readonly tooBig: { readonly type: number; readonly code: number };
  /** Octets of a packet of this family up to which an error is as long as what it quotes allows, headers included. */
  readonly largestError: number;
  /** RFC 1122 3.2.2.6 lets a host ignore echoes to groups; Linux does (icmp_echo_ignore_broadcasts). */
  readonly answersGroups: boolean;

  /** @param at of the message, `n` octets */
  checksumOk(p: Packet, at: number, n: number): boolean;
  isError(type: number): boolean;
  /** Neighbour discovery. */
  isDiscovery(type: number): boolean;
  source(p: Packet, book: AddressBook): Addr;
  destination(p: Packet, book: AddressBook): Addr;
  /** TOS or traffic class. */
  trafficClass(p: Packet): number;
  /** TTL or hop limit. */
  hopLimit(p: Packet): number;
  /** The traffic class of an error about the packet. */
  errorClass(p: Packet): number;
  /** Octets of the packet with its IP header. */
  length(p: Packet): number;
  /** Octets of the IP header that an error itself has. */
  readonly ipHeader: number;

  /** What an error means to who sent the packet; null: of no consequence. */
  meaning(type: number, code: number): NetError | null;
  /** The MTU that a "too big" tells; 0 = it tells none. @param at of the message */
  mtu(b: Uint8Array, at: number): number;
  /** Whether a packet of this family is quoted at `o`, whose headers can be read. @param n octets of the quote */
  quotes(b: Uint8Array, o: number, n: number): boolean;
  quotedSource(b: Uint8Array, o: number, book: AddressBook): Addr;
  quotedDestination(b: Uint8Array, o: number, book: AddressBook): Addr;
  /** Octets that the quoted packet had, where a plateau is guessed by it. */
  quotedLength(b: Uint8Array, o: number): number;
  /** The quoted transport header, as `walk` of wire/ipv6.ts packs it; -1 where the quote ends before. */
  quotedTransport(b: Uint8Array, o: number, end: number): number;
}

const ipAt = (p: Packet): number => p.off + ethernet.HEADER;

export const ICMP: IcmpFamily = {
  family: 4,
  protocol: IPPROTO.ICMP,
  echoRequest: icmp.TYPES.ECHO_REQUEST,
  echoReply: icmp.TYPES.ECHO_REPLY,
  destinationUnreachable: icmp.TYPES.DESTINATION_UNREACHABLE,
  timeExceeded: icmp.TYPES.TIME_EXCEEDED,
  unreachableCodes: CODES4,
  tooBig: { type: icmp.TYPES.DESTINATION_UNREACHABLE, code: icmp.UNREACHABLE.FRAGMENTATION_NEEDED },
  // RFC 1812 4.3.2.3: as much of the datagram as fits in 576 octets.
  largestError: 576,
  answersGroups: false,
  checksumOk: (p, at, n) => icmp.checksumOk(p.buf, at, n),
  isError: icmp.isError,
  isDiscovery: () => false,
  source: (p, book) => book.read4(p.buf, ipAt(p) + ipv4.SRC),
  destination: (p, book) => book.read4(p.buf, ipAt(p) + ipv4.DST),
  trafficClass: (p) => ipv4.tos(p.buf, ipAt(p)),
  hopLimit: (p) => ipv4.ttl(p.buf, ipAt(p)),
  // RFC 1812 4.3.2.5: precedence 6 (internetwork control), the rest of the TOS as it came.
  errorClass: (p) => (ipv4.tos(p.buf, ipAt(p)) & 0x1e) | 0xc0,
  length: (p) => ipv4.totalLength(p.buf, ipAt(p)),
  ipHeader: ipv4.HEADER,
  meaning(type, code) {
    switch (type) {
      case icmp.TYPES.DESTINATION_UNREACHABLE:
        if (code === icmp.UNREACHABLE.FRAGMENTATION_NEEDED) return 'too-big';
        return code === icmp.UNREACHABLE.PORT || code === icmp.UNREACHABLE.PROTOCOL ? 'port-unreachable' : 'host-unreachable';
      case icmp.TYPES.TIME_EXCEEDED:
        return code === icmp.EXCEEDED.TTL ? 'ttl-exceeded' : 'host-unreachable';
      case icmp.TYPES.PARAMETER_PROBLEM:
        return 'host-unreachable';
      // Source quench (RFC 6633); redirect: routes are the plan's.
      default:
        return null;
    }
  },
  mtu: icmp.nextHopMtu,
  // RFC 792: eight octets of the datagram's data are always there.
  quotes: (b, o, n) => ipv4.checkHeader(b, o, n) === 0 && n >= ipv4.headerLength(b, o) + 8,
  quotedSource: (b, o, book) => book.read4(b, o + ipv4.SRC),
  quotedDestination: (b, o, book) => book.read4(b, o + ipv4.DST),
  quotedLength: ipv4.totalLength,
  quotedTransport: (b, o) => (o + ipv4.headerLength(b, o)) * 256 + ipv4.protocol(b, o),
};

export const ICMPV6: IcmpFamily = {
  family: 6,
  protocol: IPPROTO.IPV6_ICMP,
  echoRequest: icmpv6.TYPES.ECHO_REQUEST,
  echoReply: icmpv6.TYPES.ECHO_REPLY,
  destinationUnreachable: icmpv6.TYPES.DESTINATION_UNREACHABLE,
  timeExceeded: icmpv6.TYPES.TIME_EXCEEDED,
  unreachableCodes: CODES6,
  tooBig: { type: icmpv6.TYPES.PACKET_TOO_BIG, code: 0 },
  // RFC 4443 3.1: as much as fits in the minimum IPv6 MTU.
  largestError: 1280,
  answersGroups: true,
  checksumOk: (p, at, n) => icmpv6.checksumOk(p.buf, at, n, checksum.pseudo6(p.buf, ipAt(p), IPPROTO.IPV6_ICMP, n)),
  isError: icmpv6.isError,
  isDiscovery: (type) => type === icmpv6.TYPES.NEIGHBOR_SOLICITATION || type === icmpv6.TYPES.NEIGHBOR_ADVERTISEMENT,
  source: (p, book) => book.read6(p.buf, ipAt(p) + ipv6.SRC),
  destination: (p, book) => book.read6(p.buf, ipAt(p) + ipv6.DST),
  trafficClass: (p) => ipv6.trafficClass(p.buf, ipAt(p)),
  hopLimit: (p) => ipv6.hopLimit(p.buf, ipAt(p)),
  errorClass: () => 0,
  length: (p) => ipv6.HEADER + ipv6.payloadLength(p.buf, ipAt(p)),
  ipHeader: ipv6.HEADER,
  meaning(type, code) {
    switch (type) {
      case icmpv6.TYPES.DESTINATION_UNREACHABLE:
        return code === icmpv6.UNREACHABLE.PORT ? 'port-unreachable' : 'host-unreachable';
      case icmpv6.TYPES.PACKET_TOO_BIG:
        return 'too-big';
      case icmpv6.TYPES.TIME_EXCEEDED:
        return code === icmpv6.EXCEEDED.HOP_LIMIT ? 'ttl-exceeded' : 'host-unreachable';
      case icmpv6.TYPES.PARAMETER_PROBLEM:
        // RFC 4443 3.4: code 1 is an unrecognized next header, what IPv4 calls protocol unreachable.
        return code === 1 ? 'port-unreachable' : 'host-unreachable';
      default:
        return null;
    }
  },
  mtu: icmpv6.mtu,
  quotes: (b, o, n) => ipv6.checkHeader(b, o, n) === 0,
  quotedSource: (b, o, book) => book.read6(b, o + ipv6.SRC),
  quotedDestination: (b, o, book) => book.read6(b, o + ipv6.DST),
  // A router always tells the MTU (RFC 4443 3.2): nothing is guessed.
  quotedLength: () => 0,
  quotedTransport(b, o, end) {
    const walked = ipv6.walk(b, o + ipv6.HEADER, end, ipv6.nextHeader(b, o));
    if (walked < 0 || ipv6.walkedHeader(walked) !== ipv6.NEXT.FRAGMENT) return walked;
    const header = ipv6.walkedTo(walked);
    return header + fragment.HEADER > end ? -1 : ipv6.walk(b, header + fragment.HEADER, end, fragment.nextHeader(b, header));
  },
};

/** Of a packet, by its EtherType. */
export function icmpOf(p: Packet): IcmpFamily {
  return p.buf[p.off + 12] === 0x08 ? ICMP : ICMPV6;
}
