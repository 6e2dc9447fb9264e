/**
 * `reject`: the ICMP error or TCP reset that goes back to the sender of a packet that a rule turns away.
 * @see net/ipv4/netfilter/nf_reject_ipv4.c, net/ipv6/netfilter/nf_reject_ipv6.c, nft_reject_inet.c
 * @module
 */
import { unreachable } from '../../base/assert.js';
import type { Cause } from '../../base/brand.js';
import type { Packet } from '../../fabric/packet.js';
import type { RejectWith } from '../../nft/ruleset.js';
import { setU16 } from '../../wire/bytes.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment from '../../wire/ipv6-fragment.js';
import * as tcp from '../../wire/tcp.js';
import * as udp from '../../wire/udp.js';
import { keyOf, type AddressBook } from '../address-book.js';
import { CT_REPLY, CT_STATE } from '../conntrack/connection.js';
import type { Tracker } from '../conntrack/tracker.js';
import type { HookPoint } from '../hook.js';
import { NO_INTERFACE } from '../interface.js';
import type { DatagramOutput, ErrorReports, Routing } from '../ports.js';
import { DEFAULT_TTL } from '../ip/output.js';
import { DEST } from '../routing/destination.js';
import { IPPROTO } from '../transport.js';

/** What it needs of its node. */
export interface RejectPorts {
  readonly book: AddressBook;
  readonly routes: Routing;
  readonly output: DatagramOutput;
  readonly errors: ErrorReports;
}

/** Codes of NFT_REJECT_ICMPX_*: no route, port unreachable, host unreachable, administratively prohibited. */
const ICMPX4 = [0, 3, 1, 13] as const;
const ICMPX6 = [0, 4, 3, 1] as const;

/** Protocols whose own checksum is none of the Internet's: not judged (nf_reject_verify_csum). */
const UNJUDGED: ReadonlySet<number> = new Set([33, 47, 50, 51, 132, 136]);

/** Transport header of the packet in hand; `at` -1: there is none. */
interface Transport {
  readonly protocol: number;
  readonly at: number;
}

export class Rejecter {
  readonly #node: RejectPorts;
  readonly #tracker: Tracker | null;

  constructor(node: RejectPorts, tracker: Tracker | null) {
    this.#node = node;
    this.#tracker = tracker;
  }

  /** The caller keeps the packet, and drops it. @param point where the rule stands */
  answer(p: Packet, reject: RejectWith, point: HookPoint): void {
    const four = isIpv4(p);
    switch (reject.with) {
      case 'tcp-reset':
        this.#reset(p, four ? 4 : 6);
        return;
      case 'icmp':
      case 'icmpv6':
        this.#unreachable(p, reject.code, point);
        return;
      case 'icmpx':
        this.#unreachable(p, four ? ICMPX4[reject.code] : ICMPX6[reject.code], point);
        return;
      default:
        unreachable(reject);
    }
  }

  #unreachable(p: Packet, code: number, point: HookPoint): void {
    const transport = transportOf(p);
    if (transport.at < 0 || !sumsUp(p, transport)) return;
    this.#node.errors.refused(p, code, point !== 'prerouting');
  }

  #reset(p: Packet, family: 4 | 6): void {
    const { output, book } = this.#node;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    const { protocol, at } = transportOf(p);
    const n = p.off + p.len - at;
    if (protocol !== IPPROTO.TCP || at < 0 || n < tcp.HEADER || (tcp.flags(b, at) & tcp.RST) !== 0) return;
    if (!sumsUp(p, { protocol, at }) || !this.#isUnicast(p, family)) return;
    const from = family === 4 ? book.read4(b, o + ipv4.DST) : book.read6(b, o + ipv6.DST);
    const to = family === 4 ? book.read4(b, o + ipv4.SRC) : book.read6(b, o + ipv6.SRC);
    const reply = output.open(family, IPPROTO.TCP, from, to, tcp.HEADER, 0, DEFAULT_TTL, true, p.id as number as Cause);
    if (reply === null) return;
    const ro = reply.off + ethernet.HEADER;
    if (family === 4) {
      ipv4.setIdentification(reply.buf, ro, 0);
      ipv4.fillChecksum(reply.buf, ro);
    }
    writeReset(b, at, n, reply, family);
    attach(reply, p);
    this.#tracker?.reset(p);
    output.dispatch(reply, family, keyOf(to), keyOf(from), true);
  }

  /** A reset answers unicast alone. */
  #isUnicast(p: Packet, family: 4 | 6): boolean {
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (family === 6) return b[o + ipv6.SRC] !== 0xff && b[o + ipv6.DST] !== 0xff;
    const { kind } = this.#node.routes.lookup4(this.#node.book.key4(b, o + ipv4.DST), p.mark, 0);
    return kind !== DEST.BROADCAST && kind !== DEST.MULTICAST && kind !== DEST.STRANGE_GROUP;
  }
}

/** What a node answers on a packet's behalf belongs to its connection (nf_ct_attach). */
export function attach(reply: Packet, p: Packet): void {
  if (p.ct === null) return;
  reply.ct = p.ct;
  reply.ctinfo = CT_STATE.RELATED | ((p.ctinfo & CT_REPLY) === 0 ? CT_REPLY : 0);
}

/** RFC 9293 3.10.7.1: what a closed port answers. */
function writeReset(b: Uint8Array, at: number, n: number, reply: Packet, family: 4 | 6): void {
  const ro = reply.off + ethernet.HEADER;
  const rt = reply.off + reply.len - tcp.HEADER;
  const flags = tcp.flags(b, at);
  const acks = (flags & tcp.ACK_FLAG) !== 0;
  const r = reply.buf;
  r.fill(0, rt, rt + tcp.HEADER);
  tcp.setSrcPort(r, rt, tcp.dstPort(b, at));
  tcp.setDstPort(r, rt, tcp.srcPort(b, at));
  tcp.setHeaderLength(r, rt, tcp.HEADER);
  tcp.setFlags(r, rt, acks ? tcp.RST : tcp.RST | tcp.ACK_FLAG);
  if (acks) tcp.setSeq(r, rt, tcp.ack(b, at));
  else {
    const controls = ((flags & tcp.SYN) === 0 ? 0 : 1) + ((flags & tcp.FIN) === 0 ? 0 : 1);
    tcp.setAck(r, rt, (tcp.seq(b, at) + controls + n - tcp.headerLength(b, at)) >>> 0);
  }
  const pseudo = family === 4 ? checksum.pseudo4(r, ro, IPPROTO.TCP, tcp.HEADER) : checksum.pseudo6(r, ro, IPPROTO.TCP, tcp.HEADER);
  setU16(r, rt + tcp.CHECKSUM, checksum.compute(r, rt, tcp.HEADER, pseudo));
}

function isIpv4(p: Packet): boolean {
  return p.buf[p.off + 12] === 0x08;
}

/** None in fragments but the first. */
function transportOf(p: Packet): Transport {
  const b = p.buf;
  const o = p.off + ethernet.HEADER;
  if (isIpv4(p)) return { protocol: ipv4.protocol(b, o), at: ipv4.fragmentOffset(b, o) === 0 ? o + ipv4.headerLength(b, o) : -1 };
  const end = p.off + p.len;
  let walked = ipv6.transport(b, o);
  if (walked >= 0 && ipv6.walkedHeader(walked) === ipv6.NEXT.FRAGMENT) {
    const at = ipv6.walkedTo(walked);
    if (at + fragment.HEADER > end || fragment.fragmentOffset(b, at) !== 0)
      return { protocol: at + fragment.HEADER > end ? -1 : fragment.nextHeader(b, at), at: -1 };
    walked = ipv6.walk(b, at + fragment.HEADER, end, fragment.nextHeader(b, at));
  }
  if (walked < 0 || ipv6.walkedTo(walked) >= end) return { protocol: -1, at: -1 };
  return { protocol: ipv6.walkedHeader(walked), at: ipv6.walkedTo(walked) };
}

/**
 * As nf_ip_checksum: of what came in. Protocols that the kernel does not know are summed up as if they had one; over IPv4
 * nothing, or nothing but zeros, adds up.
 */
function sumsUp(p: Packet, { protocol, at }: Transport): boolean {
  const b = p.buf;
  const o = p.off + ethernet.HEADER;
  const n = p.off + p.len - at;
  if (p.iif === NO_INTERFACE || UNJUDGED.has(protocol)) return true;
  if (protocol === IPPROTO.UDP && (n < udp.HEADER || udp.checksum(b, at) === 0)) return true;
  const six = !isIpv4(p);
  const pseudo = six ? checksum.pseudo6(b, o, protocol, n) : protocol === IPPROTO.TCP || protocol === IPPROTO.UDP ? checksum.pseudo4(b, o, protocol, n) : 0;
  const sum = checksum.fold(checksum.sumView(p.view, at, n, pseudo));
  return sum === 0xffff || (!six && sum === 0);
}
