/**
 * IPv4 on the way in (RFC 791, RFC 1122 section 3.2.1, RFC 1812 section 5.2).
 * @hot
 * @module
 */
import type { DecisionId } from '../../base/brand.js';
import type { Packet } from '../../fabric/packet.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import type { AddressBook } from '../address-book.js';
import type { HookLists, HookTable } from '../hook.js';
import { UNREACHABLE } from '../icmp/kinds.js';
import type { Interface } from '../interface.js';
import type { FragmentQueue, Routing } from '../ports.js';
import type { Destination } from '../routing/destination.js';
import type { ReversePath } from '../routing/reverse-path.js';
import { IPPROTO } from '../transport.js';
import { FAULT, type Fault, type IpFamily } from './family.js';

/** What it needs of its node. */
interface Ports {
  readonly book: AddressBook;
  readonly hooks: Pick<HookTable, 'ipv4'>;
  readonly reassembly: FragmentQueue;
  readonly routes: Routing;
  readonly reversePath: Pick<ReversePath, 'refusal4'>;
}

export class Ipv4 implements IpFamily {
  readonly family = 4;
  readonly icmp = IPPROTO.ICMP;
  readonly hooks: HookLists;
  readonly unreachable = UNREACHABLE.HOST;
  readonly gathersBeforeInput = true;
  readonly #book: AddressBook;
  readonly #reassembly: FragmentQueue;
  readonly #routes: Routing;
  readonly #reversePath: Ports['reversePath'];

  constructor({ book, hooks, reassembly, routes, reversePath }: Ports) {
    this.hooks = hooks.ipv4;
    this.#book = book;
    this.#reassembly = reassembly;
    this.#routes = routes;
    this.#reversePath = reversePath;
  }

  fault(p: Packet, iface: Interface): Fault {
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (ipv4.check(b, o, p.len - ethernet.HEADER) !== 0) return FAULT.MALFORMED;
    if (!checksum.verifyView(p.view, o, ipv4.headerLength(b, o))) return FAULT.CHECKSUM;
    p.len = ethernet.HEADER + ipv4.totalLength(b, o);
    const top = b[o + ipv4.SRC] as number;
    return top >= 224 || (!iface.loopback && (top === 127 || b[o + ipv4.DST] === 127)) ? FAULT.MARTIAN : FAULT.NONE;
  }

  isFragment(p: Packet): boolean {
    return ipv4.isFragment(p.buf, p.off + ethernet.HEADER);
  }

  isPart(p: Packet): boolean {
    return this.isFragment(p);
  }

  gather(p: Packet): Packet | null {
    return this.#reassembly.accept4(p);
  }

  source(p: Packet): number {
    return this.#book.key4(p.buf, p.off + ethernet.HEADER + ipv4.SRC);
  }

  destination(p: Packet): number {
    return this.#book.key4(p.buf, p.off + ethernet.HEADER + ipv4.DST);
  }

  route(p: Packet, to: number, from: number): Destination {
    return this.#routes.route4(p, to, from);
  }

  refusal(from: number, to: number, iface: Interface, oif: number): DecisionId {
    return this.#reversePath.refusal4(from, to, iface, oif);
  }

  staysOnLink(): boolean {
    return false;
  }

  hopsLeft(p: Packet): number {
    return ipv4.ttl(p.buf, p.off + ethernet.HEADER);
  }

  spendHop(p: Packet): void {
    ipv4.decrementTtl(p.buf, p.off + ethernet.HEADER);
  }

  exceeds(p: Packet, mtu: number): boolean {
    return p.len - ethernet.HEADER > mtu && ipv4.dontFragment(p.buf, p.off + ethernet.HEADER);
  }

  transport(p: Packet): number {
    const o = p.off + ethernet.HEADER;
    return (o + ipv4.headerLength(p.buf, o)) * 256 + ipv4.protocol(p.buf, o);
  }
}
