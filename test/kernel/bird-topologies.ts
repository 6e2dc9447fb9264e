/**
 * Generated BGP topologies: seeded, of three to eight routers in several ASes, with prepends, local preferences, MEDs,
 * communities and filters. The relations between ASes follow Gao and Rexford ("Stable Internet routing without global
 * coordination", 2001): customers' routes are preferred and only they are told to everybody, so that there is one
 * outcome and the order of messages decides nothing.
 */
import { randomRoot, type Rng } from '../../src/base/rng.js';

interface Router {
  readonly name: string;
  readonly as: number;
  /** Position in the hierarchy: the provider of an AS has a smaller one. */
  readonly rank: number;
  readonly addresses: string[];
  readonly routes: string[];
  readonly networks: string[];
  readonly neighbors: string[];
}

interface Wire {
  readonly a: Router;
  readonly b: Router;
  readonly net: number;
}

/** Public numbers, and private ones for ASes at the edge. */
const asNumber = (rank: number, rng: Rng): number => (rank >= 2 && rng.below(3) === 0 ? 64600 + rank : 1000 + rank * 10);

/** Prefixes that several ASes announce. */
const ANYCAST = ['203.0.112.0/24', '203.0.113.0/24', '203.0.114.0/24'];

/** The topology text of that number; names of nodes begin with `t<number>-`, so that several can stand in one lab. */
export function generated(number: number): string {
  const rng = randomRoot(number).stream('bgp topology');
  const routers = makeRouters(number, rng);
  const wires: Wire[] = [];
  const connect = (a: Router, b: Router): Wire => {
    const wire = { a, b, net: wires.length };
    wires.push(wire);
    a.addresses.push(`e${wire.net}: [10.${number}.${wire.net}.1/30]`);
    b.addresses.push(`e${wire.net}: [10.${number}.${wire.net}.2/30]`);
    return wire;
  };
  const groups = [...new Set(routers.map((r) => r.rank))].map((rank) => routers.filter((r) => r.rank === rank));
  const inner = groups.flatMap((group) => group.flatMap((a, i) => group.slice(i + 1).map((b) => connect(a, b))));
  const outer = externalPairs(groups, rng).map(([a, b]) => connect(a, b));
  for (const wire of inner) speakInside(wire, outer, rng);
  const peering = new Set(groups.map((_, rank) => rank).filter(() => rng.below(4) === 0));
  for (const wire of outer) speakOutside(wire, peering, rng);
  for (const router of routers) announce(router, number, rng);
  return text(number, routers, wires, rng);
}

function makeRouters(number: number, rng: Rng): Router[] {
  const count = 3 + rng.below(6);
  const ases = Math.min(count, 2 + rng.below(5));
  const numbers = Array.from({ length: ases }, (_, rank) => asNumber(rank, rng));
  return Array.from({ length: count }, (_, i): Router => {
    // Every AS has one router; the others fall where they fall, at most three in one.
    const rank = i < ases ? i : rng.below(ases);
    return { name: `t${number}-r${i}`, as: numbers[rank] as number, rank, addresses: [], routes: [], networks: [], neighbors: [] };
  });
}

/** A tree over the ASes, and more: also several links between two of them. */
function externalPairs(groups: readonly (readonly Router[])[], rng: Rng): [Router, Router][] {
  const one = (group: readonly Router[]): Router => group[rng.below(group.length)] as Router;
  const pairs: [Router, Router][] = [];
  for (let i = 1; i < groups.length; i++) pairs.push([one(groups[rng.below(i)] as Router[]), one(groups[i] as Router[])]);
  for (let extra = groups.length + rng.below(4); extra > 0; extra--) {
    const [x, y] = [rng.below(groups.length), rng.below(groups.length)].sort((a, b) => a - b) as [number, number];
    if (x === y) continue;
    // Now and then over two links between the same routers.
    pairs.push(rng.below(4) === 0 ? (pairs[0] as [Router, Router]) : [one(groups[x] as Router[]), one(groups[y] as Router[])]);
  }
  return pairs;
}

/** Inside an AS: told by the one, known by a static route or not at all with the next hop of the outside. */
function speakInside({ a, b, net }: Wire, outer: readonly Wire[], rng: Rng): void {
  for (const [own, peer] of [
    [a, b],
    [b, a],
  ] as const) {
    const self = rng.below(2) === 0;
    own.neighbors.push(`{ node: ${peer.name}${self ? ', nextHopSelf: true' : ''} }`);
    // How far the networks at the edge of the other are: the cost to its next hops.
    for (const wire of outer) {
      if (wire.a !== peer && wire.b !== peer) continue;
      if (wire.a === own || wire.b === own) continue;
      own.routes.push(`{ to: 10.${numberOf(own)}.${wire.net}.0/30, via: 10.${numberOf(own)}.${net}.${own === a ? 2 : 1}, metric: ${1 + rng.below(9)} }`);
    }
  }
}

const numberOf = (router: Router): string => /^t(\d+)-/.exec(router.name)?.[1] ?? '';

/** The smaller rank provides, unless the two are peers: on all of their links, or on none. */
function speakOutside({ a, b, net }: Wire, peering: ReadonlySet<number>, rng: Rng): void {
  const peers = a.rank + 1 === b.rank && peering.has(a.rank);
  session(a, b, net, peers ? 'peer' : 'customer', rng);
  session(b, a, net, peers ? 'peer' : 'provider', rng);
}

type Relation = 'customer' | 'peer' | 'provider';
/** All below the 100 of what the AS announces itself. */
const PREFERENCE: Readonly<Record<Relation, number>> = { customer: 80, peer: 50, provider: 20 };
const MARK: Readonly<Record<Relation, number>> = { customer: 100, peer: 200, provider: 300 };

/** @param relation what `peer` is to `own` */
function session(own: Router, peer: Router, net: number, relation: Relation, rng: Rng): void {
  const chance = (n: number): boolean => rng.below(n) === 0;
  const imports: string[] = [];
  const base = `addCommunities: ["${own.as}:${MARK[relation]}"]${chance(3) ? ', removePrivateAs: true' : ''}`;
  if (chance(6)) imports.push(`{ match: { prefixes: "${ANYCAST[rng.below(3)]}" }, action: deny }`);
  if (chance(6)) imports.push(`{ match: { communities: "${peer.as}:666" }, action: deny }`);
  if (chance(3))
    imports.push(
      `{ match: { prefixes: ["${ANYCAST[rng.below(3)]}", "10.${numberOf(own)}.0.0/16 le 32", "198.18.0.0/15 ge 24 le 28"] }, set: { localPref: ${PREFERENCE[relation] + rng.below(2) * 10}, ${base} } }`,
    );
  if (chance(3))
    imports.push(`{ match: { communities: "${peer.as}:77" }, set: { localPref: ${PREFERENCE[relation] + 15}, ${base}${chance(2) ? ', med: 7' : ''} } }`);
  imports.push(`{ set: { localPref: ${PREFERENCE[relation]}, ${base}${chance(8) ? ', origin: incomplete' : ''} } }`);
  const exports: string[] = [];
  if (relation !== 'customer') exports.push(`{ match: { communities: ["${own.as}:${MARK.peer}", "${own.as}:${MARK.provider}"] }, action: deny }`);
  const sets: string[] = [];
  if (chance(2)) sets.push(`med: ${rng.below(4) * 10}`);
  if (chance(4)) sets.push(`prepend: ${1 + rng.below(3)}`);
  if (chance(4)) sets.push(`addCommunities: ["${own.as}:${chance(3) ? 666 : 77}"]`);
  if (chance(6)) sets.push('removeCommunities: ["*:77"]');
  if (chance(6)) exports.push(`{ match: { prefixes: "${ANYCAST[rng.below(3)]}" }, set: { prepend: 2${chance(2) ? ', med: 5' : ''} } }`);
  if (chance(8)) exports.push(`{ match: { as: ${peer.as === 1000 ? 1010 : 1000} }, set: { prepend: 1 } }`);
  exports.push(sets.length === 0 ? '{}' : `{ set: { ${sets.join(', ')} } }`);
  own.neighbors.push(`{ node: "${peer.name}:e${net}", import: [${imports.join(', ')}], export: [${exports.join(', ')}] }`);
}

function announce(router: Router, number: number, rng: Rng): void {
  router.networks.push(`198.18.${number}.${16 * Number(/\d+$/.exec(router.name)?.[0])}/28`);
  for (const prefix of ANYCAST) if (rng.below(3) === 0) router.networks.push(prefix);
}

function text(number: number, routers: readonly Router[], wires: readonly Wire[], rng: Rng): string {
  const node = (r: Router): string => {
    // In no order, each once: there are at most eight.
    const ids = `198.19.${number}.${1 + 8 * rng.below(31) + Number(/\d+$/.exec(r.name)?.[0])}`;
    // In any order, so that it is not theirs that decides between two links to one router.
    const neighbors = r.neighbors
      .map((n) => [rng.u32(), `          - ${n}`] as const)
      .sort(([a], [b]) => a - b)
      .map(([, line]) => line);
    return [
      `    ${r.name}:`,
      '      kind: router',
      `      addresses: { ${r.addresses.join(', ')} }`,
      `      routes: [${r.routes.join(', ')}]`,
      '      bgp:',
      `        as: ${r.as}`,
      `        routerId: ${ids}`,
      `        networks: [${r.networks.join(', ')}]`,
      '        neighbors:',
      ...neighbors,
    ].join('\n');
  };
  const links = wires.map(
    (w) => `    - { name: t${number}-w${w.net}, endpoints: ["${w.a.name}:e${w.net}", "${w.b.name}:e${w.net}"], impairments: delay ${1 + rng.below(20)}ms }`,
  );
  return `${routers.map(node).join('\n')}\n  links:\n${links.join('\n')}\n`;
}

/** A topology file of several generated ones, which know nothing of each other. */
export function together(numbers: readonly number[]): string {
  const parts = numbers.map((number) => generated(number).split('\n  links:\n'));
  return `name: bgp
organisations: { lab: { domains: [lab.example] } }
topology:
  defaults: { organisation: lab, segment: customer }
  nodes:
${parts.map(([nodes = '']) => nodes).join('\n')}
  links:
${parts.map(([, links = '']) => links.trimEnd()).join('\n')}
`;
}
