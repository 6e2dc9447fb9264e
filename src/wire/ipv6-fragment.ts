/**
 * The IPv6 Fragment extension header (RFC 8200 section 4.5).
 * @module
 */
import { copy, setU16, setU32, u16, u32 } from './bytes.js';
import { CHECK, malformed, type Malformed } from './malformed.js';

const NEXT_HEADER = 0;
const RESERVED = 1;
const OFFSET = 2;
const IDENTIFICATION = 4;
export const HEADER = 8;

export function check(_b: Uint8Array, _o: number, n: number): number {
  return n < HEADER ? CHECK.TRUNCATED : CHECK.OK;
}

export function nextHeader(b: Uint8Array, o: number): number {
  return b[o + NEXT_HEADER] as number;
}
/** In octets (the field counts units of eight). */
export function fragmentOffset(b: Uint8Array, o: number): number {
  return u16(b, o + OFFSET) & 0xfff8;
}
export function moreFragments(b: Uint8Array, o: number): boolean {
  return (u16(b, o + OFFSET) & 1) === 1;
}
export function identification(b: Uint8Array, o: number): number {
  return u32(b, o + IDENTIFICATION);
}
/** An atomic fragment is a whole packet (RFC 6946). */
export function isAtomic(b: Uint8Array, o: number): boolean {
  return (u16(b, o + OFFSET) & 0xfff9) === 0;
}
/** Writes the reserved octet (0) too. */
export function setNextHeader(b: Uint8Array, o: number, v: number): void {
  b[o + NEXT_HEADER] = v;
  b[o + RESERVED] = 0;
}
/** @param offset octets, a multiple of 8 */
export function setFragmentation(b: Uint8Array, o: number, moreFragments: boolean, offset: number): void {
  setU16(b, o + OFFSET, offset | (moreFragments ? 1 : 0));
}
export function setIdentification(b: Uint8Array, o: number, v: number): void {
  setU32(b, o + IDENTIFICATION, v);
}

export interface Ipv6Fragment {
  readonly nextHeader: number;
  /** In octets. */
  readonly fragmentOffset: number;
  readonly moreFragments: boolean;
  readonly identification: number;
  readonly payload: Uint8Array;
}

export function parse(b: Uint8Array, o: number, n: number): Ipv6Fragment | Malformed {
  const code = check(b, o, n);
  if (code !== CHECK.OK) return malformed('ipv6-fragment', o, code);
  return {
    nextHeader: nextHeader(b, o),
    fragmentOffset: fragmentOffset(b, o),
    moreFragments: moreFragments(b, o),
    identification: identification(b, o),
    payload: b.subarray(o + HEADER, o + n),
  };
}

export function emit(v: Ipv6Fragment, b: Uint8Array, o: number): number {
  setNextHeader(b, o, v.nextHeader);
  setFragmentation(b, o, v.moreFragments, v.fragmentOffset);
  setIdentification(b, o, v.identification);
  copy(v.payload, 0, b, o + HEADER, v.payload.length);
  return HEADER + v.payload.length;
}

export function format(v: Ipv6Fragment): string {
  return `frag id=0x${v.identification.toString(16)} offset=${v.fragmentOffset}${v.moreFragments ? ' more' : ''} next=${v.nextHeader} len=${v.payload.length}`;
}
