/**
 * Fields of Ethernet, ARP, IP, ICMP, UDP and TCP, named as Wireshark names them. As there, what an ICMP error quotes
 * counts too: `ip.addr` finds the addresses of the quoted packet.
 *
 * Other than Wireshark, fragments are not put together: a datagram's transport fields stand in its first fragment.
 * @module
 */
import * as arp from '../../wire/arp.js';
import { u16 } from '../../wire/bytes.js';
import type { Ip, IpV4, IpV6, Span, Transport, TransportIcmp, TransportIcmpv6, TransportTcp, TransportUdp } from '../../wire/frame.js';
import * as icmp from '../../wire/icmp.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { isMalformed } from '../../wire/malformed.js';
import * as tcp from '../../wire/tcp.js';
import * as udp from '../../wire/udp.js';
import type { Field, FieldType, FieldValue, FilterFrame } from './field.js';

/** The packet and the one that it quotes. */
function ips(f: FilterFrame): readonly Ip[] {
  const network = f.frame?.network;
  if (network === undefined || isMalformed(network) || (network.kind !== 'ipv4' && network.kind !== 'ipv6')) return [];
  const transport = network.transport;
  if (isMalformed(transport) || (transport.kind !== 'icmp' && transport.kind !== 'icmpv6')) return [network];
  return transport.quote === null || isMalformed(transport.quote) ? [network] : [network, transport.quote];
}

type Bytes = Uint8Array;

/** A field of a header that is read at its place. */
type HeaderField = (name: string, type: FieldType, bits: number, summary: string, read: (b: Bytes, at: number) => FieldValue | readonly FieldValue[]) => Field;

function headerFields(places: (f: FilterFrame) => readonly number[]): HeaderField {
  return (name, type, bits, summary, read) => ({
    name,
    type,
    bits,
    summary,
    values: (f) => places(f).flatMap((at) => read(f.packet.buf, at)),
  });
}

const ethField = headerFields((f) => (f.frame === null ? [] : [f.frame.at]));
const arpField = headerFields((f) => {
  const network = f.frame?.network;
  return network !== undefined && !isMalformed(network) && network.kind === 'arp' ? [network.at] : [];
});
const ip4Field = headerFields((f) =>
  ips(f)
    .filter((ip): ip is IpV4 => ip.kind === 'ipv4')
    .map((ip) => ip.at),
);
const ip6Field = headerFields((f) =>
  ips(f)
    .filter((ip): ip is IpV6 => ip.kind === 'ipv6')
    .map((ip) => ip.at),
);

function transports(f: FilterFrame): readonly Transport[] {
  return ips(f).map((ip) => ip.transport);
}

function udps(f: FilterFrame): readonly TransportUdp[] {
  return transports(f).filter((t): t is TransportUdp => !isMalformed(t) && t.kind === 'udp');
}
function tcps(f: FilterFrame): readonly TransportTcp[] {
  return transports(f).filter((t): t is TransportTcp => !isMalformed(t) && t.kind === 'tcp');
}
function icmps(f: FilterFrame): readonly TransportIcmp[] {
  return transports(f).filter((t): t is TransportIcmp => !isMalformed(t) && t.kind === 'icmp');
}
function icmp6s(f: FilterFrame): readonly TransportIcmpv6[] {
  return transports(f).filter((t): t is TransportIcmpv6 => !isMalformed(t) && t.kind === 'icmpv6');
}

const udpField = headerFields((f) => udps(f).map((t) => t.at));
const tcpField = headerFields((f) => tcps(f).map((t) => t.at));
const icmpField = headerFields((f) => icmps(f).map((t) => t.at));
const icmp6Field = headerFields((f) => icmp6s(f).map((t) => t.at));
const echoField = headerFields((f) =>
  icmps(f)
    .filter((t) => t.type === icmp.TYPES.ECHO_REQUEST || t.type === icmp.TYPES.ECHO_REPLY)
    .map((t) => t.at),
);
const echo6Field = headerFields((f) =>
  icmp6s(f)
    .filter((t) => t.type === icmpv6.TYPES.ECHO_REQUEST || t.type === icmpv6.TYPES.ECHO_REPLY)
    .map((t) => t.at),
);

function payload(f: FilterFrame, span: Span): readonly Bytes[] {
  return span.length > 0 ? [f.packet.buf.subarray(span.at, span.at + span.length)] : [];
}

function macOf(b: Bytes, at: number): number {
  return u16(b, at) * 0x1_0000_0000 + u16(b, at + 2) * 0x1_0000 + u16(b, at + 4);
}

function address6(b: Bytes, at: number): Bytes {
  return b.subarray(at, at + 16);
}

const LINK_FIELDS: readonly Field[] = [
  {
    name: 'eth',
    type: 'protocol',
    summary: 'an Ethernet frame',
    values: (f) => (f.frame === null ? [] : [f.packet.buf.subarray(f.frame.at, f.frame.at + 14)]),
  },
  ethField('eth.dst', 'ether', 48, 'destination', macOf),
  ethField('eth.src', 'ether', 48, 'source', (b, at) => macOf(b, at + 6)),
  ethField('eth.addr', 'ether', 48, 'destination and source', (b, at) => [macOf(b, at), macOf(b, at + 6)]),
  ethField('eth.type', 'uint', 16, 'EtherType', (b, at) => u16(b, at + 12)),
  arpField('arp', 'protocol', 0, 'ARP', (b, at) => [b.subarray(at, at + arp.HEADER)]),
  arpField('arp.opcode', 'uint', 16, '1 request, 2 reply', (b, at) => arp.operation(b, at)),
  arpField('arp.src.hw_mac', 'ether', 48, 'MAC address of the sender', (b, at) => arp.senderHardware(b, at)),
  arpField('arp.src.proto_ipv4', 'ipv4', 32, 'IPv4 address of the sender', (b, at) => arp.senderProtocol(b, at)),
  arpField('arp.dst.hw_mac', 'ether', 48, 'MAC address of the target', (b, at) => arp.targetHardware(b, at)),
  arpField('arp.dst.proto_ipv4', 'ipv4', 32, 'IPv4 address of the target', (b, at) => arp.targetProtocol(b, at)),
];

const IPV4_FIELDS: readonly Field[] = [
  ip4Field('ip', 'protocol', 0, 'IPv4', (b, at) => [b.subarray(at, at + ipv4.headerLength(b, at))]),
  ip4Field('ip.version', 'uint', 8, '4', () => 4),
  ip4Field('ip.hdr_len', 'uint', 8, 'octets of the header', ipv4.headerLength),
  ip4Field('ip.dsfield', 'uint', 8, 'DSCP and ECN', ipv4.tos),
  ip4Field('ip.dsfield.dscp', 'uint', 8, 'DSCP', ipv4.dscp),
  ip4Field('ip.dsfield.ecn', 'uint', 8, 'ECN', ipv4.ecn),
  ip4Field('ip.len', 'uint', 16, 'octets of the packet', ipv4.totalLength),
  ip4Field('ip.id', 'uint', 16, 'identification', ipv4.identification),
  ip4Field('ip.flags.df', 'bool', 1, "don't fragment", ipv4.dontFragment),
  ip4Field('ip.flags.mf', 'bool', 1, 'more fragments', ipv4.moreFragments),
  ip4Field('ip.frag_offset', 'uint', 16, 'fragment offset in units of 8 octets', (b, at) => ipv4.fragmentOffset(b, at) >>> 3),
  ip4Field('ip.ttl', 'uint', 8, 'time to live', ipv4.ttl),
  ip4Field('ip.proto', 'uint', 8, 'protocol', ipv4.protocol),
  ip4Field('ip.checksum', 'uint', 16, 'header checksum', ipv4.headerChecksum),
  ip4Field('ip.src', 'ipv4', 32, 'source', ipv4.src),
  ip4Field('ip.dst', 'ipv4', 32, 'destination', ipv4.dst),
  ip4Field('ip.addr', 'ipv4', 32, 'source and destination', (b, at) => [ipv4.src(b, at), ipv4.dst(b, at)]),
];

function fragmentHeader(name: string, type: FieldType, bits: number, summary: string, read: (fragment: NonNullable<IpV6['fragment']>) => FieldValue): Field {
  return { name, type, bits, summary, values: (f) => ips(f).flatMap((ip) => (ip.kind === 'ipv6' && ip.fragment !== null ? [read(ip.fragment)] : [])) };
}

const IPV6_FIELDS: readonly Field[] = [
  ip6Field('ipv6', 'protocol', 0, 'IPv6', (b, at) => [b.subarray(at, at + ipv6.HEADER)]),
  ip6Field('ipv6.version', 'uint', 8, '6', () => 6),
  ip6Field('ipv6.tclass', 'uint', 8, 'traffic class', ipv6.trafficClass),
  ip6Field('ipv6.tclass.dscp', 'uint', 8, 'DSCP', ipv6.dscp),
  ip6Field('ipv6.tclass.ecn', 'uint', 8, 'ECN', ipv6.ecn),
  ip6Field('ipv6.flow', 'uint', 32, 'flow label', ipv6.flowLabel),
  ip6Field('ipv6.plen', 'uint', 16, 'octets after the fixed header', ipv6.payloadLength),
  ip6Field('ipv6.nxt', 'uint', 8, 'next header', ipv6.nextHeader),
  ip6Field('ipv6.hlim', 'uint', 8, 'hop limit', ipv6.hopLimit),
  ip6Field('ipv6.src', 'ipv6', 128, 'source', (b, at) => [address6(b, at + ipv6.SRC)]),
  ip6Field('ipv6.dst', 'ipv6', 128, 'destination', (b, at) => [address6(b, at + ipv6.DST)]),
  ip6Field('ipv6.addr', 'ipv6', 128, 'source and destination', (b, at) => [address6(b, at + ipv6.SRC), address6(b, at + ipv6.DST)]),
  fragmentHeader('ipv6.fraghdr.more', 'bool', 1, 'more fragments', (fragment) => fragment.more),
  fragmentHeader('ipv6.fraghdr.ident', 'uint', 32, 'identification', (fragment) => fragment.identification),
];

const ICMP_FIELDS: readonly Field[] = [
  icmpField('icmp', 'protocol', 0, 'ICMP', (b, at) => [b.subarray(at, at + icmp.HEADER)]),
  icmpField('icmp.type', 'uint', 8, 'type', icmp.type),
  icmpField('icmp.code', 'uint', 8, 'code', icmp.code),
  echoField('icmp.ident', 'uint', 16, 'identifier of an echo', icmp.identifier),
  echoField('icmp.seq', 'uint', 16, 'sequence number of an echo', icmp.sequence),
  icmp6Field('icmpv6', 'protocol', 0, 'ICMPv6', (b, at) => [b.subarray(at, at + icmpv6.HEADER)]),
  icmp6Field('icmpv6.type', 'uint', 8, 'type', icmpv6.type),
  icmp6Field('icmpv6.code', 'uint', 8, 'code', icmpv6.code),
  echo6Field('icmpv6.echo.identifier', 'uint', 16, 'identifier of an echo', icmpv6.identifier),
  echo6Field('icmpv6.echo.sequence_number', 'uint', 16, 'sequence number of an echo', icmpv6.sequence),
];

const UDP_FIELDS: readonly Field[] = [
  udpField('udp', 'protocol', 0, 'UDP', (b, at) => [b.subarray(at, at + udp.HEADER)]),
  udpField('udp.srcport', 'uint', 16, 'source port', udp.srcPort),
  udpField('udp.dstport', 'uint', 16, 'destination port', udp.dstPort),
  udpField('udp.port', 'uint', 16, 'source and destination port', (b, at) => [udp.srcPort(b, at), udp.dstPort(b, at)]),
  udpField('udp.length', 'uint', 16, 'octets of header and payload', udp.length),
  udpField('udp.checksum', 'uint', 16, 'checksum', udp.checksum),
  { name: 'udp.payload', type: 'bytes', summary: 'payload', values: (f) => udps(f).flatMap((t) => payload(f, t.payload)) },
];

function tcpFlag(name: string, bit: number, summary: string): Field {
  return tcpField(`tcp.flags.${name}`, 'bool', 1, summary, (b, at) => (tcp.flags(b, at) & bit) !== 0);
}

const TCP_FIELDS: readonly Field[] = [
  tcpField('tcp', 'protocol', 0, 'TCP', (b, at) => [b.subarray(at, at + tcp.headerLength(b, at))]),
  tcpField('tcp.srcport', 'uint', 16, 'source port', tcp.srcPort),
  tcpField('tcp.dstport', 'uint', 16, 'destination port', tcp.dstPort),
  tcpField('tcp.port', 'uint', 16, 'source and destination port', (b, at) => [tcp.srcPort(b, at), tcp.dstPort(b, at)]),
  tcpField('tcp.seq_raw', 'uint', 32, 'sequence number', tcp.seq),
  tcpField('tcp.ack_raw', 'uint', 32, 'acknowledgment number', tcp.ack),
  tcpField('tcp.hdr_len', 'uint', 8, 'octets of the header', tcp.headerLength),
  { name: 'tcp.len', type: 'uint', summary: 'octets of payload', values: (f) => tcps(f).map((t) => t.payload.length) },
  tcpField('tcp.flags', 'uint', 16, 'all flags', tcp.flags),
  tcpFlag('fin', tcp.FIN, 'no more data'),
  tcpFlag('syn', tcp.SYN, 'synchronize'),
  tcpFlag('reset', tcp.RST, 'reset'),
  tcpFlag('push', tcp.PSH, 'push'),
  tcpFlag('ack', tcp.ACK_FLAG, 'acknowledgment'),
  tcpFlag('urg', tcp.URG, 'urgent'),
  tcpFlag('ece', tcp.ECE, 'ECN echo'),
  tcpFlag('cwr', tcp.CWR, 'congestion window reduced'),
  tcpField('tcp.window_size_value', 'uint', 16, 'window as sent', tcp.window),
  tcpField('tcp.checksum', 'uint', 16, 'checksum', tcp.checksum),
  { name: 'tcp.payload', type: 'bytes', summary: 'payload', values: (f) => tcps(f).flatMap((t) => payload(f, t.payload)) },
];

export const PROTOCOL_FIELDS: readonly Field[] = [...LINK_FIELDS, ...IPV4_FIELDS, ...IPV6_FIELDS, ...ICMP_FIELDS, ...UDP_FIELDS, ...TCP_FIELDS];
