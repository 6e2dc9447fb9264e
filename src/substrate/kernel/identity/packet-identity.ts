/**
 * A packet's identity through a node whose inside we cannot see: what goes into a kernel is kept until it comes out at
 * another interface, and is given its id again. What came in and never comes out was dropped in there; what comes out
 * and never came in was made there.
 *
 * Known again is what kept its lasting parts (see `fingerprint.ts`) and the TTL of a packet passed on once:
 * - unchanged above IP: if several are alike octet by octet (a repeated STUN request without IPv4 ID), the one that came
 *   first, since kernels keep the order within a flow;
 * - with other addresses or ports (translation): if all candidates are of one flow, the one that came first. If they are
 *   of several flows nobody can tell which one it is: it gets a new id and is counted as ambiguous, never guessed.
 *
 * Only for nodes that pass packets on, and for those whose rules are watched or that filter by the way back: there what
 * is for the node itself is kept as well, until it is known that nothing dropped it. It holds a packet for {@link HOLD} at most: a kernel forwards in
 * microseconds.
 * @module
 */
import { type DecisionId, NO_DECISION, type PacketId } from '../../../base/brand.js';
import { DROP, type DropCode } from '../../../base/drop.js';
import { type Nanos, millis } from '../../../base/time.js';
import type { Tap } from '../../../fabric/link.js';
import type { Packet, PacketPool } from '../../../fabric/packet.js';
import type { PlanNode } from '../../../topology/plan.js';
import { parseAddress, type IpAddress } from '../../../wire/address.js';
import { equal, u32 } from '../../../wire/bytes.js';
import * as ethernet from '../../../wire/ethernet.js';
import { type Fingerprint, fingerprint, lasts, newFingerprint, sameFlow, unchanged } from './fingerprint.js';
import type { TracedPacket } from '../trace/trace-line.js';
import { quoteOf, quotes } from './icmp-quote.js';
import { TracedHeaders } from './traced-headers.js';
import { translationText } from './translation.js';

/** Longest that a node can sit on a packet and still be known to have passed it on. */
export const HOLD = millis(1000);

/** What became of the packets of one node so far. */
export interface IdentityCounts {
  /** Came out as they went in. */
  passed: number;
  /** Of these: had equals, and were told apart by their order. */
  byOrder: number;
  /** Came out with other addresses or ports. */
  translated: number;
  /** Came out, but could have been one of several: a new id each. */
  ambiguous: number;
  /** Further copies that a bridge made of a frame: a new id each, with the frame as cause. */
  copies: number;
  /** Made by the node itself. */
  made: number;
  /** Went in, and never came out. */
  vanished: number;
}

interface Held {
  readonly packet: Packet;
  readonly print: Fingerprint;
  readonly at: Nanos;
  /** The port it came in by, and those that copies of it have left by. */
  readonly cameBy: number;
  leftBy: readonly number[];
  /** Its id is with a frame that left. */
  taken: boolean;
  /** No longer asked for. */
  done: boolean;
  /** For the node itself: it does not come out. */
  readonly local: boolean;
  /** A trace of it was told. */
  traced: boolean;
}

/** Why a kernel dropped a packet; null when it can't be known. */
export type Inquest = (p: Packet, print: Fingerprint, port: number) => Promise<{ readonly drop: DropCode; readonly why: DecisionId } | null>;

const NOWHERE: readonly number[] = [];

export interface IdentityDeps {
  readonly pool: PacketPool;
  readonly tap: Tap;
  /** Of a bridge: the port behind which a station is, by MAC address (see `stations.ts`). */
  readonly stations?: ReadonlyMap<number, number>;
  /** Asked about what went in and never came out, and nobody said why. */
  readonly inquest?: Inquest;
  /** Asked about what is for the node itself as well: it has a reverse path filter. */
  readonly filters?: boolean;
  /** The decision of a translation, in the words of `nat=`. */
  readonly translated?: (nat: string) => DecisionId;
  readonly now: () => Nanos;
}

export class PacketIdentity {
  readonly counts: IdentityCounts = { passed: 0, byOrder: 0, translated: 0, ambiguous: 0, copies: 0, made: 0, vanished: 0 };
  readonly #node: PlanNode;
  readonly #deps: IdentityDeps;
  readonly #passesOn: boolean;
  readonly #own: readonly IpAddress[];
  readonly #byHash = new Map<number, Held[]>();
  /** By arrival; what is before `#head` is done with. */
  #queue: Held[] = [];
  #head = 0;
  readonly #print = newFingerprint();
  readonly #inquests = new Set<Promise<void>>();
  #watched = false;
  /** What is for one of its own addresses may be an answer that it translates back and passes on. */
  readonly #translates: boolean;
  /** Packets for the node itself are kept until their time is over. */
  #keepsLocal: boolean;

  constructor(node: PlanNode, deps: IdentityDeps) {
    this.#node = node;
    this.#deps = deps;
    this.#translates = node.firewall?.ruleset.tables.some(({ chains }) => chains.some(({ base }) => base?.type === 'nat')) ?? false;
    this.#keepsLocal = deps.filters === true || this.#translates;
    this.#passesOn = node.bridge || node.forwards;
    this.#own = node.interfaces.flatMap((iface) => iface.addresses).flatMap((a) => parseAddress(a.address) ?? []);
  }

  /** Packets that it keeps: those inside, and those that came out less than {@link HOLD} ago. */
  get held(): number {
    return this.#queue.length - this.#head;
  }

  /** From now on it is told what the node's rules do to packets ({@link find}, {@link dropped}). */
  watch(): void {
    this.#watched = this.#keepsLocal = true;
  }

  /** The packet that came in with these headers, of several alike the first that was not asked for yet. Null = not known (any more). */
  find(packet: TracedPacket): PacketId | null {
    const like = new TracedHeaders(packet);
    for (let i = this.#head; i < this.#queue.length; i++) {
      const held = this.#queue[i];
      if (held === undefined || held.traced || !like.fits(held.packet.buf, held.print)) continue;
      held.traced = true;
      return held.packet.id;
    }
    return null;
  }

  /** A rule dropped it: told by whoever watches the rules. */
  dropped(id: PacketId, drop: DropCode, why: DecisionId): void {
    const held = this.#queue.slice(this.#head).find(({ packet, done, taken }) => packet.id === id && !done && !taken);
    if (held !== undefined) this.#vanish(held, drop, why, this.#deps.now());
  }

  /** The kernel has the frame's octets by now. Takes ownership. `port` is the interface's index from 0. */
  arrived(p: Packet, port: number, now: Nanos): void {
    if (!this.#passesOn && !this.#keepsLocal) {
      this.#end(p);
      return;
    }
    this.#expire(now);
    const print = newFingerprint();
    fingerprint(p.buf, p.off, p.len, this.#node.bridge, print);
    const local = !this.#passesOn || !this.#mayPassOn(p, print);
    if (local && !this.#keepsLocal) {
      this.#end(p);
      return;
    }
    const held: Held = { packet: p, print, at: now, cameBy: port, leftBy: NOWHERE, taken: false, done: false, local, traced: false };
    this.#queue.push(held);
    const alike = this.#byHash.get(print.hash);
    if (alike === undefined) this.#byHash.set(print.hash, [held]);
    else alike.push(held);
  }

  /** A frame that the kernel sent: gives it the identity that it came in with, or leaves it the new one that it has. */
  departing(p: Packet, port: number, now: Nanos): void {
    if (!this.#passesOn) {
      this.counts.made++;
      return;
    }
    this.#expire(now);
    const print = this.#print;
    fingerprint(p.buf, p.off, p.len, this.#node.bridge, print);
    const alike = this.#byHash.get(print.hash)?.filter((held) => this.#couldBe(held, p, print, port)) ?? [];
    if (this.#node.bridge) this.#fromBridge(p, port, alike);
    else this.#fromRouter(p, print, alike, now);
  }

  /** Of what has vanished so far it is known why, as far as it can be. */
  async inquired(): Promise<void> {
    await Promise.all(this.#inquests);
  }

  /** The lab is over: of what came in just now nothing can be said. */
  flush(now: Nanos): void {
    this.#expire(now);
    for (const held of this.#queue.slice(this.#head)) {
      if (held.done || held.taken) this.#deps.pool.release(held.packet);
      else this.#end(held.packet);
    }
    this.#queue = [];
    this.#head = 0;
    this.#byHash.clear();
  }

  /** False for what this node takes for itself, or never passes on. */
  #mayPassOn(p: Packet, print: Fingerprint): boolean {
    if (this.#node.bridge) return true;
    if (print.family === 0 || ethernet.isGroup(p.buf, p.off)) return false;
    const to = print.addresses + print.addressLength;
    return !this.#own.some((own) =>
      own.family === 4 ? print.family === 4 && u32(p.buf, to) === own.value : print.family === 6 && equal(p.buf, to, own.bytes, 0, 16),
    );
  }

  #couldBe(held: Held, p: Packet, print: Fingerprint, port: number): boolean {
    if (held.done || (held.local && !this.#translates) || !lasts(held.packet.buf, held.print, p.buf, print)) return false;
    if (this.#node.bridge) return held.cameBy !== port && !held.leftBy.includes(port);
    return print.ttl === held.print.ttl - 1;
  }

  #fromBridge(p: Packet, port: number, alike: readonly Held[]): void {
    const inside = alike.filter((held) => !held.taken);
    const station = this.#deps.stations?.get(ethernet.dst(p.buf, p.off));
    const first = inside[0];
    if (first !== undefined && (station === undefined || station === port)) {
      if (inside.length > 1) this.counts.byOrder++;
      this.counts.passed++;
      first.leftBy = [...first.leftBy, port];
      first.taken = true;
      adopt(p, first.packet);
      return;
    }
    // Flooded: one copy by each port.
    const original = first ?? alike.at(-1);
    if (original === undefined) {
      this.counts.made++;
      return;
    }
    this.counts.copies++;
    original.leftBy = [...original.leftBy, port];
    p.cause = original.packet.id;
  }

  #fromRouter(p: Packet, print: Fingerprint, alike: readonly Held[], now: Nanos): void {
    const same = alike.filter((held) => unchanged(held.packet.buf, held.print, p.buf, print));
    const first = same[0] ?? alike[0];
    if (first === undefined) {
      this.#made(p, print, now);
      return;
    }
    if (same.length > 0) {
      this.counts.passed++;
      if (same.length > 1) this.counts.byOrder++;
    } else if (alike.every((held) => sameFlow(held.packet.buf, held.print, first.packet.buf, first.print))) {
      this.counts.translated++;
      p.decision = this.#deps.translated?.(translationText(first.packet.buf, first.print, p.buf, print)) ?? NO_DECISION;
    } else {
      this.counts.ambiguous++;
      return;
    }
    first.taken = true;
    adopt(p, first.packet);
    this.#forget(first);
  }

  /** The node's own: an error about a packet that it dropped names the packet, and why. */
  #made(p: Packet, print: Fingerprint, now: Nanos): void {
    this.counts.made++;
    const quote = quoteOf(p.buf, print);
    if (quote === null) return;
    for (let i = this.#queue.length - 1; i >= this.#head; i--) {
      const held = this.#queue[i];
      if (held === undefined || held.done || !quotes(p.buf, quote.at, held.packet.buf, held.print)) continue;
      p.cause = held.packet.id;
      // Which rule rejected it is told by the trace, which comes later.
      const waits = this.#watched && quote.drop === DROP.UNEXPLAINED;
      if (quote.drop !== DROP.NONE && !held.local && !waits) this.#vanish(held, quote.drop, NO_DECISION, now);
      return;
    }
  }

  #expire(now: Nanos): void {
    for (let held = this.#queue[this.#head]; held !== undefined && held.at + HOLD < now; held = this.#queue[this.#head]) {
      this.#head++;
      const kept = !held.done && !held.taken && this.#giveUp(held, now);
      if (!held.done) this.#forget(held);
      if (!kept) this.#deps.pool.release(held.packet);
    }
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Its time is over, and it has not come out. True: it is kept, since an answer is waited for. */
  #giveUp(held: Held, now: Nanos): boolean {
    const { inquest, tap, filters } = this.#deps;
    if (held.leftBy.length > 0 || (held.local && (filters !== true || held.print.family !== 4))) tap.ended(held.packet);
    else if (!held.local && held.print.family !== 0 && held.print.ttl === 1) this.#vanish(held, DROP.TTL, NO_DECISION, now);
    else if (inquest === undefined || held.print.family === 0) this.#vanish(held, DROP.UNEXPLAINED, NO_DECISION, now);
    else {
      this.#inquire(held, inquest);
      return true;
    }
    return false;
  }

  #inquire(held: Held, inquest: Inquest): void {
    const { pool, now } = this.#deps;
    const asked = inquest(held.packet, held.print, held.cameBy)
      .catch(() => null)
      .then((found) => {
        if (found === null && held.local) this.#deps.tap.ended(held.packet);
        else this.#vanish(held, found?.drop ?? DROP.UNEXPLAINED, found?.why ?? NO_DECISION, now());
        pool.release(held.packet);
        this.#inquests.delete(asked);
      });
    this.#inquests.add(asked);
  }

  #vanish(held: Held, drop: DropCode, why: DecisionId, now: Nanos): void {
    this.counts.vanished++;
    held.packet.time = now;
    this.#deps.tap.dropped(held.packet, this.#node.id, drop, why);
    this.#deps.tap.ended(held.packet);
    this.#forget(held);
  }

  /** Its slot goes back when its time is over: that keeps the queue simple. */
  #forget(held: Held): void {
    held.done = true;
    const alike = this.#byHash.get(held.print.hash)?.filter((other) => other !== held) ?? [];
    if (alike.length === 0) this.#byHash.delete(held.print.hash);
    else this.#byHash.set(held.print.hash, alike);
  }

  #end(p: Packet): void {
    this.#deps.tap.ended(p);
    this.#deps.pool.release(p);
  }
}

/** The frame that came out is the packet that went in. */
function adopt(p: Packet, from: Packet): void {
  p.id = from.id;
  p.cause = from.cause;
  p.trail = from.trail;
}
