/**
 * ICMPv6 (RFC 4443). Its checksum covers a pseudo-header. Neighbour discovery messages are read by wire/ndp.
 * @module
 */
import { copy, setU16, setU32, u16, u32 } from './bytes.js';
import * as sums from './checksum.js';
import { CHECK, malformed, type Malformed } from './malformed.js';

const TYPE = 0;
const CODE = 1;
const CHECKSUM_AT = 2;
const REST = 4;
export const HEADER = 8;
export const PROTOCOL = 58;
/** Offset of the checksum. */
export const CHECKSUM = CHECKSUM_AT;

export const TYPES = {
  DESTINATION_UNREACHABLE: 1,
  PACKET_TOO_BIG: 2,
  TIME_EXCEEDED: 3,
  PARAMETER_PROBLEM: 4,
  ECHO_REQUEST: 128,
  ECHO_REPLY: 129,
  ROUTER_SOLICITATION: 133,
  ROUTER_ADVERTISEMENT: 134,
  NEIGHBOR_SOLICITATION: 135,
  NEIGHBOR_ADVERTISEMENT: 136,
  REDIRECT: 137,
} as const;

/** Codes of Destination Unreachable (RFC 4443 3.1). */
export const UNREACHABLE = { NO_ROUTE: 0, ADMIN: 1, BEYOND_SCOPE: 2, ADDRESS: 3, PORT: 4, POLICY: 5, REJECT: 6 } as const;
export const EXCEEDED = { HOP_LIMIT: 0, REASSEMBLY: 1 } as const;

export function check(_b: Uint8Array, _o: number, n: number): number {
  return n < HEADER ? CHECK.TRUNCATED : CHECK.OK;
}

export function type(b: Uint8Array, o: number): number {
  return b[o + TYPE] as number;
}
export function code(b: Uint8Array, o: number): number {
  return b[o + CODE] as number;
}
export function checksum(b: Uint8Array, o: number): number {
  return u16(b, o + CHECKSUM_AT);
}
/** The second word, whatever the type makes of it. */
export function rest(b: Uint8Array, o: number): number {
  return u32(b, o + REST);
}
/** Of echoes. */
export function identifier(b: Uint8Array, o: number): number {
  return u16(b, o + REST);
}
/** Of echoes. */
export function sequence(b: Uint8Array, o: number): number {
  return u16(b, o + REST + 2);
}
/** Of Packet Too Big. */
export function mtu(b: Uint8Array, o: number): number {
  return u32(b, o + REST);
}
/** "Error messages are identified as such by a zero in the high-order bit of their message Type" (RFC 4443 2.1). */
export function isError(type: number): boolean {
  return type < 128;
}
export function setType(b: Uint8Array, o: number, v: number): void {
  b[o + TYPE] = v;
}
export function setCode(b: Uint8Array, o: number, v: number): void {
  b[o + CODE] = v;
}
export function setChecksum(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + CHECKSUM_AT, v);
}
export function setRest(b: Uint8Array, o: number, v: number): void {
  setU32(b, o + REST, v);
}
export function setIdentifier(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + REST, v);
}
export function setSequence(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + REST + 2, v);
}
export function setMtu(b: Uint8Array, o: number, v: number): void {
  setU32(b, o + REST, v);
}

/** @param n octets of the whole message; @param pseudo sum of the pseudo-header over `n` octets, next header 58 */
export function fillChecksum(b: Uint8Array, o: number, n: number, pseudo: number): void {
  setChecksum(b, o, 0);
  setChecksum(b, o, sums.compute(b, o, n, pseudo));
}
export function checksumOk(b: Uint8Array, o: number, n: number, pseudo: number): boolean {
  return sums.verify(b, o, n, pseudo);
}

export type Icmpv6 =
  | { readonly kind: 'echo-request' | 'echo-reply'; readonly identifier: number; readonly sequence: number; readonly payload: Uint8Array }
  | { readonly kind: 'destination-unreachable' | 'time-exceeded'; readonly code: number; readonly payload: Uint8Array }
  | { readonly kind: 'packet-too-big'; readonly mtu: number; readonly payload: Uint8Array }
  | { readonly kind: 'other'; readonly type: number; readonly code: number; readonly rest: number; readonly payload: Uint8Array };

/** Does not judge the checksum: see {@link checksumOk}. */
export function parse(b: Uint8Array, o: number, n: number): Icmpv6 | Malformed {
  const bad = check(b, o, n);
  if (bad !== CHECK.OK) return malformed('icmpv6', o, bad);
  const payload = b.subarray(o + HEADER, o + n);
  const kind = type(b, o);
  switch (kind) {
    case TYPES.ECHO_REQUEST:
    case TYPES.ECHO_REPLY:
      if (code(b, o) !== 0) break;
      return { kind: kind === TYPES.ECHO_REPLY ? 'echo-reply' : 'echo-request', identifier: identifier(b, o), sequence: sequence(b, o), payload };
    case TYPES.DESTINATION_UNREACHABLE:
      return { kind: 'destination-unreachable', code: code(b, o), payload };
    case TYPES.TIME_EXCEEDED:
      return { kind: 'time-exceeded', code: code(b, o), payload };
    case TYPES.PACKET_TOO_BIG:
      // The code is "set to 0 by the originator and ignored by the receiver" (RFC 4443 3.2).
      return { kind: 'packet-too-big', mtu: mtu(b, o), payload };
  }
  return { kind: 'other', type: kind, code: code(b, o), rest: rest(b, o), payload };
}

/** Leaves the checksum zero: it covers addresses that are not ICMPv6's. See {@link fillChecksum}. */
export function emit(v: Icmpv6, b: Uint8Array, o: number): number {
  setCode(b, o, 0);
  setRest(b, o, 0);
  setChecksum(b, o, 0);
  switch (v.kind) {
    case 'echo-request':
    case 'echo-reply':
      setType(b, o, v.kind === 'echo-reply' ? TYPES.ECHO_REPLY : TYPES.ECHO_REQUEST);
      setIdentifier(b, o, v.identifier);
      setSequence(b, o, v.sequence);
      break;
    case 'destination-unreachable':
    case 'time-exceeded':
      setType(b, o, v.kind === 'time-exceeded' ? TYPES.TIME_EXCEEDED : TYPES.DESTINATION_UNREACHABLE);
      setCode(b, o, v.code);
      break;
    case 'packet-too-big':
      setType(b, o, TYPES.PACKET_TOO_BIG);
      setMtu(b, o, v.mtu);
      break;
    case 'other':
      setType(b, o, v.type);
      setCode(b, o, v.code);
      setRest(b, o, v.rest);
  }
  copy(v.payload, 0, b, o + HEADER, v.payload.length);
  return HEADER + v.payload.length;
}

export function format(v: Icmpv6): string {
  switch (v.kind) {
    case 'echo-request':
    case 'echo-reply':
      return `icmp6 ${v.kind} id=${v.identifier} seq=${v.sequence} len=${v.payload.length}`;
    case 'destination-unreachable':
    case 'time-exceeded':
      return `icmp6 ${v.kind} code=${v.code}`;
    case 'packet-too-big':
      return `icmp6 packet-too-big mtu=${v.mtu}`;
    case 'other':
      return `icmp6 type=${v.type} code=${v.code}`;
  }
}
