/**
 * Reassembly of fragments (RFC 791 section 3.2, RFC 8200 section 4.5), with Linux's timeouts and memory limit.
 * Overlapping fragments end the datagram: RFC 5722 for IPv6, and Linux since 4.20 for IPv4 too; a fragment that lies
 * wholly within another one is a duplicate and ends alone.
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
  /** Octets of the whole payload; -1 until the last fragment is here. */
  total = -1;
  bytes = 0;
  /** Overlaps were seen: whatever else comes is discarded until the timeout. */
  refused = false;
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

type Placed = 'added' | 'duplicate' | 'overlap';

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
    const end = start + ipv4.totalLength(b, o) - header;
    const more = ipv4.moreFragments(b, o);
    if (impossible(start, end, more) || header + end > 65535) {
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
    return this.#accept(identity, { packet: p, start, end, at: o + header }, more);
  }

  /** As {@link accept4}. @param at offset of the fragment header in the packet's bytes */
  accept6(p: Packet, at: number): Packet | null {
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    const start = fragment.fragmentOffset(b, at);
    const end = start + p.off + p.len - at - fragment.HEADER;
    const more = fragment.moreFragments(b, at);
    if (impossible(start, end, more) || at - o - ipv6.HEADER + end > 65535) {
      // RFC 8200 4.5: a length that is no multiple of 8 points at the payload length, one that is too long at the offset.
      if (more && (end & 7) !== 0) this.#node.errors.parameterProblem(p, 0, o + 4);
      else if (end > start) this.#node.errors.parameterProblem(p, 0, at + 2);
      this.#drop(p, DROP.MALFORMED, 'fragment');
      return null;
    }
    const { book } = this.#node;
    const identity: Identity = {
      family: 6,
      src: book.key6(b, o + ipv6.SRC),
      dst: book.key6(b, o + ipv6.DST),
      protocol: 0,
      identification: fragment.identification(b, at),
    };
    return this.#accept(identity, { packet: p, start, end, at: at + fragment.HEADER }, more);
  }

  /** The time is over: RFC 792 and RFC 4443 have it told when the first fragment is there. */
  expired(d: Datagram): void {
    this.#forget(d);
    const first = d.parts[0];
    if (first !== undefined && first.start === 0) this.#node.errors.timeExceeded(first.packet, 1);
    this.#dropAll(d, 'timeout');
  }

  #accept(identity: Identity, part: Part, more: boolean): Packet | null {
    if (this.#memory + part.packet.len > MEMORY_LIMIT) {
      this.#drop(part.packet, DROP.REASSEMBLY, 'limit');
      return null;
    }
    const d = this.#find(identity);
    const placed: Placed = d.refused ? 'overlap' : this.#place(d, part, more);
    if (placed !== 'added') {
      this.#drop(part.packet, DROP.REASSEMBLY, placed);
      if (placed === 'overlap') {
        d.refused = true;
        this.#dropAll(d, 'overlap');
      }
      return null;
    }
    this.#memory += part.packet.len;
    if (d.total < 0 || d.bytes < d.total) return null;
    this.#forget(d);
    return this.#join(d, part.packet);
  }

  #place(d: Datagram, part: Part, more: boolean): Placed {
    let at = d.parts.length;
    while (at > 0 && must(d.parts[at - 1], 'part').start > part.start) at--;
    const before = d.parts[at - 1];
    const after = d.parts[at];
    for (const other of [before, after]) {
      if (other === undefined || other.end <= part.start || other.start >= part.end) continue;
      return part.start >= other.start && part.end <= other.end ? 'duplicate' : 'overlap';
    }
    // A last fragment must be the last one, and the same one each time.
    if (!more && ((d.total >= 0 && d.total !== part.end) || after !== undefined)) return 'overlap';
    if (more && d.total >= 0 && part.end > d.total) return 'overlap';
    if (!more) d.total = part.end;
    d.parts.splice(at, 0, part);
    d.bytes += part.end - part.start;
    return 'added';
  }

  #join(d: Datagram, latest: Packet): Packet {
    const { core } = this.#node;
    const first = must(d.parts[0], 'first fragment');
    const v4 = d.identity.family === 4;
    // IPv6: what stands before the fragment header stays, the header goes.
    const head = first.at - first.packet.off - (v4 ? 0 : fragment.HEADER);
    const whole = core.pool.take(head + d.total);
    whole.len = head + d.total;
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
      ipv4.setTotalLength(whole.buf, o, head - ethernet.HEADER + d.total);
      ipv4.setFragmentation(whole.buf, o, false, false, 0);
      ipv4.fillChecksum(whole.buf, o);
    } else {
      const header = first.at - fragment.HEADER;
      whole.buf[o + ipv6.pointerTo(first.packet.buf, first.packet.off + ethernet.HEADER, header)] = fragment.nextHeader(first.packet.buf, header);
      ipv6.setPayloadLength(whole.buf, o, head - ethernet.HEADER - ipv6.HEADER + d.total);
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

/** Empty, or not the last and no multiple of eight octets. */
function impossible(start: number, end: number, more: boolean): boolean {
  return end <= start || (more && ((end - start) & 7) !== 0);
}

function same(a: Identity, b: Identity): boolean {
  return a.identification === b.identification && a.src === b.src && a.dst === b.dst && a.protocol === b.protocol && a.family === b.family;
}

function hash(i: Identity): number {
  return Math.imul(Math.imul(i.src ^ (i.identification * 31), 0x9e3779b1) ^ i.dst, 0x85ebca6b) ^ (i.protocol << 3) ^ i.family;
}
