/**
 * What a UDP payload is, by the same demultiplexer that a node has (`protocol/demux`), and the RTP header's numbers.
 * @module
 */
import { demux, KIND } from '../protocol/demux.js';
import { u16, u32 } from '../wire/bytes.js';
import * as ethernet from '../wire/ethernet.js';
import { dissect, ipOf } from '../wire/frame.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import * as udp from '../wire/udp.js';

export type PayloadKind = 'rtp' | 'rtcp' | 'stun' | 'turn-channel' | 'dtls' | 'other';

export interface UdpPayload {
  readonly kind: PayloadKind;
  readonly bytes: Uint8Array;
  readonly srcPort: number;
  readonly dstPort: number;
  /** Less is here than the UDP header counts: the first fragment of a datagram, or a quote. */
  readonly cut: boolean;
}

export interface RtpHeader {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
}

/** Smallest headers, in octets: RFC 3550 sections 5.1 and 6.1, RFC 8489 section 5, RFC 8656 section 12.4. */
const RTP_HEADER = 12;
const RTCP_HEADER = 8;
const STUN_HEADER = 20;
const CHANNEL_HEADER = 4;
const ATTRIBUTE_HEADER = 4;

/** Allocate, Refresh, Send, Data, CreatePermission, ChannelBind (RFC 8656 section 17); Connect and its kin (RFC 6062). */
const TURN_METHODS: ReadonlySet<number> = new Set([3, 4, 6, 7, 8, 9, 10, 11, 12]);
const SEND_INDICATION = 0x0016;
const DATA_INDICATION = 0x0017;
const DATA_ATTRIBUTE = 0x0013;

/** The UDP payload of a frame; null when it carries none (also later fragments). */
export function udpPayload(frame: Uint8Array): UdpPayload | null {
  const at = udpPayloadAt(frame);
  if (at < 0) return null;
  const header = at - udp.HEADER;
  const end = header + udp.length(frame, header);
  const bytes = frame.subarray(at, Math.min(frame.length, end));
  return { kind: kindOf(bytes), bytes, srcPort: udp.srcPort(frame, header), dstPort: udp.dstPort(frame, header), cut: end > frame.length };
}

/**
 * Where the UDP payload of a frame begins; -1 when it carries none. The usual headers (no extension headers) are
 * read here, without making an object for each; the rest is taken apart as a whole.
 */
function udpPayloadAt(b: Uint8Array): number {
  if (b.length < ethernet.HEADER) return -1;
  const at = ethernet.HEADER;
  const left = b.length - at;
  switch (ethernet.type(b, 0)) {
    case ethernet.ETHERTYPE.IPV4: {
      if (ipv4.checkHeader(b, at, left) !== 0 || ipv4.protocol(b, at) !== udp.PROTOCOL || ipv4.fragmentOffset(b, at) !== 0) return -1;
      const header = ipv4.headerLength(b, at);
      return udp.checkHeader(b, at + header, left - header) === 0 ? at + header + udp.HEADER : -1;
    }
    case ethernet.ETHERTYPE.IPV6:
      if (ipv6.checkHeader(b, at, left) !== 0) return -1;
      if (ipv6.nextHeader(b, at) !== udp.PROTOCOL) return behindExtensions(b);
      return udp.checkHeader(b, at + ipv6.HEADER, left - ipv6.HEADER) === 0 ? at + ipv6.HEADER + udp.HEADER : -1;
    default:
      return -1;
  }
}

function behindExtensions(frame: Uint8Array): number {
  const transport = ipOf(dissect(frame, 0, frame.length))?.transport;
  return transport === undefined || 'malformed' in transport || transport.kind !== 'udp' ? -1 : transport.payload.at;
}

/** By what `demux` says: what analysis calls it, and how many octets it must have to be more than alike. */
const KINDS: Readonly<Record<number, { readonly kind: PayloadKind; readonly least: number }>> = {
  [KIND.STUN]: { kind: 'stun', least: STUN_HEADER },
  [KIND.TURN_CHANNEL]: { kind: 'turn-channel', least: CHANNEL_HEADER },
  [KIND.DTLS]: { kind: 'dtls', least: 1 },
  [KIND.RTP]: { kind: 'rtp', least: RTP_HEADER },
  [KIND.RTCP]: { kind: 'rtcp', least: RTCP_HEADER },
};

/** hot. Of bytes that may be cut: no length within is believed. */
export function kindOf(bytes: Uint8Array): PayloadKind {
  const known = KINDS[demux(bytes, 0, bytes.length)];
  return known === undefined || bytes.length < known.least ? 'other' : known.kind;
}

/** ChannelData, or a message of a method that RFC 8656 and RFC 6062 add to STUN. */
export function isTurn({ kind, bytes }: UdpPayload): boolean {
  return kind === 'turn-channel' || (kind === 'stun' && TURN_METHODS.has(stunMethod(u16(bytes, 0))));
}

/**
 * What TURN carries in the datagram: the data of a channel (RFC 8656 section 12.4), or the DATA attribute of a Send or
 * Data indication (sections 11.1, 11.6). Null when it carries nothing, or the part that is here does not hold it.
 */
export function turnData({ kind, bytes }: UdpPayload): Uint8Array | null {
  if (kind === 'turn-channel') return bytes.subarray(CHANNEL_HEADER, CHANNEL_HEADER + u16(bytes, 2));
  const type = kind === 'stun' ? u16(bytes, 0) : 0;
  if (type !== SEND_INDICATION && type !== DATA_INDICATION) return null;
  for (let at = STUN_HEADER; at + ATTRIBUTE_HEADER <= bytes.length; ) {
    const value = at + ATTRIBUTE_HEADER;
    const length = u16(bytes, at + 2);
    if (u16(bytes, at) === DATA_ATTRIBUTE) return bytes.subarray(value, value + length);
    at = value + ((length + 3) & ~3);
  }
  return null;
}

/** RFC 8489 figure 3: the class has bits 4 and 8 of the message type. */
function stunMethod(type: number): number {
  return (type & 0x0f) | ((type & 0xe0) >> 1) | ((type & 0x3e00) >> 2);
}

/** Of a payload that {@link kindOf} calls `rtp`. */
export function rtpHeader(bytes: Uint8Array): RtpHeader {
  return { payloadType: (bytes[1] ?? 0) & 0x7f, sequence: u16(bytes, 2), timestamp: u32(bytes, 4), ssrc: u32(bytes, 8) };
}
