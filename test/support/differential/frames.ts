/**
 * Frames from short descriptions, and answers to frames that came out.
 * @module
 */
import { parseIpv4, parseIpv6, parseMac } from '../../../src/wire/address.js';
import { setU16, setU32, u16 } from '../../../src/wire/bytes.js';
import * as checksum from '../../../src/wire/checksum.js';
import * as ethernet from '../../../src/wire/ethernet.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import * as ipv6 from '../../../src/wire/ipv6.js';
import * as tcp from '../../../src/wire/tcp.js';
import { bedPlan, macOf } from './bed.js';

export const PROTOCOLS = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

/** A packet as it comes in. What is left out is 0, or the usual. */
export interface PacketSpec {
  readonly iface: number;
  readonly src: string;
  readonly dst: string;
  /** A name, or a number for what has no header that anybody knows. */
  readonly proto: keyof typeof PROTOCOLS | number;
  /** UDP and TCP; of ICMP echoes `sport` is the identifier and `dport` the sequence. */
  readonly sport?: number;
  readonly dport?: number;
  readonly type?: number;
  readonly code?: number;
  readonly flags?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  /** Octets after the transport header. */
  readonly payload?: number;
  readonly ttl?: number;
  readonly tos?: number;
  readonly id?: number;
  readonly df?: boolean;
  /** A wrong transport checksum; `none`: none at all (UDP over IPv4). */
  readonly sum?: 'bad' | 'none';
  /** Sent in fragments of at most so many octets of IP. */
  readonly fragments?: number;
  /** Sent in these fragments, in this order: octets of what follows the IP header, from and to; whether more are said to follow. */
  readonly pieces?: readonly (readonly [from: number, to: number, more?: boolean])[];
  /** IPv6: a destination options header stands before the transport header. */
  readonly options?: boolean;
}

const isSix = (address: string): boolean => address.includes(':');

function transportOf(spec: PacketSpec): { readonly number: number; readonly bytes: Uint8Array; readonly sumAt: number } {
  const payload = Uint8Array.from({ length: spec.payload ?? 0 }, (_, i) => 0x61 + (i % 26));
  const number = typeof spec.proto === 'number' ? spec.proto : PROTOCOLS[spec.proto];
  const header = spec.proto === 'tcp' ? 20 : typeof spec.proto === 'number' ? 0 : 8;
  const b = new Uint8Array(header + payload.length);
  b.set(payload, header);
  switch (spec.proto) {
    case 'udp':
      setU16(b, 0, spec.sport ?? 0);
      setU16(b, 2, spec.dport ?? 0);
      setU16(b, 4, b.length);
      return { number, bytes: b, sumAt: 6 };
    case 'tcp':
      setU16(b, 0, spec.sport ?? 0);
      setU16(b, 2, spec.dport ?? 0);
      setU32(b, 4, spec.seq ?? 0);
      setU32(b, 8, spec.ack ?? 0);
      b[12] = 0x50;
      b[13] = spec.flags ?? 0;
      setU16(b, 14, spec.window ?? 0xffff);
      return { number, bytes: b, sumAt: 16 };
    case 'icmp':
    case 'icmpv6':
      b[0] = spec.type ?? 0;
      b[1] = spec.code ?? 0;
      setU16(b, 4, spec.sport ?? 0);
      setU16(b, 6, spec.dport ?? 0);
      return { number, bytes: b, sumAt: 2 };
    default:
      return { number, bytes: b, sumAt: -1 };
  }
}

/** One frame, or those of its fragments. */
export function framesOf(spec: PacketSpec): Uint8Array[] {
  const transport = transportOf(spec);
  const packet = isSix(spec.src)
    ? packet6(spec, transport.number, transport.bytes, transport.sumAt)
    : packet4(spec, transport.number, transport.bytes, transport.sumAt);
  if (spec.pieces !== undefined) return spec.pieces.map((piece) => framed(pieceOf(packet, piece, spec.id ?? 1), spec.iface));
  const packets =
    spec.fragments === undefined ? [packet] : isSix(spec.src) ? fragments6(packet, spec.fragments, spec.id ?? 1) : fragments4(packet, spec.fragments);
  return packets.map((bytes) => framed(bytes, spec.iface));
}

function framed(packet: Uint8Array, iface: number): Uint8Array {
  const frame = new Uint8Array(14 + packet.length);
  const mac = parseMac(bedPlan('four').interfaces[iface]!.mac)!;
  ethernet.setDst(frame, 0, mac);
  ethernet.setSrc(frame, 0, macOf(iface, 1));
  ethernet.setType(frame, 0, packet[0]! >> 4 === 4 ? ethernet.ETHERTYPE.IPV4 : ethernet.ETHERTYPE.IPV6);
  frame.set(packet, 14);
  return frame;
}

function sum(b: Uint8Array, spec: PacketSpec, at: number, n: number, sumAt: number, pseudo: number): void {
  if (sumAt < 0 || spec.sum === 'none') return;
  const value = spec.proto === 'udp' ? checksum.finishUdp(checksum.sum(b, at, n, pseudo)) : checksum.compute(b, at, n, pseudo);
  setU16(b, at + sumAt, spec.sum === 'bad' ? (value ^ 0x5555) & 0xffff : value);
}

function packet4(spec: PacketSpec, protocol: number, transport: Uint8Array, sumAt: number): Uint8Array {
  const b = new Uint8Array(20 + transport.length);
  ipv4.emit(
    {
      dscp: (spec.tos ?? 0) >> 2,
      ecn: (spec.tos ?? 0) & 3,
      identification: spec.id ?? 1,
      dontFragment: spec.df ?? false,
      moreFragments: false,
      fragmentOffset: 0,
      ttl: spec.ttl ?? 64,
      protocol,
      src: parseIpv4(spec.src)!,
      dst: parseIpv4(spec.dst)!,
      options: new Uint8Array(0),
      payload: transport,
    },
    b,
    0,
  );
  sum(b, spec, 20, transport.length, sumAt, spec.proto === 'icmp' ? 0 : checksum.pseudo4(b, 0, protocol, transport.length));
  return b;
}

function packet6(spec: PacketSpec, protocol: number, transport: Uint8Array, sumAt: number): Uint8Array {
  const extra = spec.options === true ? 8 : 0;
  const payload = new Uint8Array(extra + transport.length);
  // RFC 8200 4.6: next header, length 0 = 8 octets, PadN of 4.
  if (extra > 0) payload.set([protocol, 0, 1, 4], 0);
  payload.set(transport, extra);
  const b = new Uint8Array(40 + payload.length);
  ipv6.emit(
    {
      dscp: (spec.tos ?? 0) >> 2,
      ecn: (spec.tos ?? 0) & 3,
      flowLabel: 0,
      nextHeader: extra > 0 ? ipv6.NEXT.DESTINATION : protocol,
      hopLimit: spec.ttl ?? 64,
      src: parseIpv6(spec.src)!,
      dst: parseIpv6(spec.dst)!,
      payload,
    },
    b,
    0,
  );
  sum(b, spec, 40 + extra, transport.length, sumAt, checksum.pseudo6(b, 0, protocol, transport.length));
  return b;
}

function pieceOf(packet: Uint8Array, [from, to, told]: readonly [from: number, to: number, more?: boolean], id: number): Uint8Array {
  const six = packet[0]! >> 4 === 6;
  const [header, extra] = six ? [40, 8] : [20, 0];
  const more = told ?? to < packet.length - header;
  const data = packet.subarray(header + from, header + to);
  const part = new Uint8Array(header + extra + data.length);
  part.set(packet.subarray(0, header));
  part.set(data, header + extra);
  if (six) {
    part[6] = ipv6.NEXT.FRAGMENT;
    ipv6.setPayloadLength(part, 0, extra + data.length);
    part[40] = packet[6]!;
    setU16(part, 42, from | (more ? 1 : 0));
    setU32(part, 44, id);
  } else {
    ipv4.setTotalLength(part, 0, part.length);
    ipv4.setFragmentation(part, 0, false, more, from);
    ipv4.fillChecksum(part, 0);
  }
  return part;
}

function fragments4(packet: Uint8Array, size: number): Uint8Array[] {
  const room = (size - 20) & ~7;
  const parts: Uint8Array[] = [];
  for (let at = 20; at < packet.length; at += room) {
    const data = packet.subarray(at, at + room);
    const part = new Uint8Array(20 + data.length);
    part.set(packet.subarray(0, 20));
    part.set(data, 20);
    ipv4.setTotalLength(part, 0, part.length);
    ipv4.setFragmentation(part, 0, false, at + room < packet.length, at - 20);
    ipv4.fillChecksum(part, 0);
    parts.push(part);
  }
  return parts;
}

function fragments6(packet: Uint8Array, size: number, id: number): Uint8Array[] {
  const room = (size - 48) & ~7;
  const parts: Uint8Array[] = [];
  for (let at = 40; at < packet.length; at += room) {
    const data = packet.subarray(at, at + room);
    const part = new Uint8Array(48 + data.length);
    part.set(packet.subarray(0, 40));
    part[6] = ipv6.NEXT.FRAGMENT;
    ipv6.setPayloadLength(part, 0, 8 + data.length);
    part[40] = packet[6]!;
    setU16(part, 42, (at - 40) | (at + room < packet.length ? 1 : 0));
    setU32(part, 44, id);
    part.set(data, 48);
    parts.push(part);
  }
  return parts;
}

// ---- what a peer makes of a frame that reached it ------------------------------------------------------------------------

/** What an answer says beside what it answers. */
export interface AnswerSpec {
  readonly flags?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  readonly payload?: number;
  readonly tos?: number;
  readonly ttl?: number;
}

function addressText(b: Uint8Array, o: number, six: boolean): string {
  if (!six) return [...b.subarray(o, o + 4)].join('.');
  return Array.from({ length: 8 }, (_, i) => u16(b, o + i * 2).toString(16)).join(':');
}

/** Ends and protocol of an IP packet. Null: nothing that can be answered. */
function read(packet: Uint8Array): { six: boolean; src: string; dst: string; protocol: number; at: number } | null {
  const six = packet[0]! >> 4 === 6;
  const [src, dst] = six ? [8, 24] : [12, 16];
  const ends = { six, src: addressText(packet, src, six), dst: addressText(packet, dst, six) };
  if (!six) return { ...ends, protocol: packet[9]!, at: ipv4.headerLength(packet, 0) };
  const walked = ipv6.transport(packet, 0);
  return walked < 0 || ipv6.walkedHeader(walked) === ipv6.NEXT.FRAGMENT ? null : { ...ends, protocol: ipv6.walkedHeader(walked), at: ipv6.walkedTo(walked) };
}

/** The answer of whoever got that frame. Null for what nobody answers. */
export function answerTo(frame: Uint8Array, iface: number, spec: AnswerSpec): PacketSpec | null {
  const packet = frame.subarray(14);
  const ends = read(packet);
  if (ends === null) return null;
  const { at } = ends;
  const common = { iface, src: ends.dst, dst: ends.src, ...spec };
  switch (ends.protocol) {
    case PROTOCOLS.udp:
    case PROTOCOLS.tcp:
      if (packet.length < at + 8) return null;
      return { ...common, proto: ends.protocol === PROTOCOLS.udp ? 'udp' : 'tcp', sport: u16(packet, at + 2), dport: u16(packet, at) };
    case PROTOCOLS.icmp:
      return packet[at] === 8
        ? { ...common, proto: 'icmp', type: 0, sport: u16(packet, at + 4), dport: u16(packet, at + 6), payload: packet.length - at - 8 }
        : null;
    case PROTOCOLS.icmpv6:
      return packet[at] === 128
        ? { ...common, proto: 'icmpv6', type: 129, sport: u16(packet, at + 4), dport: u16(packet, at + 6), payload: packet.length - at - 8 }
        : null;
    default:
      return { ...common, proto: ends.protocol };
  }
}

/** An ICMP error about that frame, of a router on the way. Null where the frame is one itself. */
export function errorAbout(frame: Uint8Array, iface: number, from: { readonly 4: string; readonly 6: string }, type: number, code: number): Uint8Array | null {
  const packet = frame.subarray(14);
  const ends = read(packet);
  if (ends === null) return null;
  const errors = ends.protocol === PROTOCOLS.icmp ? [3, 11, 12] : ends.protocol === PROTOCOLS.icmpv6 ? [1, 2, 3, 4] : [];
  if (errors.includes(packet[ends.at]!)) return null;
  const quote = packet.slice(0, Math.min(packet.length, 200));
  const spec: PacketSpec = { iface, src: ends.six ? from[6] : from[4], dst: ends.src, proto: ends.six ? 'icmpv6' : 'icmp', type, code, payload: quote.length };
  const [made] = framesOf({ ...spec, sum: 'none' });
  const ip = ends.six ? 40 : 20;
  made!.set(quote, 14 + ip + 8);
  const n = made!.length - 14 - ip;
  const pseudo = ends.six ? checksum.pseudo6(made!, 14, PROTOCOLS.icmpv6, n) : 0;
  setU16(made!, 14 + ip + 2, checksum.compute(made!, 14 + ip, n, pseudo));
  return made!;
}

/** True when the checksums of an IP packet are right, as far as they are there. */
export function soundSums(frame: Uint8Array): boolean {
  const packet = frame.subarray(14);
  const ends = read(packet);
  if (packet[0]! >> 4 === 4 && !ipv4.checksumOk(packet, 0)) return false;
  if (ends === null || (!ends.six && ipv4.isFragment(packet, 0))) return true;
  const n = packet.length - ends.at;
  const pseudo = ends.six ? checksum.pseudo6(packet, 0, ends.protocol, n) : checksum.pseudo4(packet, 0, ends.protocol, n);
  switch (ends.protocol) {
    case PROTOCOLS.udp:
      return (!ends.six && u16(packet, ends.at + 6) === 0) || checksum.verify(packet, ends.at, n, pseudo);
    case PROTOCOLS.tcp:
      return n < tcp.HEADER || checksum.verify(packet, ends.at, n, pseudo);
    case PROTOCOLS.icmp:
      return checksum.verify(packet, ends.at, n);
    case PROTOCOLS.icmpv6:
      return checksum.verify(packet, ends.at, n, pseudo);
    default:
      return true;
  }
}
