/**
 * One BGP speaker: what its neighbours told it, what it decided, what it tells them (Adj-RIBs-In, Loc-RIB, Adj-RIBs-Out
 * of RFC 4271 3.2). It knows no time; sessions and messages are the network's.
 * @module
 */
import { must } from '../../base/assert.js';
import type { PlanRoute } from '../plan.js';
import { type BgpCandidate, type BgpConfig, type BgpEntry, type BgpNeighbor, type BgpPath, DEFAULT_LOCAL_PREF, EBGP_METRIC, IBGP_METRIC } from './bgp.js';
import { NO_ADVERTISE, NO_EXPORT } from './communities.js';
import { type Contender, decide } from './decision.js';
import { applyPolicy } from './policy.js';
import type { NextHop, Underlay } from './underlay.js';
import { familyOf } from '../../wire/address.js';

/** What a message says of prefixes: a path, or null when it is withdrawn. */
export type Update = ReadonlyMap<string, BgpPath | null>;

/** Of a neighbour, as it was told and as the import policy left it. */
interface Received {
  readonly told: BgpPath;
  readonly path: BgpPath | null;
  /** Why it is denied. */
  readonly denied: string | null;
}

interface Adjacency {
  readonly received: Map<string, Received>;
  readonly sent: Map<string, BgpPath>;
}

/** What a decision changed: the route to be used, or null; and what each neighbour is to be told. */
export interface Outcome {
  readonly routes: readonly { readonly prefix: string; readonly before: PlanRoute | null; readonly after: PlanRoute | null; readonly why: string }[];
  /** By index of the neighbour. */
  readonly updates: ReadonlyMap<number, Update>;
}

export class Speaker {
  readonly node: string;
  readonly config: BgpConfig;
  /** Router ids of the neighbours, in their order. */
  readonly #routerIds: readonly string[];
  /** Of sessions that are up, by index of the neighbour. */
  readonly #adjacencies: Map<number, Adjacency>;
  readonly #table: Map<string, readonly BgpCandidate[]>;
  readonly #routes: Map<string, PlanRoute>;

  private constructor(
    node: string,
    config: BgpConfig,
    routerIds: readonly string[],
    state?: { adjacencies: Map<number, Adjacency>; table: Map<string, readonly BgpCandidate[]>; routes: Map<string, PlanRoute> },
  ) {
    this.node = node;
    this.config = config;
    this.#routerIds = routerIds;
    this.#adjacencies = state?.adjacencies ?? new Map();
    this.#table = state?.table ?? new Map();
    this.#routes = state?.routes ?? new Map();
  }

  static start(node: string, config: BgpConfig, routerIds: readonly string[]): Speaker {
    return new Speaker(node, config, routerIds);
  }

  /** Another one that is like this one, and goes its own ways from here. */
  fork(): Speaker {
    const adjacencies = new Map([...this.#adjacencies].map(([i, { received, sent }]) => [i, { received: new Map(received), sent: new Map(sent) }]));
    return new Speaker(this.node, this.config, this.#routerIds, { adjacencies, table: new Map(this.#table), routes: new Map(this.#routes) });
  }

  /** What is known of every prefix, by family and prefix. */
  table(): readonly BgpEntry[] {
    const entries = [...this.#table].map(([prefix, candidates]) => ({ family: familyOf(prefix), prefix, candidates }));
    return entries.sort((a, b) => a.family - b.family || compareText(a.prefix, b.prefix));
  }

  routes(): readonly PlanRoute[] {
    return [...this.#routes.values()].sort((a, b) => a.family - b.family || compareText(a.prefix, b.prefix));
  }

  /** The session with that neighbour is up: nothing has been told yet. */
  peerUp(neighbor: number): void {
    this.#adjacencies.set(neighbor, { received: new Map(), sent: new Map() });
  }

  /** The session is down: what came by it is forgotten. Gives the prefixes to be decided anew. */
  peerDown(neighbor: number): readonly string[] {
    const gone = this.#adjacencies.get(neighbor)?.received.keys() ?? [];
    this.#adjacencies.delete(neighbor);
    return [...gone];
  }

  /** How many prefixes of a family a neighbour has told. */
  received(neighbor: number, family: 4 | 6): number {
    const told = this.#adjacencies.get(neighbor)?.received.values() ?? [];
    return [...told].filter((one) => one.told.family === family).length;
  }

  /** Takes a message in. Gives the prefixes to be decided anew. */
  receive(neighbor: number, update: Update): readonly string[] {
    const adjacency = must(this.#adjacencies.get(neighbor), `session ${neighbor} of ${this.node}`);
    for (const [prefix, path] of update) {
      if (path === null) adjacency.received.delete(prefix);
      else adjacency.received.set(prefix, this.#import(this.#neighbor(neighbor), path));
    }
    return [...update.keys()];
  }

  /** Every prefix that is known or could be announced. */
  prefixes(): readonly string[] {
    const told = [...this.#adjacencies.values()].flatMap(({ received }) => [...received.keys()]);
    return [...new Set([...this.config.networks.map((network) => network.prefix), ...told, ...this.#table.keys()])];
  }

  /** Decides about the prefixes, and what of that is news to whom. */
  decide(prefixes: Iterable<string>, underlay: Underlay): Outcome {
    const routes: { prefix: string; before: PlanRoute | null; after: PlanRoute | null; why: string }[] = [];
    const updates = new Map<number, Map<string, BgpPath | null>>();
    for (const prefix of prefixes) {
      const candidates = this.#candidates(prefix, underlay);
      if (candidates.length === 0) this.#table.delete(prefix);
      else this.#table.set(prefix, candidates);
      const before = this.#routes.get(prefix) ?? null;
      const after = this.#route(candidates, underlay);
      if (!sameRoute(before, after)) {
        if (after === null) this.#routes.delete(prefix);
        else this.#routes.set(prefix, after);
        routes.push({ prefix, before, after, why: candidates.find((c) => c.status === 'best')?.why ?? candidates[0]?.why ?? 'withdrawn' });
      }
      for (const neighbor of this.#adjacencies.keys()) {
        const news = this.#news(neighbor, prefix, candidates);
        if (news === undefined) continue;
        const update = updates.get(neighbor) ?? new Map<string, BgpPath | null>();
        updates.set(neighbor, update.set(prefix, news));
      }
    }
    return { routes, updates };
  }

  #neighbor(index: number): BgpNeighbor {
    return must(this.config.neighbors[index], `neighbour ${index} of ${this.node}`);
  }

  #isExternal(neighbor: BgpNeighbor): boolean {
    return neighbor.as !== this.config.as;
  }

  #import(neighbor: BgpNeighbor, told: BgpPath): Received {
    if (told.asPath.includes(this.config.as)) return { told, path: null, denied: `AS ${this.config.as} is in its AS path: a loop` };
    // RFC 4271 5.1.5: local preference says nothing between ASes.
    const { path, denied } = applyPolicy(neighbor.import, this.#isExternal(neighbor) ? { ...told, localPref: DEFAULT_LOCAL_PREF } : told, 'import');
    return { told, path, denied: denied ?? null };
  }

  #candidates(prefix: string, underlay: Underlay): readonly BgpCandidate[] {
    const contenders: Contender[] = [];
    const others: BgpCandidate[] = [];
    const own = this.#own(prefix, underlay);
    if (own !== null)
      contenders.push({ path: own, neighbor: null, ebgp: false, igpCost: 0, routerId: this.config.routerId, peerAddress: '', ownAs: this.config.as });
    for (const [index, { received }] of [...this.#adjacencies].sort(([a], [b]) => a - b)) {
      const known = received.get(prefix);
      if (known === undefined) continue;
      const neighbor = this.#neighbor(index);
      const { path } = known;
      if (path === null) {
        others.push({ path: known.told, neighbor: index, status: 'denied', step: null, why: known.denied ?? 'denied' });
        continue;
      }
      const reached = this.#resolve(path, underlay);
      if (reached === null) {
        others.push({ path, neighbor: index, status: 'unreachable', step: null, why: `no way to its next hop ${path.nextHop ?? ''}` });
        continue;
      }
      const peerAddress = neighbor.addresses[0]?.peer ?? '';
      contenders.push({
        path,
        neighbor: index,
        ebgp: this.#isExternal(neighbor),
        igpCost: reached.cost,
        routerId: must(this.#routerIds[index], 'router id'),
        peerAddress,
        ownAs: this.config.as,
      });
    }
    return [...decide(contenders, this.config.multipath), ...others];
  }

  /** A network of its own is announced while there is a route to it, or always when there never was one. */
  #own(prefix: string, underlay: Underlay): BgpPath | null {
    const network = this.config.networks.find((one) => one.prefix === prefix);
    if (network === undefined || underlay.hasRoute(this.node, prefix) === false) return null;
    return { family: network.family, prefix, origin: 'igp', asPath: [], nextHop: null, med: null, localPref: DEFAULT_LOCAL_PREF, communities: [] };
  }

  #resolve(path: BgpPath, underlay: Underlay): { readonly hops: readonly NextHop[]; readonly cost: number } | null {
    return path.nextHop === null ? null : underlay.resolve(this.node, path.nextHop);
  }

  /** Null when there is nothing to go by, or the network is the speaker's own. */
  #route(candidates: readonly BgpCandidate[], underlay: Underlay): PlanRoute | null {
    const used = candidates.filter((c) => c.status === 'best' || c.status === 'multipath');
    const [best] = used;
    if (best === undefined || best.neighbor === null) return null;
    const hops: { via: string | null; dev: string; weight: number }[] = [];
    for (const { path } of used) {
      for (const hop of this.#resolve(path, underlay)?.hops ?? []) {
        if (!hops.some((known) => known.via === hop.via && known.dev === hop.dev)) hops.push({ ...hop, weight: 1 });
      }
    }
    const [first] = hops;
    if (first === undefined) return null;
    const external = this.#isExternal(this.#neighbor(best.neighbor));
    const { family, prefix } = best.path;
    return {
      family,
      prefix,
      via: first.via,
      dev: first.dev,
      ...(hops.length > 1 && { nextHops: hops }),
      metric: external ? EBGP_METRIC : IBGP_METRIC,
      origin: 'bgp',
      src: null,
    };
  }

  /** What a neighbour is to be told of a prefix; undefined when it knows. Remembers it as told. */
  #news(index: number, prefix: string, candidates: readonly BgpCandidate[]): BgpPath | null | undefined {
    const { sent } = must(this.#adjacencies.get(index), `session ${index} of ${this.node}`);
    const best = candidates.find((c) => c.status === 'best');
    const now = best === undefined ? null : this.#export(index, best);
    const before = sent.get(prefix);
    if (now === null) return sent.delete(prefix) ? null : undefined;
    if (before !== undefined && samePath(before, now)) return undefined;
    sent.set(prefix, now);
    return now;
  }

  /** The path as that neighbour gets it; null when it is not for it. */
  #export(index: number, { path, neighbor: from }: BgpCandidate): BgpPath | null {
    const neighbor = this.#neighbor(index);
    const external = this.#isExternal(neighbor);
    const source = from === null ? null : this.#neighbor(from);
    const address = neighbor.addresses.find((a) => a.family === path.family);
    if (address === undefined || from === index) return null;
    // RFC 4271 9.2: what came by iBGP is not told by iBGP; RFC 1997 for the communities.
    if (!external && source !== null && !this.#isExternal(source)) return null;
    if (path.communities.includes(NO_ADVERTISE) || (external && path.communities.includes(NO_EXPORT))) return null;
    // RFC 4271 5.1.4: the MED of one neighbouring AS is not passed on to another.
    const offered = external && source !== null ? { ...path, med: null } : path;
    const { path: exported } = applyPolicy(neighbor.export, offered, 'export');
    if (exported === null) return null;
    if (!external) return { ...exported, nextHop: path.nextHop === null || neighbor.nextHopSelf ? address.local : path.nextHop };
    // RFC 4271 5.1.3: a next hop on the network that both share stays (third party).
    const third = source !== null && neighbor.dev !== null && source.dev === neighbor.dev ? path.nextHop : null;
    return {
      ...exported,
      asPath: [this.config.as, ...exported.asPath],
      nextHop: neighbor.nextHopSelf ? address.local : (third ?? address.local),
      localPref: DEFAULT_LOCAL_PREF,
    };
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function samePath(a: BgpPath, b: BgpPath): boolean {
  return (
    a.nextHop === b.nextHop &&
    a.origin === b.origin &&
    a.med === b.med &&
    a.localPref === b.localPref &&
    a.asPath.join() === b.asPath.join() &&
    a.communities.join() === b.communities.join()
  );
}

function sameRoute(a: PlanRoute | null, b: PlanRoute | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
