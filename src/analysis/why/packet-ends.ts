/**
 * The ends of a packet as its bytes have them.
 * @module
 */
import { formatIpv4, formatIpv6 } from '../../wire/address.js';
import { dissect, ipOf } from '../../wire/frame.js';
import { isMalformed } from '../../wire/malformed.js';
import * as tcp from '../../wire/tcp.js';

export interface PacketEnds {
  readonly family: 4 | 6;
  /** IP protocol number: UDP or TCP. */
  readonly protocol: 6 | 17;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** A TCP segment with RST. */
  readonly reset: boolean;
}

/** Source and destination; null of what is no IP. */
export function addressesOf(frame: Uint8Array): Pick<PacketEnds, 'source' | 'destination'> | null {
  const ip = ipOf(dissect(frame, 0, frame.length));
  if (ip === null) return null;
  return ip.kind === 'ipv4'
    ? { source: formatIpv4(ip.header.src), destination: formatIpv4(ip.header.dst) }
    : { source: formatIpv6(ip.header.src), destination: formatIpv6(ip.header.dst) };
}

/** Null of what is no UDP or TCP, has no ports (a later fragment), or is not at hand. */
export function endsOf(frame: Uint8Array | null): PacketEnds | null {
  const ip = frame === null ? null : ipOf(dissect(frame, 0, frame.length));
  const addresses = frame === null ? null : addressesOf(frame);
  if (ip === null || addresses === null || isMalformed(ip.transport)) return null;
  const { transport } = ip;
  if (transport.kind !== 'udp' && transport.kind !== 'tcp') return null;
  const [sourcePort, destinationPort] =
    transport.kind === 'udp' ? [transport.srcPort, transport.dstPort] : [transport.header.srcPort, transport.header.dstPort];
  return {
    family: ip.kind === 'ipv4' ? 4 : 6,
    protocol: transport.kind === 'udp' ? 17 : 6,
    ...addresses,
    sourcePort,
    destinationPort,
    reset: transport.kind === 'tcp' && (transport.header.flags & tcp.RST) !== 0,
  };
}
