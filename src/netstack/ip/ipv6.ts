/**
 * IPv6 on the way in (RFC 8200, RFC 4291).
 * @hot
 * @module
 */
import { type DecisionId, NO_DECISION } from '../../base/brand.js';
import type { Packet } from '../../fabric/packet.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment from '../../wire/ipv6-fragment.js';
import type { AddressBook } from '../address-book.js';
import type { HookLists, HookTable } from '../hook.js';
import { UNREACHABLE } from '../icmp/kinds.js';
import type { Interface } from '../interface.js';
import type { FragmentQueue, Routing } from '../ports.js';
import type { Destination } from '../routing/destination.js';
import { IPPROTO } from '../transport.js';
import { FAULT, type Fault, type IpFamily } from './family.js';

/** What it needs of its node. */
interface Ports {
  readonly book: AddressBook;
  readonly hooks: Pick<HookTable, 'ipv6'>;
  readonly reassembly: FragmentQueue;
  readonly routes: Routing;
}

export class Ipv6 implements IpFamily {
  readonly family = 6;
  readonly icmp = IPPROTO.IPV6_ICMP;
  readonly hooks: HookLists;
  /** Linux says "no route" of what is unreachable by a route. */
  readonly unreachable = UNREACHABLE.NET;
  readonly gathersBeforeInput = false;
  readonly #book: AddressBook;
  readonly #reassembly: FragmentQueue;
  readonly #routes: Routing;

  constructor({ book, hooks, reassembly, routes }: Ports) {
    this.hooks = hooks.ipv6;
    this.#book = book;
    this.#reassembly = reassembly;
    this.#routes = routes;
  }

  fault(p: Packet, iface: Interface): Fault {
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (ipv6.check(b, o, p.len - ethernet.HEADER) !== 0) return FAULT.MALFORMED;
    p.len = ethernet.HEADER + ipv6.HEADER + ipv6.payloadLength(b, o);
    // RFC 4291 2.7: a multicast address is never a source; 2.5.3: ::1 never comes from a link.
    const martian = b[o + ipv6.SRC] === 0xff || (!iface.loopback && (isLoopback(b, o + ipv6.SRC) || isLoopback(b, o + ipv6.DST)));
    return martian ? FAULT.MARTIAN : FAULT.NONE;
  }

  isFragment(p: Packet): boolean {
    const at = fragmentAt(p.buf, p.off + ethernet.HEADER);
    return at >= 0 && !fragment.isAtomic(p.buf, at);
  }

  isPart(p: Packet): boolean {
    return fragmentAt(p.buf, p.off + ethernet.HEADER) >= 0;
  }

  gather(p: Packet, tracking: boolean): Packet | null {
    return this.#reassembly.accept6(p, fragmentAt(p.buf, p.off + ethernet.HEADER), tracking);
  }

  source(p: Packet): number {
    return this.#book.key6(p.buf, p.off + ethernet.HEADER + ipv6.SRC);
  }

  destination(p: Packet): number {
    return this.#book.key6(p.buf, p.off + ethernet.HEADER + ipv6.DST);
  }

  route(p: Packet, to: number, from: number): Destination {
    return this.#routes.route6(p, to, from);
  }

  /** Linux has no reverse path filter for IPv6. */
  refusal(): DecisionId {
    return NO_DECISION;
  }

  staysOnLink(p: Packet): boolean {
    const at = p.off + ethernet.HEADER + ipv6.SRC;
    return p.buf[at] === 0xfe && ((p.buf[at + 1] as number) & 0xc0) === 0x80;
  }

  hopsLeft(p: Packet): number {
    return ipv6.hopLimit(p.buf, p.off + ethernet.HEADER);
  }

  spendHop(p: Packet): void {
    const o = p.off + ethernet.HEADER;
    ipv6.setHopLimit(p.buf, o, ipv6.hopLimit(p.buf, o) - 1);
  }

  /** RFC 8200 5: only the source fragments. What came in fragments goes out in them. */
  exceeds(p: Packet, mtu: number): boolean {
    return (p.fragmented === 0 ? p.len - ethernet.HEADER : p.fragmented) > mtu;
  }

  transport(p: Packet): number {
    const b = p.buf;
    const walked = ipv6.transport(b, p.off + ethernet.HEADER);
    if (walked < 0 || ipv6.walkedHeader(walked) !== ipv6.NEXT.FRAGMENT) return walked;
    // RFC 6946: an atomic fragment is a whole packet.
    const header = ipv6.walkedTo(walked);
    const end = p.off + p.len;
    return header + fragment.HEADER > end ? -1 : ipv6.walk(b, header + fragment.HEADER, end, fragment.nextHeader(b, header));
  }
}

/** hot. Where the fragment header of a packet stands; -1 without one. */
function fragmentAt(b: Uint8Array, o: number): number {
  const next = ipv6.nextHeader(b, o);
  if (next === IPPROTO.UDP || next === IPPROTO.TCP || next === IPPROTO.IPV6_ICMP) return -1;
  const walked = ipv6.transport(b, o);
  if (walked < 0 || ipv6.walkedHeader(walked) !== ipv6.NEXT.FRAGMENT) return -1;
  const at = ipv6.walkedTo(walked);
  if (at + fragment.HEADER > o + ipv6.HEADER + ipv6.payloadLength(b, o)) return -1;
  return at;
}

function isLoopback(b: Uint8Array, o: number): boolean {
  if (b[o] !== 0 || b[o + 15] !== 1) return false;
  for (let i = 1; i < 15; i++) if (b[o + i] !== 0) return false;
  return true;
}
