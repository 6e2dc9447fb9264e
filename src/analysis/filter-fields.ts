/**
 * Fields of the filter language for what rides on UDP: `rtp.*`, `rtcp`, `stun`, `dns`. Wireshark shows RTP only after
 * "decode as" or with its heuristic on; here it is known by its first octets.
 * @module
 */
import { CAPTURE_FIELDS } from '../capture/filter/fields.js';
import { fieldTable } from '../capture/filter/field.js';
import type { Field, FieldTable, FieldValue, FilterFrame } from '../capture/filter/field.js';
import { ipOf } from '../wire/frame.js';
import { kindOf, rtpHeader } from './payload.js';
import type { PayloadKind, RtpHeader, UdpPayload } from './payload.js';

const DNS_PORT = 53;

function udpOf({ frame, packet }: FilterFrame): UdpPayload | null {
  const transport = frame === null ? undefined : ipOf(frame)?.transport;
  if (transport === undefined || 'malformed' in transport || transport.kind !== 'udp') return null;
  const { at, length } = transport.payload;
  const bytes = packet.buf.subarray(at, at + length);
  return { kind: kindOf(bytes), bytes, srcPort: transport.srcPort, dstPort: transport.dstPort, cut: at + length < transport.at + transport.length };
}

function isDns({ srcPort, dstPort }: UdpPayload): boolean {
  return srcPort === DNS_PORT || dstPort === DNS_PORT;
}

function protocol(name: PayloadKind & string, summary: string): Field {
  return {
    name,
    type: 'protocol',
    summary,
    values(frame): readonly FieldValue[] {
      const payload = udpOf(frame);
      return payload !== null && !isDns(payload) && payload.kind === name ? [payload.bytes] : [];
    },
  };
}

function rtp(name: string, bits: number, summary: string, read: (header: RtpHeader) => number): Field {
  return {
    name,
    type: 'uint',
    bits,
    summary,
    values(frame): readonly FieldValue[] {
      const payload = udpOf(frame);
      return payload !== null && !isDns(payload) && payload.kind === 'rtp' ? [read(rtpHeader(payload.bytes))] : [];
    },
  };
}

const MEDIA_FIELDS: readonly Field[] = [
  protocol('rtp', 'an RTP packet (RFC 3550)'),
  protocol('rtcp', 'an RTCP packet (RFC 3550)'),
  protocol('stun', 'a STUN message (RFC 8489)'),
  {
    name: 'dns',
    type: 'protocol',
    summary: 'a DNS message over UDP',
    values(frame) {
      const payload = udpOf(frame);
      return payload !== null && isDns(payload) ? [payload.bytes] : [];
    },
  },
  rtp('rtp.ssrc', 32, 'synchronization source', (header) => header.ssrc),
  rtp('rtp.seq', 16, 'sequence number', (header) => header.sequence),
  rtp('rtp.timestamp', 32, 'media timestamp', (header) => header.timestamp),
  rtp('rtp.p_type', 7, 'payload type', (header) => header.payloadType),
];

/** Every field that filters know. */
export const FIELDS: FieldTable = fieldTable(CAPTURE_FIELDS, MEDIA_FIELDS);
