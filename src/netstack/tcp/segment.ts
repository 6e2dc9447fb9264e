/**
 * A segment as the connection sees it: read from the wire once, numbers still those of the wire.
 * @module
 */
import type { Cause } from '../../base/brand.js';
import * as options from '../../wire/tcp-options.js';
import type { TcpOptions } from '../../wire/tcp-options.js';
import * as tcp from '../../wire/tcp.js';

export const { FIN, SYN, RST, PSH } = tcp;
export const ACK = tcp.ACK_FLAG;

/** Borrowed: `buf` belongs to the caller of `receive`. */
export interface Segment {
  readonly srcPort: number;
  readonly dstPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  /** As the field has it, unscaled. */
  readonly window: number;
  readonly options: TcpOptions;
  readonly buf: Uint8Array;
  /** The text is `buf[off .. off + len)`. */
  readonly off: number;
  readonly len: number;
  readonly cause: Cause;
}

/** The segment at `buf[off .. off + len)`, or null when the header does not fit. */
export function readSegment(buf: Uint8Array, off: number, len: number, cause: Cause): Segment | null {
  if (tcp.check(buf, off, len) !== 0) return null;
  const header = tcp.headerLength(buf, off);
  return {
    srcPort: tcp.srcPort(buf, off),
    dstPort: tcp.dstPort(buf, off),
    seq: tcp.seq(buf, off),
    ack: tcp.ack(buf, off),
    flags: tcp.flags(buf, off),
    window: tcp.window(buf, off),
    options: header > tcp.HEADER ? options.parse(buf, off + tcp.HEADER, header - tcp.HEADER) : options.NO_OPTIONS,
    buf,
    off: off + header,
    len: len - header,
    cause,
  };
}

/** SEG.LEN: octets of text, and one each for SYN and FIN (RFC 9293 section 3.4). */
export function segmentLength(s: Segment): number {
  return s.len + ((s.flags & SYN) !== 0 ? 1 : 0) + ((s.flags & FIN) !== 0 ? 1 : 0);
}

export interface Header {
  readonly srcPort: number;
  readonly dstPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  readonly options: TcpOptions;
}

/** Writes the header to `out[0 ..]`, checksum zero (it is IP's to fill in); returns its octets. */
export function writeHeader(h: Header, out: Uint8Array): number {
  const length = tcp.HEADER + options.emit(h.options, out, tcp.HEADER);
  tcp.setSrcPort(out, 0, h.srcPort);
  tcp.setDstPort(out, 0, h.dstPort);
  tcp.setSeq(out, 0, h.seq);
  tcp.setAck(out, 0, h.ack);
  tcp.setHeaderLength(out, 0, length);
  tcp.setFlags(out, 0, h.flags);
  tcp.setWindow(out, 0, h.window);
  tcp.setChecksum(out, 0, 0);
  tcp.setUrgentPointer(out, 0, 0);
  return length;
}
