/**
 * A whole Ethernet frame taken apart in one pass, for analysis, filters and tests (cold: it allocates freely; the
 * views of each codec are for the hot path). Offsets are absolute in the bytes given, so `at` and `length` find every
 * part again without a copy. A part that cannot be read is a {@link Malformed} in its place; what is outside it stays.
 * @module
 */
import * as arp from './arp.js';
import * as checksum from './checksum.js';
import * as ethernet from './ethernet.js';
import * as icmp from './icmp.js';
import * as icmpv6 from './icmpv6.js';
import * as ipv4 from './ipv4.js';
import * as ipv6Fragment from './ipv6-fragment.js';
import * as ipv6 from './ipv6.js';
import { CHECK, isMalformed, malformed, type Malformed } from './malformed.js';
import * as ndp from './ndp.js';
import * as tcp from './tcp.js';
import * as udp from './udp.js';

/** `none`: UDP over IPv4 without one. `unchecked`: not asked for, or the datagram is not whole here. */
export type ChecksumState = 'good' | 'bad' | 'none' | 'unchecked';

export interface Span {
  readonly at: number;
  readonly length: number;
}

export interface TransportUdp {
  readonly kind: 'udp';
  readonly at: number;
  readonly srcPort: number;
  readonly dstPort: number;
  /** The length field: header and payload. */
  readonly length: number;
  readonly checksum: number;
  readonly checksumState: ChecksumState;
  readonly payload: Span;
}

export interface TransportTcp {
  readonly kind: 'tcp';
  readonly at: number;
  readonly header: tcp.Tcp;
  readonly headerLength: number;
  readonly checksum: number;
  readonly checksumState: ChecksumState;
  readonly payload: Span;
}

export interface TransportIcmp {
  readonly kind: 'icmp';
  readonly at: number;
  readonly type: number;
  readonly code: number;
  readonly message: icmp.Icmp;
  readonly checksum: number;
  readonly checksumState: ChecksumState;
  readonly payload: Span;
  /** The datagram that an error is about, as far as it was quoted. */
  readonly quote: Ip | Malformed | null;
}

export interface TransportIcmpv6 {
  readonly kind: 'icmpv6';
  readonly at: number;
  readonly type: number;
  readonly code: number;
  readonly message: icmpv6.Icmpv6;
  /** Of neighbour solicitations and advertisements. */
  readonly ndp: ndp.Ndp | Malformed | null;
  readonly checksum: number;
  readonly checksumState: ChecksumState;
  readonly payload: Span;
  readonly quote: Ip | Malformed | null;
}

/** What an IP packet carries. `fragment`: a part of a datagram other than the first, so without transport header. */
export type Transport =
  | TransportUdp
  | TransportTcp
  | TransportIcmp
  | TransportIcmpv6
  | { readonly kind: 'fragment'; readonly protocol: number; readonly payload: Span }
  | { readonly kind: 'other'; readonly protocol: number; readonly payload: Span }
  | Malformed;

export interface Fragmentation {
  /** In octets. */
  readonly offset: number;
  readonly more: boolean;
  readonly identification: number;
}

export interface IpV4 {
  readonly kind: 'ipv4';
  readonly at: number;
  readonly header: ipv4.Ipv4;
  readonly headerLength: number;
  readonly totalLength: number;
  readonly checksum: number;
  readonly checksumState: ChecksumState;
  /** Null when the datagram is whole. */
  readonly fragment: Fragmentation | null;
  /** The protocol that it carries (of the first fragment's header, too). */
  readonly protocol: number;
  readonly transport: Transport;
}

export interface IpV6 {
  readonly kind: 'ipv6';
  readonly at: number;
  readonly header: ipv6.Ipv6;
  readonly payloadLength: number;
  /** Null when there is no Fragment header. */
  readonly fragment: Fragmentation | null;
  /** The header after all extension headers; behind a later fragment, what its Fragment header names. */
  readonly protocol: number;
  readonly transport: Transport;
}

export type Ip = IpV4 | IpV6;

export type Network =
  | Ip
  | { readonly kind: 'arp'; readonly at: number; readonly header: arp.Arp }
  /** The lab's own event frame (EtherType 0x88b5). */
  | { readonly kind: 'event'; readonly payload: Span }
  | { readonly kind: 'other'; readonly payload: Span }
  | Malformed;

export interface Frame {
  readonly at: number;
  readonly length: number;
  readonly dst: number;
  readonly src: number;
  readonly etherType: number;
  readonly network: Network;
}

export interface DissectOptions {
  /** Sum up what can be summed. Off by default: captures made on the sender may hold unfilled checksums. */
  readonly verifyChecksums?: boolean;
}

/** What the layers below know, handed down. */
interface Below {
  readonly b: Uint8Array;
  readonly verify: boolean;
  /** Pseudo-header sum for a protocol and a length. */
  readonly pseudo: (protocol: number, length: number) => number;
  readonly family: 4 | 6;
  /** The datagram is not whole here: a first fragment, or a quote. */
  readonly partial: boolean;
  /** Inside an ICMP error already: quotes are taken apart once. */
  readonly quoted: boolean;
}

function stateOf(ask: boolean, sums: () => boolean): ChecksumState {
  if (!ask) return 'unchecked';
  return sums() ? 'good' : 'bad';
}

function dissectUdp(c: Below, at: number, n: number): Transport {
  const code = c.partial ? udp.checkHeader(c.b, at, n) : udp.check(c.b, at, n);
  if (code !== CHECK.OK) return malformed('udp', at, code);
  const length = udp.length(c.b, at);
  const sum = udp.checksum(c.b, at);
  const none = sum === 0 && c.family === 4;
  return {
    kind: 'udp',
    at,
    srcPort: udp.srcPort(c.b, at),
    dstPort: udp.dstPort(c.b, at),
    length,
    checksum: sum,
    checksumState: none ? 'none' : stateOf(c.verify && !c.partial, () => sum !== 0 && udp.checksumOk(c.b, at, c.pseudo(udp.PROTOCOL, length))),
    payload: { at: at + udp.HEADER, length: Math.min(length, n) - udp.HEADER },
  };
}

function dissectTcp(c: Below, at: number, n: number): Transport {
  const header = tcp.parse(c.b, at, n);
  if (isMalformed(header)) return header;
  const headerLength = tcp.headerLength(c.b, at);
  return {
    kind: 'tcp',
    at,
    header,
    headerLength,
    checksum: tcp.checksum(c.b, at),
    checksumState: stateOf(c.verify && !c.partial, () => tcp.checksumOk(c.b, at, n, c.pseudo(tcp.PROTOCOL, n))),
    payload: { at: at + headerLength, length: n - headerLength },
  };
}

function dissectIcmp(c: Below, at: number, n: number): Transport {
  const message = icmp.parse(c.b, at, n);
  if (isMalformed(message)) return message;
  const type = icmp.type(c.b, at);
  return {
    kind: 'icmp',
    at,
    type,
    code: icmp.code(c.b, at),
    message,
    checksum: icmp.checksum(c.b, at),
    checksumState: stateOf(c.verify && !c.partial, () => icmp.checksumOk(c.b, at, n)),
    payload: { at: at + icmp.HEADER, length: n - icmp.HEADER },
    quote: icmp.isError(type) && !c.quoted ? dissectIpv4(c.b, at + icmp.HEADER, n - icmp.HEADER, c.verify, true) : null,
  };
}

function dissectIcmpv6(c: Below, at: number, n: number): Transport {
  const message = icmpv6.parse(c.b, at, n);
  if (isMalformed(message)) return message;
  const type = icmpv6.type(c.b, at);
  const neighbour = type === icmpv6.TYPES.NEIGHBOR_SOLICITATION || type === icmpv6.TYPES.NEIGHBOR_ADVERTISEMENT;
  return {
    kind: 'icmpv6',
    at,
    type,
    code: icmpv6.code(c.b, at),
    message,
    ndp: neighbour && !c.partial ? ndp.parse(c.b, at, n) : null,
    checksum: icmpv6.checksum(c.b, at),
    checksumState: stateOf(c.verify && !c.partial, () => icmpv6.checksumOk(c.b, at, n, c.pseudo(icmpv6.PROTOCOL, n))),
    payload: { at: at + icmpv6.HEADER, length: n - icmpv6.HEADER },
    quote: icmpv6.isError(type) && !c.quoted ? dissectIpv6(c.b, at + icmpv6.HEADER, n - icmpv6.HEADER, c.verify, true) : null,
  };
}

function dissectTransport(c: Below, protocol: number, at: number, n: number): Transport {
  // An ICMP error need quote no more than eight octets of the transport header (RFC 792): UDP's ports and length, but
  // only the ports and sequence number of TCP. What is too short for a header is then no fault of the sender.
  if (c.quoted && protocol === tcp.PROTOCOL && n < tcp.HEADER) return { kind: 'other', protocol, payload: { at, length: n } };
  switch (protocol) {
    case udp.PROTOCOL:
      return dissectUdp(c, at, n);
    case tcp.PROTOCOL:
      return dissectTcp(c, at, n);
    case icmp.PROTOCOL:
      if (c.family === 4) return dissectIcmp(c, at, n);
      break;
    case icmpv6.PROTOCOL:
      if (c.family === 6) return dissectIcmpv6(c, at, n);
      break;
  }
  return { kind: 'other', protocol, payload: { at, length: n } };
}

function dissectIpv4(b: Uint8Array, at: number, n: number, verify: boolean, quoted: boolean): IpV4 | Malformed {
  const header = quoted ? ipv4.parseTruncated(b, at, n) : ipv4.parse(b, at, n);
  if (isMalformed(header)) return header;
  const headerLength = ipv4.headerLength(b, at);
  const payload: Span = { at: at + headerLength, length: header.payload.length };
  const fragment = ipv4.isFragment(b, at) ? { offset: header.fragmentOffset, more: header.moreFragments, identification: header.identification } : null;
  const below: Below = {
    b,
    verify,
    quoted,
    family: 4,
    partial: fragment !== null || quoted,
    pseudo: (protocol, length) => checksum.pseudo4(b, at, protocol, length),
  };
  return {
    kind: 'ipv4',
    at,
    header,
    headerLength,
    totalLength: ipv4.totalLength(b, at),
    checksum: ipv4.headerChecksum(b, at),
    checksumState: stateOf(verify, () => ipv4.checksumOk(b, at)),
    fragment,
    protocol: header.protocol,
    transport:
      fragment !== null && fragment.offset > 0
        ? { kind: 'fragment', protocol: header.protocol, payload }
        : dissectTransport(below, header.protocol, payload.at, payload.length),
  };
}

function dissectIpv6(b: Uint8Array, at: number, n: number, verify: boolean, quoted: boolean): IpV6 | Malformed {
  const header = quoted ? ipv6.parseTruncated(b, at, n) : ipv6.parse(b, at, n);
  if (isMalformed(header)) return header;
  const end = at + ipv6.HEADER + header.payload.length;
  let walked = ipv6.walk(b, at + ipv6.HEADER, end, header.nextHeader);
  let fragment: Fragmentation | null = null;
  let transport: Transport | undefined;
  if (walked >= 0 && ipv6.walkedHeader(walked) === ipv6.NEXT.FRAGMENT) {
    const part = ipv6Fragment.parse(b, ipv6.walkedTo(walked), end - ipv6.walkedTo(walked));
    const after = ipv6.walkedTo(walked) + ipv6Fragment.HEADER;
    if (isMalformed(part)) transport = part;
    else {
      fragment = { offset: part.fragmentOffset, more: part.moreFragments, identification: part.identification };
      if (part.fragmentOffset > 0) transport = { kind: 'fragment', protocol: part.nextHeader, payload: { at: after, length: end - after } };
      walked = part.fragmentOffset > 0 ? after * 256 + part.nextHeader : ipv6.walk(b, after, end, part.nextHeader);
    }
  }
  const below: Below = {
    b,
    verify,
    quoted,
    family: 6,
    partial: quoted || (fragment !== null && (fragment.more || fragment.offset > 0)),
    pseudo: (protocol, length) => checksum.pseudo6(b, at, protocol, length),
  };
  const to = ipv6.walkedTo(walked);
  const protocol = walked < 0 ? header.nextHeader : ipv6.walkedHeader(walked);
  transport ??= walked < 0 ? malformed('ipv6', at + ipv6.HEADER, CHECK.OPTIONS) : dissectTransport(below, protocol, to, end - to);
  return { kind: 'ipv6', at, header, payloadLength: ipv6.payloadLength(b, at), fragment, protocol, transport };
}

/** Takes a bare IP packet apart, by its version. */
export function dissectIp(b: Uint8Array, at: number, n: number, options: DissectOptions = {}): Ip | Malformed {
  const verify = options.verifyChecksums === true;
  if (n < 1) return malformed('ip', at, CHECK.TRUNCATED);
  return (b[at] as number) >>> 4 === 6 ? dissectIpv6(b, at, n, verify, false) : dissectIpv4(b, at, n, verify, false);
}

function dissectNetwork(b: Uint8Array, etherType: number, at: number, n: number, verify: boolean): Network {
  switch (etherType) {
    case ethernet.ETHERTYPE.IPV4:
      return dissectIpv4(b, at, n, verify, false);
    case ethernet.ETHERTYPE.IPV6:
      return dissectIpv6(b, at, n, verify, false);
    case ethernet.ETHERTYPE.ARP: {
      const header = arp.parse(b, at, n);
      return isMalformed(header) ? header : { kind: 'arp', at, header };
    }
    case ethernet.ETHERTYPE.EVENT:
      return { kind: 'event', payload: { at, length: n } };
    default:
      return { kind: 'other', payload: { at, length: n } };
  }
}

/** Takes the frame `b[at .. at + n)` apart. Never throws. */
export function dissect(b: Uint8Array, at: number, n: number, options: DissectOptions = {}): Frame | Malformed {
  const code = ethernet.check(b, at, n);
  if (code !== CHECK.OK) return malformed('ethernet', at, code);
  const etherType = ethernet.type(b, at);
  return {
    at,
    length: n,
    dst: ethernet.dst(b, at),
    src: ethernet.src(b, at),
    etherType,
    network: dissectNetwork(b, etherType, at + ethernet.HEADER, n - ethernet.HEADER, options.verifyChecksums === true),
  };
}

/** The IP packet of a frame, or null. */
export function ipOf(f: Frame | Malformed): Ip | null {
  if (isMalformed(f) || isMalformed(f.network)) return null;
  return f.network.kind === 'ipv4' || f.network.kind === 'ipv6' ? f.network : null;
}

function formatTransport(t: Transport, b: Uint8Array): string {
  if (isMalformed(t)) return `malformed ${t.layer}: ${t.why}`;
  switch (t.kind) {
    case 'udp':
      return udp.format({ srcPort: t.srcPort, dstPort: t.dstPort, payload: b.subarray(t.payload.at, t.payload.at + t.payload.length) });
    case 'tcp':
      return tcp.format(t.header);
    case 'icmp':
      return icmp.format(t.message);
    case 'icmpv6':
      return t.ndp === null || isMalformed(t.ndp) ? icmpv6.format(t.message) : ndp.format(t.ndp);
    case 'fragment':
      return `fragment proto=${t.protocol} len=${t.payload.length}`;
    case 'other':
      return `proto=${t.protocol} len=${t.payload.length}`;
  }
}

/** One line for people. @param b the bytes that were dissected */
export function format(f: Frame | Malformed, b: Uint8Array): string {
  if (isMalformed(f)) return `malformed ${f.layer}: ${f.why}`;
  const net = f.network;
  if (isMalformed(net)) return `malformed ${net.layer}: ${net.why}`;
  switch (net.kind) {
    case 'ipv4':
      return `${ipv4.format(net.header)} | ${formatTransport(net.transport, b)}`;
    case 'ipv6':
      return `${ipv6.format(net.header)} | ${formatTransport(net.transport, b)}`;
    case 'arp':
      return arp.format(net.header);
    case 'event':
      return `event len=${net.payload.length}`;
    case 'other':
      return `type=0x${f.etherType.toString(16).padStart(4, '0')} len=${net.payload.length}`;
  }
}
