/**
 * Routing: tables of prefixes, rules that choose the table, and a cache of destinations that is emptied whenever
 * something changes. Behaves as Linux: the local table first, then the rules by priority (without rules: `main`).
 * The longest prefix wins; among routes of one prefix the smallest metric whose interface is up.
 * @module
 */
import { NO_DECISION, type DecisionId } from '../base/brand.js';
import { LabError, type SourceRef } from '../base/error.js';
import type { PlanRoute } from '../topology/plan.js';
import { setU32 } from '../wire/bytes.js';
import { formatPrefix, parsePrefix } from '../wire/prefix.js';
import { addrOf4, addrOf6, keyOf } from './address-book.js';
import type { Interface } from './interface.js';
import type { IpNode } from './ip-node.js';
import { DEST, type Destination, type DestinationKind } from './routing/destination.js';
import { PrefixTrie } from './routing/prefix-trie.js';
import type { Addr } from './transport.js';

/** Linux's table numbers. */
export const MAIN_TABLE = 254;

/** A route as people and plans write it. */
export interface RouteSpec {
  /** `10.0.0.0/8`, `2001:db8::/32`. Host bits are cut off. */
  readonly prefix: string;
  /** Next hop; `null` = the destinations are on the interface's own network. */
  readonly via?: string | null;
  /** Interface name; may be left out when `via` is on a connected network. `null` without `via` = blackhole. */
  readonly dev?: string | null;
  /** Smaller wins; 0 unless given. */
  readonly metric?: number;
  readonly table?: number;
  readonly origin?: PlanRoute['origin'];
  readonly src?: SourceRef | null;
}

export interface Route {
  readonly table: number;
  readonly family: 4 | 6;
  readonly prefix: string;
  readonly prefixLength: number;
  readonly network: Uint8Array;
  readonly via: Addr | null;
  /** `null` = blackhole. */
  readonly iface: Interface | null;
  readonly metric: number;
  readonly origin: PlanRoute['origin'];
  readonly src: SourceRef | null;
  readonly decision: DecisionId;
}

/** `ip rule`: which table is asked, in order of priority. Selectors that are left out match everything. */
export interface PolicyRule {
  readonly priority: number;
  readonly family: 4 | 6;
  readonly table: number;
  /** Firewall mark and mask. */
  readonly mark?: number;
  readonly mask?: number;
  /** Source prefix. */
  readonly from?: string;
}

interface CompiledRule extends PolicyRule {
  readonly source: { readonly network: Uint8Array; readonly length: number } | null;
}

/** Routes of one prefix, by metric, then by age. */
type RouteSet = Route[];

class RouteTable {
  readonly trie4 = new PrefixTrie<RouteSet>();
  readonly trie6 = new PrefixTrie<RouteSet>();
  readonly cache4 = new Map<number, Destination>();
  readonly cache6 = new Map<number, Destination>();
}

/** More destinations than this in one cache: it is emptied and fills anew (a scan must not eat the memory). */
const CACHE_LIMIT = 65536;

function firstUp(set: RouteSet): Route | null {
  for (const route of set) if (route.iface === null || route.iface.up) return route;
  return null;
}

export class RouteTables {
  /** Changes with every change of routes, addresses or carriers. */
  generation = 1;
  readonly #node: IpNode;
  readonly #tables = new Map<number, RouteTable>();
  readonly #main = new RouteTable();
  /** Answers of the local table; read only where rules are in force, else they are in `main`'s cache. */
  readonly #locals4 = new Map<number, Destination | null>();
  readonly #locals6 = new Map<number, Destination | null>();
  #rules4: CompiledRule[] = [];
  #rules6: CompiledRule[] = [];
  readonly #noRoute: DecisionId;

  constructor(node: IpNode) {
    this.#node = node;
    this.#tables.set(MAIN_TABLE, this.#main);
    this.#noRoute = node.core.why('no-route', 'route');
  }

  /**
   * hot. The destination for an IPv4 address key.
   * @param mark firewall mark, @param from source address key: read by rules only
   */
  lookup4(key: number, mark: number, from: number): Destination {
    if (this.#rules4.length !== 0) return this.#byRules(4, key, mark, from);
    return this.#main.cache4.get(key) ?? this.#resolve(this.#main, 4, key, true);
  }

  /** hot. As {@link lookup4}, for the index of an IPv6 address. */
  lookup6(key: number, mark: number, from: number): Destination {
    if (this.#rules6.length !== 0) return this.#byRules(6, key, mark, from);
    return this.#main.cache6.get(key) ?? this.#resolve(this.#main, 6, key, true);
  }

  lookup(to: Addr): Destination {
    return this.#node.book.family(to) === 4 ? this.lookup4(keyOf(to), 0, 0) : this.lookup6(keyOf(to), 0, 0);
  }

  /** The neighbour of a link-local address on a given interface. */
  scoped(key: number, iface: Interface): Destination {
    const addr = addrOf6(key);
    const neighbour = this.#node.neighbours.of(iface, addr);
    return { kind: DEST.UNICAST, addr, oif: iface, neighbour, route: null, decision: NO_DECISION };
  }

  /** Errors: TOPOLOGY_ROUTE (no such interface, next hop not on a connected network, bad prefix). */
  add(spec: RouteSpec): Route {
    const route = this.#compile(spec);
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
    const route = this.#compile(spec);
    this.#remove(route, (other) => other.metric === route.metric);
    return this.add(spec);
  }

  /** `ip route del`: every selector that is given must match. Returns how many went. */
  delete(selector: Pick<RouteSpec, 'prefix' | 'via' | 'dev' | 'metric' | 'table'>): number {
    const { prefix, network, length, family } = this.#prefix(selector.prefix);
    const via = selector.via === undefined ? undefined : selector.via === null ? null : this.#node.book.parse(selector.via);
    const gone = this.#remove({ table: selector.table ?? MAIN_TABLE, family, prefix, network, prefixLength: length }, (route) => {
      if (selector.metric !== undefined && route.metric !== selector.metric) return false;
      if (selector.dev !== undefined && (route.iface?.name ?? null) !== selector.dev) return false;
      return via === undefined || route.via === via;
    });
    if (gone > 0) this.changed();
    return gone;
  }

  /** Errors: TOPOLOGY_ROUTE for a bad source prefix. */
  addRule(rule: PolicyRule): void {
    const from = rule.from === undefined ? null : this.#prefix(rule.from);
    const compiled: CompiledRule = { ...rule, source: from && { network: from.network, length: from.length } };
    const rules = [...(rule.family === 4 ? this.#rules4 : this.#rules6), compiled].sort((a, b) => a.priority - b.priority);
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

  #byRules(family: 4 | 6, key: number, mark: number, from: number): Destination {
    const cache = family === 4 ? this.#locals4 : this.#locals6;
    let local = cache.get(key);
    if (local === undefined) cache.set(key, (local = this.#local(family, key)));
    if (local !== null) return local;
    const rules = family === 4 ? this.#rules4 : this.#rules6;
    const book = this.#node.book;
    for (const rule of rules) {
      if (rule.mark !== undefined && (mark & (rule.mask ?? -1)) !== rule.mark) continue;
      if (rule.source !== null && !holds(rule.source, book.bytes(family === 4 ? addrOf4(from) : addrOf6(from)))) continue;
      const table = this.#tables.get(rule.table);
      if (table === undefined) continue;
      const found = (family === 4 ? table.cache4 : table.cache6).get(key) ?? this.#resolve(table, family, key, false);
      if (found.kind !== DEST.NO_ROUTE) return found;
    }
    return (family === 4 ? this.#main.cache4 : this.#main.cache6).get(key) ?? this.#resolve(this.#main, family, key, true);
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
    const route = (family === 4 ? table.trie4 : table.trie6).longest(this.#node.book.bytes(addr), firstUp);
    if (route === null) return this.#special(DEST.NO_ROUTE, addr, this.#noRoute);
    if (route.iface === null) return this.#special(DEST.BLACKHOLE, addr, route.decision);
    const neighbour = this.#node.neighbours.of(route.iface, route.via ?? addr);
    return { kind: DEST.UNICAST, addr, oif: route.iface, neighbour, route, decision: route.decision };
  }

  #special(kind: DestinationKind, addr: Addr, decision: DecisionId): Destination {
    return { kind, addr, oif: null, neighbour: null, route: null, decision };
  }

  /** The local table: own addresses, broadcast, groups, link-local destinations. */
  #local(family: 4 | 6, key: number): Destination | null {
    const node = this.#node;
    if (family === 4) {
      const addr = addrOf4(key);
      if (node.isLocal(addr) || key >>> 24 === 127) return this.#special(DEST.LOCAL, addr, NO_DECISION);
      if (key >>> 28 === 14) return this.#special(key === ALL_HOSTS ? DEST.MULTICAST : DEST.STRANGE_GROUP, addr, NO_DECISION);
      const iface = node.broadcastInterface(key);
      return iface === null ? null : { ...this.#special(DEST.BROADCAST, addr, NO_DECISION), oif: iface };
    }
    const addr = addrOf6(key);
    if (node.isLocal(addr)) return this.#special(DEST.LOCAL, addr, NO_DECISION);
    const bytes = node.book.bytes(addr);
    if (bytes[0] === 0xff) return this.#special(node.joined(bytes) ? DEST.MULTICAST : DEST.STRANGE_GROUP, addr, NO_DECISION);
    if (bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80) return this.#special(DEST.SCOPED, addr, NO_DECISION);
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

  #prefix(text: string): { prefix: string; network: Uint8Array; length: number; family: 4 | 6 } {
    const parsed = parsePrefix(text);
    if (parsed === undefined) throw badRoute(this.#node, text, `${text} is not a prefix`, 'ADDRESS/LENGTH');
    const network = new Uint8Array(parsed.family === 4 ? 4 : 16);
    if (parsed.family === 4) setU32(network, 0, parsed.network);
    else network.set(parsed.network);
    return { prefix: formatPrefix(parsed), network, length: parsed.length, family: parsed.family };
  }

  #compile(spec: RouteSpec): Route {
    const node = this.#node;
    const { prefix, network, length, family } = this.#prefix(spec.prefix);
    const via = spec.via === undefined || spec.via === null ? null : node.book.parse(spec.via);
    if (via === undefined || (via !== null && node.book.family(via) !== family)) {
      throw badRoute(node, prefix, `next hop ${spec.via ?? ''} is no IPv${family} address`, `an IPv${family} address`);
    }
    const blackhole = via === null && (spec.dev === undefined || spec.dev === null);
    const iface = blackhole ? null : this.#device(spec, via, prefix);
    const text: Record<string, string> = { route: prefix };
    if (via !== null) text['via'] = node.book.text(via);
    if (iface !== null) text['dev'] = iface.name;
    const decision = node.core.decisions.intern({ node: node.id, stage: 'route', text, reason: blackhole ? { at: 'node', kind: 'blackhole' } : null });
    return {
      table: spec.table ?? MAIN_TABLE, family, prefix, prefixLength: length, network, via, iface, metric: spec.metric ?? 0,
      origin: spec.origin ?? (blackhole ? 'blackhole' : 'static'), src: spec.src ?? null, decision,
    };
  }

  #device(spec: RouteSpec, via: Addr | null, prefix: string): Interface {
    const node = this.#node;
    if (spec.dev !== undefined && spec.dev !== null) {
      const iface = node.interfaces.find((candidate) => candidate.name === spec.dev);
      if (iface === undefined) throw badRoute(node, prefix, `no interface ${spec.dev}`, `one of ${node.interfaces.map((i) => i.name).join(', ')}`);
      return iface;
    }
    const iface = via === null ? null : node.connectedInterface(via);
    if (iface === null) throw badRoute(node, prefix, `next hop ${spec.via ?? ''} is on no connected network`, 'a next hop that shares a network with the node');
    return iface;
  }
}

/** 224.0.0.1 as a key. */
const ALL_HOSTS = 0xe0000001 | 0;

function holds(prefix: { readonly network: Uint8Array; readonly length: number }, bytes: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) {
    const mask = 0x80 >> (i & 7);
    if ((((bytes[i >> 3] ?? 0) ^ (prefix.network[i >> 3] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

function badRoute(node: IpNode, prefix: string, message: string, expected: string): LabError {
  return new LabError('TOPOLOGY_ROUTE', `route ${prefix} on ${node.name}: ${message}`, { expected });
}
