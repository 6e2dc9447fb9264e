/**
 * IP packets that arrive: checks, routing, delivery and forwarding, the same walk for both families (RFC 791, RFC 1122
 * section 3.2.1, RFC 1812 section 5.2; RFC 8200). Hot: a forwarded packet allocates nothing.
 *
 * ```
 *   header ─► (whole) ─► prerouting ─► routing ─┬─► input ─► transport
 *                                               └─► hops, size ─► forward ─► egress
 * ```
 * @hot
 * @module
 */
import { NO_DECISION } from '../../base/brand.js';
import { DROP, type DropCode } from '../../base/drop.js';
import type { Packet } from '../../fabric/packet.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv6 from '../../wire/ipv6.js';
import { CT_STATE } from '../conntrack/connection.js';
import { ACCEPT, type Hook, PRIORITY, STOLEN, walk } from '../hook.js';
import type { IcmpInput } from '../icmp/input.js';
import { UNREACHABLE } from '../icmp/kinds.js';
import { type Interface, NO_INTERFACE } from '../interface.js';
import type { NodeCore } from '../node-core.js';
import type { ErrorReports, PacketEgress } from '../ports.js';
import { DEST, type Destination } from '../routing/destination.js';
import { IPPROTO } from '../transport.js';
import type { Transports } from '../transports.js';
import type { UdpLayer } from '../udp-layer.js';
import { FAULT, type Fault, type IpFamily } from './family.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly forwards: boolean;
  /** Families that are put together before prerouting hooks. */
  readonly defragments: ReadonlySet<4 | 6>;
  readonly errors: ErrorReports;
  readonly egress: PacketEgress;
  readonly udp: Pick<UdpLayer, 'receive'>;
  readonly icmp: Pick<IcmpInput, 'receive'>;
  readonly transports: Pick<Transports, 'receive'>;
}

export class IpInput {
  readonly #node: Ports;
  readonly #ip: IpFamily;

  constructor(node: Ports, ip: IpFamily) {
    this.#node = node;
    this.#ip = ip;
  }

  /** Takes ownership. The Ethernet header has been judged. */
  receive(p: Packet, iface: Interface): void {
    const ip = this.#ip;
    const fault = ip.fault(p, iface);
    if (fault !== FAULT.NONE) {
      this.#refuse(p, iface, fault);
    } else if (ip.isPart(p) && this.#node.defragments.has(ip.family)) {
      // Only what stands before defragmentation sees the parts; what is not to be tracked is left in parts.
      const hooks = ip.hooks.prerouting;
      if (hooks.length !== 0 && !this.#pass(hooks, p, -Infinity, PRIORITY.DEFRAG)) return;
      const whole = p.ctinfo === CT_STATE.UNTRACKED ? p : ip.gather(p, true);
      if (whole !== null) this.#prerouting(whole, iface, PRIORITY.DEFRAG);
    } else this.#prerouting(p, iface);
  }

  #refuse(p: Packet, iface: Interface, fault: Fault): void {
    const { core } = this.#node;
    if (fault === FAULT.MARTIAN) {
      core.drop(p, DROP.RP_FILTER, core.why('rp-filter', 'prerouting', 'martian'));
      return;
    }
    iface.rxDropped++;
    if (fault === FAULT.CHECKSUM) core.drop(p, DROP.CHECKSUM, core.why('checksum', 'prerouting'));
    else core.drop(p, DROP.MALFORMED, core.why('malformed', 'prerouting'));
  }

  /** @param from priority of the first hook that has not seen the packet */
  #prerouting(p: Packet, iface: Interface, from = -Infinity): void {
    const ip = this.#ip;
    const hooks = ip.hooks.prerouting;
    if (hooks.length !== 0 && !this.#pass(hooks, p, from, Infinity)) return;
    const source = ip.source(p);
    const to = ip.destination(p);
    const dest = ip.route(p, to, source);
    if (dest.kind === DEST.UNICAST) this.#forward(p, iface, dest, source, to);
    else this.#special(p, iface, dest, source, to);
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
        if (forwards && dest.kind !== DEST.BLACKHOLE) errors.unreachable(p, dest.kind === DEST.UNREACHABLE ? this.#ip.unreachable : UNREACHABLE.ADMIN);
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

  #forward(p: Packet, iface: Interface, dest: Destination, from: number, to: number): void {
    const node = this.#node;
    const { core, errors } = node;
    const ip = this.#ip;
    const { oif } = dest;
    const scoped = ip.staysOnLink(p);
    // RFC 1812 5.3.4: a unicast datagram in a link-layer broadcast is not forwarded.
    if (!node.forwards || ethernet.isGroup(p.buf, p.off) || oif === null || scoped) {
      core.drop(p, DROP.NOT_MINE, core.why('not-mine', 'forward', scoped ? 'link-local' : ''));
      return;
    }
    if (!this.#sourceFits(p, iface, from, to, oif.index)) return;
    if (ip.hopsLeft(p) <= 1) {
      errors.timeExceeded(p, 0);
      core.drop(p, DROP.TTL, core.why('ttl', 'forward'));
      return;
    }
    if (ip.exceeds(p, oif.mtu)) {
      errors.tooBig(p, oif.mtu);
      core.drop(p, DROP.MTU_DF, core.why('mtu-df', 'forward'));
      return;
    }
    ip.spendHop(p);
    p.oif = oif.index;
    if (p.decision === NO_DECISION) p.decision = dest.decision;
    iface.forwarded++;
    const hooks = ip.hooks.forward;
    if (hooks.length !== 0 && !this.#pass(hooks, p)) return;
    node.egress.send(p, dest);
  }

  /** True when a packet with that source may have come in here; else the packet has ended. */
  #sourceFits(p: Packet, iface: Interface, from: number, to: number, oif: number): boolean {
    if (iface.loopback) return true;
    const why = this.#ip.refusal(from, to, iface, oif);
    if (why === NO_DECISION) return true;
    this.#node.core.drop(p, DROP.RP_FILTER, why);
    return false;
  }

  #local(p: Packet, group: boolean): void {
    const ip = this.#ip;
    let whole: Packet | null = p;
    if (ip.gathersBeforeInput && ip.isFragment(p)) whole = ip.gather(p, false);
    if (whole === null) return;
    const hooks = ip.hooks.input;
    if (hooks.length !== 0 && !this.#pass(hooks, whole)) return;
    if (!ip.gathersBeforeInput && ip.isFragment(whole)) whole = ip.gather(whole, false);
    if (whole !== null) this.#deliver(whole, group);
  }

  #deliver(p: Packet, group: boolean): void {
    const node = this.#node;
    const ip = this.#ip;
    const walked = ip.transport(p);
    if (walked < 0) {
      node.core.drop(p, DROP.MALFORMED, node.core.why('malformed', 'input', 'extension-headers'));
      return;
    }
    const protocol = ipv6.walkedHeader(walked);
    const at = ipv6.walkedTo(walked);
    const n = p.off + p.len - at;
    if (protocol === IPPROTO.UDP) node.udp.receive(p, ip.family, at, n, group);
    else if (protocol === ip.icmp) node.icmp.receive(p, ip.family, at, n, group);
    else if (protocol === ipv6.NEXT.NONE && ip.family === 6) node.core.drop(p, DROP.NO_LISTENER, node.core.why('no-listener', 'input', 'no-next-header'));
    else node.transports.receive(p, ip.family, protocol, at, n, group);
  }

  /** False: the packet is no longer ours. */
  #pass(hooks: readonly Hook[], p: Packet, from?: number, below?: number): boolean {
    const verdict = walk(hooks, p, from, below);
    if (verdict === ACCEPT) return true;
    if (verdict !== STOLEN) this.#node.core.drop(p, verdict as DropCode, p.decision);
    return false;
  }
}
