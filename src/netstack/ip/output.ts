/**
 * Datagrams that the node sends: the IP header, transport checksums, output hooks, routing, path MTU, loopback.
 * @module
 */
import type { Cause } from '../../base/brand.js';
import { DROP, type DropCode } from '../../base/drop.js';
import type { Packet } from '../../fabric/packet.js';
import { copy, setU16, u16 } from '../../wire/bytes.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { addrOf6, keyOf, type AddressBook } from '../address-book.js';
import { CT_REPLY, CT_STATE } from '../conntrack/connection.js';
import { ACCEPT, STOLEN, walk, type HookTable } from '../hook.js';
import { UNREACHABLE } from '../icmp/kinds.js';
import { LOOPBACK_INDEX, NO_INTERFACE, type Interface } from '../interface.js';
import type { NodeCore } from '../node-core.js';
import type { DatagramOutput, ErrorReports, NeighbourTable, PacketEgress, Routing } from '../ports.js';
import type { DscpPolicy } from '../ip/dscp-policy.js';
import type { PathMtu } from '../ip/path-mtu.js';
import { DEST, type Destination } from '../routing/destination.js';
import { type Addr, IPPROTO } from '../transport.js';
import { scopeOf, selectSource } from './source-address.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly hooks: HookTable;
  readonly interfaces: readonly Interface[];
  readonly loopback: Interface;
  readonly smallestMtu: number;
  readonly routes: Routing;
  readonly neighbours: NeighbourTable;
  readonly egress: PacketEgress;
  readonly errors: ErrorReports;
  readonly dscp: DscpPolicy;
  readonly pathMtu: PathMtu;
}

/** Linux's default TTL and hop limit. */
export const DEFAULT_TTL = 64;

/** Where the checksum stands in a transport header; -1 = none that IP fills in. */
function checksumOffset(protocol: number): number {
  switch (protocol) {
    case IPPROTO.UDP:
      return 6;
    case IPPROTO.TCP:
      return 16;
    case IPPROTO.ICMP:
    case IPPROTO.IPV6_ICMP:
      return 2;
    default:
      return -1;
  }
}

export class Output implements DatagramOutput {
  readonly #node: Ports;
  #identification: number;

  constructor(node: Ports) {
    this.#node = node;
    this.#identification = node.core.random.below(65536);
  }

  send(protocol: number, from: Addr, to: Addr, buf: Uint8Array, off: number, len: number, dscp: number, dontFragment: boolean, cause: Cause): void {
    const mark = dscp >= 0 ? dscp : len >= 2 ? this.#node.dscp.of(protocol, u16(buf, off)) : 0;
    this.datagram(protocol, from, to, buf, off, len, mark << 2, DEFAULT_TTL, dontFragment, cause);
  }

  /**
   * As {@link send}, with the whole traffic class octet and the hop limit.
   * @param about the packet that this one reports an error of, or refuses: it belongs to the same connection
   */
  datagram(
    protocol: number,
    from: Addr,
    to: Addr,
    buf: Uint8Array,
    off: number,
    len: number,
    tos: number,
    ttl: number,
    dontFragment: boolean,
    cause: Cause,
    about: Packet | null = null,
  ): void {
    const family = this.#node.book.family(to);
    const p = this.open(family, protocol, from, to, len, tos, ttl, dontFragment, cause);
    if (p === null) return;
    if (about !== null && about.ct !== null) {
      // Linux's nf_ct_attach: related, in the other direction.
      p.ct = about.ct;
      p.ctinfo = CT_STATE.RELATED | (~about.ctinfo & CT_REPLY);
    }
    const at = p.off + p.len - len;
    copy(buf, off, p.buf, at, len);
    const sum = checksumOffset(protocol);
    if (sum >= 0) fillChecksum(p, family, protocol, at, len, sum);
    this.dispatch(p, family, keyOf(to), keyOf(from), dontFragment);
  }

  /**
   * hot. A packet with its IP header written and room for `len` octets of payload at the end of it; null when it
   * cannot be one datagram. The caller writes the payload and calls {@link dispatch}.
   */
  open(family: 4 | 6, protocol: number, from: Addr, to: Addr, len: number, tos: number, ttl: number, dontFragment: boolean, cause: Cause): Packet | null {
    const { pool } = this.#node.core;
    const header = family === 4 ? ipv4.HEADER : ipv6.HEADER;
    if (len + (family === 4 ? header : 0) > 65535) return null;
    const p = pool.take(ethernet.HEADER + header + len);
    p.len = ethernet.HEADER + header + len;
    p.cause = cause;
    p.iif = NO_INTERFACE;
    p.oif = NO_INTERFACE;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (family === 4) {
      setU16(b, o - 2, ethernet.ETHERTYPE.IPV4);
      b[o] = 0x45;
      b[o + 1] = tos;
      setU16(b, o + 2, header + len);
      this.#identification = (this.#identification + 1) & 0xffff;
      setU16(b, o + 4, this.#identification);
      setU16(b, o + 6, dontFragment ? 0x4000 : 0);
      b[o + 8] = ttl;
      b[o + 9] = protocol;
      this.#node.book.write(from, b, o + ipv4.SRC);
      this.#node.book.write(to, b, o + ipv4.DST);
      setU16(b, o + ipv4.CHECKSUM, 0);
      setU16(b, o + ipv4.CHECKSUM, checksum.finish(checksum.sumView(p.view, o, ipv4.HEADER)));
    } else {
      setU16(b, o - 2, ethernet.ETHERTYPE.IPV6);
      b[o] = 0x60 | (tos >>> 4);
      b[o + 1] = (tos & 15) << 4;
      setU16(b, o + 2, 0);
      setU16(b, o + 4, len);
      b[o + 6] = protocol;
      b[o + 7] = ttl;
      this.#node.book.write(from, b, o + ipv6.SRC);
      this.#node.book.write(to, b, o + ipv6.DST);
    }
    return p;
  }

  /** hot. Output hooks, routing, and out. Takes ownership. */
  dispatch(p: Packet, family: 4 | 6, to: number, from: number, dontFragment: boolean): void {
    const node = this.#node;
    let dest = family === 4 ? node.routes.route4(p, to, from) : node.routes.route6(p, to, from);
    p.oif = outInterface(dest);
    p.decision = dest.decision;
    const hooks = (family === 4 ? node.hooks.ipv4 : node.hooks.ipv6).output;
    if (hooks.length !== 0) {
      const verdict = walk(hooks, p);
      if (verdict !== ACCEPT) {
        if (verdict !== STOLEN) node.core.drop(p, verdict as DropCode, p.decision);
        return;
      }
      const routed = p.decision === dest.decision;
      dest = this.#reroute(p, family);
      if (routed) p.decision = dest.decision;
    }
    if (dest.kind === DEST.UNICAST) this.#unicast(p, family, dest, dontFragment);
    else this.#special(p, family, dest, dontFragment);
  }

  sourceFor(to: Addr): Addr | null {
    return selectSource(this.#node, to);
  }

  pathMtu(to: Addr): number {
    const node = this.#node;
    const dest = node.routes.lookup(to);
    const limit = dest.kind === DEST.LOCAL ? node.loopback.mtu : (dest.oif?.mtu ?? node.smallestMtu);
    return node.pathMtu.of(node.book.family(to), keyOf(to), limit);
  }

  family(a: Addr): 4 | 6 {
    return this.#node.book.family(a);
  }

  /** A hook may have marked or translated the packet: ask again, with what it says now. */
  #reroute(p: Packet, family: 4 | 6): Destination {
    const { routes, book } = this.#node;
    const o = p.off + ethernet.HEADER;
    const dest =
      family === 4
        ? routes.route4(p, book.key4(p.buf, o + ipv4.DST), book.key4(p.buf, o + ipv4.SRC))
        : routes.route6(p, book.key6(p.buf, o + ipv6.DST), book.key6(p.buf, o + ipv6.SRC));
    p.oif = outInterface(dest);
    return dest;
  }

  #unicast(p: Packet, family: 4 | 6, dest: Destination, dontFragment: boolean): void {
    const node = this.#node;
    const limit = dest.oif === null ? node.smallestMtu : dest.oif.mtu;
    const size = p.len - ethernet.HEADER;
    const mtu = node.pathMtu.of(family, keyOf(dest.addr), limit);
    if (size <= mtu) {
      node.egress.send(p, dest);
    } else if (dontFragment) {
      node.errors.tooBig(p, mtu);
      node.core.drop(p, DROP.MTU_DF, node.core.why('mtu-df', 'output'));
    } else {
      node.egress.send(p, dest, mtu);
    }
  }

  #special(p: Packet, family: 4 | 6, dest: Destination, dontFragment: boolean): void {
    const { core, errors, egress, routes, neighbours } = this.#node;
    switch (dest.kind) {
      case DEST.LOCAL:
        egress.loop(p);
        return;
      case DEST.BLACKHOLE:
      case DEST.UNREACHABLE:
      case DEST.PROHIBIT:
        if (dest.kind !== DEST.BLACKHOLE) errors.unreachable(p, dest.kind === DEST.UNREACHABLE ? UNREACHABLE.HOST : UNREACHABLE.ADMIN);
        core.drop(p, DROP.BLACKHOLE, dest.decision);
        return;
      case DEST.SCOPED: {
        const iface = scopeOf(this.#node, addrOf6(this.#node.book.key6(p.buf, p.off + ethernet.HEADER + ipv6.SRC)), dest.addr);
        if (iface !== null) {
          p.oif = iface.index;
          this.#unicast(p, family, routes.scoped(keyOf(dest.addr), iface), dontFragment);
          return;
        }
        break;
      }
      case DEST.BROADCAST:
        if (dest.oif !== null) {
          egress.send(p, { ...dest, kind: DEST.UNICAST, neighbour: neighbours.broadcast(dest.oif, dest.addr) });
          return;
        }
        break;
      default:
        break;
    }
    errors.unreachable(p, UNREACHABLE.NET);
    core.drop(p, DROP.NO_ROUTE, dest.kind === DEST.NO_ROUTE ? dest.decision : core.why('no-route', 'output'));
  }
}

/** What hooks see a packet leave by: one for the node itself leaves by the loopback. */
function outInterface(dest: Destination): number {
  if (dest.oif !== null) return dest.oif.index;
  return dest.kind === DEST.LOCAL ? LOOPBACK_INDEX : NO_INTERFACE;
}

/** Writes the transport checksum at `at + offset`, which is zero yet or not: its old value does not count. */
function fillChecksum(p: Packet, family: 4 | 6, protocol: number, at: number, len: number, offset: number): void {
  const b = p.buf;
  const ip = p.off + ethernet.HEADER;
  setU16(b, at + offset, 0);
  let pseudo = 0;
  if (family === 6) pseudo = checksum.pseudo6(b, ip, protocol, len);
  else if (protocol !== IPPROTO.ICMP) pseudo = checksum.pseudo4(b, ip, protocol, len);
  const sum = checksum.sum(b, at, len, pseudo);
  setU16(b, at + offset, protocol === IPPROTO.UDP ? checksum.finishUdp(sum) : checksum.finish(sum));
}
