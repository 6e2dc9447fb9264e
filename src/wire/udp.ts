/**
 * UDP (RFC 768).
 * @module
 */
import { copy, setU16, u16 } from './bytes.js';
import * as sums from './checksum.js';
import { CHECK, malformed, type Malformed } from './malformed.js';

const SRC_PORT = 0;
const DST_PORT = 2;
const LENGTH = 4;
/** Offset of the checksum. */
export const CHECKSUM = 6;
export const HEADER = 8;
export const PROTOCOL = 17;

/** As {@link check}, but the datagram may be cut short (a first fragment, an ICMP quote). */
export function checkHeader(b: Uint8Array, o: number, n: number): number {
  if (n < HEADER) return CHECK.TRUNCATED;
  return length(b, o) < HEADER ? CHECK.LENGTH : CHECK.OK;
}

export function check(b: Uint8Array, o: number, n: number): number {
  const code = checkHeader(b, o, n);
  if (code !== CHECK.OK) return code;
  return length(b, o) > n ? CHECK.LENGTH : CHECK.OK;
}

export function srcPort(b: Uint8Array, o: number): number {
  return u16(b, o + SRC_PORT);
}
export function dstPort(b: Uint8Array, o: number): number {
  return u16(b, o + DST_PORT);
}
/** Octets of header and payload. */
export function length(b: Uint8Array, o: number): number {
  return u16(b, o + LENGTH);
}
/** 0 = the sender computed none (IPv4 only). */
export function checksum(b: Uint8Array, o: number): number {
  return u16(b, o + CHECKSUM);
}
export function setSrcPort(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + SRC_PORT, v);
}
export function setDstPort(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + DST_PORT, v);
}
export function setLength(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + LENGTH, v);
}
export function setChecksum(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + CHECKSUM, v);
}

/** @param pseudo sum of the pseudo-header over `length(b, o)` octets, protocol 17 (see wire/checksum) */
export function fillChecksum(b: Uint8Array, o: number, pseudo: number): void {
  setChecksum(b, o, 0);
  setChecksum(b, o, sums.finishUdp(sums.sum(b, o, length(b, o), pseudo)));
}
/** True when the checksum adds up. "None" is the caller's question: it is fine in IPv4, and not in IPv6 (RFC 8200 8.1). */
export function checksumOk(b: Uint8Array, o: number, pseudo: number): boolean {
  return sums.verify(b, o, length(b, o), pseudo);
}

export interface Udp {
  readonly srcPort: number;
  readonly dstPort: number;
  /** Borrowed: a view of the parsed bytes. */
  readonly payload: Uint8Array;
}

/** Does not judge the checksum: see {@link checksumOk}. */
export function parse(b: Uint8Array, o: number, n: number): Udp | Malformed {
  const code = check(b, o, n);
  if (code !== CHECK.OK) return malformed('udp', o, code);
  return { srcPort: srcPort(b, o), dstPort: dstPort(b, o), payload: b.subarray(o + HEADER, o + length(b, o)) };
}

/** Leaves the checksum zero ("none"): it covers addresses that are not UDP's. See {@link fillChecksum}. */
export function emit(v: Udp, b: Uint8Array, o: number): number {
  const total = HEADER + v.payload.length;
  setSrcPort(b, o, v.srcPort);
  setDstPort(b, o, v.dstPort);
  setLength(b, o, total);
  setChecksum(b, o, 0);
  copy(v.payload, 0, b, o + HEADER, v.payload.length);
  return total;
}

export function format(v: Udp): string {
  return `udp ${v.srcPort} > ${v.dstPort} len=${v.payload.length}`;
}
