/**
 * ICMP for IPv4 (RFC 792), with the next-hop MTU of RFC 1191.
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
export const PROTOCOL = 1;
/** Offset of the checksum. */
export const CHECKSUM = CHECKSUM_AT;

export const TYPES = {
  ECHO_REPLY: 0,
  DESTINATION_UNREACHABLE: 3,
  SOURCE_QUENCH: 4,
  REDIRECT: 5,
  ECHO_REQUEST: 8,
  TIME_EXCEEDED: 11,
  PARAMETER_PROBLEM: 12,
} as const;

/** Codes of Destination Unreachable (RFC 792, RFC 1812 5.2.7.1). */
export const UNREACHABLE = { NET: 0, HOST: 1, PROTOCOL: 2, PORT: 3, FRAGMENTATION_NEEDED: 4, NET_PROHIBITED: 9, HOST_PROHIBITED: 10, ADMIN: 13 } as const;
export const EXCEEDED = { TTL: 0, REASSEMBLY: 1 } as const;

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
/** Of "fragmentation needed" (RFC 1191 section 4); 0 from routers that do not tell. */
export function nextHopMtu(b: Uint8Array, o: number): number {
  return u16(b, o + REST + 2);
}
/** True for messages that report an error and quote a datagram (RFC 1122 3.2.2): never answer these by another. */
export function isError(type: number): boolean {
  switch (type) {
    case TYPES.DESTINATION_UNREACHABLE:
    case TYPES.SOURCE_QUENCH:
    case TYPES.REDIRECT:
    case TYPES.TIME_EXCEEDED:
    case TYPES.PARAMETER_PROBLEM:
      return true;
    default:
      return false;
  }
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
export function setNextHopMtu(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + REST + 2, v);
}

/** @param n octets of the whole message */
export function fillChecksum(b: Uint8Array, o: number, n: number): void {
  setChecksum(b, o, 0);
  setChecksum(b, o, sums.compute(b, o, n));
}
export function checksumOk(b: Uint8Array, o: number, n: number): boolean {
  return sums.verify(b, o, n);
}

/** What follows the header is data (echo), the quoted datagram (errors) or unknown. */
export type Icmp =
  | { readonly kind: 'echo-request' | 'echo-reply'; readonly identifier: number; readonly sequence: number; readonly payload: Uint8Array }
  | { readonly kind: 'destination-unreachable'; readonly code: number; readonly nextHopMtu: number; readonly payload: Uint8Array }
  | { readonly kind: 'time-exceeded'; readonly code: number; readonly payload: Uint8Array }
  | { readonly kind: 'other'; readonly type: number; readonly code: number; readonly rest: number; readonly payload: Uint8Array };

/** Does not judge the checksum: see {@link checksumOk}. */
export function parse(b: Uint8Array, o: number, n: number): Icmp | Malformed {
  const bad = check(b, o, n);
  if (bad !== CHECK.OK) return malformed('icmp', o, bad);
  const payload = b.subarray(o + HEADER, o + n);
  const kind = type(b, o);
  switch (kind) {
    case TYPES.ECHO_REQUEST:
    case TYPES.ECHO_REPLY:
      if (code(b, o) !== 0) break;
      return { kind: kind === TYPES.ECHO_REPLY ? 'echo-reply' : 'echo-request', identifier: identifier(b, o), sequence: sequence(b, o), payload };
    case TYPES.DESTINATION_UNREACHABLE:
      return { kind: 'destination-unreachable', code: code(b, o), nextHopMtu: nextHopMtu(b, o), payload };
    case TYPES.TIME_EXCEEDED:
      return { kind: 'time-exceeded', code: code(b, o), payload };
  }
  return { kind: 'other', type: kind, code: code(b, o), rest: rest(b, o), payload };
}

/** Writes the message with its checksum; what a kind leaves unused is zero. */
export function emit(v: Icmp, b: Uint8Array, o: number): number {
  setCode(b, o, 0);
  setRest(b, o, 0);
  switch (v.kind) {
    case 'echo-request':
    case 'echo-reply':
      setType(b, o, v.kind === 'echo-reply' ? TYPES.ECHO_REPLY : TYPES.ECHO_REQUEST);
      setIdentifier(b, o, v.identifier);
      setSequence(b, o, v.sequence);
      break;
    case 'destination-unreachable':
      setType(b, o, TYPES.DESTINATION_UNREACHABLE);
      setCode(b, o, v.code);
      setNextHopMtu(b, o, v.nextHopMtu);
      break;
    case 'time-exceeded':
      setType(b, o, TYPES.TIME_EXCEEDED);
      setCode(b, o, v.code);
      break;
    case 'other':
      setType(b, o, v.type);
      setCode(b, o, v.code);
      setRest(b, o, v.rest);
  }
  copy(v.payload, 0, b, o + HEADER, v.payload.length);
  fillChecksum(b, o, HEADER + v.payload.length);
  return HEADER + v.payload.length;
}

export function format(v: Icmp): string {
  switch (v.kind) {
    case 'echo-request':
    case 'echo-reply':
      return `icmp ${v.kind} id=${v.identifier} seq=${v.sequence} len=${v.payload.length}`;
    case 'destination-unreachable':
      return `icmp destination-unreachable code=${v.code}${v.code === UNREACHABLE.FRAGMENTATION_NEEDED ? ` mtu=${v.nextHopMtu}` : ''}`;
    case 'time-exceeded':
      return `icmp time-exceeded code=${v.code}`;
    case 'other':
      return `icmp type=${v.type} code=${v.code}`;
  }
}
