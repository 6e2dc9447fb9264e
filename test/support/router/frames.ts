/**
 * Frames for tests of routers, by the codecs of `wire`: what goes in, and what came out as one line of text.
 * @module
 */
import { must } from '../../../src/base/assert.js';
import { parseAddress } from '../../../src/wire/address.js';
import * as checksum from '../../../src/wire/checksum.js';
import * as ethernet from '../../../src/wire/ethernet.js';
import { dissect, dissectIp, format, ipOf } from '../../../src/wire/frame.js';
import * as icmp from '../../../src/wire/icmp.js';
import * as icmpv6 from '../../../src/wire/icmpv6.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import * as ipv6 from '../../../src/wire/ipv6.js';
import * as tcp from '../../../src/wire/tcp.js';
import type { TcpOptions } from '../../../src/wire/tcp-options.js';
import * as udp from '../../../src/wire/udp.js';

export interface Ends {
  readonly from: string;
  readonly to: string;
  readonly sport?: number;
  readonly dport?: number;
  /** Made wrong by one bit. */
  readonly badChecksum?: boolean;
  readonly ttl?: number;
}

/** An IP packet of either family around a payload. */
export function ipPacket(from: string, to: string, protocol: number, payload: Uint8Array, ttl = 64): Uint8Array {
  const [src, dst] = [must(parseAddress(from), from), must(parseAddress(to), to)];
  if (src.family === 4 && dst.family === 4) {
    const b = new Uint8Array(ipv4.HEADER + payload.length);
    ipv4.emit(
      {
        dscp: 0,
        ecn: 0,
        identification: 1,
        dontFragment: true,
        moreFragments: false,
        fragmentOffset: 0,
        ttl,
        protocol,
        src: src.value,
        dst: dst.value,
        options: new Uint8Array(),
        payload,
      },
      b,
      0,
    );
    return b;
  }
  if (src.family !== 6 || dst.family !== 6) throw new Error(`${from} and ${to} are of two families`);
  const b = new Uint8Array(ipv6.HEADER + payload.length);
  ipv6.emit({ dscp: 0, ecn: 0, flowLabel: 0, nextHeader: protocol, hopLimit: ttl, src: src.bytes, dst: dst.bytes, payload }, b, 0);
  return b;
}

/** The pseudo-header's sum for a packet of {@link ipPacket}. */
function pseudo(b: Uint8Array, protocol: number, n: number): number {
  return (b[0] as number) >>> 4 === 4 ? checksum.pseudo4(b, 0, protocol, n) : checksum.pseudo6(b, 0, protocol, n);
}

const headerOf = (b: Uint8Array): number => ((b[0] as number) >>> 4 === 4 ? ipv4.HEADER : ipv6.HEADER);

function spoil(b: Uint8Array, at: number, ends: Ends): Uint8Array {
  if (ends.badChecksum === true) b[at] = (b[at] as number) ^ 0x40;
  return b;
}

export function udpPacket(ends: Ends & { readonly noChecksum?: boolean }, payload = new Uint8Array(8)): Uint8Array {
  const datagram = new Uint8Array(udp.HEADER + payload.length);
  udp.emit({ srcPort: ends.sport ?? 5000, dstPort: ends.dport ?? 9, payload }, datagram, 0);
  const b = ipPacket(ends.from, ends.to, udp.PROTOCOL, datagram, ends.ttl);
  const at = headerOf(b);
  if (ends.noChecksum === true) return b;
  udp.fillChecksum(b, at, pseudo(b, udp.PROTOCOL, datagram.length));
  return spoil(b, at + udp.CHECKSUM, ends);
}

export interface Segment extends Ends {
  readonly flags: number;
  readonly seq: number;
  readonly ack?: number;
  readonly window?: number;
  readonly options?: TcpOptions;
  /** Octets of payload. */
  readonly length?: number;
}

export function tcpPacket(s: Segment): Uint8Array {
  const segment = new Uint8Array(tcp.MAX_HEADER + (s.length ?? 0));
  const n = tcp.emit(
    {
      srcPort: s.sport ?? 5000,
      dstPort: s.dport ?? 80,
      seq: s.seq >>> 0,
      ack: (s.ack ?? 0) >>> 0,
      flags: s.flags,
      window: s.window ?? 8192,
      urgentPointer: 0,
      options: s.options ?? {},
      payload: new Uint8Array(s.length ?? 0),
    },
    segment,
    0,
  );
  const b = ipPacket(s.from, s.to, tcp.PROTOCOL, segment.subarray(0, n), s.ttl);
  const at = headerOf(b);
  tcp.fillChecksum(b, at, n, pseudo(b, tcp.PROTOCOL, n));
  return spoil(b, at + tcp.CHECKSUM, s);
}

/** A whole ICMP or ICMPv6 message; `rest` is its second word. */
export function icmpPacket(ends: Ends, type: number, code: number, rest: number, payload: Uint8Array): Uint8Array {
  const v6 = ends.from.includes(':');
  const message = new Uint8Array(icmp.HEADER + payload.length);
  const v = { kind: 'other', type, code, rest, payload } as const;
  if (v6) icmpv6.emit(v, message, 0);
  else icmp.emit(v, message, 0);
  const b = ipPacket(ends.from, ends.to, v6 ? icmpv6.PROTOCOL : icmp.PROTOCOL, message, ends.ttl);
  const at = headerOf(b);
  if (v6) icmpv6.fillChecksum(b, at, message.length, pseudo(b, icmpv6.PROTOCOL, message.length));
  return spoil(b, at + icmp.CHECKSUM, ends);
}

export function echo(ends: Ends, answer: boolean, identifier: number, sequence = 1): Uint8Array {
  const v6 = ends.from.includes(':');
  const type = v6 ? (answer ? icmpv6.TYPES.ECHO_REPLY : icmpv6.TYPES.ECHO_REQUEST) : answer ? icmp.TYPES.ECHO_REPLY : icmp.TYPES.ECHO_REQUEST;
  return icmpPacket(ends, type, 0, ((identifier << 16) | sequence) >>> 0, new Uint8Array(8));
}

/** Port unreachable, about a packet. */
export function unreachable(ends: Ends, about: Uint8Array, quoted = 1000): Uint8Array {
  const v6 = ends.from.includes(':');
  return icmpPacket(ends, v6 ? 1 : 3, v6 ? 4 : 3, 0, about.slice(0, quoted));
}

/** One line of what a frame is, with whether its checksums hold. */
export function describeFrame(frame: Uint8Array): string {
  const dissected = dissect(frame, 0, frame.length, { verifyChecksums: true });
  const ip = ipOf(dissected);
  const bad = ip !== null && states(ip).includes('bad') ? ' BAD-CHECKSUM' : '';
  const quote = ip !== null && 'quote' in ip.transport && ip.transport.quote !== null ? ` quotes ${quoteText(frame, ip.transport.at + 8)}` : '';
  return `${format(dissected, frame)}${quote}${bad}`;
}

/** What an error quotes: ends, and of UDP and TCP the ports; whether the checksums that are whole hold. */
function quoteText(frame: Uint8Array, at: number): string {
  const inner = frame.slice(at);
  const v4 = (inner[0] as number) >>> 4 === 4;
  const o = v4 ? ipv4.headerLength(inner, 0) : ipv6.HEADER;
  const [src, dst] = v4 ? [inner.slice(12, 16).join('.'), inner.slice(16, 20).join('.')] : [ip6(inner, 8), ip6(inner, 24)];
  const protocol = v4 ? ipv4.protocol(inner, 0) : ipv6.nextHeader(inner, 0);
  const ports = (protocol === udp.PROTOCOL || protocol === tcp.PROTOCOL) && inner.length >= o + 4 ? ` ${udp.srcPort(inner, o)} > ${udp.dstPort(inner, o)}` : '';
  const query = (protocol === icmp.PROTOCOL || protocol === icmpv6.PROTOCOL) && inner.length >= o + 8 ? ` id=${icmp.identifier(inner, o)}` : '';
  const whole = inner.length >= (v4 ? ipv4.totalLength(inner, 0) : ipv6.HEADER + ipv6.payloadLength(inner, 0));
  const good = (v4 ? ipv4.checksumOk(inner, 0) : true) && (!whole || !states(dissectIp(inner, 0, inner.length, { verifyChecksums: true })).includes('bad'));
  return `[${src} > ${dst} proto=${protocol}${ports}${query} len=${inner.length}${good ? '' : ' BAD'}]`;
}

function states(ip: ReturnType<typeof dissectIp>): string[] {
  if ('malformed' in ip) return [];
  return [ip.kind === 'ipv4' ? ip.checksumState : 'good', 'checksumState' in ip.transport ? ip.transport.checksumState : 'good'];
}

const ip6 = (b: Uint8Array, o: number): string => [...b.slice(o, o + 16)].map((x) => x.toString(16).padStart(2, '0')).join('');

export function frameOf(packet: Uint8Array, dst: number, src: number): Uint8Array {
  const frame = new Uint8Array(ethernet.HEADER + packet.length);
  ethernet.setDst(frame, 0, dst);
  ethernet.setSrc(frame, 0, src);
  ethernet.setType(frame, 0, (packet[0] as number) >>> 4 === 4 ? ethernet.ETHERTYPE.IPV4 : ethernet.ETHERTYPE.IPV6);
  frame.set(packet, ethernet.HEADER);
  return frame;
}
