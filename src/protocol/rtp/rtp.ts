/**
 * The RTP fixed header (RFC 3550 section 5.1) and its extension (5.3.1): views and a writer that allocate nothing, and
 * the value for tests and analysis. The same five parts as the codecs of `wire`.
 * @module
 */
import { copy, setU16, setU32, u16, u32 } from '../../wire/bytes.js';
import { CHECK, malformed, type Malformed } from '../../wire/malformed.js';

const SEQUENCE = 2;
const TIMESTAMP = 4;
const SSRC = 8;
export const HEADER = 12;

/** Static payload types (RFC 3551 section 6) and the common dynamic one for telephone events. */
export const PAYLOAD_TYPE = { PCMU: 0, GSM: 3, G723: 4, PCMA: 8, G722: 9, COMFORT_NOISE: 13, G729: 18, TELEPHONE_EVENT: 101 } as const;

/** Header validity of RFC 3550 A.1: version 2, all lengths inside the packet, a padding count that fits. */
export function check(b: Uint8Array, o: number, n: number): number {
  if (n < HEADER) return CHECK.TRUNCATED;
  const first = b[o] as number;
  if (first >>> 6 !== 2) return CHECK.VERSION;
  let header = HEADER + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (header + 4 > n) return CHECK.HEADER_LENGTH;
    header += 4 + u16(b, o + header + 2) * 4;
  }
  if (header > n) return CHECK.HEADER_LENGTH;
  if ((first & 0x20) === 0) return CHECK.OK;
  const count = b[o + n - 1] as number;
  return n === header || count === 0 || count > n - header ? CHECK.LENGTH : CHECK.OK;
}

export function marker(b: Uint8Array, o: number): boolean {
  return (b[o + 1] as number) >= 0x80;
}
export function payloadType(b: Uint8Array, o: number): number {
  return (b[o + 1] as number) & 0x7f;
}
export function sequenceNumber(b: Uint8Array, o: number): number {
  return u16(b, o + SEQUENCE);
}
export function timestamp(b: Uint8Array, o: number): number {
  return u32(b, o + TIMESTAMP);
}
export function ssrc(b: Uint8Array, o: number): number {
  return u32(b, o + SSRC);
}
export function csrcCount(b: Uint8Array, o: number): number {
  return (b[o] as number) & 0x0f;
}
/** The i-th contributing source. */
export function csrc(b: Uint8Array, o: number, i: number): number {
  return u32(b, o + HEADER + 4 * i);
}
/** Octets up to the payload: fixed header, CSRC list and extension. */
export function headerLength(b: Uint8Array, o: number): number {
  const fixed = HEADER + csrcCount(b, o) * 4;
  return ((b[o] as number) & 0x10) === 0 ? fixed : fixed + 4 + u16(b, o + fixed + 2) * 4;
}
/** Octets of padding, the count included; 0 without the P bit. */
export function padding(b: Uint8Array, o: number, n: number): number {
  return ((b[o] as number) & 0x20) === 0 ? 0 : (b[o + n - 1] as number);
}
export function payloadLength(b: Uint8Array, o: number, n: number): number {
  return n - headerLength(b, o) - padding(b, o, n);
}

/** hot. Writes a header without CSRC, extension and padding. @returns 12 */
export function writeHeader(b: Uint8Array, o: number, mark: boolean, type: number, seq: number, ts: number, source: number): number {
  b[o] = 0x80;
  b[o + 1] = (mark ? 0x80 : 0) | type;
  setU16(b, o + SEQUENCE, seq);
  setU32(b, o + TIMESTAMP, ts);
  setU32(b, o + SSRC, source);
  return HEADER;
}

/** hot. Says in a header written by {@link writeHeader} that an extension follows it. */
export function markExtension(b: Uint8Array, o: number): void {
  b[o] = (b[o] as number) | 0x10;
}

export interface Rtp {
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly csrcs: readonly number[];
  /** `profile` is the first 16 bits; `data` a multiple of 4 octets. */
  readonly extension: { readonly profile: number; readonly data: Uint8Array } | null;
  /** Octets of padding after the payload, the count included. */
  readonly padding: number;
  /** Borrowed: a view of the parsed bytes. */
  readonly payload: Uint8Array;
}

export function parse(b: Uint8Array, o: number, n: number): Rtp | Malformed {
  const code = check(b, o, n);
  if (code !== CHECK.OK) return malformed('rtp', o, code);
  const header = headerLength(b, o);
  const fixed = HEADER + csrcCount(b, o) * 4;
  return {
    marker: marker(b, o),
    payloadType: payloadType(b, o),
    sequenceNumber: sequenceNumber(b, o),
    timestamp: timestamp(b, o),
    ssrc: ssrc(b, o),
    csrcs: Array.from({ length: csrcCount(b, o) }, (_, i) => csrc(b, o, i)),
    extension: header > fixed ? { profile: u16(b, o + fixed), data: b.subarray(o + fixed + 4, o + header) } : null,
    padding: padding(b, o, n),
    payload: b.subarray(o + header, o + header + payloadLength(b, o, n)),
  };
}

export function emit(v: Rtp, b: Uint8Array, o: number): number {
  let at = o + writeHeader(b, o, v.marker, v.payloadType, v.sequenceNumber, v.timestamp, v.ssrc);
  b[o] = 0x80 | (v.padding > 0 ? 0x20 : 0) | (v.extension === null ? 0 : 0x10) | v.csrcs.length;
  for (const source of v.csrcs) {
    setU32(b, at, source);
    at += 4;
  }
  if (v.extension !== null) {
    setU16(b, at, v.extension.profile);
    setU16(b, at + 2, v.extension.data.length / 4);
    copy(v.extension.data, 0, b, at + 4, v.extension.data.length);
    at += 4 + v.extension.data.length;
  }
  copy(v.payload, 0, b, at, v.payload.length);
  at += v.payload.length;
  if (v.padding > 0) {
    b.fill(0, at, at + v.padding - 1);
    b[at + v.padding - 1] = v.padding;
  }
  return at + v.padding - o;
}

export function format(v: Rtp): string {
  return `rtp pt=${v.payloadType} seq=${v.sequenceNumber} ts=${v.timestamp} ssrc=0x${v.ssrc.toString(16).padStart(8, '0')}${v.marker ? ' M' : ''} len=${v.payload.length}`;
}
