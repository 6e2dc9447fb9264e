/**
 * Reassembly of fragments (RFC 791 section 3.2, RFC 8200 section 4.5), with Linux's timeouts and memory limit.
 * Overlapping fragments end the datagram, and what comes later begins another: RFC 5722 for IPv6, and Linux since 4.20 for
 * IPv4 too. A fragment that lies wholly within what is there in one piece is a duplicate and ends alone.
 * @see net/ipv4/inet_fragment.c: inet_frag_queue_insert; ip_fragment.c: ip_frag_queue; netfilter/nf_conntrack_reasm.c
 * @module
 */
import type { TimerId } from '../../base/brand.js';
import { must } from '../../base/assert.js';
import { DROP, type DropCode } from '../../base/drop.js';
import { plus, seconds } from '../../base/time.js';
import type { Packet } from '../../fabric/packet.js';
import type { Target } from '../../fabric/scheduler.js';
import { copy } from '../../wire/bytes.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment from '../../wire/ipv6-fragment.js';
import type { NodeCore } from '../node-core.js';
import type { AddressBook } from '../address-book.js';
import type { ErrorReports, FragmentQueue } from '../ports.js';
import { IPPROTO } from '../transport.js';

/** hot. Whether the packet was put together here: no link ever took it, and its `epoch` is the largest fragment's size, negative. */
export function isReassembled(p: Packet): boolean {
  return p.epoch < 0;
}

/**
 * hot. The largest size, IP header included, in which a packet may go on: what was put together goes on in fragments no
 * larger than those it came in, as in Linux, since the next links may not take larger ones.
 */
export function largestOnward(p: Packet, mtu: number): number {
  return p.epoch < 0 && -p.epoch < mtu ? -p.epoch : mtu;
}
/** Octets of payload in the fragments that packets came in: where they fit a packet goes on in the same. */
const SIZES = new WeakMap<Packet, readonly number[]>();

/** Null for what came whole. */
export function sizesOf(p: Packet): readonly number[] | null {
  return isReassembled(p) ? (SIZES.get(p) ?? null) : null;
}

/** Linux's `ipfrag_time`; RFC 1122 3.3.2 recommends 60 to 120 s. */
export const TIMEOUT4 = seconds(30);
/** RFC 8200 section 4.5. */
export const TIMEOUT6 = seconds(60);
/** Linux's `ipfrag_high_thresh`: octets of frames held per node. */
export const MEMORY_LIMIT = 4 * 1024 * 1024;

interface Part {
  readonly packet: Packet;
  readonly start: number;
  readonly end: number;
  /** Where its data begins in the packet's bytes. */
  readonly at: number;
}

/** Parts that came one behind the other. */
interface Stretch {
  readonly start: number;
  end: number;
}

/** What fragments of one datagram have in common. */
interface Identity {
  readonly family: 4 | 6;
  readonly src: number;
  readonly dst: number;
  readonly protocol: number;
  readonly identification: number;
}

class Datagram implements Target {
  readonly identity: Identity;
  readonly key: number;
  /** In order of their place. */
  parts: Part[] = [];
  /** Without gaps, in no order. */
  readonly stretches: Stretch[] = [];
  /** The furthest octet that is known of. */
  reach = 0;
  /** The last fragment is here: nothing lies beyond {@link reach}. */
  ended = false;
  bytes = 0;
  timer: TimerId | null = null;
  readonly #owner: Reassembly;

  constructor(identity: Identity, key: number, owner: Reassembly) {
    this.identity = identity;
    this.key = key;
    this.#owner = owner;
  }

  fire(): void {
    this.timer = null;
    this.#owner.expired(this);
  }
}

type Placed = 'added' | 'duplicate' | 'overlap' | 'conflict' | 'malformed';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly errors: ErrorReports;
}

export class Reassembly implements FragmentQueue {
  readonly #node: Ports;
  /** By a hash; those that share one are told apart by their identity. */
  readonly #waiting = new Map<number, Datagram[]>();
  #memory = 0;

  constructor(node: Ports) {
    this.#node = node;
  }

  /** Datagrams that wait for fragments. */
  get pending(): number {
    let count = 0;
    for (const list of this.#waiting.values()) count += list.length;
    return count;
  }

  /** Takes ownership of a fragment; gives the whole datagram when it was the last one that was missing. */
  accept4(p: Packet): Packet | null {
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    const header = ipv4.headerLength(b, o);
    const start = ipv4.fragmentOffset(b, o);
    const more = ipv4.moreFragments(b, o);
    const till = start + ipv4.totalLength(b, o) - header;
    // Linux takes off what is beyond the last whole 8 octets.
    const end = more ? till & ~7 : till;
    if (header + end > 65535) {
      this.#drop(p, DROP.MALFORMED, 'fragment');
      return null;
    }
    const { book } = this.#node;
    const identity: Identity = {
      family: 4,
      src: book.key4(b, o + ipv4.SRC),
      dst: book.key4(b, o + ipv4.DST),
      protocol: ipv4.protocol(b, o),
      identification: ipv4.identification(b, o),
    };
    return this.#accept(identity, { packet: p, start, end, at: o + header }, more, false);
  }

  /**
   * As {@link accept4}.
   * @param at offset of the fragment header in the packet's bytes
   * @param tracking for connection tracking, which passes on as it is what no reassembly can begin with, and lets one wrong
   * fragment end alone; else for the node itself
   */
  accept6(p: Packet, at: number, tracking: boolean): Packet | null {
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    const start = fragment.fragmentOffset(b, at);
    const end = start + p.off + p.len - at - fragment.HEADER;
    const more = fragment.moreFragments(b, at);
    const { book, errors } = this.#node;
    const identity: Identity = {
      family: 6,
      src: book.key6(b, o + ipv6.SRC),
      dst: book.key6(b, o + ipv6.DST),
      protocol: 0,
      identification: fragment.identification(b, at),
    };
    // RFC 8200 4.5: all headers are in the first fragment; code 3 of RFC 7112 otherwise.
    const headless = start === 0 && !hasTransport(p, at);
    const odd = more && (end & 7) !== 0;
    if (tracking && (headless || odd)) {
      if (!headless) this.#end(this.#find(identity), 'overlap');
      return p;
    }
    if (headless || odd || at - o - ipv6.HEADER + end > 65535) {
      // A length that is no multiple of 8 points at the payload length, one that is too long at the offset.
      if (headless) errors.parameterProblem(p, 3, o);
      else errors.parameterProblem(p, 0, odd ? o + 4 : at + 2);
      this.#drop(p, DROP.MALFORMED, 'fragment');
      return null;
    }
    return this.#accept(identity, { packet: p, start, end, at: at + fragment.HEADER }, more, tracking);
  }

  /** The time is over: RFC 792 and RFC 4443 have it told when the first fragment is there. */
  expired(d: Datagram): void {
    this.#forget(d);
    const first = d.parts[0];
    if (first !== undefined && first.start === 0) this.#node.errors.timeExceeded(first.packet, 1);
    this.#dropAll(d, 'timeout');
  }

  /** @param lenient one wrong fragment does not end the others */
  #accept(identity: Identity, part: Part, more: boolean, lenient: boolean): Packet | null {
    if (this.#memory + part.packet.len > MEMORY_LIMIT) {
      this.#drop(part.packet, DROP.REASSEMBLY, 'limit');
      return null;
    }
    const d = this.#find(identity);
    const placed = this.#place(d, part, more);
    if (placed !== 'added') {
      if (placed === 'malformed') this.#drop(part.packet, DROP.MALFORMED, 'fragment');
      else this.#drop(part.packet, DROP.REASSEMBLY, placed === 'duplicate' ? placed : 'overlap');
      if (placed === 'overlap' || (placed !== 'duplicate' && !lenient)) this.#end(d, 'overlap');
      return null;
    }
    this.#memory += part.packet.len;
    if (!d.ended || d.bytes < d.reach) return null;
    this.#forget(d);
    return this.#join(d, part.packet);
  }

  /** What does not fit ends the whole datagram, but for a duplicate. */
  #place(d: Datagram, part: Part, more: boolean): Placed {
    const { start, end } = part;
    if (more) {
      if (end > d.reach) {
        if (d.ended) return 'conflict';
        d.reach = end;
      }
    } else {
      if (end < d.reach || (d.ended && end !== d.reach)) return 'conflict';
      d.ended = true;
      d.reach = end;
    }
    if (end <= start) return 'malformed';
    const last = d.parts.at(-1);
    if (last === undefined || last.end < end) {
      if (last !== undefined && start < last.end) return 'overlap';
      const stretch = d.stretches.find((one) => one.end === start);
      if (last !== undefined && last.end === start && stretch !== undefined) stretch.end = end;
      else d.stretches.push({ start, end });
      d.parts.push(part);
    } else {
      for (const one of d.stretches) {
        if (end <= one.start || start >= one.end) continue;
        return start >= one.start && end <= one.end ? 'duplicate' : 'overlap';
      }
      d.stretches.push({ start, end });
      d.parts.push(part);
      d.parts.sort((a, b) => a.start - b.start);
    }
    d.bytes += end - start;
    return 'added';
  }

  #join(d: Datagram, latest: Packet): Packet {
    const { core } = this.#node;
    const first = must(d.parts[0], 'first fragment');
    const v4 = d.identity.family === 4;
    // IPv6: what stands before the fragment header stays, the header goes.
    const head = first.at - first.packet.off - (v4 ? 0 : fragment.HEADER);
    const total = d.reach;
    const whole = core.pool.take(head + total);
    whole.len = head + total;
    SIZES.set(
      whole,
      d.parts.map((part) => part.end - part.start),
    );
    whole.cause = first.packet.id;
    whole.epoch = -Math.max(...d.parts.map((part) => part.packet.len - ethernet.HEADER));
    whole.iif = latest.iif;
    whole.oif = latest.oif;
    whole.mark = latest.mark;
    whole.decision = latest.decision;
    whole.fragmented = d.parts.reduce((most, part) => Math.max(most, part.packet.len - ethernet.HEADER), 0);
    copy(first.packet.buf, first.packet.off, whole.buf, whole.off, head);
    for (const part of d.parts) copy(part.packet.buf, part.at, whole.buf, whole.off + head + part.start, part.end - part.start);
    const o = whole.off + ethernet.HEADER;
    if (v4) {
      ipv4.setTotalLength(whole.buf, o, head - ethernet.HEADER + total);
      ipv4.setFragmentation(whole.buf, o, false, false, 0);
      ipv4.fillChecksum(whole.buf, o);
    } else {
      const header = first.at - fragment.HEADER;
      whole.buf[o + ipv6.pointerTo(first.packet.buf, first.packet.off + ethernet.HEADER, header)] = fragment.nextHeader(first.packet.buf, header);
      ipv6.setPayloadLength(whole.buf, o, head - ethernet.HEADER - ipv6.HEADER + total);
    }
    for (const part of d.parts) {
      this.#memory -= part.packet.len;
      core.end(part.packet);
    }
    return whole;
  }

  #find(identity: Identity): Datagram {
    const key = hash(identity);
    let list = this.#waiting.get(key);
    if (list === undefined) this.#waiting.set(key, (list = []));
    const known = list.find((d) => same(d.identity, identity));
    if (known !== undefined) return known;
    const { scheduler } = this.#node.core;
    const d = new Datagram(identity, key, this);
    d.timer = scheduler.at(plus(scheduler.now, identity.family === 4 ? TIMEOUT4 : TIMEOUT6), d, 0, null);
    list.push(d);
    return d;
  }

  #forget(d: Datagram): void {
    if (d.timer !== null) this.#node.core.scheduler.cancel(d.timer);
    d.timer = null;
    const rest = must(this.#waiting.get(d.key), 'datagram').filter((other) => other !== d);
    if (rest.length === 0) this.#waiting.delete(d.key);
    else this.#waiting.set(d.key, rest);
  }

  #end(d: Datagram, kind: string): void {
    this.#forget(d);
    this.#dropAll(d, kind);
  }

  #dropAll(d: Datagram, kind: string): void {
    for (const part of d.parts) {
      this.#memory -= part.packet.len;
      this.#drop(part.packet, DROP.REASSEMBLY, kind);
    }
    d.parts = [];
  }

  #drop(p: Packet, code: DropCode, kind: string): void {
    const { core } = this.#node;
    core.drop(p, code, core.why(code === DROP.MALFORMED ? 'malformed' : 'reassembly-timeout', 'input', kind));
  }
}

/** As ipv6frag_thdr_truncated. @param at of the fragment header */
function hasTransport(p: Packet, at: number): boolean {
  const end = p.off + p.len;
  const walked = ipv6.walk(p.buf, at + fragment.HEADER, end, fragment.nextHeader(p.buf, at));
  if (walked < 0) return false;
  const protocol = ipv6.walkedHeader(walked);
  const least = protocol === IPPROTO.TCP ? 20 : protocol === IPPROTO.UDP || protocol === IPPROTO.IPV6_ICMP ? 8 : 1;
  return ipv6.walkedTo(walked) + least <= end;
}

function same(a: Identity, b: Identity): boolean {
  return a.identification === b.identification && a.src === b.src && a.dst === b.dst && a.protocol === b.protocol && a.family === b.family;
}

function hash(i: Identity): number {
  return Math.imul(Math.imul(i.src ^ (i.identification * 31), 0x9e3779b1) ^ i.dst, 0x85ebca6b) ^ (i.protocol << 3) ^ i.family;
}
