/**
 * IPv4 header (RFC 791), with the differentiated services field (RFC 2474) and ECN (RFC 3168) in the second octet.
 * Options are skipped by IHL.
 * @module
 */
import { formatIpv4 } from './address.js';
import { copy, setU16, setU32, u16, u32 } from './bytes.js';
import * as checksum from './checksum.js';
import { CHECK, malformed, type Malformed } from './malformed.js';

const VERSION_IHL = 0;
const DS = 1;
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FLAGS_OFFSET = 6;
const TTL = 8;
const PROTOCOL = 9;
/** Offset of the header checksum, for `checksum.adjust16`. */
export const CHECKSUM = 10;
/** Offset of the source address. */
export const SRC = 12;
/** Offset of the destination address. */
export const DST = 16;
export const HEADER = 20;
export const MAX_HEADER = 60;

const DF = 0x4000;
const MF = 0x2000;

/** As {@link check}, but the datagram may be cut short (as in an ICMP quote): only the header must be there. */
export function checkHeader(b: Uint8Array, o: number, n: number): number {
  if (n < HEADER) return CHECK.TRUNCATED;
  if ((b[o + VERSION_IHL] as number) >>> 4 !== 4) return CHECK.VERSION;
  const header = headerLength(b, o);
  if (header < HEADER || header > n) return CHECK.HEADER_LENGTH;
  return totalLength(b, o) < header ? CHECK.LENGTH : CHECK.OK;
}

/** Octets after the total length are Ethernet padding and allowed. */
export function check(b: Uint8Array, o: number, n: number): number {
  const code = checkHeader(b, o, n);
  if (code !== CHECK.OK) return code;
  return totalLength(b, o) > n ? CHECK.LENGTH : CHECK.OK;
}

/** Octets of the header with its options: 4 * IHL. */
export function headerLength(b: Uint8Array, o: number): number {
  return ((b[o + VERSION_IHL] as number) & 0x0f) * 4;
}
export function dscp(b: Uint8Array, o: number): number {
  return (b[o + DS] as number) >>> 2;
}
export function ecn(b: Uint8Array, o: number): number {
  return (b[o + DS] as number) & 3;
}
/** DSCP and ECN as one octet. */
export function tos(b: Uint8Array, o: number): number {
  return b[o + DS] as number;
}
export function totalLength(b: Uint8Array, o: number): number {
  return u16(b, o + TOTAL_LENGTH);
}
export function identification(b: Uint8Array, o: number): number {
  return u16(b, o + IDENTIFICATION);
}
export function dontFragment(b: Uint8Array, o: number): boolean {
  return (u16(b, o + FLAGS_OFFSET) & DF) !== 0;
}
export function moreFragments(b: Uint8Array, o: number): boolean {
  return (u16(b, o + FLAGS_OFFSET) & MF) !== 0;
}
/** In octets (the field counts units of eight). */
export function fragmentOffset(b: Uint8Array, o: number): number {
  return (u16(b, o + FLAGS_OFFSET) & 0x1fff) * 8;
}
/** True when it is a part of a datagram, be it the first. */
export function isFragment(b: Uint8Array, o: number): boolean {
  return (u16(b, o + FLAGS_OFFSET) & 0x3fff) !== 0;
}
export function ttl(b: Uint8Array, o: number): number {
  return b[o + TTL] as number;
}
export function protocol(b: Uint8Array, o: number): number {
  return b[o + PROTOCOL] as number;
}
export function headerChecksum(b: Uint8Array, o: number): number {
  return u16(b, o + CHECKSUM);
}
export function src(b: Uint8Array, o: number): number {
  return u32(b, o + SRC);
}
export function dst(b: Uint8Array, o: number): number {
  return u32(b, o + DST);
}
/** Octets of the payload. */
export function payloadLength(b: Uint8Array, o: number): number {
  return totalLength(b, o) - headerLength(b, o);
}

/** Version 4 and the header's length, in octets (a multiple of 4). */
export function setHeaderLength(b: Uint8Array, o: number, v: number): void {
  b[o + VERSION_IHL] = 0x40 | (v >>> 2);
}
export function setDscp(b: Uint8Array, o: number, v: number): void {
  b[o + DS] = (v << 2) | ((b[o + DS] as number) & 3);
}
export function setEcn(b: Uint8Array, o: number, v: number): void {
  b[o + DS] = ((b[o + DS] as number) & 0xfc) | v;
}
export function setTos(b: Uint8Array, o: number, v: number): void {
  b[o + DS] = v;
}
export function setTotalLength(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + TOTAL_LENGTH, v);
}
export function setIdentification(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + IDENTIFICATION, v);
}
/** Writes the reserved bit (0), both flags and the offset. @param offset octets, a multiple of 8 */
export function setFragmentation(b: Uint8Array, o: number, dontFragment: boolean, moreFragments: boolean, offset: number): void {
  setU16(b, o + FLAGS_OFFSET, (dontFragment ? DF : 0) | (moreFragments ? MF : 0) | (offset >>> 3));
}
export function setTtl(b: Uint8Array, o: number, v: number): void {
  b[o + TTL] = v;
}
export function setProtocol(b: Uint8Array, o: number, v: number): void {
  b[o + PROTOCOL] = v;
}
export function setHeaderChecksum(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + CHECKSUM, v);
}
export function setSrc(b: Uint8Array, o: number, v: number): void {
  setU32(b, o + SRC, v);
}
export function setDst(b: Uint8Array, o: number, v: number): void {
  setU32(b, o + DST, v);
}

/** Sum over the header, options and all. */
export function checksumOk(b: Uint8Array, o: number): boolean {
  return checksum.verify(b, o, headerLength(b, o));
}
/** Computes and writes the header checksum; the field's old value does not matter. */
export function fillChecksum(b: Uint8Array, o: number): void {
  setHeaderChecksum(b, o, 0);
  setHeaderChecksum(b, o, checksum.compute(b, o, headerLength(b, o)));
}
/** One hop: TTL less one, checksum kept right incrementally (RFC 1624). The TTL must be above zero. */
export function decrementTtl(b: Uint8Array, o: number): void {
  const word = u16(b, o + TTL);
  setU16(b, o + TTL, word - 0x0100);
  checksum.adjust16(b, o + CHECKSUM, word, word - 0x0100);
}

export interface Ipv4 {
  readonly dscp: number;
  readonly ecn: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In octets. */
  readonly fragmentOffset: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly src: number;
  readonly dst: number;
  /** Raw options, a multiple of 4 octets, mostly none. */
  readonly options: Uint8Array;
  /** Borrowed: a view of the parsed bytes. */
  readonly payload: Uint8Array;
}

/** Does not judge the checksum: see {@link checksumOk}. */
export function parse(b: Uint8Array, o: number, n: number): Ipv4 | Malformed {
  const code = check(b, o, n);
  return code === CHECK.OK ? read(b, o, totalLength(b, o)) : malformed('ipv4', o, code);
}

/** As {@link parse} for a datagram that was cut short; the payload is what is there. */
export function parseTruncated(b: Uint8Array, o: number, n: number): Ipv4 | Malformed {
  const code = checkHeader(b, o, n);
  return code === CHECK.OK ? read(b, o, Math.min(n, totalLength(b, o))) : malformed('ipv4', o, code);
}

function read(b: Uint8Array, o: number, end: number): Ipv4 {
  const header = headerLength(b, o);
  return {
    dscp: dscp(b, o),
    ecn: ecn(b, o),
    identification: identification(b, o),
    dontFragment: dontFragment(b, o),
    moreFragments: moreFragments(b, o),
    fragmentOffset: fragmentOffset(b, o),
    ttl: ttl(b, o),
    protocol: protocol(b, o),
    src: src(b, o),
    dst: dst(b, o),
    options: b.subarray(o + HEADER, o + header),
    payload: b.subarray(o + header, o + end),
  };
}

/** Writes header, options and payload, with length and checksum computed. */
export function emit(v: Ipv4, b: Uint8Array, o: number): number {
  const header = HEADER + v.options.length;
  setHeaderLength(b, o, header);
  setTos(b, o, (v.dscp << 2) | v.ecn);
  setTotalLength(b, o, header + v.payload.length);
  setIdentification(b, o, v.identification);
  setFragmentation(b, o, v.dontFragment, v.moreFragments, v.fragmentOffset);
  setTtl(b, o, v.ttl);
  setProtocol(b, o, v.protocol);
  setSrc(b, o, v.src);
  setDst(b, o, v.dst);
  copy(v.options, 0, b, o + HEADER, v.options.length);
  fillChecksum(b, o);
  copy(v.payload, 0, b, o + header, v.payload.length);
  return header + v.payload.length;
}

export function format(v: Ipv4): string {
  const flags = (v.dontFragment ? ' DF' : '') + (v.moreFragments ? ' MF' : '') + (v.fragmentOffset > 0 ? ` offset=${v.fragmentOffset}` : '');
  return `${formatIpv4(v.src)} > ${formatIpv4(v.dst)} proto=${v.protocol} ttl=${v.ttl} dscp=${v.dscp} id=${v.identification}${flags} len=${v.payload.length}`;
}
