/**
 * Routing: tables of prefixes, rules that choose the table, and a cache of destinations that is emptied whenever
 * something changes. Behaves as Linux: the local table first, then the rules by priority (without rules: `main`).
 * The longest prefix wins; among routes of one prefix the smallest metric that has an interface which is up. Of several
 * next hops the flow's hash takes one.
 * @module
 */
import { NO_DECISION, type DecisionId } from '../base/brand.js';
import type { Packet } from '../fabric/packet.js';
import { MAIN_TABLE } from '../topology/plan.js';
import { addrOf4, addrOf6, keyOf, NO_ADDRESS6 } from './address-book.js';
import { type Interface, NO_INTERFACE } from './interface.js';
import { DEST, destination, type Destination, type DestinationKind } from './routing/destination.js';
import { type FlowHash, hashBounds, memberFor } from './routing/multipath.js';
import { CompiledRule, MAIN_PRIORITY, type PolicyRule } from './routing/policy-rules.js';
import { PrefixTrie } from './routing/prefix-trie.js';
import { compileRoute, readPrefix, type RoutePorts } from './routing/compile-route.js';
import { discardOf, isUsable, type NextHop, type Route, type RouteSpec } from './routing/route.js';
import type { NeighbourTable, Routing } from './ports.js';
import type { Addresses } from './addresses.js';
import type { Addr } from './transport.js';

export { MAIN_TABLE };
export type { PolicyRule, Route, RouteSpec };

/** What it needs of its node. */
interface Ports extends RoutePorts {
  readonly addresses: Addresses;
  readonly neighbours: NeighbourTable;
}

/** Routes of one prefix, by metric, then by age. */
type RouteSet = Route[];

class RouteTable {
  readonly trie4 = new PrefixTrie<RouteSet>();
  readonly trie6 = new PrefixTrie<RouteSet>();
  readonly cache4 = new Map<number, Destination>();
  readonly cache6 = new Map<number, Destination>();
}

type Rule = CompiledRule<RouteTable>;

/** More destinations than this in one cache: it is emptied and fills anew (a scan must not eat the memory). */
const CACHE_LIMIT = 65536;

function firstUsable(set: RouteSet): Route | null {
  for (const route of set) if (isUsable(route)) return route;
  return null;
}

const DISCARDS = { blackhole: DEST.BLACKHOLE, unreachable: DEST.UNREACHABLE, prohibit: DEST.PROHIBIT } as const;

export class RouteTables implements Routing {
  /** Changes with every change of routes, addresses or carriers. */
  generation = 1;
  readonly #node: Ports;
  readonly #hash: FlowHash;
  readonly #tables = new Map<number, RouteTable>();
  readonly #main = new RouteTable();
  /** Answers of the local table; read only where rules are in force, else they are in `main`'s cache. */
  readonly #locals4 = new Map<number, Destination | null>();
  readonly #locals6 = new Map<number, Destination | null>();
  /** With `main` among them; empty while there is no other rule. */
  #rules4: Rule[] = [];
  #rules6: Rule[] = [];
  readonly #noRoute: DecisionId;

  constructor(node: Ports, hash: FlowHash) {
    this.#node = node;
    this.#hash = hash;
    this.#tables.set(MAIN_TABLE, this.#main);
    this.#noRoute = node.core.why('no-route', 'route');
  }

  /**
   * hot. Where an IPv4 packet goes, with its next hop chosen: its mark, its source and the interface by which it came
   * choose the table, its flow the next hop. @param to @param from address keys
   */
  route4(p: Packet, to: number, from: number): Destination {
    const found = this.lookup4(to, p.mark, from, p.iif);
    return found.members === null ? found : memberFor(found.members, this.#hash.of4(p));
  }

  /** hot. As {@link route4}. */
  route6(p: Packet, to: number, from: number): Destination {
    const found = this.lookup6(to, p.mark, from, p.iif);
    return found.members === null ? found : memberFor(found.members, this.#hash.of6(p));
  }

  /**
   * hot. The destination for an IPv4 address key; of several next hops the first is told.
   * @param mark firewall mark, @param from source address key, @param iif index of an interface: read by rules only
   */
  lookup4(key: number, mark: number, from: number, iif: number = NO_INTERFACE): Destination {
    if (this.#rules4.length !== 0) return this.#byRules4(key, mark, from, iif);
    return this.#main.cache4.get(key) ?? this.#resolve(this.#main, 4, key, true);
  }

  /** hot. As {@link lookup4}, for the index of an IPv6 address. */
  lookup6(key: number, mark: number, from: number, iif: number = NO_INTERFACE): Destination {
    if (this.#rules6.length !== 0) return this.#byRules6(key, mark, from, iif);
    return this.#main.cache6.get(key) ?? this.#resolve(this.#main, 6, key, true);
  }

  /** As a packet of the node's own that has no source yet. */
  lookup(to: Addr): Destination {
    return this.#node.book.family(to) === 4 ? this.lookup4(keyOf(to), 0, 0) : this.lookup6(keyOf(to), 0, NO_ADDRESS6);
  }

  /** The neighbour of a link-local address on a given interface. */
  scoped(key: number, iface: Interface): Destination {
    const addr = addrOf6(key);
    return destination(DEST.UNICAST, addr, NO_DECISION, { oif: iface, neighbour: this.#node.neighbours.of(iface, addr) });
  }

  /** Errors: TOPOLOGY_ROUTE (no such interface, next hop not on a connected network, bad prefix). */
  add(spec: RouteSpec): Route {
    const route = compileRoute(this.#node, spec);
    const trie = this.#trie(route);
    const set = trie.get(route.network, route.prefixLength) ?? [];
    const later = set.findIndex((other) => other.metric > route.metric);
    set.splice(later < 0 ? set.length : later, 0, route);
    trie.set(route.network, route.prefixLength, set);
    this.changed();
    return route;
  }

  /** `ip route replace`: takes the place of the routes with the same prefix and metric. Errors as {@link add}. */
  replace(spec: RouteSpec): Route {
    const route = compileRoute(this.#node, spec);
    this.#remove(route, (other) => other.metric === route.metric);
    return this.add(spec);
  }

  /** `ip route del`: every selector that is given must match. Returns how many went. */
  delete(selector: Pick<RouteSpec, 'prefix' | 'via' | 'dev' | 'metric' | 'table'>): number {
    const { prefix, network, length, family } = readPrefix(this.#node, selector.prefix);
    const via = selector.via === undefined ? undefined : selector.via === null ? null : this.#node.book.parse(selector.via);
    const gone = this.#remove({ table: selector.table ?? MAIN_TABLE, family, prefix, network, prefixLength: length }, (route) => {
      const [first] = route.hops;
      if (selector.metric !== undefined && route.metric !== selector.metric) return false;
      if (selector.dev !== undefined && (first?.iface.name ?? null) !== selector.dev) return false;
      return via === undefined || (first?.via ?? null) === via;
    });
    if (gone > 0) this.changed();
    return gone;
  }

  /** Errors: TOPOLOGY_ROUTE for a bad source prefix. */
  addRule(rule: PolicyRule): void {
    const from = rule.from === undefined ? null : readPrefix(this.#node, rule.from);
    const { book } = this.#node;
    const compiled = new CompiledRule(rule, this.#table(rule.table), from, book);
    const before = rule.family === 4 ? this.#rules4 : this.#rules6;
    const main = new CompiledRule({ priority: MAIN_PRIORITY, family: rule.family }, this.#main, null, book);
    const rules = [...(before.length === 0 ? [main] : before), compiled].sort((a, b) => a.priority - b.priority);
    if (rule.family === 4) this.#rules4 = rules;
    else this.#rules6 = rules;
    this.changed();
  }

  /** Every route, by table, family and prefix. */
  list(): Route[] {
    const routes: Route[] = [];
    for (const table of this.#tables.values()) {
      for (const trie of [table.trie4, table.trie6]) for (const set of trie.values()) routes.push(...set);
    }
    return routes;
  }

  /** Empties the destination caches. */
  changed(): void {
    this.generation++;
    this.#locals4.clear();
    this.#locals6.clear();
    for (const table of this.#tables.values()) {
      table.cache4.clear();
      table.cache6.clear();
    }
  }

  #byRules4(key: number, mark: number, from: number, iif: number): Destination {
    let local = this.#locals4.get(key);
    if (local === undefined) this.#locals4.set(key, (local = this.#local(4, key)));
    if (local !== null) return local;
    let found: Destination | null = null;
    const rules = this.#rules4;
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i] as Rule;
      if (!rule.fits4(mark, from, iif)) continue;
      found = rule.table.cache4.get(key) ?? this.#resolve(rule.table, 4, key, false);
      if (found.kind !== DEST.NO_ROUTE) return found;
    }
    return found ?? this.#noWay(addrOf4(key));
  }

  #byRules6(key: number, mark: number, from: number, iif: number): Destination {
    let local = this.#locals6.get(key);
    if (local === undefined) this.#locals6.set(key, (local = this.#local(6, key)));
    if (local !== null) return local;
    let found: Destination | null = null;
    const rules = this.#rules6;
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i] as Rule;
      if (!rule.fits6(mark, from, iif)) continue;
      found = rule.table.cache6.get(key) ?? this.#resolve(rule.table, 6, key, false);
      if (found.kind !== DEST.NO_ROUTE) return found;
    }
    return found ?? this.#noWay(addrOf6(key));
  }

  #resolve(table: RouteTable, family: 4 | 6, key: number, withLocal: boolean): Destination {
    const found = (withLocal ? this.#local(family, key) : null) ?? this.#byPrefix(table, family, key);
    const cache = family === 4 ? table.cache4 : table.cache6;
    if (cache.size >= CACHE_LIMIT) cache.clear();
    cache.set(key, found);
    return found;
  }

  #byPrefix(table: RouteTable, family: 4 | 6, key: number): Destination {
    const addr = family === 4 ? addrOf4(key) : addrOf6(key);
    const route = (family === 4 ? table.trie4 : table.trie6).longest(this.#node.book.bytes(addr), firstUsable);
    if (route === null) return this.#noWay(addr);
    if (route.hops.length === 0) return destination(DISCARDS[discardOf(route.origin)], addr, route.decision, { route });
    const up = route.hops.filter((hop) => hop.iface.up);
    const destinations = up.map((hop) => this.#by(hop, route, addr));
    const [first] = destinations;
    if (first === undefined) return this.#noWay(addr);
    return destinations.length === 1 ? first : { ...first, members: { destinations, bounds: hashBounds(up.map((hop) => hop.weight)) } };
  }

  #by(hop: NextHop, route: Route, addr: Addr): Destination {
    const neighbour = this.#node.neighbours.of(hop.iface, hop.via ?? addr);
    return destination(DEST.UNICAST, addr, hop.decision, { oif: hop.iface, neighbour, route });
  }

  #noWay(addr: Addr): Destination {
    return destination(DEST.NO_ROUTE, addr, this.#noRoute);
  }

  #special(kind: DestinationKind, addr: Addr): Destination {
    return destination(kind, addr, NO_DECISION);
  }

  /** The local table: own addresses, broadcast, groups, link-local destinations. */
  #local(family: 4 | 6, key: number): Destination | null {
    const node = this.#node;
    if (family === 4) {
      const addr = addrOf4(key);
      if (node.addresses.isLocal(addr) || key >>> 24 === 127) return this.#special(DEST.LOCAL, addr);
      if (key >>> 28 === 14) return this.#special(key === ALL_HOSTS ? DEST.MULTICAST : DEST.STRANGE_GROUP, addr);
      const iface = node.addresses.broadcastInterface(key);
      return iface === null ? null : destination(DEST.BROADCAST, addr, NO_DECISION, { oif: iface });
    }
    const addr = addrOf6(key);
    if (node.addresses.isLocal(addr)) return this.#special(DEST.LOCAL, addr);
    const bytes = node.book.bytes(addr);
    if (bytes[0] === 0xff) return this.#special(node.addresses.joined(bytes) ? DEST.MULTICAST : DEST.STRANGE_GROUP, addr);
    if (bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80) return this.#special(DEST.SCOPED, addr);
    return null;
  }

  #table(number: number): RouteTable {
    let table = this.#tables.get(number);
    if (table === undefined) this.#tables.set(number, (table = new RouteTable()));
    return table;
  }

  #trie(route: Pick<Route, 'table' | 'family'>): PrefixTrie<RouteSet> {
    const table = this.#table(route.table);
    return route.family === 4 ? table.trie4 : table.trie6;
  }

  #remove(at: Pick<Route, 'table' | 'family' | 'prefix' | 'network' | 'prefixLength'>, match: (route: Route) => boolean): number {
    const trie = this.#trie(at);
    const set = trie.get(at.network, at.prefixLength);
    if (set === null) return 0;
    const kept = set.filter((route) => !match(route));
    trie.set(at.network, at.prefixLength, kept.length === 0 ? null : kept);
    return set.length - kept.length;
  }
}

/** 224.0.0.1 as a key. */
const ALL_HOSTS = 0xe0000001 | 0;
