/**
 * What a UDP payload is, by RFC 7983's first octet and RFC 5761's payload types, and the RTP header's numbers.
 * @module
 */
import { dissect, ipOf } from '../wire/frame.js';

export type PayloadKind = 'rtp' | 'rtcp' | 'stun' | 'dtls' | 'other';

export interface UdpPayload {
  readonly kind: PayloadKind;
  readonly bytes: Uint8Array;
  readonly srcPort: number;
  readonly dstPort: number;
}

export interface RtpHeader {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
}

/** The UDP payload of a frame; null when it carries none (also later fragments). */
export function udpPayload(frame: Uint8Array): UdpPayload | null {
  const ip = ipOf(dissect(frame, 0, frame.length));
  if (ip === null) return null;
  const transport = ip.transport;
  if ('malformed' in transport || transport.kind !== 'udp') return null;
  const { at, length } = transport.payload;
  const bytes = frame.subarray(at, at + length);
  return { kind: kindOf(bytes), bytes, srcPort: transport.srcPort, dstPort: transport.dstPort };
}

/** RFC 7983 section 7; RFC 5761 section 4: RTCP's packet types 192..223 would be payload types 64..95. */
export function kindOf(bytes: Uint8Array): PayloadKind {
  const first = bytes[0] ?? 255;
  const second = bytes[1] ?? 0;
  if (first < 4 && bytes.length >= 20) return 'stun';
  if (first >= 20 && first < 64) return 'dtls';
  if (first < 128 || first > 191 || bytes.length < 8) return 'other';
  if (second >= 192 && second <= 223) return 'rtcp';
  return bytes.length >= 12 ? 'rtp' : 'other';
}

export function rtpHeader(bytes: Uint8Array): RtpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { payloadType: view.getUint8(1) & 0x7f, sequence: view.getUint16(2), timestamp: view.getUint32(4), ssrc: view.getUint32(8) };
}
