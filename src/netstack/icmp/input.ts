/**
 * ICMP and ICMPv6 that arrive for the node: echo, errors about what it sent, neighbour discovery.
 * @module
 */
import { DROP } from '../../base/drop.js';
import type { Packet } from '../../fabric/packet.js';
import { u16 } from '../../wire/bytes.js';
import * as icmp from '../../wire/icmp.js';
import { type Interface, LOOPBACK_INDEX } from '../interface.js';
import { DEFAULT_TTL } from '../ip/output.js';
import type { PathMtu } from '../ip/path-mtu.js';
import * as ipv6 from '../../wire/ipv6.js';
import { type NdpPorts, receiveNdp } from '../neighbour/ndp.js';
import type { DatagramOutput, LocalAddresses } from '../ports.js';
import { type Addr, IPPROTO, type NetError } from '../transport.js';
import { arrival, type Transports } from '../transports.js';
import type { UdpLayer } from '../udp-layer.js';
import { HEADER, ICMP, type IcmpFamily, ICMPV6 } from './family.js';
import type { Ping } from './ping.js';

/** What it needs of its node. */
interface Ports extends NdpPorts {
  readonly interfaces: readonly Interface[];
  readonly addresses: LocalAddresses;
  readonly output: DatagramOutput;
  readonly pathMtu: PathMtu;
  readonly ping: Pick<Ping, 'reply' | 'error'>;
  readonly udp: Pick<UdpLayer, 'error'>;
  readonly transports: Pick<Transports, 'error'>;
}

export class IcmpInput {
  readonly #node: Ports;

  constructor(node: Ports) {
    this.#node = node;
  }

  /** Takes ownership; the message is `n` octets at `at`. @param group it was sent to many */
  receive(p: Packet, family: 4 | 6, at: number, n: number, group: boolean): void {
    const { core, ping, book } = this.#node;
    const f = family === 4 ? ICMP : ICMPV6;
    const b = p.buf;
    if (n < HEADER || !f.checksumOk(p, at, n)) {
      this.#bad(p, n < HEADER);
      return;
    }
    const from = f.source(p, book);
    const type = icmp.type(b, at);
    if (f.isDiscovery(type)) {
      const iface = this.#node.interfaces[p.iif];
      if (iface === undefined) core.end(p);
      else receiveNdp(this.#node, p, iface, at, n);
      return;
    }
    if (type === f.echoRequest) {
      if (group && !f.answersGroups) {
        core.drop(p, DROP.NOT_MINE, core.why('not-mine', 'input', 'echo-to-many'));
        return;
      }
      this.#echo(p, f, from, at, n, group);
    } else if (type === f.echoReply) {
      ping.reply(from, icmp.identifier(b, at), icmp.sequence(b, at), f.hopLimit(p), n - HEADER);
    } else if (!f.isError(type)) {
      core.drop(p, DROP.NO_LISTENER, core.why('no-listener', 'input', 'icmp-type'));
      return;
    } else {
      const taken = this.#error(f, from, b, at, n);
      if (taken === null) this.#bad(p, true);
      // What a node tells itself never crossed a link: there is no record that a reason could stand in.
      else if (taken || p.iif === LOOPBACK_INDEX) core.end(p);
      else core.drop(p, DROP.NO_LISTENER, core.why('no-listener', 'input', 'icmp-error'));
      return;
    }
    core.end(p);
  }

  #echo(p: Packet, f: IcmpFamily, from: Addr, at: number, n: number, group: boolean): void {
    const { output, book } = this.#node;
    // RFC 4443 4.2: the reply to a multicast echo comes from a unicast address.
    const source = group ? output.sourceFor(from) : f.destination(p, book);
    icmp.setType(p.buf, at, f.echoReply);
    if (source !== null) output.datagram(f.protocol, source, from, p.buf, at, n, f.trafficClass(p), DEFAULT_TTL, false, arrival(p));
  }

  /** Null: the quote is no datagram of ours. False: nobody here wants to know. */
  #error(f: IcmpFamily, by: Addr, b: Uint8Array, at: number, n: number): boolean | null {
    const { book, addresses, pathMtu } = this.#node;
    const o = at + HEADER;
    const end = at + n;
    if (!f.quotes(b, o, n - HEADER)) return null;
    const from = f.quotedSource(b, o, book);
    const to = f.quotedDestination(b, o, book);
    if (!addresses.isLocal(from)) return null;
    const kind = f.meaning(icmp.type(b, at), icmp.code(b, at));
    if (kind === null) return false;
    const mtu = kind === 'too-big' ? pathMtu.learn(f.family, to, f.mtu(b, at), f.quotedLength(b, o)) : 0;
    const walked = f.quotedTransport(b, o, end);
    // The quote may end within the extension headers: the path MTU has been learned, there is nobody to tell.
    if (walked < 0 || ipv6.walkedTo(walked) + 8 > end) return true;
    const told = this.#report(ipv6.walkedHeader(walked), kind, mtu, from, to, by, b, ipv6.walkedTo(walked), end - ipv6.walkedTo(walked));
    // The path MTU has been learned, whoever is there.
    return told || kind === 'too-big';
  }

  #report(protocol: number, kind: NetError, mtu: number, from: Addr, to: Addr, by: Addr, b: Uint8Array, at: number, n: number): boolean {
    const { udp, ping, transports } = this.#node;
    switch (protocol) {
      case IPPROTO.UDP:
        return udp.error(kind, mtu, from, to, b, at, n);
      case IPPROTO.ICMP:
      case IPPROTO.IPV6_ICMP:
        ping.error(kind, mtu, by, u16(b, at + 4), u16(b, at + 6));
        return true;
      default:
        return transports.error(protocol, kind, mtu, from, to, b, at, n);
    }
  }

  #bad(p: Packet, malformed: boolean): void {
    const { core } = this.#node;
    if (malformed) core.drop(p, DROP.MALFORMED, core.why('malformed', 'input', 'icmp'));
    else core.drop(p, DROP.CHECKSUM, core.why('checksum', 'input', 'icmp'));
  }
}
