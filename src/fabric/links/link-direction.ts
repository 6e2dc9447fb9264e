/**
 * One direction of a link: takes frames at one end, decides their fate, brings them out at the other.
 *
 * The way of a frame: link up? within the MTU? impairments (loss, corrupt, duplicate), queue and line (rate), then
 * delay, jitter and reorder; arrival. First refusal wins. `tap.sent` shows the frame as it was offered, with the verdict;
 * a bit is flipped after that.
 *
 * Order: without a rate a frame may overtake those before it if jitter or reorder let it, as with netem. With a rate
 * frames keep their order (netem does the same), but for those that `reorder` sends ahead. Frames in a priority queue
 * draw their delay when they leave it.
 *
 * What costs per frame: one event (two in the backlog of a priority queue), no allocation but for copies.
 * @module
 */
import type { LinkId } from '../../base/brand.js';
import { assertInvariant, must } from '../../base/assert.js';
import { DROP, type DropCode } from '../../base/drop.js';
import type { RandomRoot } from '../../base/rng.js';
import { type Nanos, UNSET, ZERO } from '../../base/time.js';
import type { ImpairmentSpec } from '../../topology/impairment.js';
import { type Egress, FULL, KEPT, LEAVES } from './egress.js';
import { newFate, newTransit } from './fate.js';
import { FifoEgress } from './fifo-egress.js';
import { Impairments } from './impairments.js';
import type { LinkEnd, Port, Side, Tap } from '../link.js';
import { CORRUPTED, DUPLICATED, FOLLOWED, type LinkCounters, type LinkPhase, OFFERED_DOWN, REORDERED, UNTIMED } from '../link-stats.js';
import type { Packet, PacketPool } from '../packet.js';
import { type Line, PriorityEgress } from './priority-egress.js';
import type { Scheduler, Target } from '../scheduler.js';

const ETHERNET_HEADER = 14;
const OP_ARRIVE = 0;

/** What all links of a fabric share. */
export interface LinkDeps {
  readonly scheduler: Scheduler;
  readonly pool: PacketPool;
  readonly tap: Tap;
  readonly random: RandomRoot;
  readonly counters: LinkCounters;
}

/** The end of a link: the face that interfaces see. */
export class End implements LinkEnd {
  readonly link: LinkId;
  readonly side: Side;
  readonly mtu: number;
  /** Of the direction that this end sends into, and the one that it receives from. */
  #out: LinkDirection | null = null;
  #port: Port | null = null;

  constructor(link: LinkId, side: Side, mtu: number) {
    this.link = link;
    this.side = side;
    this.mtu = mtu;
  }

  get up(): boolean {
    return (this.#out as LinkDirection).up;
  }

  send(p: Packet): void {
    (this.#out as LinkDirection).send(p);
  }

  attach(port: Port): void {
    assertInvariant(this.#port === null, 'a link end has one port');
    this.#port = port;
  }

  join(out: LinkDirection): void {
    this.#out = out;
  }

  get port(): Port | null {
    return this.#port;
  }
}

export class LinkDirection implements Target, Line {
  readonly #deps: LinkDeps;
  readonly #scheduler: Scheduler;
  readonly #tap: Tap;
  readonly #counters: LinkCounters;
  /** Of the counters, since the last change of what is asked. */
  #row: number;
  /** What was asked before, in order. */
  readonly #phases: { readonly since: Nanos; readonly spec: ImpairmentSpec; readonly row: number }[] = [];
  readonly #from: End;
  readonly #to: End;
  readonly #longest: number;
  readonly #impairments: Impairments;
  readonly #fate = newFate();
  readonly #transit = newTransit();
  #spec: ImpairmentSpec;
  #egress: Egress;
  #up: boolean;
  /** Counts the times the direction went down: what left in another epoch does not arrive. */
  #epoch = 1;
  #keepsOrder: boolean;
  #lastArrival: Nanos = UNSET;
  #latestSent: Nanos = UNSET;

  constructor(deps: LinkDeps, name: string, from: End, to: End, spec: ImpairmentSpec, up: boolean) {
    this.#deps = deps;
    this.#lastArrival = ZERO;
    this.#latestSent = ZERO;
    this.#scheduler = deps.scheduler;
    this.#tap = deps.tap;
    this.#counters = deps.counters;
    this.#row = deps.counters.newRow();
    this.#from = from;
    this.#to = to;
    this.#longest = from.mtu + ETHERNET_HEADER;
    this.#impairments = new Impairments(deps.random, `link:${name}:${from.side === 0 ? 'ab' : 'ba'}`, spec);
    this.#up = up;
    assertSpec(spec);
    this.#spec = spec;
    this.#phases.push({ since: ZERO, spec, row: this.#row });
    this.#egress = this.#newEgress(spec);
    this.#keepsOrder = spec.rate > 0;
  }

  get up(): boolean {
    return this.#up;
  }

  get spec(): ImpairmentSpec {
    return this.#spec;
  }

  /** What it was asked to do, one after the other, and what it did; one at least. */
  phases(): readonly LinkPhase[] {
    return this.#phases.map(({ since, spec, row }) => ({ since, spec, stats: this.#counters.snapshot(row) }));
  }

  /** hot. */
  send(p: Packet): void {
    assertInvariant(p.id !== 0, 'a packet is not sent after its release');
    const now = this.#scheduler.now;
    p.time = now;
    p.sentAt = now;
    p.epoch = this.#epoch;
    p.row = this.#row;
    this.#counters.offered(this.#row, p.len);
    if (!this.#up) {
      this.#counters.add(this.#row + OFFERED_DOWN, 1);
      this.#refuse(p, DROP.LINK_DOWN);
      return;
    }
    if (p.len > this.#longest) {
      this.#refuse(p, DROP.MTU_DF);
      return;
    }
    const fate = this.#fate;
    this.#impairments.fate(p.len, fate);
    if (fate.drop !== DROP.NONE) this.#refuse(p, fate.drop);
    else this.#take(p, fate.flipBit, fate.copies);
  }

  fire(_op: number, packet: Packet | null): void {
    const p = packet as Packet;
    if (p.epoch !== this.#epoch) {
      this.#lose(p, DROP.LINK_DOWN);
      return;
    }
    // Equal in virtual time; on a wall clock an event may fire late.
    p.time = this.#scheduler.now;
    this.#counters.arrived(p);
    if (p.sentAt < this.#latestSent) this.#counters.add(p.row + REORDERED, 1);
    else this.#latestSent = p.sentAt;
    this.#tap.received(p, this.#to);
    const port = this.#to.port;
    if (port === null) must(port, `a port at side ${this.#to.side} of link ${this.#to.link}`);
    else port.deliver(p, this.#to);
  }

  departs(p: Packet): void {
    // It waited under one rate and left under another.
    if (p.row !== this.#row) p.line = UNTIMED;
    this.#travel(p);
  }

  evicted(p: Packet): void {
    this.#lose(p, DROP.LINK_QUEUE);
  }

  /** Frames sent before keep their delay; a queue that is not empty goes on under the new rate. */
  configure(spec: ImpairmentSpec): void {
    assertSpec(spec);
    const before = this.#spec;
    this.#spec = spec;
    this.#impairments.configure(spec);
    this.#keepsOrder = spec.rate > 0;
    this.#row = this.#counters.newRow();
    this.#phases.push({ since: this.#scheduler.now, spec, row: this.#row });
    if (spec.egress === before.egress) {
      this.#egress.configure(spec.rate, spec.limit);
      return;
    }
    const old = this.#egress;
    const egress = this.#newEgress(spec);
    const now = this.#scheduler.now;
    egress.freeAt = old.freeAt;
    this.#egress = egress;
    old.purge(now, (p) => {
      this.#requeue(p);
    });
  }

  /** Down: what is on its way dies at its arrival, what is queued dies now. */
  setUp(up: boolean): void {
    if (up === this.#up) return;
    this.#up = up;
    if (!up) {
      const now = this.#scheduler.now;
      this.#epoch++;
      this.#lastArrival = ZERO;
      this.#egress.purge(now, (p) => {
        this.#lose(p, DROP.LINK_DOWN);
      });
    }
    this.#from.port?.carrier?.(up, this.#from);
  }

  #newEgress(spec: ImpairmentSpec): Egress {
    return spec.egress === 'fifo' ? new FifoEgress(this.#scheduler, spec.rate, spec.limit) : new PriorityEgress(this.#scheduler, this, spec.rate, spec.limit);
  }

  /** hot. Past the dice: onto the line, if there is room; then its copies. */
  #take(p: Packet, flipBit: number, copies: number): void {
    const busy = this.#egress.freeAt > this.#scheduler.now;
    const place = this.#egress.offer(p);
    p.line = busy || place === KEPT ? FOLLOWED : 0;
    if (place === FULL) {
      this.#refuse(p, DROP.LINK_QUEUE);
      return;
    }
    this.#tap.sent(p, this.#from, DROP.NONE);
    if (flipBit >= 0) {
      const at = p.off + ETHERNET_HEADER + (flipBit >> 3);
      p.buf[at] = (p.buf[at] as number) ^ (0x80 >> (flipBit & 7));
      this.#counters.add(this.#row + CORRUPTED, 1);
    }
    if (copies > 0) this.#copy(p, place);
    else if (place === LEAVES) this.#travel(p);
  }

  /** A copy follows its frame through queue and line, and draws a delay of its own. */
  #copy(p: Packet, place: number): void {
    const copy = this.#deps.pool.clone(p);
    copy.time = p.sentAt;
    copy.sentAt = p.sentAt;
    copy.epoch = this.#epoch;
    copy.row = this.#row;
    this.#counters.add(this.#row + DUPLICATED, 1);
    if (place === LEAVES) this.#travel(p);
    this.#take(copy, -1, 0);
  }

  /** hot. From the line, which it leaves at the egress's `departure`, to the other end. */
  #travel(p: Packet): void {
    const transit = this.#transit;
    this.#impairments.transit(transit);
    if (transit.ahead) p.line |= UNTIMED;
    let arrival = (this.#egress.departure + transit.extra) as Nanos;
    if (this.#keepsOrder && !transit.ahead) {
      if (arrival < this.#lastArrival) arrival = this.#lastArrival;
      else this.#lastArrival = arrival;
    }
    // Who must not overtake waits as in a queue: that is no delay of the link's.
    p.leftAt = (arrival - transit.extra) as Nanos;
    p.time = arrival;
    this.#scheduler.post(this, OP_ARRIVE, p);
  }

  /** A kept frame moves to an egress of another kind. */
  #requeue(p: Packet): void {
    p.line = UNTIMED;
    const place = this.#egress.offer(p);
    if (place === FULL) this.#lose(p, DROP.LINK_QUEUE);
    else if (place === LEAVES) this.#travel(p);
  }

  #refuse(p: Packet, drop: DropCode): void {
    this.#counters.drop(p.row, drop);
    this.#tap.sent(p, this.#from, drop);
    this.#tap.ended(p);
    this.#deps.pool.release(p);
  }

  #lose(p: Packet, drop: DropCode): void {
    this.#counters.drop(p.row, drop);
    p.time = this.#scheduler.now;
    this.#tap.lost(p, this.#from, drop);
    this.#tap.ended(p);
    this.#deps.pool.release(p);
  }
}

/** What people write is checked where it is read; a value out of range here is a mistake of ours. */
function assertSpec(spec: ImpairmentSpec): void {
  const loss = spec.loss;
  const odds = loss === null ? [] : loss.model === 'random' ? [loss.probability] : [loss.p, loss.r, loss.h, loss.k];
  for (const p of [...odds, spec.corrupt, spec.duplicate, spec.reorder]) assertInvariant(p >= 0 && p <= 1, `a probability is between 0 and 1: ${p}`);
  for (const n of [spec.delay, spec.jitter, spec.gap])
    assertInvariant(Number.isSafeInteger(n) && n >= 0, `delay, jitter and gap are whole and not negative: ${n}`);
  assertInvariant(spec.rate >= 0 && Number.isFinite(spec.rate), `a rate is not negative: ${spec.rate}`);
  assertInvariant(Number.isSafeInteger(spec.limit) && spec.limit >= 1, `a queue has room for one frame at least: ${spec.limit}`);
}
