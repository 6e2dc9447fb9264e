/**
 * Routes that go round in a circle: packets to an address that a node has, which come back to where they were, as the routes
 * stand when the lab begins. Policy rules are not followed: what they do depends on the packet.
 * @module
 */
import { LabError } from '../../base/error.js';
import { BITS, contains, formatNetwork, networkOf, parseIp, parseIpWithLength } from '../addressing/ip.js';
import type { Ip, Network } from '../addressing/ip.js';
import { MAIN_TABLE } from '../plan.js';
import type { Plan, PlanNode, PlanRoute } from '../plan.js';

/** Look-ups of a route at most: what a large lab has beyond them is not looked at. */
const BUDGET = 2_000_000;

interface Hop {
  readonly network: Network;
  readonly route: PlanRoute;
}

/** One for each circle. Codes: TOPOLOGY_DOUBTFUL. */
export function routingLoops(plan: Plan): readonly LabError[] {
  const owners = new Map<string, number>();
  for (const node of plan.nodes) for (const one of node.interfaces) for (const { address } of one.addresses) owners.set(address, node.id);
  const tables = plan.nodes.map(tableOf);
  const found: LabError[] = [];
  const told = new Set<string>();
  let left = BUDGET;
  for (const [address, owner] of destinations(tables, owners)) {
    left -= plan.nodes.length;
    if (left < 0) break;
    const ip = parseIp(address);
    if (ip === undefined) continue;
    const next = (id: number): number | null => (id === owner ? null : nextNode(ip, tables[id] ?? [], plan.nodes[id], owners));
    for (const circle of circles(plan.nodes.length, next)) {
      const names = circle.map((id) => plan.nodes[id]?.name ?? '?').sort();
      const key = names.join(' ');
      if (told.has(key)) continue;
      told.add(key);
      const [first = 0] = circle;
      const src = lookUp(ip, tables[first] ?? [])?.route.src ?? plan.nodes[first]?.src;
      found.push(
        new LabError('TOPOLOGY_DOUBTFUL', `packets to ${address} (${plan.nodes[owner]?.name ?? '?'}) go round in a circle: ${names.join(', ')}`, {
          ...(src !== undefined && { where: src }),
          expected: 'routes that lead to where the address is',
        }),
      );
    }
  }
  return found;
}

/** The longest prefix first; of one length the smallest metric. */
function tableOf({ routes, rules }: PlanNode): readonly Hop[] {
  if (rules !== undefined) return [];
  const main = routes.flatMap((route): Hop[] => {
    const network = (route.table ?? MAIN_TABLE) === MAIN_TABLE ? parseIpWithLength(route.prefix)?.network : undefined;
    return network === undefined ? [] : [{ network, route }];
  });
  return main.sort((a, b) => b.network.length - a.network.length || a.route.metric - b.route.metric);
}

/** An address behind each prefix that a route leads to by a next hop, so that each is looked at once. */
function destinations(tables: readonly (readonly Hop[])[], owners: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const prefixes = new Map<string, Network>();
  for (const table of tables) for (const { network, route } of table) if (route.via !== null) prefixes.set(route.prefix, network);
  const lengths = [...new Set([...prefixes.values()].map(({ length }) => length))].sort((a, b) => b - a);
  const found = new Map<string, number>();
  const open = new Set(prefixes.keys());
  for (const [address, owner] of owners) {
    if (open.size === 0) break;
    const ip = parseIp(address);
    if (ip === undefined) continue;
    const fitting = lengths.filter((length) => length <= BITS[ip.family]).map((length) => formatNetwork(networkOf(ip, length)));
    const prefix = fitting.find((one) => prefixes.has(one));
    if (prefix === undefined || !open.has(prefix)) continue;
    open.delete(prefix);
    found.set(address, owner);
  }
  return found;
}

function lookUp(ip: Ip, table: readonly Hop[]): Hop | undefined {
  return table.find(({ network }) => contains(network, ip));
}

/** Of several next hops the first. Null: it arrives there, is thrown away, or goes where no node of the lab is. */
function nextNode(ip: Ip, table: readonly Hop[], node: PlanNode | undefined, owners: ReadonlyMap<string, number>): number | null {
  if (node === undefined || node.bridge) return null;
  const via = lookUp(ip, table)?.route.via ?? null;
  return via === null ? null : (owners.get(via) ?? null);
}

/** Circles of a graph in which each node leads to one other or to none. */
function circles(size: number, next: (id: number) => number | null): readonly (readonly number[])[] {
  const seen = new Int32Array(size);
  const found: (readonly number[])[] = [];
  for (let start = 0; start < size; start++) {
    const way: number[] = [];
    let at: number | null = start;
    while (at !== null && seen[at] === 0) {
      seen[at] = start + 1;
      way.push(at);
      at = next(at);
    }
    if (at !== null && seen[at] === start + 1) found.push(way.slice(way.indexOf(at)));
  }
  return found;
}
