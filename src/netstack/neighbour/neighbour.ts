/**
 * One neighbour: who owns an address on a link, and how sure the node is of it (RFC 4861 section 7.3.2, used for ARP
 * too, as Linux does).
 * @module
 */
import type { TimerId } from '../../base/brand.js';
import type { Nanos } from '../../base/time.js';
import type { Packet } from '../../fabric/packet.js';
import type { Target } from '../../fabric/scheduler.js';
import type { Interface } from '../interface.js';
import type { Addr } from '../transport.js';

export const NUD = {
  /** From the plan: never asked for, never changed. */
  PERMANENT: 0,
  REACHABLE: 1,
  /** Known, but not confirmed for a while: used, and probed soon after. */
  STALE: 2,
  DELAY: 3,
  PROBE: 4,
  /** Being asked for; packets wait. */
  INCOMPLETE: 5,
  FAILED: 6,
  /** Never asked for yet. */
  NONE: 7,
} as const;
export type NeighbourState = (typeof NUD)[keyof typeof NUD];

export const NUD_NAMES = ['permanent', 'reachable', 'stale', 'delay', 'probe', 'incomplete', 'failed', 'none'] as const;

/** What drives the state machine; the neighbour itself is the timer's target, so that no timer needs a closure. */
export interface NeighbourTimers {
  expired(n: Neighbour): void;
}

export class Neighbour implements Target {
  readonly iface: Interface;
  readonly addr: Addr;
  readonly family: 4 | 6;
  state: NeighbourState = NUD.NONE;
  /** The ready Ethernet header: destination, source, EtherType. */
  readonly header = new Uint8Array(14);
  /** The same bytes by words. */
  readonly headerView = new DataView(this.header.buffer);
  /** When it was last heard from in a way that proves it. */
  confirmed = 0 as Nanos;
  probes = 0;
  /** Packets that wait for the answer, oldest first. */
  queue: Packet[] = [];
  timer: TimerId | null = null;
  readonly #timers: NeighbourTimers;

  constructor(iface: Interface, addr: Addr, family: 4 | 6, timers: NeighbourTimers) {
    this.iface = iface;
    this.addr = addr;
    this.family = family;
    this.header.set(iface.mac, 6);
    this.header[12] = family === 4 ? 0x08 : 0x86;
    this.header[13] = family === 4 ? 0x00 : 0xdd;
    this.#timers = timers;
  }

  /** True when `mac` holds an address that somebody gave. */
  get known(): boolean {
    return this.state < NUD.INCOMPLETE;
  }

  get mac(): Uint8Array {
    return this.header.subarray(0, 6);
  }

  fire(): void {
    this.timer = null;
    this.#timers.expired(this);
  }
}
