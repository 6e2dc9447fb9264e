/**
 * Transport messages of probes and of their answers, and what a packet that arrived says.
 * @module
 */
import type { ProbeTransport } from '../../capture/probe.js';
import type { Packet } from '../../fabric/packet.js';
import { IPPROTO } from '../../netstack/transport.js';
import { setU16, setU32, u32 } from '../../wire/bytes.js';
import { formatIpv4, formatIpv6 } from '../../wire/address.js';
import * as ethernet from '../../wire/ethernet.js';
import * as icmp from '../../wire/icmp.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as tcp from '../../wire/tcp.js';
import * as udp from '../../wire/udp.js';

/** As ping(8): 64 octets of ICMP. */
const ECHO_LENGTH = 64;
const ECHO_IDENTIFIER = 1;
const UDP_PAYLOAD = 20;
const INITIAL_SEQUENCE = 1000;

export interface Message {
  readonly protocol: number;
  readonly bytes: Uint8Array;
}

export function requestOf(transport: ProbeTransport, family: 4 | 6): Message {
  switch (transport.protocol) {
    case 'udp':
      return udpMessage(transport.fromPort, transport.toPort);
    case 'tcp':
      return tcpMessage(transport.fromPort, transport.toPort, tcp.SYN, INITIAL_SEQUENCE, 0);
    case 'icmp':
      return echo(family, family === 4 ? icmp.TYPES.ECHO_REQUEST : icmpv6.TYPES.ECHO_REQUEST);
  }
}

/** A packet that a node took, as far as probes go. */
export interface Arrived {
  readonly family: 4 | 6;
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  /** The answer to it, or null when it is one itself, or refuses. */
  readonly answer: Message | null;
  /** True for a TCP reset. */
  readonly refuses: boolean;
}

/** Null for what no probe and no answer is. */
export function arrivedOf(p: Packet): Arrived | null {
  const b = p.buf;
  const o = p.off + ethernet.HEADER;
  if (b[p.off + 12] === 0x08) {
    const at = o + ipv4.headerLength(b, o);
    return transportOf(b, at, ipv4.protocol(b, o), 4, formatIpv4(ipv4.src(b, o)), formatIpv4(ipv4.dst(b, o)));
  }
  const walked = ipv6.transport(b, o);
  return walked < 0 ? null : transportOf(b, ipv6.walkedTo(walked), ipv6.walkedHeader(walked), 6, formatIpv6(b, o + ipv6.SRC), formatIpv6(b, o + ipv6.DST));
}

function transportOf(b: Uint8Array, at: number, protocol: number, family: 4 | 6, from: string, to: string): Arrived | null {
  switch (protocol) {
    case IPPROTO.UDP: {
      const [fromPort, toPort] = [udp.srcPort(b, at), udp.dstPort(b, at)];
      return { family, from, to, fromPort, toPort, answer: udpMessage(toPort, fromPort), refuses: false };
    }
    case IPPROTO.TCP: {
      const [fromPort, toPort] = [tcp.srcPort(b, at), tcp.dstPort(b, at)];
      const flags = tcp.flags(b, at);
      const answer = flags === tcp.SYN ? tcpMessage(toPort, fromPort, tcp.SYN | tcp.ACK_FLAG, INITIAL_SEQUENCE, u32(b, at + 4) + 1) : null;
      return { family, from, to, fromPort, toPort, answer, refuses: (flags & tcp.RST) !== 0 };
    }
    case IPPROTO.ICMP:
    case IPPROTO.IPV6_ICMP: {
      const [request, reply] = family === 4 ? [icmp.TYPES.ECHO_REQUEST, icmp.TYPES.ECHO_REPLY] : [icmpv6.TYPES.ECHO_REQUEST, icmpv6.TYPES.ECHO_REPLY];
      const type = b[at];
      if (type !== request && type !== reply) return null;
      return { family, from, to, fromPort: 0, toPort: 0, answer: type === request ? echo(family, reply, icmp.identifier(b, at)) : null, refuses: false };
    }
    default:
      return null;
  }
}

function udpMessage(fromPort: number, toPort: number): Message {
  const bytes = new Uint8Array(udp.HEADER + UDP_PAYLOAD);
  setU16(bytes, 0, fromPort);
  setU16(bytes, 2, toPort);
  setU16(bytes, 4, bytes.length);
  return { protocol: IPPROTO.UDP, bytes };
}

function tcpMessage(fromPort: number, toPort: number, flags: number, sequence: number, acknowledges: number): Message {
  const bytes = new Uint8Array(tcp.HEADER);
  setU16(bytes, 0, fromPort);
  setU16(bytes, 2, toPort);
  setU32(bytes, 4, sequence);
  setU32(bytes, 8, acknowledges);
  bytes[12] = (tcp.HEADER / 4) << 4;
  bytes[13] = flags;
  setU16(bytes, 14, 65535);
  return { protocol: IPPROTO.TCP, bytes };
}

function echo(family: 4 | 6, type: number, identifier = ECHO_IDENTIFIER): Message {
  const bytes = new Uint8Array(ECHO_LENGTH);
  icmp.setType(bytes, 0, type);
  icmp.setIdentifier(bytes, 0, identifier);
  icmp.setSequence(bytes, 0, 1);
  return { protocol: family === 4 ? IPPROTO.ICMP : IPPROTO.IPV6_ICMP, bytes };
}
