/**
 * RTCP compound packets (RFC 3550 section 6): SR, RR, SDES, BYE and APP as values; other types (feedback, XR) are kept
 * as bytes. RTCP is seldom, so it is made of objects.
 * @module
 */
import { copy, setU16, setU24, setU32, u16, u24, u32 } from '../../wire/bytes.js';
import { CHECK, isMalformed, malformed, type Malformed } from '../../wire/malformed.js';

export const TYPE = { SR: 200, RR: 201, SDES: 202, BYE: 203, APP: 204, RTPFB: 205, PSFB: 206, XR: 207 } as const;
export const SDES_ITEM = { CNAME: 1, NAME: 2, EMAIL: 3, PHONE: 4, LOC: 5, TOOL: 6, NOTE: 7, PRIV: 8 } as const;

/** Section 6.4.1. Times are in the units of the wire. */
export interface ReportBlock {
  readonly ssrc: number;
  /** In 1/256. */
  readonly fractionLost: number;
  /** Signed: more duplicates than losses make it negative. */
  readonly cumulativeLost: number;
  /** Extended: cycles in the upper 16 bits. */
  readonly highestSequence: number;
  /** In timestamp units. */
  readonly jitter: number;
  /** Middle 32 bits of the last SR's NTP timestamp, 0 = none yet. */
  readonly lastSr: number;
  /** In 1/65536 s. */
  readonly delaySinceLastSr: number;
}

export interface SenderReport {
  readonly type: 'sr';
  readonly ssrc: number;
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  readonly octetCount: number;
  readonly reports: readonly ReportBlock[];
}

export interface ReceiverReport {
  readonly type: 'rr';
  readonly ssrc: number;
  readonly reports: readonly ReportBlock[];
}

export interface SourceDescription {
  readonly type: 'sdes';
  readonly chunks: readonly { readonly ssrc: number; readonly items: readonly { readonly item: number; readonly text: string }[] }[];
}

export interface Goodbye {
  readonly type: 'bye';
  readonly ssrcs: readonly number[];
  readonly reason?: string;
}

export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Goodbye
  | { readonly type: 'app'; readonly subtype: number; readonly ssrc: number; readonly name: string; readonly data: Uint8Array }
  | { readonly type: 'other'; readonly packetType: number; readonly count: number; readonly body: Uint8Array };

const HEADER = 4;
const BLOCK = 24;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Validity of a compound packet (RFC 3550 A.2): version 2 throughout, SR or RR first and without padding, lengths that
 * add up to `n` exactly, padding in the last packet only.
 * @returns a code of `CHECK`, 0 = fine
 */
export function check(b: Uint8Array, o: number, n: number): number {
  if (n < 8) return CHECK.TRUNCATED;
  const type = b[o + 1] as number;
  if (type !== TYPE.SR && type !== TYPE.RR) return CHECK.VERSION;
  for (let at = o; at < o + n; ) {
    if (at + HEADER > o + n) return CHECK.TRUNCATED;
    const first = b[at] as number;
    if (first >>> 6 !== 2) return CHECK.VERSION;
    const length = (u16(b, at + 2) + 1) * 4;
    if (at + length > o + n) return CHECK.LENGTH;
    const last = at + length === o + n;
    if ((first & 0x20) !== 0) {
      const count = b[at + length - 1] as number;
      if (at === o || !last || count === 0 || count > length - HEADER || count % 4 !== 0) return CHECK.LENGTH;
    }
    at += length;
  }
  return CHECK.OK;
}

function parseBlock(b: Uint8Array, o: number): ReportBlock {
  return {
    ssrc: u32(b, o),
    fractionLost: b[o + 4] as number,
    cumulativeLost: (u24(b, o + 5) << 8) >> 8,
    highestSequence: u32(b, o + 8),
    jitter: u32(b, o + 12),
    lastSr: u32(b, o + 16),
    delaySinceLastSr: u32(b, o + 20),
  };
}

function parseBlocks(b: Uint8Array, o: number, count: number): ReportBlock[] {
  return Array.from({ length: count }, (_, i) => parseBlock(b, o + i * BLOCK));
}

function parseReport(b: Uint8Array, o: number, n: number, count: number, type: number): RtcpPacket | Malformed {
  const info = type === TYPE.SR ? 28 : 8;
  // "The receiver report blocks may be followed by a profile-specific extension": so at least, not exactly.
  if (n < info + count * BLOCK) return malformed('rtcp', o, CHECK.LENGTH);
  const reports = parseBlocks(b, o + info, count);
  const ssrc = u32(b, o + 4);
  if (type === TYPE.RR) return { type: 'rr', ssrc, reports };
  return {
    type: 'sr',
    ssrc,
    ntpSeconds: u32(b, o + 8),
    ntpFraction: u32(b, o + 12),
    rtpTimestamp: u32(b, o + 16),
    packetCount: u32(b, o + 20),
    octetCount: u32(b, o + 24),
    reports,
  };
}

function parseSdes(b: Uint8Array, o: number, n: number, count: number): RtcpPacket | Malformed {
  const chunks: { ssrc: number; items: { item: number; text: string }[] }[] = [];
  const end = o + n;
  let at = o + HEADER;
  for (let i = 0; i < count; i++) {
    if (at + 4 > end) return malformed('rtcp', at, CHECK.LENGTH);
    const chunk = { ssrc: u32(b, at), items: [] as { item: number; text: string }[] };
    const start = at;
    at += 4;
    for (;;) {
      if (at >= end) return malformed('rtcp', at, CHECK.OPTIONS);
      const item = b[at] as number;
      if (item === 0) break;
      if (at + 2 > end || at + 2 + (b[at + 1] as number) > end) return malformed('rtcp', at, CHECK.OPTIONS);
      const length = b[at + 1] as number;
      chunk.items.push({ item, text: decoder.decode(b.subarray(at + 2, at + 2 + length)) });
      at += 2 + length;
    }
    // "terminated by one or more null octets": up to the next 32-bit boundary.
    at = start + ((at - start) & ~3) + 4;
    chunks.push(chunk);
  }
  return { type: 'sdes', chunks };
}

function parseBye(b: Uint8Array, o: number, n: number, count: number): RtcpPacket | Malformed {
  if (n < HEADER + 4 * count) return malformed('rtcp', o, CHECK.LENGTH);
  const ssrcs = Array.from({ length: count }, (_, i) => u32(b, o + HEADER + 4 * i));
  const at = o + HEADER + 4 * count;
  if (at >= o + n) return { type: 'bye', ssrcs };
  const length = b[at] as number;
  if (at + 1 + length > o + n) return malformed('rtcp', at, CHECK.LENGTH);
  return { type: 'bye', ssrcs, reason: decoder.decode(b.subarray(at + 1, at + 1 + length)) };
}

function parseApp(b: Uint8Array, o: number, n: number, subtype: number): RtcpPacket | Malformed {
  if (n < 12) return malformed('rtcp', o, CHECK.LENGTH);
  const name = String.fromCharCode(...b.subarray(o + 8, o + 12));
  return { type: 'app', subtype, ssrc: u32(b, o + 4), name, data: b.subarray(o + 12, o + n) };
}

function parseOne(b: Uint8Array, o: number, n: number): RtcpPacket | Malformed {
  const count = (b[o] as number) & 0x1f;
  const type = b[o + 1] as number;
  switch (type) {
    case TYPE.SR:
    case TYPE.RR:
      return parseReport(b, o, n, count, type);
    case TYPE.SDES:
      return parseSdes(b, o, n, count);
    case TYPE.BYE:
      return parseBye(b, o, n, count);
    case TYPE.APP:
      return parseApp(b, o, n, count);
    default:
      return { type: 'other', packetType: type, count, body: b.subarray(o + HEADER, o + n) };
  }
}

/** All packets of a compound packet, in order. One that is bad makes the whole bad, as RFC 3550 A.2 has it. */
export function parse(b: Uint8Array, o: number, n: number): RtcpPacket[] | Malformed {
  const code = check(b, o, n);
  if (code !== CHECK.OK) return malformed('rtcp', o, code);
  const packets: RtcpPacket[] = [];
  for (let at = o; at < o + n; ) {
    const length = (u16(b, at + 2) + 1) * 4;
    const pad = ((b[at] as number) & 0x20) === 0 ? 0 : (b[at + length - 1] as number);
    const packet = parseOne(b, at, length - pad);
    if (isMalformed(packet)) return packet;
    packets.push(packet);
    at += length;
  }
  return packets;
}

function setHeader(b: Uint8Array, o: number, type: number, count: number, n: number): number {
  b[o] = 0x80 | count;
  b[o + 1] = type;
  setU16(b, o + 2, n / 4 - 1);
  return n;
}

function emitBlocks(blocks: readonly ReportBlock[], b: Uint8Array, o: number): void {
  for (const [i, block] of blocks.entries()) {
    const at = o + i * BLOCK;
    setU32(b, at, block.ssrc);
    b[at + 4] = block.fractionLost;
    setU24(b, at + 5, block.cumulativeLost & 0xffffff);
    setU32(b, at + 8, block.highestSequence);
    setU32(b, at + 12, block.jitter);
    setU32(b, at + 16, block.lastSr);
    setU32(b, at + 20, block.delaySinceLastSr);
  }
}

function emitText(text: string, b: Uint8Array, at: number): number {
  const bytes = encoder.encode(text).subarray(0, 255);
  b[at] = bytes.length;
  copy(bytes, 0, b, at + 1, bytes.length);
  return 1 + bytes.length;
}

/** Zeros up to a multiple of 4 from `o`, at least `least`. */
function pad(b: Uint8Array, o: number, at: number, least: number): number {
  const end = o + ((at - o + least + 3) & ~3);
  b.fill(0, at, end);
  return end;
}

function emitSdes(v: SourceDescription, b: Uint8Array, o: number): number {
  let at = o + HEADER;
  for (const chunk of v.chunks) {
    setU32(b, at, chunk.ssrc);
    at += 4;
    for (const { item, text } of chunk.items) {
      b[at] = item;
      at += 1 + emitText(text, b, at + 1);
    }
    at = pad(b, o, at, 1);
  }
  return setHeader(b, o, TYPE.SDES, v.chunks.length, at - o);
}

function emitBye(v: Goodbye, b: Uint8Array, o: number): number {
  let at = o + HEADER;
  for (const ssrc of v.ssrcs) {
    setU32(b, at, ssrc);
    at += 4;
  }
  if (v.reason !== undefined) at = pad(b, o, at + emitText(v.reason, b, at), 0);
  return setHeader(b, o, TYPE.BYE, v.ssrcs.length, at - o);
}

function emitOne(v: RtcpPacket, b: Uint8Array, o: number): number {
  switch (v.type) {
    case 'sr':
      setU32(b, o + 4, v.ssrc);
      setU32(b, o + 8, v.ntpSeconds);
      setU32(b, o + 12, v.ntpFraction);
      setU32(b, o + 16, v.rtpTimestamp);
      setU32(b, o + 20, v.packetCount);
      setU32(b, o + 24, v.octetCount);
      emitBlocks(v.reports, b, o + 28);
      return setHeader(b, o, TYPE.SR, v.reports.length, 28 + BLOCK * v.reports.length);
    case 'rr':
      setU32(b, o + 4, v.ssrc);
      emitBlocks(v.reports, b, o + 8);
      return setHeader(b, o, TYPE.RR, v.reports.length, 8 + BLOCK * v.reports.length);
    case 'sdes':
      return emitSdes(v, b, o);
    case 'bye':
      return emitBye(v, b, o);
    case 'app':
      setU32(b, o + 4, v.ssrc);
      for (let i = 0; i < 4; i++) b[o + 8 + i] = v.name.charCodeAt(i);
      copy(v.data, 0, b, o + 12, v.data.length);
      return setHeader(b, o, TYPE.APP, v.subtype, 12 + v.data.length);
    case 'other':
      copy(v.body, 0, b, o + HEADER, v.body.length);
      return setHeader(b, o, v.packetType, v.count, HEADER + v.body.length);
  }
}

/** Writes a compound packet: an SR or RR must come first, and a list has at most 31 entries. @returns octets written */
export function emit(packets: readonly RtcpPacket[], b: Uint8Array, o: number): number {
  let at = o;
  for (const packet of packets) at += emitOne(packet, b, at);
  return at - o;
}

function formatOne(v: RtcpPacket): string {
  switch (v.type) {
    case 'sr':
      return `SR packets=${v.packetCount} octets=${v.octetCount} reports=${v.reports.length}`;
    case 'rr':
      return `RR reports=${v.reports.length}`;
    case 'sdes':
      return `SDES ${v.chunks.flatMap((c) => c.items.filter((i) => i.item === SDES_ITEM.CNAME).map((i) => i.text)).join(',')}`;
    case 'bye':
      return `BYE${v.reason === undefined ? '' : ` "${v.reason}"`}`;
    case 'app':
      return `APP ${v.name}`;
    case 'other':
      return `type ${v.packetType}`;
  }
}

export function format(packets: readonly RtcpPacket[]): string {
  return `rtcp ${packets.map(formatOne).join(' | ')}`;
}
