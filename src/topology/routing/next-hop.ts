/**
 * The next hop of a static route: who it is, and by which interface it is reached. It must be a forwarding neighbour on
 * a connected network; anything else would be a route that never carries a packet.
 * @module
 */
import { didYouMean, listed } from '../../base/suggest.js';
import type { Path } from '../source/yaml-source.js';
import type { Draft, DraftNode } from '../drafting/draft.js';
import { contains, formatIp, formatNetwork, parseIp, sameNetwork } from '../addressing/ip.js';
import type { Family, Ip } from '../addressing/ip.js';
import type { Neighbourhood, Station } from '../addressing/neighbourhood.js';
import type { Target } from './route-target.js';

export interface Hop {
  /** Null: the destination is on the link itself. */
  readonly via: Ip | null;
  readonly dev: string;
}

type Hops = ReadonlyMap<Family, Hop>;
const NONE: Hops = new Map();

/** A next hop as it is written, with the place of each word. */
export interface AskedHop {
  readonly via: string | undefined;
  readonly dev: string | undefined;
  readonly viaPath: Path;
  readonly devPath: Path;
}

interface Question {
  readonly asked: AskedHop;
  readonly targets: readonly Target[];
  readonly node: DraftNode;
  /** The node's interfaces, or the one that `dev` names. */
  readonly stations: readonly Station[];
  readonly neighbourhood: Neighbourhood;
  readonly draft: Draft;
}

/** The next hop for each family that the targets have; families without one have had their fault reported. */
export function findHop(asked: AskedHop, targets: readonly Target[], node: DraftNode, neighbourhood: Neighbourhood, draft: Draft): Hops {
  const { via, dev } = asked;
  const all = neighbourhood.of(node.name);
  const stations = dev === undefined ? all : all.filter((s) => s.interface === dev);
  if (dev !== undefined && stations.length === 0) {
    noInterface(node, dev, asked.devPath, neighbourhood, draft);
    return NONE;
  }
  const question: Question = { asked, targets, node, stations, neighbourhood, draft };
  if (via === undefined) return onLink(question);
  const ip = parseIp(via);
  return ip === undefined ? byNode(via, question) : byAddress(ip, question);
}

/** Reports the name of an interface that the node does not have. @param more names that would do beside its interfaces' */
export function noInterface(node: DraftNode, name: string, at: Path, neighbourhood: Neighbourhood, { faults }: Draft, more: readonly string[] = []): void {
  const names = [...neighbourhood.of(node.name).map((s) => s.interface), ...more];
  faults.add('TOPOLOGY_ROUTE', at, `"${node.name}" has no interface "${name}"`, { expected: `one of: ${listed(names)}`, ...didYouMean(name, names) });
}

function onLink({ stations, targets }: Question): Hops {
  const dev = stations[0]?.interface;
  return dev === undefined ? NONE : new Map(targets.map((t) => [t.network.family, { via: null, dev }]));
}

function byAddress(via: Ip, { asked, targets, node, stations, neighbourhood, draft }: Question): Hops {
  const at = asked.viaPath;
  const foreign = targets.find((t) => t.network.family !== via.family && !t.loose);
  if (foreign !== undefined) {
    draft.faults.add('TOPOLOGY_ROUTE', at, `${formatIp(via)} is no next hop for ${formatNetwork(foreign.network)}: the families differ`, {
      expected: `an IPv${foreign.network.family} address, or a node`,
    });
  }
  const station = stations.find((s) => s.addresses.some((a) => contains(a.network, via)));
  if (station === undefined) {
    if (neighbourhood.doubtful(node.name)) return NONE;
    const connected = stations.flatMap((s) => s.addresses.map((a) => formatNetwork(a.network)));
    draft.faults.add('TOPOLOGY_ROUTE', at, `the next hop ${formatIp(via)} is on no network that "${node.name}" is connected to`, {
      expected: `an address in one of: ${listed(connected)}`,
    });
    return NONE;
  }
  const holder = neighbourhood.holderOn(station.lan, via);
  if (holder === undefined) {
    if (neighbourhood.doubtful(node.name)) return NONE;
    draft.faults.add('TOPOLOGY_ROUTE', at, `nobody on the LAN "${station.lan.name}" has the address ${formatIp(via)}`, {
      expected: `a router's address: ${listed(routersOn(station, neighbourhood, via.family))}`,
    });
    return NONE;
  }
  if (!mayForward(holder, at, node, draft)) return NONE;
  return new Map([[via.family, { via, dev: station.interface }]]);
}

function byNode(via: string, question: Question): Hops {
  const { asked, targets, node, stations, neighbourhood, draft } = question;
  const at = asked.viaPath;
  const [name = '', interfaceName] = via.split(':');
  const near = stations.flatMap((station) =>
    neighbourhood
      .on(station.lan)
      .filter((peer) => peer.node.name === name && (interfaceName === undefined || peer.interface === interfaceName))
      .map((peer) => ({ station, peer })),
  );
  const [first] = near;
  if (first === undefined) {
    const known = stations.flatMap((s) => neighbourhood.on(s.lan).map((p) => p.node)).filter((n) => n !== node && n.kind.forwards);
    const exists = neighbourhood.of(name).length > 0;
    const names = known.map((n) => n.name);
    draft.faults.add('TOPOLOGY_ROUTE', at, exists ? `"${via}" is on no LAN of "${node.name}"` : `there is no node "${via}"`, {
      expected: `a router next to it: ${listed(names)}`,
      ...didYouMean(name, names),
    });
    return NONE;
  }
  if (!mayForward(first.peer, at, node, draft)) return NONE;
  if (near.length > 1) {
    draft.faults.add('TOPOLOGY_ROUTE', at, `"${node.name}" meets "${name}" on ${near.length} interfaces`, {
      expected: `one of: ${listed(near.map(({ peer }) => `${name}:${peer.interface}`))}`,
    });
    return NONE;
  }
  return hopsTo(first.station, first.peer, question, targets, at);
}

/** For each family the peer's first address on a network that both are on. */
function hopsTo(station: Station, peer: Station, { draft, node, neighbourhood }: Question, targets: readonly Target[], at: Path): Hops {
  const hops = new Map<Family, Hop>();
  for (const family of [4, 6] as const) {
    const shared = peer.addresses.find((p) => p.ip.family === family && station.addresses.some((a) => sameNetwork(a.network, p.network)));
    if (shared !== undefined) hops.set(family, { via: shared.ip, dev: station.interface });
  }
  const lost = targets.find((t) => !hops.has(t.network.family) && !(t.loose && hops.size > 0));
  if (lost !== undefined && !neighbourhood.doubtful(node.name)) {
    draft.faults.add(
      'TOPOLOGY_ROUTE',
      at,
      `"${peer.node.name}" and "${node.name}" share no IPv${lost.network.family} network for ${formatNetwork(lost.network)}`,
      {
        expected: `a neighbour with an IPv${lost.network.family} address`,
      },
    );
  }
  return hops;
}

function mayForward(holder: Station, at: Path, node: DraftNode, { faults }: Draft): boolean {
  if (holder.node === node) {
    faults.add('TOPOLOGY_ROUTE', at, `the next hop is "${node.name}" itself`, { expected: 'a neighbour that forwards' });
    return false;
  }
  if (holder.node.kind.forwards) return true;
  faults.add('TOPOLOGY_ROUTE', at, `the next hop "${holder.node.name}" is a ${holder.node.kind.kind} and forwards nothing`, {
    expected: 'a router or another node that forwards',
  });
  return false;
}

function routersOn(station: Station, neighbourhood: Neighbourhood, family: Family): readonly string[] {
  const routers = neighbourhood.on(station.lan).filter((s) => s.node.kind.forwards && s.node !== station.node);
  return routers.flatMap((s) => s.addresses.filter((a) => a.ip.family === family).map((a) => `${formatIp(a.ip)} (${s.node.name})`));
}
