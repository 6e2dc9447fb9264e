/**
 * IPv6 packets that arrive: checks, routing, delivery and forwarding (RFC 8200). Hot: a forwarded packet allocates
 * nothing.
 * @module
 */
import { DROP, type DropCode } from '../../base/drop.js';
import type { Packet } from '../../fabric/packet.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment from '../../wire/ipv6-fragment.js';
import { UNREACHABLE } from '../icmp/kinds.js';
import { ACCEPT, STOLEN, walk } from '../hook.js';
import type { Interface } from '../interface.js';
import type { IpNode } from '../ip-node.js';
import { DEST, type Destination } from '../routing/destination.js';
import { IPPROTO } from '../transport.js';

export class Ipv6Input {
  readonly #node: IpNode;

  constructor(node: IpNode) {
    this.#node = node;
  }

  /** Takes ownership. The Ethernet header has been judged. */
  receive(p: Packet, iface: Interface): void {
    const { core } = this.#node;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (ipv6.check(b, o, p.len - ethernet.HEADER) !== 0) {
      iface.rxDropped++;
      core.drop(p, DROP.MALFORMED, core.why('malformed', 'prerouting'));
      return;
    }
    p.len = ethernet.HEADER + ipv6.HEADER + ipv6.payloadLength(b, o);
    // RFC 4291 2.7: a multicast address is never a source; 2.5.3: ::1 never comes from a link.
    if (b[o + ipv6.SRC] === 0xff || (!iface.loopback && (isLoopback(b, o + ipv6.SRC) || isLoopback(b, o + ipv6.DST)))) {
      core.drop(p, DROP.RP_FILTER, core.why('rp-filter', 'prerouting', 'martian'));
      return;
    }
    if (fragmentAt(b, o) >= 0 && this.#node.defragments.has(6)) {
      const whole = this.#node.reassembly.accept6(p, fragmentAt(b, o));
      if (whole !== null) this.#prerouting(whole, iface);
      return;
    }
    this.#prerouting(p, iface);
  }

  #prerouting(p: Packet, iface: Interface): void {
    const node = this.#node;
    const hooks = node.hooks.prerouting6;
    if (hooks.length !== 0 && !this.#accepted(p, walk(hooks, p))) return;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    const from = node.book.key6(b, o + ipv6.SRC);
    const dest = node.routes.route6(p, node.book.key6(b, o + ipv6.DST), from);
    if (dest.kind === DEST.UNICAST) this.#forward(p, iface, dest);
    else this.#special(p, dest);
  }

  #special(p: Packet, dest: Destination): void {
    const { core, errors, forwards } = this.#node;
    switch (dest.kind) {
      case DEST.LOCAL:
        this.#local(p, false);
        return;
      case DEST.MULTICAST:
        this.#local(p, true);
        return;
      case DEST.BLACKHOLE:
      case DEST.UNREACHABLE:
      case DEST.PROHIBIT:
        // Linux says "no route" of what is unreachable by a route.
        if (forwards && dest.kind !== DEST.BLACKHOLE) errors.unreachable(p, dest.kind === DEST.UNREACHABLE ? UNREACHABLE.NET : UNREACHABLE.ADMIN);
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
        // RFC 4291 2.5.6: a router must not forward packets with link-local addresses to other links.
        core.drop(p, DROP.NOT_MINE, core.why('not-mine', 'route', dest.kind === DEST.SCOPED ? 'link-local' : 'multicast'));
    }
  }

  #forward(p: Packet, iface: Interface, dest: Destination): void {
    const node = this.#node;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    const scopedSource = b[o + ipv6.SRC] === 0xfe && ((b[o + ipv6.SRC + 1] as number) & 0xc0) === 0x80;
    if (!node.forwards || ethernet.isGroup(b, p.off) || dest.oif === null || scopedSource) {
      node.core.drop(p, DROP.NOT_MINE, node.core.why('not-mine', 'forward', scopedSource ? 'link-local' : ''));
      return;
    }
    if (ipv6.hopLimit(b, o) <= 1) {
      node.errors.timeExceeded(p, 0);
      node.core.drop(p, DROP.TTL, node.core.why('ttl', 'forward'));
      return;
    }
    // RFC 8200 5: only the source fragments. What came in fragments goes out in them.
    if ((p.fragmented === 0 ? p.len - ethernet.HEADER : p.fragmented) > dest.oif.mtu) {
      node.errors.tooBig(p, dest.oif.mtu);
      node.core.drop(p, DROP.MTU_DF, node.core.why('mtu-df', 'forward'));
      return;
    }
    ipv6.setHopLimit(b, o, ipv6.hopLimit(b, o) - 1);
    p.oif = dest.oif.index;
    if (p.decision === 0) p.decision = dest.decision;
    iface.forwarded++;
    const hooks = node.hooks.forward6;
    if (hooks.length !== 0 && !this.#accepted(p, walk(hooks, p))) return;
    node.egress.send(p, dest);
  }

  #local(p: Packet, group: boolean): void {
    const node = this.#node;
    // Linux: fragments are an extension header like others, that is come to behind the hooks.
    const hooks = node.hooks.input6;
    if (hooks.length !== 0 && !this.#accepted(p, walk(hooks, p))) return;
    const at = fragmentAt(p.buf, p.off + ethernet.HEADER);
    const whole = at >= 0 ? node.reassembly.accept6(p, at) : p;
    if (whole !== null) this.#deliver(whole, group);
  }

  #deliver(p: Packet, group: boolean): void {
    const node = this.#node;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    const end = p.off + p.len;
    let walked = ipv6.transport(b, o);
    // RFC 6946: an atomic fragment is a whole packet.
    if (walked >= 0 && ipv6.walkedHeader(walked) === ipv6.NEXT.FRAGMENT) {
      const header = ipv6.walkedTo(walked);
      walked = header + fragment.HEADER > end ? -1 : ipv6.walk(b, header + fragment.HEADER, end, fragment.nextHeader(b, header));
    }
    if (walked < 0) {
      node.core.drop(p, DROP.MALFORMED, node.core.why('malformed', 'input', 'extension-headers'));
      return;
    }
    const protocol = ipv6.walkedHeader(walked);
    const at = ipv6.walkedTo(walked);
    switch (protocol) {
      case IPPROTO.UDP:
        node.udp.receive(p, 6, at, end - at, group);
        return;
      case IPPROTO.IPV6_ICMP:
        node.icmp.receive6(p, at, end - at, group);
        return;
      case ipv6.NEXT.NONE:
        node.core.end(p);
        return;
      default:
        node.transports.receive(p, 6, protocol, at, end - at, group);
    }
  }

  #accepted(p: Packet, verdict: number): boolean {
    if (verdict === ACCEPT) return true;
    if (verdict !== STOLEN) this.#node.core.drop(p, verdict as DropCode, p.decision);
    return false;
  }
}

/** hot. Where the fragment header of a packet stands; -1 without one, or where the fragment is atomic (a whole packet). */
export function fragmentAt(b: Uint8Array, o: number): number {
  const next = ipv6.nextHeader(b, o);
  if (next === IPPROTO.UDP || next === IPPROTO.TCP || next === IPPROTO.IPV6_ICMP) return -1;
  const walked = ipv6.transport(b, o);
  if (walked < 0 || ipv6.walkedHeader(walked) !== ipv6.NEXT.FRAGMENT) return -1;
  const at = ipv6.walkedTo(walked);
  if (at + fragment.HEADER > o + ipv6.HEADER + ipv6.payloadLength(b, o)) return -1;
  return fragment.isAtomic(b, at) ? -1 : at;
}

function isLoopback(b: Uint8Array, o: number): boolean {
  if (b[o] !== 0 || b[o + 15] !== 1) return false;
  for (let i = 1; i < 15; i++) if (b[o + i] !== 0) return false;
  return true;
}
