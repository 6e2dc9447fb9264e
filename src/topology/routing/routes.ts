/**
 * Routes of a node: connected ones by its addresses, static ones as written, and a planned default route.
 *
 * The planned default: a node that does not forward, and has no default route of its own in a family, gets one when
 * exactly one router has an address of that family on its LANs. With two routers the file must say which.
 * @module
 */
import type { PlanRoute } from '../plan.js';
import type { FileRoute } from '../source/schema.js';
import type { Path } from '../source/yaml-source.js';
import type { Draft, DraftNode } from '../drafting/draft.js';
import { everything, formatIp, formatNetwork, sameNetwork } from '../addressing/ip.js';
import type { Family, Network } from '../addressing/ip.js';
import type { Neighbourhood, Station } from '../addressing/neighbourhood.js';
import { findHop } from './next-hop.js';
import type { Hop } from './next-hop.js';
import { readTarget } from './route-target.js';
import type { Networks } from './route-target.js';

interface Route {
  readonly network: Network;
  readonly hop: Hop | null;
  readonly metric: number;
  readonly path: Path;
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
  const metric = route.metric ?? 0;
  if (route.blackhole === true) {
    for (const key of ['via', 'dev'] as const) {
      if (route[key] === undefined) continue;
      draft.faults.add('TOPOLOGY_ROUTE', [...path, key], `a blackhole has no "${key}": what goes there ends there`, { on: 'key', expected: 'either blackhole: true or a next hop' });
    }
    return targets.map((t) => ({ network: t.network, hop: null, metric, path }));
  }
  if (route.via === undefined && route.dev === undefined) {
    draft.faults.add('TOPOLOGY_ROUTE', path, 'the route says not where packets go', { expected: 'via: ADDRESS or NODE, dev: INTERFACE, or blackhole: true' });
    return [];
  }
  const hops = findHop(route, targets, path, node, neighbourhood, draft);
  return targets.flatMap((t) => {
    const hop = hops.get(t.network.family);
    return hop === undefined ? [] : [{ network: t.network, hop, metric, path }];
  });
}

function addRoute(route: Route, written: Route[], { faults }: Draft): void {
  const same = written.find((r) => sameNetwork(r.network, route.network) && r.metric === route.metric);
  if (same === undefined) {
    written.push(route);
    return;
  }
  faults.add('TOPOLOGY_ROUTE', route.path, `two routes to ${formatNetwork(route.network)} have the metric ${route.metric}`, {
    expected: `different metrics: the smaller wins; the other is on line ${faults.source.place(same.path).line}`,
  });
}

function staticRoute({ network, hop, metric, path }: Route, { faults }: Draft): PlanRoute {
  return {
    family: network.family,
    prefix: formatNetwork(network),
    via: hop?.via === undefined || hop.via === null ? null : formatIp(hop.via),
    dev: hop?.dev ?? null,
    metric,
    origin: hop === null ? 'blackhole' : 'static',
    src: faults.source.place(path),
  };
}

function plannedDefault(family: Family, node: DraftNode, written: readonly Route[], neighbourhood: Neighbourhood): readonly PlanRoute[] {
  const all = everything(family);
  if (node.kind.forwards || written.some((r) => sameNetwork(r.network, all))) return [];
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
