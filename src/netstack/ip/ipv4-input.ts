/**
 * IPv4 packets that arrive: checks, routing, delivery and forwarding (RFC 791, RFC 1122 section 3.2.1, RFC 1812
 * section 5.2). Hot: a forwarded packet allocates nothing.
 * @module
 */
import { NO_DECISION } from '../../base/brand.js';
import { DROP, type DropCode } from '../../base/drop.js';
import type { Packet } from '../../fabric/packet.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import { UNREACHABLE } from '../icmp/kinds.js';
import { ACCEPT, STOLEN, walk } from '../hook.js';
import { type Interface, NO_INTERFACE } from '../interface.js';
import type { IpNode } from '../ip-node.js';
import { DEST, type Destination } from '../routing/destination.js';
import { IPPROTO } from '../transport.js';

export class Ipv4Input {
  readonly #node: IpNode;

  constructor(node: IpNode) {
    this.#node = node;
  }

  /** Takes ownership. The Ethernet header has been judged. */
  receive(p: Packet, iface: Interface): void {
    const { core } = this.#node;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (ipv4.check(b, o, p.len - ethernet.HEADER) !== 0) {
      iface.rxDropped++;
      core.drop(p, DROP.MALFORMED, core.why('malformed', 'prerouting'));
      return;
    }
    if (!checksum.verifyView(p.view, o, ipv4.headerLength(b, o))) {
      iface.rxDropped++;
      core.drop(p, DROP.CHECKSUM, core.why('checksum', 'prerouting'));
      return;
    }
    // Ethernet pads to 60 octets; what follows the datagram is not part of it.
    p.len = ethernet.HEADER + ipv4.totalLength(b, o);
    const top = b[o + ipv4.SRC] as number;
    if (top >= 224 || (!iface.loopback && (top === 127 || b[o + ipv4.DST] === 127))) {
      core.drop(p, DROP.RP_FILTER, core.why('rp-filter', 'prerouting', 'martian'));
      return;
    }
    if (ipv4.isFragment(b, o) && this.#node.defragments.has(4)) {
      const whole = this.#node.reassembly.accept4(p);
      if (whole !== null) this.#prerouting(whole, iface);
      return;
    }
    this.#prerouting(p, iface);
  }

  #prerouting(p: Packet, iface: Interface): void {
    const node = this.#node;
    const hooks = node.hooks.prerouting4;
    if (hooks.length !== 0 && !this.#accepted(p, walk(hooks, p))) return;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    const from = node.book.key4(b, o + ipv4.SRC);
    const to = node.book.key4(b, o + ipv4.DST);
    const dest = node.routes.route4(p, to, from);
    if (dest.kind === DEST.UNICAST) this.#forward(p, iface, dest, from, to);
    else this.#special(p, iface, dest, from, to);
  }

  /** True when a packet with that source may have come in here; else the packet has ended. */
  #sourceFits(p: Packet, iface: Interface, from: number, to: number, oif: number): boolean {
    if (iface.loopback) return true;
    const why = this.#node.reversePath.refusal4(from, to, iface, oif);
    if (why === NO_DECISION) return true;
    this.#node.core.drop(p, DROP.RP_FILTER, why);
    return false;
  }

  /** Everything but forwarding. */
  #special(p: Packet, iface: Interface, dest: Destination, from: number, to: number): void {
    const { core, errors, forwards } = this.#node;
    switch (dest.kind) {
      case DEST.LOCAL:
        if (this.#sourceFits(p, iface, from, to, NO_INTERFACE)) this.#local(p, false);
        return;
      case DEST.BROADCAST:
      case DEST.MULTICAST:
        if (this.#sourceFits(p, iface, from, to, NO_INTERFACE)) this.#local(p, true);
        return;
      case DEST.BLACKHOLE:
      case DEST.UNREACHABLE:
      case DEST.PROHIBIT:
        if (forwards && dest.kind !== DEST.BLACKHOLE) errors.unreachable(p, dest.kind === DEST.UNREACHABLE ? UNREACHABLE.HOST : UNREACHABLE.ADMIN);
        core.drop(p, DROP.BLACKHOLE, dest.decision);
        return;
      case DEST.NO_ROUTE:
        if (!forwards) {
          core.drop(p, DROP.NOT_MINE, core.why('not-mine', 'route'));
          return;
        }
        errors.unreachable(p, UNREACHABLE.NET);
        core.drop(p, DROP.NO_ROUTE, dest.decision);
        return;
      default:
        core.drop(p, DROP.NOT_MINE, core.why('not-mine', 'route', 'multicast'));
    }
  }

  #forward(p: Packet, iface: Interface, dest: Destination, from: number, to: number): void {
    const node = this.#node;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    // RFC 1812 5.3.4: a unicast datagram in a link-layer broadcast is not forwarded.
    if (!node.forwards || ethernet.isGroup(b, p.off) || dest.oif === null) {
      node.core.drop(p, DROP.NOT_MINE, node.core.why('not-mine', 'forward'));
      return;
    }
    if (!this.#sourceFits(p, iface, from, to, dest.oif.index)) return;
    if (ipv4.ttl(b, o) <= 1) {
      node.errors.timeExceeded(p, 0);
      node.core.drop(p, DROP.TTL, node.core.why('ttl', 'forward'));
      return;
    }
    if (p.len - ethernet.HEADER > dest.oif.mtu && ipv4.dontFragment(b, o)) {
      node.errors.tooBig(p, dest.oif.mtu);
      node.core.drop(p, DROP.MTU_DF, node.core.why('mtu-df', 'forward'));
      return;
    }
    ipv4.decrementTtl(b, o);
    p.oif = dest.oif.index;
    if (p.decision === 0) p.decision = dest.decision;
    iface.forwarded++;
    const hooks = node.hooks.forward4;
    if (hooks.length !== 0 && !this.#accepted(p, walk(hooks, p))) return;
    node.egress.send(p, dest);
  }

  #local(p: Packet, group: boolean): void {
    const node = this.#node;
    const whole = ipv4.isFragment(p.buf, p.off + ethernet.HEADER) ? node.reassembly.accept4(p) : p;
    if (whole === null) return;
    const hooks = node.hooks.input4;
    if (hooks.length !== 0 && !this.#accepted(whole, walk(hooks, whole))) return;
    this.#deliver(whole, group);
  }

  #deliver(p: Packet, group: boolean): void {
    const node = this.#node;
    const o = p.off + ethernet.HEADER;
    const protocol = ipv4.protocol(p.buf, o);
    const at = o + ipv4.headerLength(p.buf, o);
    const n = p.off + p.len - at;
    switch (protocol) {
      case IPPROTO.UDP:
        node.udp.receive(p, 4, at, n, group);
        return;
      case IPPROTO.ICMP:
        node.icmp.receive4(p, at, n, group);
        return;
      default:
        node.transports.receive(p, 4, protocol, at, n, group);
    }
  }

  /** False: the packet is no longer ours. */
  #accepted(p: Packet, verdict: number): boolean {
    if (verdict === ACCEPT) return true;
    if (verdict !== STOLEN) this.#node.core.drop(p, verdict as DropCode, p.decision);
    return false;
  }
}
