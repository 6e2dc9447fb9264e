/**
 * What routing says about one destination: the entry of the destination cache.
 * @module
 */
import type { DecisionId } from '../../base/brand.js';
import type { Interface } from '../interface.js';
import type { Neighbour } from '../neighbour/neighbour.js';
import type { Addr } from '../transport.js';
import type { Route } from './route.js';

/** Kinds of destination, as rtm_type in Linux. */
export const DEST = {
  /** One of the node's own addresses. */
  LOCAL: 0,
  UNICAST: 1,
  /** 255.255.255.255 or a subnet's all-ones address. */
  BROADCAST: 2,
  /** A group that the node has joined. */
  MULTICAST: 3,
  BLACKHOLE: 4,
  NO_ROUTE: 5,
  /** fe80::/10: depends on the interface. */
  SCOPED: 6,
  /** A group that the node has not joined. */
  STRANGE_GROUP: 7,
  /** Thrown away, and the sender is told: host unreachable. */
  UNREACHABLE: 8,
  /** Thrown away, and the sender is told: administratively prohibited. */
  PROHIBIT: 9,
} as const;
export type DestinationKind = (typeof DEST)[keyof typeof DEST];

export interface Destination {
  readonly kind: DestinationKind;
  readonly addr: Addr;
  /** Set for UNICAST and BROADCAST. */
  readonly oif: Interface | null;
  /** Who gets the frame: the next hop or the destination itself. Set for UNICAST. */
  readonly neighbour: Neighbour | null;
  readonly route: Route | null;
  /** The route's interned decision; of a drop for BLACKHOLE, UNREACHABLE, PROHIBIT and NO_ROUTE. */
  readonly decision: DecisionId;
  /** Of a multipath route: one destination per next hop that is up, two at least; this one is then the first of them. */
  readonly members: Members | null;
}

/** Next hops to choose from by a flow's hash. */
export interface Members {
  readonly destinations: readonly Destination[];
  /** Largest 31-bit hash of each, in their order. */
  readonly bounds: Int32Array;
}

/** One shape for all, so that the hot path stays monomorphic. */
export function destination(
  kind: DestinationKind,
  addr: Addr,
  decision: DecisionId,
  to: Partial<Pick<Destination, 'oif' | 'neighbour' | 'route' | 'members'>> = {},
): Destination {
  const { oif = null, neighbour = null, route = null, members = null } = to;
  return { kind, addr, oif, neighbour, route, decision, members };
}
