/**
 * From routes as people and plans write them to those that are looked up.
 * @module
 */
import { LabError } from '../../base/error.js';
import { MAIN_TABLE } from '../../topology/plan.js';
import { setU32 } from '../../wire/bytes.js';
import { formatPrefix, parsePrefix } from '../../wire/prefix.js';
import type { Interface } from '../interface.js';
import { connectedInterface } from '../addresses.js';
import type { AddressBook } from '../address-book.js';
import type { NodeCore } from '../node-core.js';
import type { Addr } from '../transport.js';
import { discardOf, type NextHop, type Route, type RouteSpec } from './route.js';

/** What it needs of its node. */
export interface RoutePorts {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly interfaces: readonly Interface[];
}

export interface RoutePrefix {
  readonly prefix: string;
  readonly network: Uint8Array;
  readonly length: number;
  readonly family: 4 | 6;
}

/** Errors: TOPOLOGY_ROUTE. */
export function readPrefix(node: RoutePorts, text: string): RoutePrefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw badRoute(node, text, `${text} is not a prefix`, 'ADDRESS/LENGTH');
  const network = new Uint8Array(parsed.family === 4 ? 4 : 16);
  if (parsed.family === 4) setU32(network, 0, parsed.network);
  else network.set(parsed.network);
  return { prefix: formatPrefix(parsed), network, length: parsed.length, family: parsed.family };
}

/** Errors: TOPOLOGY_ROUTE (no such interface, next hop not on a connected network, bad prefix). */
export function compileRoute(node: RoutePorts, spec: RouteSpec): Route {
  const { prefix, network, length, family } = readPrefix(node, spec.prefix);
  const table = spec.table ?? MAIN_TABLE;
  const base = { table, family, prefix, prefixLength: length, network, metric: spec.metric ?? 0, src: spec.src ?? null };
  const asked = spec.nextHops ?? [{ via: spec.via ?? null, dev: spec.dev ?? null, weight: 1 }];
  const [only] = asked;
  if (asked.length === 1 && only?.via === null && (only.dev ?? null) === null) {
    const type = discardOf(spec.origin);
    const text = { ...routeText(prefix, table), ...(type !== 'blackhole' && { kind: type }) };
    const decision = node.core.decisions.intern({ node: node.core.id, stage: 'route', text, reason: { at: 'node', kind: 'blackhole' } });
    return { ...base, hops: [], origin: type, decision };
  }
  const origin = spec.origin ?? 'static';
  const hops = asked.map((hop, i): NextHop => {
    const via = readVia(node, hop.via, prefix, family);
    const iface = readDevice(node, hop.dev ?? null, hop.via, via, prefix);
    const text: Record<string, string> = routeText(prefix, table);
    if (via !== null) text['via'] = node.book.text(via);
    text['dev'] = iface.name;
    if (origin === 'bgp') text['proto'] = origin;
    if (asked.length > 1) text['member'] = `${i + 1}/${asked.length}`;
    return { via, iface, weight: hop.weight, decision: node.core.decisions.intern({ node: node.core.id, stage: 'route', text, reason: null }) };
  });
  const [first] = hops;
  if (first === undefined) throw badRoute(node, prefix, 'it has no next hop', 'one next hop at least');
  return { ...base, hops, origin, decision: first.decision };
}

/** Pairs that every decision by the route begins with. */
function routeText(prefix: string, table: number): Record<string, string> {
  return { route: prefix, ...(table !== MAIN_TABLE && { table: String(table) }) };
}

function readVia(node: RoutePorts, text: string | null, prefix: string, family: 4 | 6): Addr | null {
  if (text === null) return null;
  const via = node.book.parse(text);
  if (via !== undefined && node.book.family(via) === family) return via;
  throw badRoute(node, prefix, `next hop ${text} is no IPv${family} address`, `an IPv${family} address`);
}

function readDevice(node: RoutePorts, dev: string | null, text: string | null, via: Addr | null, prefix: string): Interface {
  if (dev !== null) {
    const iface = node.interfaces.find((candidate) => candidate.name === dev);
    if (iface === undefined) throw badRoute(node, prefix, `no interface ${dev}`, `one of ${node.interfaces.map((i) => i.name).join(', ')}`);
    return iface;
  }
  const iface = via === null ? null : connectedInterface(node.interfaces, node.book.bytes(via));
  if (iface === null) throw badRoute(node, prefix, `next hop ${text ?? ''} is on no connected network`, 'a next hop that shares a network with the node');
  return iface;
}

function badRoute(node: RoutePorts, prefix: string, message: string, expected: string): LabError {
  return new LabError('TOPOLOGY_ROUTE', `route ${prefix} on ${node.core.name}: ${message}`, { expected });
}
