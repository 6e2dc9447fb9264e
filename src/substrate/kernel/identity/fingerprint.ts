/**
 * What of a frame stays as it is while a kernel passes it on, and what does not: the ground on which a frame that leaves
 * a node is known again as one that came in.
 *
 * | part                                            | router    | with translation | bridge |
 * |-------------------------------------------------|-----------|------------------|--------|
 * | payload, length, protocol, IPv4 ID, flow label  | same      | same             | same   |
 * | TCP sequence numbers and flags                  | same      | same             | same   |
 * | addresses, ports, ICMP echo identifier          | same      | changed          | same   |
 * | TTL, hop limit                                  | one less  | one less         | same   |
 * | MAC addresses                                   | changed   | changed          | same   |
 *
 * @see RFC 1812 5.3.1 (TTL), RFC 2663 (translation), RFC 6864 (IPv4 ID)
 * @module
 */
import * as bytes from '../../../wire/bytes.js';
import * as ethernet from '../../../wire/ethernet.js';
import * as icmp from '../../../wire/icmp.js';
import * as ipv4 from '../../../wire/ipv4.js';
import * as ipv6 from '../../../wire/ipv6.js';
import * as tcp from '../../../wire/tcp.js';
import * as udp from '../../../wire/udp.js';

/** Places in a frame, as offsets into its buffer. */
export interface Fingerprint {
  /** Equal for frames whose lasting parts are equal; 32 bits, so unequal frames may share it too. */
  hash: number;
  /** 4, 6, or 0 for what is not IP (or cut short): such a frame is known by all of its octets. */
  family: 4 | 6 | 0;
  ip: number;
  protocol: number;
  /** TTL or hop limit. */
  ttl: number;
  /** IPv4 identification or IPv6 flow label. */
  label: number;
  /** Source address; the destination follows. */
  addresses: number;
  addressLength: number;
  /** All above IP: from here to `end`. */
  transport: number;
  end: number;
  /** Source and destination port, four octets; -1 where there are none. */
  ports: number;
  /** The lasting part of the transport header, and all that follows it. */
  header: number;
  headerLength: number;
  payload: number;
  payloadLength: number;
}

export function newFingerprint(): Fingerprint {
  return {
    hash: 0,
    family: 0,
    ip: 0,
    protocol: 0,
    ttl: 0,
    label: 0,
    addresses: 0,
    addressLength: 0,
    transport: 0,
    end: 0,
    ports: -1,
    header: 0,
    headerLength: 0,
    payload: 0,
    payloadLength: 0,
  };
}

/** Reads a frame. With `whole` every octet counts (a bridge changes none). */
export function fingerprint(b: Uint8Array, off: number, len: number, whole: boolean, out: Fingerprint): void {
  out.family = 0;
  out.protocol = 0;
  out.ttl = 0;
  out.label = 0;
  out.ports = -1;
  out.addressLength = 0;
  out.transport = off;
  out.end = off + len;
  out.header = 0;
  out.headerLength = 0;
  out.payload = off;
  out.payloadLength = len;
  const ip = off + ethernet.HEADER;
  out.ip = ip;
  const left = len - ethernet.HEADER;
  if (!whole && left > 0) {
    const type = ethernet.type(b, off);
    if (type === ethernet.ETHERTYPE.IPV4 && ipv4.check(b, ip, left) === 0) readIpv4(b, ip, out);
    else if (type === ethernet.ETHERTYPE.IPV6 && ipv6.check(b, ip, left) === 0) readIpv6(b, ip, out);
  }
  out.hash = hashOf(b, out);
}

function readIpv4(b: Uint8Array, ip: number, out: Fingerprint): void {
  out.family = 4;
  out.protocol = ipv4.protocol(b, ip);
  out.ttl = ipv4.ttl(b, ip);
  out.label = ipv4.identification(b, ip);
  out.addresses = ip + ipv4.SRC;
  out.addressLength = 4;
  const at = ip + ipv4.headerLength(b, ip);
  // A fragment beyond the first has no ports, and translation puts a datagram together before it looks at the first.
  const protocol = ipv4.isFragment(b, ip) ? -1 : out.protocol;
  readTransport(b, at, ip + ipv4.totalLength(b, ip), protocol, icmp.PROTOCOL, out);
}

function readIpv6(b: Uint8Array, ip: number, out: Fingerprint): void {
  out.family = 6;
  out.protocol = ipv6.nextHeader(b, ip);
  out.ttl = ipv6.hopLimit(b, ip);
  out.label = ipv6.flowLabel(b, ip);
  out.addresses = ip + ipv6.SRC;
  out.addressLength = 16;
  readTransport(b, ip + ipv6.HEADER, ip + ipv6.HEADER + ipv6.payloadLength(b, ip), out.protocol, ipv6.NEXT.ICMPV6, out);
}

/** @param protocol -1 = take it as opaque */
function readTransport(b: Uint8Array, at: number, end: number, protocol: number, icmpProtocol: number, out: Fingerprint): void {
  const length = end - at;
  out.transport = at;
  out.end = end;
  out.payload = at;
  out.payloadLength = length;
  if (protocol === udp.PROTOCOL && length >= udp.HEADER) {
    out.ports = at;
    skip(out, udp.HEADER);
  } else if (protocol === tcp.PROTOCOL && length >= tcp.HEADER && tcp.headerLength(b, at) <= length) {
    out.ports = at;
    // Sequence and acknowledgement numbers, data offset and flags; options may be rewritten (MSS clamping).
    out.header = at + 4;
    out.headerLength = 10;
    skip(out, tcp.headerLength(b, at));
  } else if (protocol === icmpProtocol && length >= icmp.HEADER) {
    // Type and code; then past checksum and identifier. In an error the quoted header may be translated as well, so
    // the quote's ports and addresses would not last: the type is all that is sure.
    out.header = at;
    out.headerLength = 2;
    if (isEcho(b, at, icmpProtocol)) skip(out, 6);
    else skip(out, length);
  }
}

/** RFC 792 echo 8 and reply 0; RFC 4443 128 and 129. */
function isEcho(b: Uint8Array, at: number, protocol: number): boolean {
  const type = icmp.type(b, at);
  return protocol === icmp.PROTOCOL ? type === 0 || type === 8 : type === 128 || type === 129;
}

function skip(out: Fingerprint, octets: number): void {
  out.payload += octets;
  out.payloadLength -= octets;
}

/** FNV-1a over the lasting parts. */
function hashOf(b: Uint8Array, f: Fingerprint): number {
  let h = 0x811c_9dc5;
  h = Math.imul(h ^ f.family, 0x0100_0193);
  h = Math.imul(h ^ f.protocol, 0x0100_0193);
  h = Math.imul(h ^ f.label, 0x0100_0193);
  h = Math.imul(h ^ f.payloadLength, 0x0100_0193);
  for (let i = f.header, end = f.header + f.headerLength; i < end; i++) h = Math.imul(h ^ (b[i] as number), 0x0100_0193);
  for (let i = f.payload, end = f.payload + f.payloadLength; i < end; i++) h = Math.imul(h ^ (b[i] as number), 0x0100_0193);
  return h >>> 0;
}

/** Could one be the other, passed on? Octet by octet, so that no two packets are mixed up for an equal hash. */
export function lasts(a: Uint8Array, fa: Fingerprint, b: Uint8Array, fb: Fingerprint): boolean {
  return (
    fa.hash === fb.hash &&
    fa.family === fb.family &&
    fa.protocol === fb.protocol &&
    fa.label === fb.label &&
    fa.headerLength === fb.headerLength &&
    fa.payloadLength === fb.payloadLength &&
    bytes.equal(a, fa.header, b, fb.header, fa.headerLength) &&
    bytes.equal(a, fa.payload, b, fb.payload, fa.payloadLength)
  );
}

/** Passed on with nothing rewritten above IP: true of all that a router without translation forwards. */
export function unchanged(a: Uint8Array, fa: Fingerprint, b: Uint8Array, fb: Fingerprint): boolean {
  const length = fa.end - fa.transport;
  return (
    length === fb.end - fb.transport &&
    fa.addressLength === fb.addressLength &&
    bytes.equal(a, fa.addresses, b, fb.addresses, 2 * fa.addressLength) &&
    bytes.equal(a, fa.transport, b, fb.transport, length)
  );
}

/** Same addresses and ports. */
export function sameFlow(a: Uint8Array, fa: Fingerprint, b: Uint8Array, fb: Fingerprint): boolean {
  if (fa.family !== fb.family || fa.protocol !== fb.protocol) return false;
  if (!bytes.equal(a, fa.addresses, b, fb.addresses, 2 * fa.addressLength)) return false;
  if (fa.ports < 0 || fb.ports < 0) return fa.ports < 0 && fb.ports < 0;
  return bytes.equal(a, fa.ports, b, fb.ports, 4);
}
