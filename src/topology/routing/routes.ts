/**
 * Routes of a node: connected ones by its addresses, static ones as written, and a planned default route.
 *
 * Several next hops of one route, or several routes to one prefix with one metric, are one multipath route (Linux:
 * `nexthop via A dev B weight C`).
 *
 * The planned default: a node that does not forward, and has no default route of its own in a family, gets one when
 * exactly one router has an address of that family on its LANs. With two routers the file must say which.
 * @module
 */
import { MAIN_TABLE } from '../plan.js';
import type { DiscardType, PlanNextHop, PlanRoute } from '../plan.js';
import type { FileNextHop, FileRoute, FileTable } from '../source/schema.js';
import type { Path } from '../source/yaml-source.js';
import type { Draft, DraftNode } from '../drafting/draft.js';
import { everything, formatIp, formatNetwork, sameNetwork } from '../addressing/ip.js';
import type { Family, Network } from '../addressing/ip.js';
import type { Neighbourhood, Station } from '../addressing/neighbourhood.js';
import { findHop } from './next-hop.js';
import type { AskedHop } from './next-hop.js';
import { readTarget } from './route-target.js';
import type { Networks, Target } from './route-target.js';

const DISCARDS = ['blackhole', 'unreachable', 'prohibit'] as const satisfies readonly DiscardType[];

interface Route {
  readonly network: Network;
  readonly table: number;
  readonly metric: number;
  /** Where packets go, or how they are thrown away. */
  readonly leads: PlanNextHop[] | DiscardType;
  readonly path: Path;
}

/** Linux reserves the tables `default` and `local`. */
export function readTable(table: FileTable | undefined, path: Path, { faults }: Draft): number {
  if (table === undefined || table === 'main') return MAIN_TABLE;
  if (table === 253 || table === 255)
    faults.add('TOPOLOGY_ROUTE', path, `table ${table} is Linux's own "${table === 253 ? 'default' : 'local'}"`, { expected: 'another number, or main' });
  return table;
}

/** Connected, then static in the order of the file, then planned. */
export function planRoutes(node: DraftNode, neighbourhood: Neighbourhood, networks: Networks, draft: Draft): readonly PlanRoute[] {
  const stations = neighbourhood.of(node.name);
  const written: Route[] = [];
  for (const [i, route] of node.routes.entries()) {
    const path = [...node.path, 'routes', i];
    for (const read of readRoute(route, path, node, neighbourhood, networks, draft)) addRoute(read, written, draft);
  }
  return [
    ...stations.flatMap(connected),
    ...written.map((r) => staticRoute(r, draft)),
    ...([4, 6] as const).flatMap((family) => plannedDefault(family, node, written, neighbourhood)),
  ];
}

function connected(station: Station): readonly PlanRoute[] {
  // A host prefix (/32, /128) leads nowhere but to the node itself.
  const wide = station.addresses.filter((a) => a.network.length < (a.ip.family === 4 ? 32 : 128));
  return wide.map(({ network }) => ({
    family: network.family,
    prefix: formatNetwork(network),
    via: null,
    dev: station.interface,
    metric: 0,
    origin: 'connected',
    src: null,
  }));
}

function readRoute(route: FileRoute, path: Path, node: DraftNode, neighbourhood: Neighbourhood, networks: Networks, draft: Draft): readonly Route[] {
  const targets = readTarget(route.to, [...path, 'to'], networks, draft);
  const table = readTable(route.table, [...path, 'table'], draft);
  const metric = route.metric ?? 0;
  const [discard, second] = DISCARDS.filter((type) => route[type] === true);
  if (discard !== undefined) {
    if (second !== undefined)
      draft.faults.add('TOPOLOGY_ROUTE', [...path, second], `the route is a ${discard} already`, { on: 'key', expected: `one of: ${DISCARDS.join(', ')}` });
    checkDiscard(discard, route, path, draft);
    return targets.map((t) => ({ network: t.network, table, metric, leads: discard, path }));
  }
  if (route.via === undefined && route.dev === undefined) {
    draft.faults.add('TOPOLOGY_ROUTE', path, 'the route says not where packets go', { expected: 'via: ADDRESS or NODE, dev: INTERFACE, or blackhole: true' });
    return [];
  }
  const found = askedHops(route, path, draft).map(({ asked, weight }) => ({ weight, byFamily: findHop(asked, targets, node, neighbourhood, draft) }));
  const leadsOf = (target: Target): PlanNextHop[] =>
    found.flatMap(({ weight, byFamily }) => {
      const hop = byFamily.get(target.network.family);
      return hop === undefined ? [] : [{ via: hop.via === null ? null : formatIp(hop.via), dev: hop.dev, weight }];
    });
  return targets.flatMap((t): Route[] => {
    const leads = leadsOf(t);
    return leads.length === 0 ? [] : [{ network: t.network, table, metric, leads, path }];
  });
}

function checkDiscard(type: DiscardType, route: FileRoute, path: Path, { faults }: Draft): void {
  for (const key of ['via', 'dev', 'weight'] as const) {
    if (route[key] === undefined) continue;
    const article = type === 'unreachable' ? 'an unreachable route' : type === 'prohibit' ? 'a prohibit route' : 'a blackhole';
    faults.add('TOPOLOGY_ROUTE', [...path, key], `${article} has no "${key}": what goes there ends there`, {
      on: 'key',
      expected: `either ${type}: true or a next hop`,
    });
  }
}

interface AskedMember {
  readonly asked: AskedHop;
  readonly weight: number;
}

/** The next hops as they are written: one, or a list whose entries say `dev` and `weight` themselves. */
function askedHops(route: FileRoute, path: Path, { faults }: Draft): readonly AskedMember[] {
  const devPath = [...path, 'dev'];
  if (!Array.isArray(route.via)) {
    return [{ asked: { via: route.via, dev: route.dev, viaPath: [...path, 'via'], devPath }, weight: route.weight ?? 1 }];
  }
  for (const key of ['dev', 'weight'] as const) {
    if (route[key] === undefined) continue;
    faults.add('TOPOLOGY_ROUTE', [...path, key], `with a list of next hops "${key}" belongs to each of them`, {
      on: 'key',
      expected: `via: [{ via: NODE, ${key}: ... }, ...]`,
    });
  }
  return route.via.flatMap((hop: string | FileNextHop, i): AskedMember[] => {
    const at = [...path, 'via', i];
    if (typeof hop === 'string') return [{ asked: { via: hop, dev: undefined, viaPath: at, devPath }, weight: 1 }];
    if (hop.via === undefined && hop.dev === undefined) {
      faults.add('TOPOLOGY_ROUTE', at, 'the next hop says not where packets go', { expected: 'via: ADDRESS or NODE, or dev: INTERFACE' });
      return [];
    }
    return [{ asked: { via: hop.via, dev: hop.dev, viaPath: [...at, 'via'], devPath: [...at, 'dev'] }, weight: hop.weight ?? 1 }];
  });
}

/** Routes of one table, prefix and metric become one multipath route. */
function addRoute(route: Route, written: Route[], { faults }: Draft): void {
  const same = written.find((r) => r.table === route.table && sameNetwork(r.network, route.network) && r.metric === route.metric);
  if (same === undefined) {
    const hops: PlanNextHop[] = [];
    written.push(typeof route.leads === 'string' ? route : { ...route, leads: hops });
    if (typeof route.leads !== 'string') addHops(route.leads, hops, route, route, faults);
    return;
  }
  if (typeof route.leads !== 'string' && typeof same.leads !== 'string') {
    addHops(route.leads, same.leads, route, same, faults);
    return;
  }
  faults.add('TOPOLOGY_ROUTE', route.path, `two routes to ${formatNetwork(route.network)} have the metric ${route.metric}, and not both lead to a next hop`, {
    expected: `different metrics: the smaller wins; the other is on line ${faults.source.place(same.path).line}`,
  });
}

function addHops(hops: readonly PlanNextHop[], to: PlanNextHop[], route: Route, first: Route, faults: Draft['faults']): void {
  for (const hop of hops) {
    if (!to.some((other) => other.via === hop.via && other.dev === hop.dev)) {
      to.push(hop);
      continue;
    }
    const way = hop.via ?? hop.dev;
    faults.add('TOPOLOGY_ROUTE', route.path, `the route to ${formatNetwork(route.network)} with the metric ${route.metric} leads to ${way} already`, {
      expected: `each next hop once; the other is on line ${faults.source.place(first.path).line}`,
      hint: 'a larger share is said by "weight"',
    });
  }
}

function staticRoute({ network, table, metric, leads, path }: Route, { faults }: Draft): PlanRoute {
  const [first] = typeof leads === 'string' ? [] : leads;
  return {
    family: network.family,
    prefix: formatNetwork(network),
    via: first?.via ?? null,
    dev: first?.dev ?? null,
    ...(typeof leads !== 'string' && leads.length > 1 && { nextHops: leads }),
    metric,
    ...(table !== MAIN_TABLE && { table }),
    origin: typeof leads === 'string' ? leads : 'static',
    src: faults.source.place(path),
  };
}

function plannedDefault(family: Family, node: DraftNode, written: readonly Route[], neighbourhood: Neighbourhood): readonly PlanRoute[] {
  const all = everything(family);
  if (node.kind.forwards || written.some((r) => r.table === MAIN_TABLE && sameNetwork(r.network, all))) return [];
  const own = neighbourhood.of(node.name).filter((s) => s.addresses.some((a) => a.ip.family === family));
  const routers = own.flatMap((s) =>
    neighbourhood
      .on(s.lan)
      .filter((r) => r.node !== node && r.node.kind.forwards && r.addresses.some((a) => a.ip.family === family))
      .map((r) => ({ router: r, dev: s })),
  );
  const [only] = routers;
  if (only === undefined || routers.length !== 1) return [];
  // Of several addresses the router may have, one that the host has a connected route to.
  const gateway = only.router.addresses.find((r) => only.dev.addresses.some((a) => sameNetwork(a.network, r.network) && a.ip.family === family));
  if (gateway === undefined) return [];
  return [{ family, prefix: formatNetwork(all), via: formatIp(gateway.ip), dev: only.dev.interface, metric: 0, origin: 'planned', src: null }];
}
