/**
 * TCP header (RFC 9293 section 3.1). Options are in {@link file://./tcp-options.ts}.
 * @module
 */
import { copy, setU16, setU32, u16, u32 } from './bytes.js';
import * as sums from './checksum.js';
import { CHECK, malformed, type Malformed } from './malformed.js';
import * as tcpOptions from './tcp-options.js';
import type { TcpOptions } from './tcp-options.js';

const SRC_PORT = 0;
const DST_PORT = 2;
const SEQ = 4;
const ACK = 8;
const OFFSET_FLAGS = 12;
const WINDOW = 14;
/** Offset of the checksum. */
export const CHECKSUM = 16;
const URGENT = 18;
export const HEADER = 20;
export const MAX_HEADER = 60;
export const PROTOCOL = 6;

/** Control bits, as `flags` has them. */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK_FLAG = 0x10;
export const URG = 0x20;
export const ECE = 0x40;
export const CWR = 0x80;
export const FLAG = { FIN, SYN, RST, PSH, ACK: ACK_FLAG, URG, ECE, CWR } as const;

/** `n` is the IP payload's length: a TCP header has no length of its segment. */
export function check(b: Uint8Array, o: number, n: number): number {
  if (n < HEADER) return CHECK.TRUNCATED;
  const header = headerLength(b, o);
  return header < HEADER || header > n ? CHECK.HEADER_LENGTH : CHECK.OK;
}

export function srcPort(b: Uint8Array, o: number): number {
  return u16(b, o + SRC_PORT);
}
export function dstPort(b: Uint8Array, o: number): number {
  return u16(b, o + DST_PORT);
}
export function seq(b: Uint8Array, o: number): number {
  return u32(b, o + SEQ);
}
export function ack(b: Uint8Array, o: number): number {
  return u32(b, o + ACK);
}
/** In 32-bit words, as the field has it. */
export function dataOffset(b: Uint8Array, o: number): number {
  return (b[o + OFFSET_FLAGS] as number) >>> 4;
}
/** Octets of the header with its options: 4 * data offset. */
export function headerLength(b: Uint8Array, o: number): number {
  return ((b[o + OFFSET_FLAGS] as number) >>> 4) * 4;
}
/** The eight control bits, see {@link FLAG}. */
export function flags(b: Uint8Array, o: number): number {
  return b[o + OFFSET_FLAGS + 1] as number;
}
/** Unscaled. */
export function window(b: Uint8Array, o: number): number {
  return u16(b, o + WINDOW);
}
export function checksum(b: Uint8Array, o: number): number {
  return u16(b, o + CHECKSUM);
}
export function urgentPointer(b: Uint8Array, o: number): number {
  return u16(b, o + URGENT);
}
export function setSrcPort(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + SRC_PORT, v);
}
export function setDstPort(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + DST_PORT, v);
}
export function setSeq(b: Uint8Array, o: number, v: number): void {
  setU32(b, o + SEQ, v);
}
export function setAck(b: Uint8Array, o: number, v: number): void {
  setU32(b, o + ACK, v);
}
/** @param v octets, a multiple of 4; the reserved bits become zero */
export function setHeaderLength(b: Uint8Array, o: number, v: number): void {
  b[o + OFFSET_FLAGS] = (v >>> 2) << 4;
}
export function setFlags(b: Uint8Array, o: number, v: number): void {
  b[o + OFFSET_FLAGS + 1] = v;
}
export function setWindow(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + WINDOW, v);
}
export function setChecksum(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + CHECKSUM, v);
}
export function setUrgentPointer(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + URGENT, v);
}

/** @param n octets of header and data; @param pseudo sum of the pseudo-header over `n` octets, protocol 6 */
export function fillChecksum(b: Uint8Array, o: number, n: number, pseudo: number): void {
  setChecksum(b, o, 0);
  setChecksum(b, o, sums.compute(b, o, n, pseudo));
}
export function checksumOk(b: Uint8Array, o: number, n: number, pseudo: number): boolean {
  return sums.verify(b, o, n, pseudo);
}

export interface Tcp {
  readonly srcPort: number;
  readonly dstPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  /** Unscaled. */
  readonly window: number;
  readonly urgentPointer: number;
  readonly options: TcpOptions;
  /** Borrowed: a view of the parsed bytes. */
  readonly payload: Uint8Array;
}

/** Does not judge the checksum. A broken option chain ends the options, not the segment (RFC 9293 MUST-7). */
export function parse(b: Uint8Array, o: number, n: number): Tcp | Malformed {
  const code = check(b, o, n);
  if (code !== CHECK.OK) return malformed('tcp', o, code);
  const header = headerLength(b, o);
  return {
    srcPort: srcPort(b, o),
    dstPort: dstPort(b, o),
    seq: seq(b, o),
    ack: ack(b, o),
    flags: flags(b, o),
    window: window(b, o),
    urgentPointer: urgentPointer(b, o),
    options: tcpOptions.parse(b, o + HEADER, header - HEADER),
    payload: b.subarray(o + header, o + n),
  };
}

/** Leaves the checksum zero: it covers addresses that are not TCP's. See {@link fillChecksum}. */
export function emit(v: Tcp, b: Uint8Array, o: number): number {
  const header = HEADER + tcpOptions.emit(v.options, b, o + HEADER);
  setSrcPort(b, o, v.srcPort);
  setDstPort(b, o, v.dstPort);
  setSeq(b, o, v.seq);
  setAck(b, o, v.ack);
  setHeaderLength(b, o, header);
  setFlags(b, o, v.flags);
  setWindow(b, o, v.window);
  setChecksum(b, o, 0);
  setUrgentPointer(b, o, v.urgentPointer);
  copy(v.payload, 0, b, o + header, v.payload.length);
  return header + v.payload.length;
}

const NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const;

/** `SYN,ACK`. */
export function formatFlags(flags: number): string {
  return NAMES.filter((_, bit) => ((flags >>> bit) & 1) === 1).join(',');
}

export function format(v: Tcp): string {
  const options = tcpOptions.format(v.options);
  return `tcp ${v.srcPort} > ${v.dstPort} [${formatFlags(v.flags)}] seq=${v.seq} ack=${v.ack} win=${v.window} len=${v.payload.length}${options === '' ? '' : ` ${options}`}`;
}
