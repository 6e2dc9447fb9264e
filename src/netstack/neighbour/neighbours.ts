/**
 * The neighbour tables of a node: static entries from the plan, and discovery by ARP or NDP for the rest.
 * Timers and counts are Linux's defaults, which are RFC 4861 section 10's.
 * @module
 */
import { DROP } from '../../base/drop.js';
import { must } from '../../base/assert.js';
import { plus, seconds } from '../../base/time.js';
import type { Packet } from '../../fabric/packet.js';
import { equal } from '../../wire/bytes.js';
import { keyOf } from '../address-book.js';
import type { Interface } from '../interface.js';
import { UNREACHABLE } from '../icmp/kinds.js';
import type { ErrorReports, NeighbourTable, PacketEgress } from '../ports.js';
import type { Addr } from '../transport.js';
import { solicitByArp } from './arp.js';
import type { FramePorts } from './frames.js';
import { solicitByNdp } from './ndp.js';
import { Neighbour, NUD, type NeighbourState, type NeighbourTimers } from './neighbour.js';

/** RetransTimer: between two solicitations. */
export const RETRANS = seconds(1);
/** MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT. */
export const SOLICITS = 3;
export const REACHABLE_TIME = seconds(30);
/** DELAY_FIRST_PROBE_TIME. */
export const DELAY_FIRST_PROBE = seconds(5);
/** Packets that wait for one neighbour; the oldest gives way (Linux's `unres_qlen`). */
export const QUEUE_LIMIT = 101;

/** What it needs of its node. */
interface Ports extends FramePorts {
  readonly egress: Pick<PacketEgress, 'transmit'>;
  readonly errors: Pick<ErrorReports, 'unreachable'>;
}

export class Neighbours implements NeighbourTable, NeighbourTimers {
  readonly #node: Ports;
  /** By interface index * 2 + (family === 6), then by address key. */
  readonly #tables: Map<number, Neighbour>[] = [];

  constructor(node: Ports) {
    this.#node = node;
  }

  /** The neighbour of that address; made when it is new, which asks nobody yet. */
  of(iface: Interface, addr: Addr): Neighbour {
    const table = this.#table(iface, this.#node.book.family(addr));
    const key = keyOf(addr);
    let n = table.get(key);
    if (n === undefined) {
      n = new Neighbour(iface, addr, this.#node.book.family(addr), this);
      table.set(key, n);
    }
    return n;
  }

  addStatic(iface: Interface, addr: Addr, mac: Uint8Array): void {
    const n = this.of(iface, addr);
    n.header.set(mac, 0);
    this.#enter(n, NUD.PERMANENT);
    this.#release(n);
  }

  /** Everybody on a link. */
  broadcast(iface: Interface, addr: Addr): Neighbour {
    const n = this.of(iface, addr);
    if (n.state !== NUD.PERMANENT) this.addStatic(iface, addr, Uint8Array.of(255, 255, 255, 255, 255, 255));
    return n;
  }

  list(): Neighbour[] {
    return this.#tables.flatMap((table) => [...table.values()]);
  }

  /**
   * hot for permanent entries. True: the header is good, send. False: the packet has been taken, it waits or has been
   * dropped.
   */
  ready(n: Neighbour, p: Packet): boolean {
    if (n.state === NUD.PERMANENT) return true;
    const now = this.#node.core.scheduler.now;
    switch (n.state) {
      case NUD.REACHABLE:
        if (now - n.confirmed < REACHABLE_TIME) return true;
        this.#enter(n, NUD.DELAY);
        return true;
      case NUD.STALE:
        this.#enter(n, NUD.DELAY);
        return true;
      case NUD.DELAY:
      case NUD.PROBE:
        return true;
      case NUD.INCOMPLETE:
        this.#enqueue(n, p);
        return false;
      case NUD.FAILED:
      case NUD.NONE:
        n.queue.push(p);
        this.#enter(n, NUD.INCOMPLETE);
        return false;
    }
  }

  /**
   * What an ARP or NDP message says about `addr`.
   * @param solicited it answers a question of ours: the neighbour is reachable, else it is stale (known, unproved)
   * @param create make an entry when there is none (a question put to us, RFC 826 and RFC 4861 section 7.2.3)
   * @param override may put another MAC in the place of a known one (RFC 4861 section 7.2.5)
   */
  learn(iface: Interface, addr: Addr, mac: Uint8Array, solicited: boolean, create: boolean, override: boolean): void {
    let n = this.#table(iface, this.#node.book.family(addr)).get(keyOf(addr));
    if (n === undefined) {
      if (!create) return;
      n = this.of(iface, addr);
    }
    if (n.state === NUD.PERMANENT || (n.state === NUD.NONE && !create)) return;
    const same = n.known && equal(n.header, 0, mac, 0, 6);
    if (n.known && !same && !override) {
      if (n.state === NUD.REACHABLE) this.#enter(n, NUD.STALE);
      return;
    }
    n.header.set(mac, 0);
    if (solicited) {
      n.confirmed = this.#node.core.scheduler.now;
      this.#enter(n, NUD.REACHABLE);
    } else if (!same) {
      this.#enter(n, NUD.STALE);
    }
    this.#release(n);
  }

  /** Learned entries of an interface that lost its carrier are forgotten; what waited is dropped. */
  flush(iface: Interface): void {
    for (const family of [4, 6] as const) {
      for (const n of this.#table(iface, family).values()) {
        if (n.state === NUD.PERMANENT) continue;
        this.#fail(n);
        this.#enter(n, NUD.NONE);
      }
    }
  }

  expired(n: Neighbour): void {
    switch (n.state) {
      case NUD.DELAY:
        this.#enter(n, NUD.PROBE);
        return;
      case NUD.INCOMPLETE:
      case NUD.PROBE:
        if (n.probes < SOLICITS) {
          this.#solicit(n);
          return;
        }
        this.#enter(n, NUD.FAILED);
        this.#fail(n);
        return;
      default:
        return;
    }
  }

  #enter(n: Neighbour, state: NeighbourState): void {
    const { scheduler } = this.#node.core;
    if (n.timer !== null) scheduler.cancel(n.timer);
    n.timer = null;
    n.state = state;
    n.probes = 0;
    if (state === NUD.DELAY) n.timer = scheduler.at(plus(scheduler.now, DELAY_FIRST_PROBE), n, 0, null);
    if (state === NUD.INCOMPLETE || state === NUD.PROBE) this.#solicit(n);
  }

  #solicit(n: Neighbour): void {
    const { scheduler } = this.#node.core;
    n.probes++;
    n.timer = scheduler.at(plus(scheduler.now, RETRANS), n, 0, null);
    const target = n.state === NUD.PROBE ? n.mac : null;
    if (n.family === 4) solicitByArp(this.#node, n, target);
    else solicitByNdp(this.#node, n, target);
  }

  #enqueue(n: Neighbour, p: Packet): void {
    if (n.queue.length >= QUEUE_LIMIT) this.#drop(n, must(n.queue.shift(), 'queued packet'));
    n.queue.push(p);
  }

  #release(n: Neighbour): void {
    if (n.queue.length === 0) return;
    const waiting = n.queue;
    n.queue = [];
    for (const p of waiting) this.#node.egress.transmit(p, n);
  }

  /** Nobody answered: every packet that waits is unreachable (RFC 1122 section 2.3.2.2, RFC 4861 section 7.2.2). */
  #fail(n: Neighbour): void {
    if (n.queue.length === 0) return;
    const waiting = n.queue;
    n.queue = [];
    for (const p of waiting) {
      this.#node.errors.unreachable(p, UNREACHABLE.HOST);
      this.#drop(n, p);
    }
  }

  #drop(n: Neighbour, p: Packet): void {
    const { core } = this.#node;
    n.iface.txDropped++;
    core.drop(p, DROP.NO_NEIGHBOUR, core.decide('no-neighbour', 'neighbour', { via: this.#node.book.text(n.addr), dev: n.iface.name }));
  }

  #table(iface: Interface, family: 4 | 6): Map<number, Neighbour> {
    const at = iface.index * 2 + (family === 6 ? 1 : 0);
    while (this.#tables.length <= at) this.#tables.push(new Map());
    return must(this.#tables[at], 'neighbour table');
  }
}
