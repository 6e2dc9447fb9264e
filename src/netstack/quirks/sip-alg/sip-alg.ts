/**
 * The SIP ALG of a NAT: it rewrites clear-text SIP on port 5060, over UDP and over TCP, and opens mappings for the media
 * that it reads of. What is encrypted it cannot read, so it leaves it alone. As in such boxes each TCP segment is read by
 * itself: a message that is spread over two is rewritten in part.
 * @module
 */
import type { Packet } from '../../../fabric/packet.js';
import { copy, setU16, u16, u32 } from '../../../wire/bytes.js';
import * as checksum from '../../../wire/checksum.js';
import * as ethernet from '../../../wire/ethernet.js';
import * as ipv4 from '../../../wire/ipv4.js';
import * as tcp from '../../../wire/tcp.js';
import * as udp from '../../../wire/udp.js';
import { addrOf4, keyOf, type AddressBook } from '../../address-book.js';
import { ACCEPT, PRIORITY, STOLEN, type Verdict } from '../../hook.js';
import type { NodeCore } from '../../node-core.js';
import type { HookPoints } from '../../ports.js';
import type { FrameReceiver, Interface } from '../../interface.js';
import { type Mapping, SLOT } from '../../nat-box/mapping.js';
import type { NatBox } from '../../nat-box/nat-box.js';
import { IPPROTO } from '../../transport.js';
import { SequenceShifts } from './sequence-shift.js';
import { rewriteSip, type SipEndpoint, type SipSwap } from './sip-text.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly hooks: HookPoints;
  readonly interfaces: readonly Interface[];
  readonly frames: FrameReceiver;
}

const SIP_PORT = 5060;

export class SipAlg {
  readonly #node: Ports;
  readonly #box: NatBox;
  /** Came back in a larger slot, rewritten. */
  #done: Packet | null = null;
  rewritten = 0;

  constructor(node: Ports, box: NatBox) {
    this.#node = node;
    this.#box = box;
    // Before the NAT itself, while the addresses are those of whom the message is from or for.
    node.hooks.install({ point: 'prerouting', priority: PRIORITY.DSTNAT - 1, family: 4, run: (p) => this.#look(p) });
  }

  #look(p: Packet): Verdict {
    if (this.#done === p) {
      this.#done = null;
      return ACCEPT;
    }
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    const at = o + ipv4.headerLength(b, o);
    const protocol = ipv4.protocol(b, o);
    const header = protocol === IPPROTO.UDP ? udp.HEADER : protocol === IPPROTO.TCP ? tcp.HEADER : 0;
    if (header === 0 || p.iif <= 0 || at + header > p.off + p.len || (u16(b, at) !== SIP_PORT && u16(b, at + 2) !== SIP_PORT)) return ACCEPT;
    const into = this.#box.isOutside(p.iif);
    if (into !== this.#box.inPool(this.#node.book.key4(b, o + ipv4.DST))) return ACCEPT;
    return protocol === IPPROTO.UDP ? this.#datagram(p, o, at, into) : this.#segment(p, o, at, into);
  }

  #datagram(p: Packet, o: number, at: number, into: boolean): Verdict {
    const b = p.buf;
    const start = at + udp.HEADER;
    const message = rewriteSip(b.subarray(start, p.off + p.len), this.#swap(p, o, at, SLOT.UDP, into));
    if (message === null) return ACCEPT;
    const q = this.#replace(p, start, message);
    udp.setLength(q.buf, q.off + (at - p.off), udp.HEADER + message.length);
    return this.#goOn(p, q, at - p.off);
  }

  #segment(p: Packet, o: number, at: number, into: boolean): Verdict {
    const b = p.buf;
    const header = tcp.headerLength(b, at);
    const start = at + header;
    if (header < tcp.HEADER || start > p.off + p.len) return ACCEPT;
    const shifts = this.#shifts(p, o, at, into);
    const direction = into ? 1 : 0;
    const message = start === p.off + p.len ? null : rewriteSip(b.subarray(start, p.off + p.len), this.#swap(p, o, at, SLOT.TCP, into));
    const sequence = u32(b, at + 4);
    if (message === null) {
      shifts?.apply(direction, b, at);
      return ACCEPT;
    }
    shifts?.changed(direction, sequence, message.length - (p.off + p.len - start));
    const q = this.#replace(p, start, message);
    shifts?.apply(direction, q.buf, q.off + (at - p.off));
    return this.#goOn(p, q, at - p.off);
  }

  /** What became of the numbers of that connection; null where the NAT will not let it through. */
  #shifts(p: Packet, o: number, at: number, into: boolean): SequenceShifts | null {
    const { book } = this.#node;
    const [src, dst] = [book.key4(p.buf, o + ipv4.SRC), book.key4(p.buf, o + ipv4.DST)];
    const [sport, dport] = [u16(p.buf, at), u16(p.buf, at + 2)];
    const mapping = into ? this.#box.table.at(SLOT.TCP, dst, dport) : this.#box.mappingFor(SLOT.TCP, src, sport, dst, dport);
    if (mapping === null) return null;
    const session = into ? mapping.session(src, sport) : mapping.open(dst, dport);
    if (session === null) return null;
    session.attached ??= new SequenceShifts();
    return session.attached instanceof SequenceShifts ? session.attached : null;
  }

  /** Outwards: the sender's own address becomes what it is outside. Inwards: what is in the pool becomes what it is inside. */
  #swap(p: Packet, o: number, at: number, slot: number, into: boolean): SipSwap {
    const { book } = this.#node;
    const own = book.key4(p.buf, o + ipv4.SRC);
    const remote = book.key4(p.buf, o + ipv4.DST);
    const dport = u16(p.buf, at + 2);
    const keyOfText = (address: string): number | null => {
      const addr = book.parse(address);
      return addr === undefined ? null : keyOf(addr);
    };
    const outside = (m: Mapping | null): SipEndpoint | null => (m === null ? null : { address: book.text(addrOf4(m.outsideKey)), port: m.outsidePort });
    const inside = (m: Mapping | null): SipEndpoint | null => (m === null ? null : { address: book.text(addrOf4(m.insideKey)), port: m.insidePort });
    const swapIn = (of: number, endpoint: SipEndpoint): SipEndpoint | null => {
      const key = keyOfText(endpoint.address);
      return key === null || !this.#box.inPool(key) ? null : inside(this.#box.table.at(of, key, endpoint.port));
    };
    if (into) return { signalling: (endpoint) => swapIn(slot, endpoint), media: (endpoint) => swapIn(SLOT.UDP, endpoint) };
    const swapOut = (of: number, endpoint: SipEndpoint, port: number): SipEndpoint | null =>
      keyOfText(endpoint.address) === own ? outside(this.#box.mappingFor(of, own, endpoint.port, remote, port)) : null;
    const sport = u16(p.buf, at);
    return {
      signalling: (endpoint) => swapOut(slot, endpoint, dport),
      // Whom the media will come from is not said: a mapping that depends on that is made for the server, and misses.
      // Where the address stands alone it is that of the signalling.
      media: (endpoint) => (endpoint.port === 0 ? swapOut(slot, { ...endpoint, port: sport }, dport) : swapOut(SLOT.UDP, endpoint, 0)),
    };
  }

  /** The packet with another payload from `start` on: itself where there is room, else a larger one with its identity. */
  #replace(p: Packet, start: number, payload: Uint8Array): Packet {
    const length = start - p.off + payload.length;
    let q = p;
    if (length > p.capacity) {
      q = this.#node.core.pool.take(length);
      copy(p.buf, p.off, q.buf, q.off, start - p.off);
      q.id = p.id;
      q.cause = p.cause;
      q.trail = p.trail;
      q.slot = p.slot;
      q.time = p.time;
      q.sentAt = p.sentAt;
      q.epoch = p.epoch;
    }
    q.buf.set(payload, q.off + (start - p.off));
    q.len = length;
    this.rewritten++;
    return q;
  }

  /** Lengths and checksums; what moved to a larger slot comes in anew. @param at of the transport header, in the frame */
  #goOn(p: Packet, q: Packet, at: number): Verdict {
    const b = q.buf;
    const o = q.off + ethernet.HEADER;
    const n = q.len - at;
    ipv4.setTotalLength(b, o, q.len - ethernet.HEADER);
    ipv4.fillChecksum(b, o);
    const pseudo = checksum.pseudo4(b, o, ipv4.protocol(b, o), n);
    if (ipv4.protocol(b, o) === IPPROTO.UDP) udp.fillChecksum(b, q.off + at, pseudo);
    else {
      setU16(b, q.off + at + tcp.CHECKSUM, 0);
      setU16(b, q.off + at + tcp.CHECKSUM, checksum.finish(checksum.sum(b, q.off + at, n, pseudo)));
    }
    if (p === q) return ACCEPT;
    const iface = this.#node.interfaces[p.iif];
    this.#node.core.pool.release(p);
    if (iface === undefined) return STOLEN;
    this.#done = q;
    iface.rxPackets--;
    iface.rxBytes -= q.len;
    this.#node.frames.receive(q, iface);
    return STOLEN;
  }
}
