/**
 * Ethernet II (IEEE 802.3 clause 3, RFC 894): destination, source, EtherType; no frame check sequence, as TAP
 * devices and captures have it.
 * @module
 */
import { formatMac } from './address.js';
import { copy, setU16, setU48, u16, u48 } from './bytes.js';
import { CHECK, malformed, type Malformed } from './malformed.js';

const DST = 0;
const SRC = 6;
const TYPE = 12;
export const HEADER = 14;

export const ETHERTYPE = {
  IPV4: 0x0800,
  ARP: 0x0806,
  VLAN: 0x8100,
  IPV6: 0x86dd,
  /** IEEE 802 Local Experimental EtherType 1: the lab's event frames. */
  EVENT: 0x88b5,
} as const;

export function check(_b: Uint8Array, _o: number, n: number): number {
  return n < HEADER ? CHECK.TRUNCATED : CHECK.OK;
}

/** 48-bit number. */
export function dst(b: Uint8Array, o: number): number {
  return u48(b, o + DST);
}
export function src(b: Uint8Array, o: number): number {
  return u48(b, o + SRC);
}
/** EtherType; below 1536 it is an IEEE 802.3 length. */
export function type(b: Uint8Array, o: number): number {
  return u16(b, o + TYPE);
}
/** True for group addresses, broadcast among them. */
export function isGroup(b: Uint8Array, o: number): boolean {
  return ((b[o] as number) & 1) === 1;
}
export function setDst(b: Uint8Array, o: number, v: number): void {
  setU48(b, o + DST, v);
}
export function setSrc(b: Uint8Array, o: number, v: number): void {
  setU48(b, o + SRC, v);
}
export function setType(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + TYPE, v);
}

export interface Ethernet {
  readonly dst: number;
  readonly src: number;
  readonly type: number;
  /** Borrowed: a view of the parsed bytes. */
  readonly payload: Uint8Array;
}

export function parse(b: Uint8Array, o: number, n: number): Ethernet | Malformed {
  const code = check(b, o, n);
  if (code !== CHECK.OK) return malformed('ethernet', o, code);
  return { dst: dst(b, o), src: src(b, o), type: type(b, o), payload: b.subarray(o + HEADER, o + n) };
}

export function emit(v: Ethernet, b: Uint8Array, o: number): number {
  setDst(b, o, v.dst);
  setSrc(b, o, v.src);
  setType(b, o, v.type);
  copy(v.payload, 0, b, o + HEADER, v.payload.length);
  return HEADER + v.payload.length;
}

export function format(v: Ethernet): string {
  return `${formatMac(v.src)} > ${formatMac(v.dst)} type=0x${v.type.toString(16).padStart(4, '0')} len=${v.payload.length}`;
}
