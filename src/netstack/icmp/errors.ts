/**
 * ICMP and ICMPv6 errors about packets that this node cannot deliver or forward, and the rules on when to keep quiet
 * (RFC 1122 section 3.2.2, RFC 1812 section 4.3.2.7, RFC 4443 section 2.4).
 *
 * For packets of its own the node tells itself: the error goes by the loopback, and the socket learns of it the same way
 * as of one from the network.
 * @module
 */
import type { Cause } from '../../base/brand.js';
import type { Packet } from '../../fabric/packet.js';
import { copy } from '../../wire/bytes.js';
import * as ethernet from '../../wire/ethernet.js';
import * as icmp from '../../wire/icmp.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment from '../../wire/ipv6-fragment.js';
import { NO_INTERFACE } from '../interface.js';
import type { NodeCore } from '../node-core.js';
import type { AddressBook } from '../address-book.js';
import type { DatagramOutput, ErrorReports, LocalAddresses, Routing } from '../ports.js';
import { DEFAULT_TTL } from '../ip/output.js';
import { DEST } from '../routing/destination.js';
import { type Addr, IPPROTO } from '../transport.js';
import { HEADER, type IcmpFamily, icmpOf, ICMPV6 } from './family.js';
import type { Unreachable } from './kinds.js';
import { ErrorRate } from './rate-limit.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly addresses: LocalAddresses;
  readonly routes: Routing;
  readonly output: DatagramOutput;
}

export class IcmpErrors implements ErrorReports {
  readonly rate: ErrorRate;
  readonly #node: Ports;
  readonly #scratch = new Uint8Array(ICMPV6.largestError);

  constructor(node: Ports) {
    this.#node = node;
    this.rate = new ErrorRate(node.core.scheduler);
  }

  /** The caller keeps the packet, here and in every other method. */
  unreachable(p: Packet, why: Unreachable): void {
    const f = icmpOf(p);
    const code = f.unreachableCodes[why] ?? null;
    if (code !== null) this.#send(p, f, f.destinationUnreachable, code, 0);
  }

  /** Destination unreachable, with whatever code a firewall was told. @param routed whether it is known yet where the packet leads */
  refused(p: Packet, code: number, routed: boolean): void {
    const f = icmpOf(p);
    this.#send(p, f, f.destinationUnreachable, code, 0, routed);
  }

  /** @param code 0 = TTL or hop limit, 1 = reassembly */
  timeExceeded(p: Packet, code: 0 | 1): void {
    const f = icmpOf(p);
    this.#send(p, f, f.timeExceeded, code, 0);
  }

  /** Fragmentation needed (RFC 1191) or Packet Too Big. @param mtu of the next hop */
  tooBig(p: Packet, mtu: number): void {
    const f = icmpOf(p);
    this.#send(p, f, f.tooBig.type, f.tooBig.code, mtu);
  }

  /** ICMPv6 only. @param code 0 erroneous field, 1 unrecognized next header, 2 unrecognized option, 3 incomplete header chain @param at offset of the fault in `p.buf` */
  parameterProblem(p: Packet, code: 0 | 1 | 2 | 3, at: number): void {
    this.#send(p, ICMPV6, icmpv6.TYPES.PARAMETER_PROBLEM, code, at - p.off - ethernet.HEADER);
  }

  #send(p: Packet, f: IcmpFamily, type: number, code: number, rest: number, routed = true): void {
    const { book, output } = this.#node;
    const o = p.off + ethernet.HEADER;
    if (!(f.family === 4 ? this.#mayAnswer4(p, o, routed) : this.#mayAnswer6(p, o, aboutGroups(type, code)))) return;
    const to = f.source(p, book);
    // Before routing Linux does not know that the destination is its own; of IPv6 it looks for itself (icmp6_send).
    const from = routed || f.family === 6 ? this.#reporter(f.destination(p, book), to) : output.sourceFor(to);
    if (from === null || !this.#allowed(to, type === f.tooBig.type && code === f.tooBig.code)) return;
    const quote = Math.min(f.length(p), f.largestError - f.ipHeader - HEADER);
    const s = this.#scratch;
    icmp.setType(s, 0, type);
    icmp.setCode(s, 0, code);
    icmp.setRest(s, 0, rest);
    copy(p.buf, o, s, HEADER, quote);
    output.datagram(f.protocol, from, to, s, 0, HEADER + quote, f.errorClass(p), DEFAULT_TTL, false, causeOf(p), p);
  }

  #mayAnswer4(p: Packet, o: number, routed: boolean): boolean {
    const b = p.buf;
    if (p.iif > 0 && ethernet.isGroup(b, p.off)) return false;
    if (ipv4.fragmentOffset(b, o) !== 0) return false;
    // "a datagram whose source address does not define a single host": zero, loopback, multicast, broadcast, class E
    const top = b[o + ipv4.SRC] as number;
    if (top === 0 || top >= 224 || (top === 127 && p.iif > 0)) return false;
    const { routes, book } = this.#node;
    const kind = routed ? routes.lookup4(book.key4(b, o + ipv4.DST), 0, 0).kind : DEST.UNICAST;
    if (kind === DEST.BROADCAST || kind === DEST.MULTICAST || kind === DEST.STRANGE_GROUP) return false;
    if (routes.lookup4(book.key4(b, o + ipv4.SRC), 0, 0).kind === DEST.BROADCAST) return false;
    if (ipv4.protocol(b, o) !== IPPROTO.ICMP) return true;
    const at = o + ipv4.headerLength(b, o);
    // Linux answers one ICMP message at a time: of the answer that it is about to send itself it makes no error.
    return at < p.off + p.len && !icmp.isError(icmp.type(b, at)) && !(p.iif === NO_INTERFACE && icmp.type(b, at) === icmp.TYPES.ECHO_REPLY);
  }

  #mayAnswer6(p: Packet, o: number, aboutGroups: boolean): boolean {
    const b = p.buf;
    if (!aboutGroups && ((p.iif > 0 && ethernet.isGroup(b, p.off)) || b[o + ipv6.DST] === 0xff)) return false;
    if (b[o + ipv6.SRC] === 0xff || isZero(b, o + ipv6.SRC)) return false;
    let walked = ipv6.transport(b, o);
    if (walked >= 0 && ipv6.walkedHeader(walked) === ipv6.NEXT.FRAGMENT) {
      const at = ipv6.walkedTo(walked);
      if (at + fragment.HEADER > p.off + p.len) return false;
      // What a later fragment carries cannot be seen: RFC 4443 2.4 (e) does not forbid the answer, and Linux gives it.
      if (fragment.fragmentOffset(b, at) !== 0) return true;
      walked = ipv6.walk(b, at + fragment.HEADER, p.off + p.len, fragment.nextHeader(b, at));
    }
    if (walked < 0 || ipv6.walkedHeader(walked) !== ipv6.NEXT.ICMPV6) return true;
    const at = ipv6.walkedTo(walked);
    if (at >= p.off + p.len) return false;
    const type = icmpv6.type(b, at);
    return !icmpv6.isError(type) && type !== icmpv6.TYPES.REDIRECT && !(p.iif === NO_INTERFACE && type === icmpv6.TYPES.ECHO_REPLY);
  }

  /** Who speaks: the address that was spoken to where it is the node's own, else the one on the way back (Linux's default). */
  #reporter(asked: Addr, to: Addr): Addr | null {
    return this.#node.addresses.isLocal(asked) ? asked : this.#node.output.sourceFor(to);
  }

  /** Path MTU discovery is not limited, nor is what the node tells itself (Linux). */
  #allowed(to: Addr, exempt: boolean): boolean {
    return exempt || this.#node.addresses.isLocal(to) || this.rate.allow(to);
  }
}

/** RFC 4443 2.4 (e.3): a multicast destination is answered by these two alone. */
function aboutGroups(type: number, code: number): boolean {
  return type === icmpv6.TYPES.PACKET_TOO_BIG || (type === icmpv6.TYPES.PARAMETER_PROBLEM && code === 2);
}

function isZero(b: Uint8Array, o: number): boolean {
  for (let i = 0; i < 16; i++) if (b[o + i] !== 0) return false;
  return true;
}

function causeOf(p: Packet): Cause {
  return p.id as number as Cause;
}
