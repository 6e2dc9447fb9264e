/**
 * ICMP and ICMPv6 that arrive for the node: echo, errors about what it sent, neighbour discovery.
 * @module
 */
import { DROP } from '../../base/drop.js';
import type { Packet } from '../../fabric/packet.js';
import { u16 } from '../../wire/bytes.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as icmp from '../../wire/icmp.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment from '../../wire/ipv6-fragment.js';
import type { IpNode } from '../ip-node.js';
import { DEFAULT_TTL } from '../ip/output.js';
import { receiveNdp } from '../neighbour/ndp.js';
import { type Addr, IPPROTO, type NetError } from '../transport.js';
import { arrival } from '../transports.js';

export class IcmpInput {
  readonly #node: IpNode;

  constructor(node: IpNode) {
    this.#node = node;
  }

  /** Takes ownership; the message is `n` octets at `at`. */
  receive4(p: Packet, at: number, n: number, group: boolean): void {
    const { core, ping, book } = this.#node;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (icmp.check(b, at, n) !== 0 || !icmp.checksumOk(b, at, n)) {
      this.#bad(p, n < icmp.HEADER);
      return;
    }
    const from = book.read4(b, o + ipv4.SRC);
    const type = icmp.type(b, at);
    // RFC 1122 3.2.2.6 lets a host ignore echoes to groups; Linux does (icmp_echo_ignore_broadcasts).
    if (type === icmp.TYPES.ECHO_REQUEST && !group) {
      icmp.setType(b, at, icmp.TYPES.ECHO_REPLY);
      this.#node.output.datagram(IPPROTO.ICMP, book.read4(b, o + ipv4.DST), from, b, at, n, ipv4.tos(b, o), DEFAULT_TTL, false, arrival(p));
    } else if (type === icmp.TYPES.ECHO_REPLY) {
      ping.reply(from, icmp.identifier(b, at), icmp.sequence(b, at), ipv4.ttl(b, o), n - icmp.HEADER);
    } else if (icmp.isError(type) && !this.#error4(from, b, at, n)) {
      this.#bad(p, true);
      return;
    }
    core.end(p);
  }

  receive6(p: Packet, at: number, n: number, group: boolean): void {
    const { core, ping, book, output } = this.#node;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (icmpv6.check(b, at, n) !== 0 || !icmpv6.checksumOk(b, at, n, checksum.pseudo6(b, o, IPPROTO.IPV6_ICMP, n))) {
      this.#bad(p, n < icmpv6.HEADER);
      return;
    }
    const from = book.read6(b, o + ipv6.SRC);
    const type = icmpv6.type(b, at);
    if (type === icmpv6.TYPES.NEIGHBOR_SOLICITATION || type === icmpv6.TYPES.NEIGHBOR_ADVERTISEMENT) {
      const iface = this.#node.interfaces[p.iif];
      if (iface === undefined) core.end(p);
      else receiveNdp(this.#node, p, iface, at, n);
      return;
    }
    if (type === icmpv6.TYPES.ECHO_REQUEST) {
      // RFC 4443 4.2: the reply to a multicast echo comes from a unicast address.
      const source = group ? output.sourceFor(from) : book.read6(b, o + ipv6.DST);
      icmpv6.setType(b, at, icmpv6.TYPES.ECHO_REPLY);
      if (source !== null) output.datagram(IPPROTO.IPV6_ICMP, source, from, b, at, n, ipv6.trafficClass(b, o), DEFAULT_TTL, false, arrival(p));
    } else if (type === icmpv6.TYPES.ECHO_REPLY) {
      ping.reply(from, icmpv6.identifier(b, at), icmpv6.sequence(b, at), ipv6.hopLimit(b, o), n - icmpv6.HEADER);
    } else if (icmpv6.isError(type) && !this.#error6(from, b, at, n)) {
      this.#bad(p, true);
      return;
    }
    core.end(p);
  }

  /** False: the quote is no datagram of ours. */
  #error4(by: Addr, b: Uint8Array, at: number, n: number): boolean {
    const { book } = this.#node;
    const o = at + icmp.HEADER;
    const m = n - icmp.HEADER;
    if (ipv4.checkHeader(b, o, m) !== 0) return false;
    const from = book.read4(b, o + ipv4.SRC);
    const to = book.read4(b, o + ipv4.DST);
    const header = ipv4.headerLength(b, o);
    // RFC 792: eight octets of the datagram's data are always there.
    if (m < header + 8 || !this.#node.isLocal(from)) return false;
    const kind = meaning4(icmp.type(b, at), icmp.code(b, at));
    if (kind === null) return true;
    const mtu = kind === 'too-big' ? this.#node.pathMtu.learn(4, to, icmp.nextHopMtu(b, at), ipv4.totalLength(b, o)) : 0;
    this.#report(ipv4.protocol(b, o), kind, mtu, from, to, by, b, o + header, m - header);
    return true;
  }

  #error6(by: Addr, b: Uint8Array, at: number, n: number): boolean {
    const { book } = this.#node;
    const o = at + icmpv6.HEADER;
    const end = at + n;
    if (ipv6.checkHeader(b, o, end - o) !== 0) return false;
    const from = book.read6(b, o + ipv6.SRC);
    const to = book.read6(b, o + ipv6.DST);
    if (!this.#node.isLocal(from)) return false;
    const kind = meaning6(icmpv6.type(b, at), icmpv6.code(b, at));
    if (kind === null) return true;
    const mtu = kind === 'too-big' ? this.#node.pathMtu.learn(6, to, icmpv6.mtu(b, at), 0) : 0;
    let walked = ipv6.walk(b, o + ipv6.HEADER, end, ipv6.nextHeader(b, o));
    if (walked >= 0 && ipv6.walkedHeader(walked) === ipv6.NEXT.FRAGMENT) {
      const header = ipv6.walkedTo(walked);
      if (header + fragment.HEADER > end) return true;
      walked = ipv6.walk(b, header + fragment.HEADER, end, fragment.nextHeader(b, header));
    }
    // The quote may end within the extension headers: the path MTU has been learned, there is nobody to tell.
    if (walked < 0 || ipv6.walkedTo(walked) + 8 > end) return true;
    this.#report(ipv6.walkedHeader(walked), kind, mtu, from, to, by, b, ipv6.walkedTo(walked), end - ipv6.walkedTo(walked));
    return true;
  }

  #report(protocol: number, kind: NetError, mtu: number, from: Addr, to: Addr, by: Addr, b: Uint8Array, at: number, n: number): void {
    const { udp, ping, transports } = this.#node;
    switch (protocol) {
      case IPPROTO.UDP:
        udp.error(kind, mtu, from, to, b, at, n);
        return;
      case IPPROTO.ICMP:
      case IPPROTO.IPV6_ICMP:
        ping.error(kind, mtu, by, u16(b, at + 4), u16(b, at + 6));
        return;
      default:
        transports.error(protocol, kind, mtu, from, to, b, at, n);
    }
  }

  #bad(p: Packet, malformed: boolean): void {
    const { core } = this.#node;
    if (malformed) core.drop(p, DROP.MALFORMED, core.why('malformed', 'input', 'icmp'));
    else core.drop(p, DROP.CHECKSUM, core.why('checksum', 'input', 'icmp'));
  }
}

/** Null: of no consequence (source quench, RFC 6633; redirect: routes are the plan's). */
function meaning4(type: number, code: number): NetError | null {
  switch (type) {
    case icmp.TYPES.DESTINATION_UNREACHABLE:
      if (code === icmp.UNREACHABLE.FRAGMENTATION_NEEDED) return 'too-big';
      return code === icmp.UNREACHABLE.PORT || code === icmp.UNREACHABLE.PROTOCOL ? 'port-unreachable' : 'host-unreachable';
    case icmp.TYPES.TIME_EXCEEDED:
      return code === icmp.EXCEEDED.TTL ? 'ttl-exceeded' : 'host-unreachable';
    case icmp.TYPES.PARAMETER_PROBLEM:
      return 'host-unreachable';
    default:
      return null;
  }
}

function meaning6(type: number, code: number): NetError | null {
  switch (type) {
    case icmpv6.TYPES.DESTINATION_UNREACHABLE:
      return code === icmpv6.UNREACHABLE.PORT ? 'port-unreachable' : 'host-unreachable';
    case icmpv6.TYPES.PACKET_TOO_BIG:
      return 'too-big';
    case icmpv6.TYPES.TIME_EXCEEDED:
      return code === icmpv6.EXCEEDED.HOP_LIMIT ? 'ttl-exceeded' : 'host-unreachable';
    case icmpv6.TYPES.PARAMETER_PROBLEM:
      // RFC 4443 3.4: code 1 is an unrecognized next header, what IPv4 calls protocol unreachable.
      return code === 1 ? 'port-unreachable' : 'host-unreachable';
    default:
      return null;
  }
}
