/**
 * A session between two speakers as it is now: which of its ends take it for established, and what is booked for it.
 * Each end finds out for itself that the other is gone: at once when its interface loses the carrier, else when BFD or
 * the hold timer expires, or when something gets through that tells it so.
 * @module
 */
import { type Nanos, NEVER, plus } from '../../base/time.js';
import type { PlanNode } from '../plan.js';
import type { BgpNeighbor } from './bgp.js';
import type { Update } from './speaker.js';
import type { Underlay, Way } from './underlay.js';

/** 0 and 1: the two ends. */
export type End = 0 | 1;
export const ENDS = [0, 1] as const;
export const otherEnd = (end: End): End => (end === 0 ? 1 : 0);

export interface Watch {
  readonly by: 'BFD' | 'the hold timer';
  /** From the last packet that came. */
  readonly after: Nanos;
}

/** What never changes. */
export interface Peering {
  readonly nodes: readonly [string, string];
  /** Index among the neighbours of each end. */
  readonly indexes: readonly [number, number];
  readonly neighbors: readonly [BgpNeighbor, BgpNeighbor];
  /** By what each end finds out that the other is dead. */
  readonly watch: readonly [Watch, Watch];
  readonly connectRetry: Nanos;
}

export interface Session {
  readonly peering: Peering;
  /** Does the end take it for established? */
  readonly up: [boolean, boolean];
  /** Why it is down at an end, for people. */
  readonly why: [string, string];
  /** Counts establishments and closings: what was sent before is for nobody. */
  epoch: number;
  /** Torn down for good by a limit. */
  blocked: boolean;
  /** Booked jobs: expiry at each end, news of the closing to the end that is still up, establishment. */
  readonly expiry: [number | null, number | null];
  reset: number | null;
  establish: number | null;
  /** When the last message to each end arrives: TCP keeps their order. */
  readonly lastArrival: [Nanos, Nanos];
  /** Messages to each end that wait for the way to be free. */
  readonly waiting: [readonly Update[], readonly Update[]];
}

export function newSession(peering: Peering): Session {
  const never = 'not yet established';
  return {
    peering,
    up: [false, false],
    why: [never, never],
    epoch: 0,
    blocked: false,
    expiry: [null, null],
    reset: null,
    establish: null,
    lastArrival: [0 as Nanos, 0 as Nanos],
    waiting: [[], []],
  };
}

export function forkSession(s: Session): Session {
  return { ...s, up: [...s.up], why: [...s.why], expiry: [...s.expiry], lastArrival: [...s.lastArrival], waiting: [...s.waiting] };
}

/** How the ends reach each other now. */
export interface Reach {
  /** To each end from the other; null: there is no way. */
  readonly to: readonly [Way | null, Way | null];
  /** Do frames get through it? */
  readonly open: readonly [boolean, boolean];
  /** Has each end's interface a carrier? True where a session goes over other routers. */
  readonly carrier: readonly [boolean, boolean];
}

export function reachOf({ nodes, neighbors }: Peering, underlay: Underlay): Reach {
  const [a, b] = neighbors;
  if (a.dev !== null && b.dev !== null) {
    const to = [underlay.across(nodes[1], b.dev, nodes[0], a.dev), underlay.across(nodes[0], a.dev, nodes[1], b.dev)] as const;
    return { to, open: [isOpen(to[0], underlay), isOpen(to[1], underlay)], carrier: [underlay.carrier(nodes[0], a.dev), underlay.carrier(nodes[1], b.dev)] };
  }
  const to = [walk(nodes[1], b, underlay), walk(nodes[0], a, underlay)] as const;
  return { to, open: [isOpen(to[0], underlay), isOpen(to[1], underlay)], carrier: [true, true] };
}

function walk(from: string, neighbor: BgpNeighbor, underlay: Underlay): Way | null {
  const [address] = neighbor.addresses;
  return address === undefined ? null : underlay.walk(from, address.peer);
}

function isOpen(way: Way | null, underlay: Underlay): boolean {
  return way !== null && underlay.open(way);
}

/** Both ways are free and both interfaces up. */
export function isWhole({ open, carrier }: Reach): boolean {
  return open[0] && open[1] && carrier[0] && carrier[1];
}

/** Time that a message to that end takes. */
export function delayTo(end: End, { to }: Reach, underlay: Underlay): Nanos {
  const way = to[end];
  return way === null ? (0 as Nanos) : underlay.delay(way);
}

/** Two round trips: TCP's handshake, then OPEN and KEEPALIVE (RFC 4271 8.2.2). */
export function handshake(reach: Reach, underlay: Underlay): Nanos {
  const roundTrip = plus(delayTo(0, reach, underlay), delayTo(1, reach, underlay));
  return plus(roundTrip, roundTrip);
}

/** The sessions of a plan, each once. */
export function peeringsOf(nodes: readonly PlanNode[]): readonly Peering[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return nodes.flatMap((node) =>
    (node.bgp?.neighbors ?? []).flatMap((mine, i): Peering[] => {
      const theirs = byName.get(mine.node)?.bgp?.neighbors[mine.mirror];
      // Each pair is seen from both of its ends.
      if (theirs === undefined || node.name > mine.node) return [];
      return [peering(node.name, i, mine, theirs)];
    }),
  );
}

function peering(node: string, index: number, mine: BgpNeighbor, theirs: BgpNeighbor): Peering {
  return {
    nodes: [node, mine.node],
    indexes: [index, mine.mirror],
    neighbors: [mine, theirs],
    watch: [watchOf(mine, theirs), watchOf(theirs, mine)],
    connectRetry: Math.max(mine.connectRetry, theirs.connectRetry) as Nanos,
  };
}

/** RFC 5880 6.8.4: the slower interval of both, as often as the other end says. BFD needs both ends. */
function watchOf(own: BgpNeighbor, peer: BgpNeighbor): Watch {
  const hold = Math.min(own.hold, peer.hold) as Nanos;
  const bfd = own.bfd === null || peer.bfd === null ? NEVER : ((Math.max(own.bfd.interval, peer.bfd.interval) * peer.bfd.multiplier) as Nanos);
  return bfd < hold ? { by: 'BFD', after: bfd } : { by: 'the hold timer', after: hold };
}
