/**
 * Where the way of a leg before a change and the way after it part, and which routes chose.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import type { Direction } from '../analysis/direction.js';
import { parseComment } from '../capture/comment.js';
import type { Ledger } from '../capture/ledger.js';
import type { Plan, PlanLink, PlanNode, PlanRoute } from '../topology/plan.js';
import { parseAddress } from '../wire/address.js';
import { contains, parsePrefix } from '../wire/prefix.js';

/** What a node did with the packets of one direction. */
export interface Choice {
  readonly link: string;
  /** Interface by which they left. */
  readonly dev: string;
  /** The route that said so; null where neither the record nor the plan tells. */
  readonly route: Pick<PlanRoute, 'prefix' | 'via' | 'metric' | 'src'> | null;
}

export interface Parted {
  readonly node: string;
  /** Null where the way ended. */
  readonly before: Choice | null;
  readonly after: Choice | null;
  /** The link that was taken before, when it is down now. */
  readonly down: string | null;
}

/** One direction of a leg in one of the two runs. */
export interface Way {
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly direction: Direction;
  readonly from: PlanNode;
  readonly to: PlanNode;
}

/** By the most used path of each; null when those have the same links. */
export function partedAt(before: Way, after: Way): Parted | null {
  const [was, is] = [names(before), names(after)];
  let at = 0;
  while (at < was.length && was[at] === is[at]) at++;
  if (at === was.length && at === is.length) return null;
  const node = nodeAt(before, at);
  if (node === null || node.name !== nodeAt(after, at)?.name) return null;
  return { node: node.name, before: choiceAt(before, at), after: choiceAt(after, at), down: downLink(was[at], after.plan) };
}

function names({ plan, direction }: Way): readonly (string | undefined)[] {
  return (direction.paths[0]?.links ?? []).map((id) => plan.links[id]?.name);
}

/** The node that sends by the path's link number `at`. */
function nodeAt({ plan, direction, from }: Way, at: number): PlanNode | null {
  let node: number = from.id;
  for (const id of direction.paths[0]?.links.slice(0, at) ?? []) {
    const link = plan.links[id];
    if (link === undefined) return null;
    node = link.ends[0].node === node ? link.ends[1].node : link.ends[0].node;
  }
  return plan.nodes[node] ?? null;
}

function choiceAt(way: Way, at: number): Choice | null {
  const path = way.direction.paths[0];
  const id = path?.links[at];
  const node = nodeAt(way, at);
  const link = id === undefined ? undefined : way.plan.links[id];
  if (path === undefined || node === null || link === undefined) return null;
  const dev = devOf(link, node);
  return { link: link.name, dev, route: routeOf(way, node, dev, path.example, at) };
}

function devOf(link: PlanLink, node: PlanNode): string {
  return link.ends[link.ends[0].node === node.id ? 0 : 1].interface;
}

/** As the packet's record says it; where that says nothing, the node's longest route to the other end by that interface. */
function routeOf(way: Way, node: PlanNode, dev: string, packet: PacketId, at: number): Choice['route'] {
  const said = parseComment(way.ledger.journey(packet)?.hops[at]?.decision ?? '') ?? {};
  const { route: prefix, via } = said;
  if (prefix !== undefined)
    return node.routes.find((route) => route.prefix === prefix && route.dev === dev && (via === undefined || route.via === via)) ?? null;
  const addresses = way.to.interfaces.flatMap((iface) => iface.addresses);
  const fitting = node.routes.filter(
    (route) => route.dev === dev && addresses.some(({ family, address }) => family === route.family && covers(route.prefix, address)),
  );
  return fitting.sort((a, b) => lengthOf(b.prefix) - lengthOf(a.prefix) || a.metric - b.metric)[0] ?? null;
}

function downLink(name: string | undefined, plan: Plan): string | null {
  const link = plan.links.find((one) => one.name === name);
  return link === undefined || link.up ? null : link.name;
}

function covers(prefix: string, address: string): boolean {
  const [outer, inner] = [parsePrefix(prefix), parseAddress(address)];
  return outer !== undefined && inner !== undefined && contains(outer, inner);
}

function lengthOf(prefix: string): number {
  return Number(prefix.split('/')[1]);
}
