/**
 * Reads the `bgp` of nodes: who is a neighbour of whom, over which interface, with which addresses and timers. A session
 * must be written at both of its ends, as on real routers.
 * @module
 */
import { millis, type Nanos, parseDuration, seconds } from '../../../base/time.js';
import { formatIp, formatNetwork, parseIp, sameNetwork } from '../../addressing/ip.js';
import type { Neighbourhood, Station } from '../../addressing/neighbourhood.js';
import type { Draft, DraftNode } from '../../drafting/draft.js';
import { MAIN_TABLE } from '../../plan.js';
import { readTarget, type Networks } from '../../routing/route-target.js';
import type { FileBgp, FileBgpNeighbor, FileBgpTimers } from '../../source/bgp-schema.js';
import { didYouMean, listed } from '../../../base/suggest.js';
import type { Path } from '../../source/yaml-source.js';
import { type BgpConfig, type BgpNeighbor, EBGP_METRIC, IBGP_METRIC } from '../bgp.js';
import { readPolicy } from './policy.js';

/** RFC 4271 10. */
const HOLD = seconds(180);
const SHORTEST_HOLD = seconds(3);
/** What ExpressRoute has, and most routers' shortest. */
const BFD = { interval: millis(300), multiplier: 3 } as const;
const CONNECT_RETRY = seconds(5);

interface Speaker {
  readonly node: DraftNode;
  readonly bgp: FileBgp;
  readonly path: Path;
}

/** A neighbour of a speaker, and how the two meet. */
interface Met {
  readonly filed: FileBgpNeighbor;
  readonly path: Path;
  readonly other: Speaker;
  /** Null: over other routers. */
  readonly link: { readonly own: Station; readonly peer: Station } | null;
}

export interface Surroundings {
  readonly neighbourhood: Neighbourhood;
  readonly networks: Networks;
  readonly draft: Draft;
}

/** By node. Faults: TOPOLOGY_BGP. */
export function readBgp(nodes: ReadonlyMap<string, DraftNode>, around: Surroundings): ReadonlyMap<string, BgpConfig> {
  const speakers = new Map(
    [...nodes.values()].flatMap((node): [string, Speaker][] => (node.bgp === null ? [] : [[node.name, { node, bgp: node.bgp, path: [...node.path, 'bgp'] }]])),
  );
  const met = new Map([...speakers.values()].map((speaker) => [speaker.node.name, neighborsOf(speaker, speakers, around)]));
  const ids = new Map([...speakers.values()].map((speaker) => [speaker.node.name, routerIdOf(speaker, around)]));
  checkIds(ids, speakers, around);
  return new Map([...speakers.values()].map((speaker) => [speaker.node.name, configOf(speaker, met, ids, around)]));
}

function configOf(speaker: Speaker, met: ReadonlyMap<string, readonly Met[]>, ids: ReadonlyMap<string, string>, around: Surroundings): BgpConfig {
  const { node, bgp, path } = speaker;
  const { networks, draft } = around;
  if (!node.kind.forwards)
    draft.faults.add('TOPOLOGY_BGP', path, `the ${node.kind.kind} "${node.name}" forwards nothing, so it has no routes to tell of`, {
      on: 'key',
      expected: 'a router or another node that forwards',
    });
  checkMetrics(speaker, draft);
  const announced = bgp.networks === undefined ? [] : readTarget(bgp.networks, [...path, 'networks'], networks, draft);
  const prefixes = new Map(announced.map(({ network }) => [formatNetwork(network), network.family]));
  return {
    as: bgp.as,
    routerId: ids.get(node.name) ?? '',
    multipath: bgp.multipath ?? 1,
    networks: [...prefixes].map(([prefix, family]) => ({ family, prefix })),
    neighbors: (met.get(node.name) ?? []).flatMap((one) => neighborOf(speaker, one, met, around)),
    src: draft.faults.source.place(path, 'key'),
  };
}

// ---- who meets whom ----

function neighborsOf(speaker: Speaker, speakers: ReadonlyMap<string, Speaker>, around: Surroundings): readonly Met[] {
  const found: Met[] = [];
  for (const [i, filed] of (speaker.bgp.neighbors ?? []).entries()) {
    const path = [...speaker.path, 'neighbors', i];
    const met = meet(speaker, filed, path, speakers, around);
    if (met === undefined) continue;
    if (found.some((one) => one.other === met.other && one.link?.peer === met.link?.peer)) {
      around.draft.faults.add('TOPOLOGY_BGP', [...path, 'node'], `"${filed.node}" is a neighbour already`, { expected: 'each neighbour once' });
    } else found.push(met);
  }
  return found;
}

function meet(
  speaker: Speaker,
  filed: FileBgpNeighbor,
  path: Path,
  speakers: ReadonlyMap<string, Speaker>,
  { neighbourhood, draft }: Surroundings,
): Met | undefined {
  const { faults } = draft;
  const at = [...path, 'node'];
  const [name = '', interfaceName] = filed.node.split(':');
  const other = speakers.get(name);
  if (other === undefined || other === speaker) {
    if (draft.structure.brokenNodes.has(name)) return undefined;
    const known = [...speakers.keys()].filter((one) => one !== speaker.node.name);
    const exists = draft.structure.file.topology.nodes[name] !== undefined;
    const message = other === speaker ? 'a node is no neighbour of itself' : exists ? `"${name}" speaks no BGP` : `there is no node "${name}"`;
    faults.add('TOPOLOGY_BGP', at, message, { expected: `a node with "bgp": ${listed(known)}`, ...didYouMean(name, known) });
    return undefined;
  }
  const near = neighbourhood.of(speaker.node.name).flatMap((own) =>
    neighbourhood
      .on(own.lan)
      .filter((peer) => peer.node === other.node && (interfaceName === undefined || peer.interface === interfaceName))
      .map((peer) => ({ own, peer })),
  );
  const [first] = near;
  if (near.length > 1) {
    faults.add('TOPOLOGY_BGP', at, `"${speaker.node.name}" meets "${name}" on ${near.length} interfaces`, {
      expected: `one of: ${listed(near.map(({ peer }) => `${name}:${peer.interface}`))}`,
    });
    return undefined;
  }
  if (first === undefined && interfaceName !== undefined) {
    faults.add('TOPOLOGY_BGP', at, `"${filed.node}" is on no LAN of "${speaker.node.name}"`, {
      expected: `an interface next to it, or "${name}" for a session over other routers`,
    });
    return undefined;
  }
  if (first === undefined && other.bgp.as !== speaker.bgp.as) {
    faults.add('TOPOLOGY_BGP', at, `"${name}" is in AS ${other.bgp.as} and on no LAN of "${speaker.node.name}"`, {
      expected: 'a neighbour on the same LAN, or in the same AS',
    });
    return undefined;
  }
  return { filed, path, other, link: first ?? null };
}

function neighborOf(speaker: Speaker, met: Met, all: ReadonlyMap<string, readonly Met[]>, around: Surroundings): readonly BgpNeighbor[] {
  const { node, bgp } = speaker;
  const { neighbourhood, networks, draft } = around;
  const { filed, path, other, link } = met;
  const mirror = (all.get(other.node.name) ?? []).findIndex((back) => back.other === speaker && back.link?.own === link?.peer);
  if (mirror < 0) {
    // Something it names has had its fault, and may have been meant for this node.
    if ((all.get(other.node.name) ?? []).length < (other.bgp.neighbors ?? []).length) return [];
    draft.faults.add('TOPOLOGY_BGP', [...path, 'node'], `"${other.node.name}" does not name "${node.name}" as its neighbour`, {
      expected: 'a session that is written at both ends',
      hint: `at ${other.node.name}: neighbors: [{ node: ${node.name} }]`,
    });
    return [];
  }
  const addresses = link === null ? overRouters(node, other.node, neighbourhood) : onLan(link);
  if (addresses.length === 0 && !neighbourhood.doubtful(node.name)) {
    draft.faults.add('TOPOLOGY_BGP', [...path, 'node'], `"${node.name}" and "${other.node.name}" have no addresses of one family`, {
      expected: 'two addresses of IPv4 or of IPv6',
    });
  }
  return [
    {
      node: other.node.name,
      as: other.bgp.as,
      dev: link?.own.interface ?? null,
      mirror,
      addresses,
      import: readPolicy(filed.import, bgp.as, [...path, 'import'], networks, draft),
      export: readPolicy(filed.export, bgp.as, [...path, 'export'], networks, draft),
      ...timersOf(filed, bgp, path, speaker.path, draft),
      maxPrefixes: filed.maxPrefixes ?? null,
      nextHopSelf: filed.nextHopSelf ?? false,
      src: draft.faults.source.place(path),
    },
  ];
}

/** For each family the first addresses on a network that both are on. */
function onLan({ own, peer }: NonNullable<Met['link']>): BgpNeighbor['addresses'] {
  return ([4, 6] as const).flatMap((family) => {
    const pairs = own.addresses.flatMap((a) =>
      peer.addresses
        .filter((p) => p.ip.family === family && sameNetwork(a.network, p.network))
        .map((p) => ({ family, local: formatIp(a.ip), peer: formatIp(p.ip) })),
    );
    return pairs.slice(0, 1);
  });
}

/** For each family the first address of either. */
function overRouters(own: DraftNode, peer: DraftNode, neighbourhood: Neighbourhood): BgpNeighbor['addresses'] {
  return ([4, 6] as const).flatMap((family) => {
    const [local, remote] = [own, peer].map((node) => neighbourhood.addressesOf(node.name).find((ip) => ip.family === family));
    return local === undefined || remote === undefined ? [] : [{ family, local: formatIp(local), peer: formatIp(remote) }];
  });
}

// ---- timers, ids, metrics ----

/** The neighbour's own word, then the speaker's, then the usual. */
function timersOf(
  filed: FileBgpTimers,
  bgp: FileBgp,
  path: Path,
  bgpPath: Path,
  { faults }: Draft,
): Pick<BgpNeighbor, 'hold' | 'keepalive' | 'bfd' | 'connectRetry'> {
  const duration = (key: 'hold' | 'keepalive' | 'connectRetry', usual: Nanos): Nanos => parseDuration(filed[key] ?? bgp[key] ?? '') ?? usual;
  const hold = duration('hold', HOLD);
  // RFC 4271 10: a third of the hold time.
  const keepalive = duration('keepalive', Math.floor(hold / 3) as Nanos);
  const at = (key: 'hold' | 'keepalive'): Path => (filed[key] === undefined ? [...bgpPath, key] : [...path, key]);
  if (hold < SHORTEST_HOLD) faults.add('TOPOLOGY_BGP', at('hold'), 'the hold time is shorter than 3 s', { expected: '3s at least (RFC 4271 4.2)' });
  if (keepalive * 2 > hold)
    faults.add('TOPOLOGY_BGP', at('keepalive'), 'one lost keepalive would end the session', { expected: 'at most half of the hold time; a third is usual' });
  const bfd = filed.bfd ?? bgp.bfd ?? false;
  const watched =
    bfd === false ? null : bfd === true ? BFD : { interval: parseDuration(bfd.interval ?? '') ?? BFD.interval, multiplier: bfd.multiplier ?? BFD.multiplier };
  return { hold, keepalive, bfd: watched, connectRetry: duration('connectRetry', CONNECT_RETRY) };
}

/** Without a word the lowest IPv4 address of the node. */
function routerIdOf({ node, bgp, path }: Speaker, { neighbourhood, draft }: Surroundings): string {
  if (bgp.routerId !== undefined) {
    const ip = parseIp(bgp.routerId);
    if (ip?.family === 4 && ip.value !== 0n) return formatIp(ip);
    draft.faults.add('TOPOLOGY_BGP', [...path, 'routerId'], `"${bgp.routerId}" is no router id`, {
      expected: 'an IPv4 address, which need not be the address of an interface',
    });
    return '';
  }
  const [lowest] = neighbourhood
    .addressesOf(node.name)
    .filter((ip) => ip.family === 4)
    .sort((a, b) => (a.value < b.value ? -1 : 1));
  if (lowest !== undefined) return formatIp(lowest);
  if (!neighbourhood.doubtful(node.name))
    draft.faults.add('TOPOLOGY_BGP', path, `"${node.name}" has no IPv4 address that could be its router id`, {
      on: 'key',
      expected: 'routerId: an IPv4 address',
    });
  return '';
}

function checkIds(ids: ReadonlyMap<string, string>, speakers: ReadonlyMap<string, Speaker>, { draft }: Surroundings): void {
  const taken = new Map<string, string>();
  for (const [name, id] of ids) {
    const other = taken.get(id);
    const speaker = speakers.get(name);
    if (id !== '' && other !== undefined && speaker !== undefined) {
      draft.faults.add('TOPOLOGY_BGP', [...speaker.path, 'routerId'], `"${name}" and "${other}" have the router id ${id}`, {
        expected: 'a router id of its own',
      });
    }
    taken.set(id, name);
  }
}

/** Routes of BGP have these metrics; a kernel would take the one for the other. */
function checkMetrics({ node }: Speaker, { faults }: Draft): void {
  for (const [i, { metric, table = 'main' }] of node.routes.entries()) {
    if ((metric !== EBGP_METRIC && metric !== IBGP_METRIC) || (table !== 'main' && table !== MAIN_TABLE)) continue;
    faults.add(
      'TOPOLOGY_BGP',
      [...node.path, 'routes', i, 'metric'],
      `the metric ${metric} is that of routes from ${metric === EBGP_METRIC ? 'eBGP' : 'iBGP'}`,
      { expected: `less than ${EBGP_METRIC} to be preferred to BGP, more than ${IBGP_METRIC} to be a fallback` },
    );
  }
}
