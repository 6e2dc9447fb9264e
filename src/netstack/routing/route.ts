/**
 * Routes of an emulated node: what people and plans write, and what is looked up.
 * @module
 */
import type { DecisionId } from '../../base/brand.js';
import type { SourceRef } from '../../base/error.js';
import type { DiscardType, PlanRoute } from '../../topology/plan.js';
import type { Interface } from '../interface.js';
import type { Addr } from '../transport.js';

/** A route as people and plans write it. */
export interface RouteSpec {
  /** `10.0.0.0/8`, `2001:db8::/32`. Host bits are cut off. */
  readonly prefix: string;
  /** Next hop; `null` = the destinations are on the interface's own network. */
  readonly via?: string | null;
  /** Interface name; may be left out when `via` is on a connected network. `null` without `via`: packets are thrown away, as `origin` says. */
  readonly dev?: string | null;
  /** Several next hops: then `via` and `dev` are not read. */
  readonly nextHops?: readonly { readonly via: string | null; readonly dev?: string | null; readonly weight: number }[];
  /** Smaller wins; 0 unless given. */
  readonly metric?: number;
  readonly table?: number;
  readonly origin?: PlanRoute['origin'];
  readonly src?: SourceRef | null;
}

export interface NextHop {
  readonly via: Addr | null;
  readonly iface: Interface;
  readonly weight: number;
  readonly decision: DecisionId;
}

export interface Route {
  readonly table: number;
  readonly family: 4 | 6;
  readonly prefix: string;
  readonly prefixLength: number;
  readonly network: Uint8Array;
  /** Where it leads; none when it throws packets away. */
  readonly hops: readonly NextHop[];
  readonly metric: number;
  readonly origin: PlanRoute['origin'];
  readonly src: SourceRef | null;
  /** Of the first next hop, or of the drop. */
  readonly decision: DecisionId;
}

/** True unless all its interfaces are down. */
export function isUsable(route: Route): boolean {
  return route.hops.length === 0 || route.hops.some((hop) => hop.iface.up);
}

export function discardOf(origin: PlanRoute['origin'] | undefined): DiscardType {
  return origin === 'unreachable' || origin === 'prohibit' ? origin : 'blackhole';
}
