/**
 * IPv6 header and the walk over extension headers (RFC 8200). Addresses stay bytes: `SRC` and `DST` say where.
 * @module
 */
import { formatIpv6 } from './address.js';
import { copy, setU16, setU32, u16, u32 } from './bytes.js';
import { CHECK, malformed, type Malformed } from './malformed.js';

const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
/** Offset of the source address, 16 octets. */
export const SRC = 8;
/** Offset of the destination address, 16 octets. */
export const DST = 24;
export const HEADER = 40;

export const NEXT = {
  HOP_BY_HOP: 0,
  ROUTING: 43,
  FRAGMENT: 44,
  ESP: 50,
  AUTHENTICATION: 51,
  ICMPV6: 58,
  NONE: 59,
  DESTINATION: 60,
  MOBILITY: 135,
} as const;

/** As {@link check}, but the packet may be cut short (as in an ICMPv6 quote). */
export function checkHeader(b: Uint8Array, o: number, n: number): number {
  if (n < HEADER) return CHECK.TRUNCATED;
  return (b[o] as number) >>> 4 === 6 ? CHECK.OK : CHECK.VERSION;
}

/** The fixed header. Extension headers are judged by {@link transport}. */
export function check(b: Uint8Array, o: number, n: number): number {
  const code = checkHeader(b, o, n);
  if (code !== CHECK.OK) return code;
  return HEADER + payloadLength(b, o) > n ? CHECK.LENGTH : CHECK.OK;
}

export function trafficClass(b: Uint8Array, o: number): number {
  return (u16(b, o) >>> 4) & 0xff;
}
export function dscp(b: Uint8Array, o: number): number {
  return (u16(b, o) >>> 6) & 0x3f;
}
export function ecn(b: Uint8Array, o: number): number {
  return (u16(b, o) >>> 4) & 3;
}
export function flowLabel(b: Uint8Array, o: number): number {
  return u32(b, o) & 0xf_ffff;
}
/** Octets after the fixed header, extension headers included. */
export function payloadLength(b: Uint8Array, o: number): number {
  return u16(b, o + PAYLOAD_LENGTH);
}
export function nextHeader(b: Uint8Array, o: number): number {
  return b[o + NEXT_HEADER] as number;
}
export function hopLimit(b: Uint8Array, o: number): number {
  return b[o + HOP_LIMIT] as number;
}
/** Writes version 6 too. */
export function setClassAndLabel(b: Uint8Array, o: number, trafficClass: number, flowLabel: number): void {
  setU32(b, o, 0x6000_0000 + (trafficClass << 20) + flowLabel);
}
export function setDscp(b: Uint8Array, o: number, v: number): void {
  setClassAndLabel(b, o, (v << 2) | ecn(b, o), flowLabel(b, o));
}
export function setEcn(b: Uint8Array, o: number, v: number): void {
  setClassAndLabel(b, o, (dscp(b, o) << 2) | v, flowLabel(b, o));
}
export function setFlowLabel(b: Uint8Array, o: number, v: number): void {
  setClassAndLabel(b, o, trafficClass(b, o), v);
}
export function setPayloadLength(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + PAYLOAD_LENGTH, v);
}
export function setNextHeader(b: Uint8Array, o: number, v: number): void {
  b[o + NEXT_HEADER] = v;
}
export function setHopLimit(b: Uint8Array, o: number, v: number): void {
  b[o + HOP_LIMIT] = v;
}
/** Copies 16 octets. */
export function setSrc(b: Uint8Array, o: number, from: Uint8Array, fromOffset = 0): void {
  copy(from, fromOffset, b, o + SRC, 16);
}
export function setDst(b: Uint8Array, o: number, from: Uint8Array, fromOffset = 0): void {
  copy(from, fromOffset, b, o + DST, 16);
}

/** True for headers that {@link walk} steps over. A mobility header ends its packet (RFC 6275 6.1.1). */
export function isExtension(header: number): boolean {
  switch (header) {
    case NEXT.HOP_BY_HOP:
    case NEXT.ROUTING:
    case NEXT.DESTINATION:
    case NEXT.AUTHENTICATION:
      return true;
    default:
      return false;
  }
}

/**
 * hot. Steps over extension headers from `at`, whose kind is `next`, up to `end`. Stops at the first header that is
 * no extension, and at a Fragment header, since what follows it may be no header at all.
 * @returns `at * 256 + header` where it stopped, so {@link walkedTo} and {@link walkedHeader} take it apart without an
 * object; -1 when the chain runs out of the packet. A header of kind `NONE` may stand at `end`.
 */
export function walk(b: Uint8Array, at: number, end: number, next: number): number {
  let header = next;
  let position = at;
  while (isExtension(header)) {
    if (position + 8 > end) return -1;
    const size = b[position + 1] as number;
    header = b[position] as number;
    // RFC 4302: the Authentication Header counts 4-octet words minus 2; all others 8-octet units minus 1.
    position += next === NEXT.AUTHENTICATION ? (size + 2) * 4 : (size + 1) * 8;
    next = header;
    if (position > end) return -1;
  }
  return position * 256 + header;
}

/** hot. {@link walk} over a whole packet that {@link check} accepted. */
export function transport(b: Uint8Array, o: number): number {
  return walk(b, o + HEADER, o + HEADER + payloadLength(b, o), nextHeader(b, o));
}
/** Offset, from the IPv6 header at `o` on, of the octet that names the header at `target`. */
export function pointerTo(b: Uint8Array, o: number, target: number): number {
  let pointer = o + NEXT_HEADER;
  for (let at = o + HEADER; at < target; at += ((b[at + 1] as number) + 1) * 8) pointer = at;
  return pointer - o;
}

/** Where a walk stopped, an offset in the bytes. */
export function walkedTo(walked: number): number {
  return Math.floor(walked / 256);
}
/** The header that a walk stopped at: a transport protocol, `NEXT.FRAGMENT`, `NEXT.NONE` ... */
export function walkedHeader(walked: number): number {
  return walked % 256;
}

export interface Ipv6 {
  readonly dscp: number;
  readonly ecn: number;
  readonly flowLabel: number;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
  /** Extension headers and all. Borrowed, as are the addresses: views of the parsed bytes. */
  readonly payload: Uint8Array;
}

export function parse(b: Uint8Array, o: number, n: number): Ipv6 | Malformed {
  const code = check(b, o, n);
  return code === CHECK.OK ? read(b, o, HEADER + payloadLength(b, o)) : malformed('ipv6', o, code);
}

/** As {@link parse} for a packet that was cut short; the payload is what is there. */
export function parseTruncated(b: Uint8Array, o: number, n: number): Ipv6 | Malformed {
  const code = checkHeader(b, o, n);
  return code === CHECK.OK ? read(b, o, Math.min(n, HEADER + payloadLength(b, o))) : malformed('ipv6', o, code);
}

function read(b: Uint8Array, o: number, end: number): Ipv6 {
  return {
    dscp: dscp(b, o),
    ecn: ecn(b, o),
    flowLabel: flowLabel(b, o),
    nextHeader: nextHeader(b, o),
    hopLimit: hopLimit(b, o),
    src: b.subarray(o + SRC, o + SRC + 16),
    dst: b.subarray(o + DST, o + DST + 16),
    payload: b.subarray(o + HEADER, o + end),
  };
}

export function emit(v: Ipv6, b: Uint8Array, o: number): number {
  setClassAndLabel(b, o, (v.dscp << 2) | v.ecn, v.flowLabel);
  setPayloadLength(b, o, v.payload.length);
  setNextHeader(b, o, v.nextHeader);
  setHopLimit(b, o, v.hopLimit);
  setSrc(b, o, v.src);
  setDst(b, o, v.dst);
  copy(v.payload, 0, b, o + HEADER, v.payload.length);
  return HEADER + v.payload.length;
}

export function format(v: Ipv6): string {
  return `${formatIpv6(v.src)} > ${formatIpv6(v.dst)} next=${v.nextHeader} hlim=${v.hopLimit} dscp=${v.dscp} flow=0x${v.flowLabel.toString(16)} len=${v.payload.length}`;
}
