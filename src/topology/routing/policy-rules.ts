/**
 * Policy rules of a node (ip-rule(8)): which table a packet asks, by its source, its mark and the interface by which it
 * came. And the reverse path filter, which asks the same tables the other way round.
 * @module
 */
import { MAIN_TABLE } from '../plan.js';
import type { PlanRoute, PlanRule, RpFilter } from '../plan.js';
import type { Draft, DraftNode } from '../drafting/draft.js';
import { formatNetwork } from '../addressing/ip.js';
import type { Family } from '../addressing/ip.js';
import type { Neighbourhood } from '../addressing/neighbourhood.js';
import type { FileRule } from '../source/schema.js';
import type { Path } from '../source/yaml-source.js';
import { noInterface } from './next-hop.js';
import { readTarget } from './route-target.js';
import type { Networks } from './route-target.js';
import { planRoutes, readTable } from './routes.js';

/** Linux's name of the interface that a node's own packets come from. */
const LOOPBACK = 'lo';

/** By family, then by priority, then as in the file. */
export function planRules(node: DraftNode, routes: readonly PlanRoute[], neighbourhood: Neighbourhood, networks: Networks, draft: Draft): readonly PlanRule[] {
  const rules = node.rules.flatMap((rule, i) => readRule(rule, [...node.path, 'rules', i], { node, routes, neighbourhood, networks, draft }));
  return rules.sort((a, b) => a.family - b.family || a.priority - b.priority);
}

interface Around {
  readonly node: DraftNode;
  readonly routes: readonly PlanRoute[];
  readonly neighbourhood: Neighbourhood;
  readonly networks: Networks;
  readonly draft: Draft;
}

function readRule(rule: FileRule, path: Path, { node, routes, neighbourhood, networks, draft }: Around): readonly PlanRule[] {
  const { faults } = draft;
  const table = readTable(rule.table, [...path, 'table'], draft);
  const known = routes.some((route) => (route.table ?? MAIN_TABLE) === table);
  if (!known && !neighbourhood.doubtful(node.name)) {
    faults.add('TOPOLOGY_ROUTE', [...path, 'table'], `"${node.name}" has no route in table ${table}`, {
      expected: 'the table of one of its routes',
      hint: `routes: [{ to: ..., via: ..., table: ${table} }]`,
    });
  }
  if (rule.iif !== undefined && rule.iif !== LOOPBACK && !neighbourhood.of(node.name).some((s) => s.interface === rule.iif)) {
    noInterface(node, rule.iif, [...path, 'iif'], neighbourhood, draft, [LOOPBACK]);
  }
  const fwmark = rule.fwmark === undefined ? null : readMark(rule.fwmark);
  if (fwmark === undefined)
    faults.add('TOPOLOGY_ROUTE', [...path, 'fwmark'], `"${rule.fwmark}" is no firewall mark`, { expected: 'a mark, or a mark and a mask, such as 0x10/0xf0' });
  const rest = { priority: rule.priority, fwmark: fwmark ?? null, iif: rule.iif ?? null, table, src: faults.source.place(path) };
  if (rule.from === undefined) return families(rule).map((family) => ({ family, from: null, ...rest }));
  const named = readTarget(rule.from, [...path, 'from'], networks, draft);
  const sources = named.filter((t) => rule.family === undefined || t.network.family === rule.family);
  if (sources.length === 0 && named.length > 0)
    faults.add('TOPOLOGY_ROUTE', [...path, 'family'], `no source of the rule is of IPv${rule.family}`, { expected: 'the family of its sources, or none' });
  return sources.map(({ network }) => ({ family: network.family, from: network.length === 0 ? null : formatNetwork(network), ...rest }));
}

function families(rule: FileRule): readonly Family[] {
  return rule.family === undefined ? [4, 6] : [rule.family];
}

/** `MARK` or `MARK/MASK`, decimal or hexadecimal, as iproute2 reads them. */
function readMark(written: string | number): PlanRule['fwmark'] | undefined {
  const match = /^(0x[0-9a-f]{1,8}|\d{1,10})(?:\/(0x[0-9a-f]{1,8}|\d{1,10}))?$/i.exec(String(written));
  if (match === null) return undefined;
  const [mark, mask] = [Number(match[1]), Number(match[2] ?? 0xffffffff)];
  return mark <= 0xffffffff && mask <= 0xffffffff ? { mark, mask } : undefined;
}

export interface PlannedFilters {
  readonly all: RpFilter;
  /** By interface, those that say something. */
  readonly interfaces: ReadonlyMap<string, RpFilter>;
}

/** What is in force on an interface is the larger of its own and `all` (Documentation/networking/ip-sysctl.rst). */
export function planRpFilter(node: DraftNode, neighbourhood: Neighbourhood, draft: Draft): PlannedFilters {
  const { rpFilter } = node;
  if (rpFilter === null || node.kind.bridge) return { all: 'off', interfaces: new Map() };
  if (typeof rpFilter.value === 'string') return { all: rpFilter.value, interfaces: new Map() };
  const interfaces = new Map(Object.entries(rpFilter.value));
  const all = interfaces.get('all') ?? 'off';
  interfaces.delete('all');
  for (const name of interfaces.keys()) {
    if (!neighbourhood.of(node.name).some((s) => s.interface === name)) noInterface(node, name, [...rpFilter.path, name], neighbourhood, draft, ['all']);
  }
  return { all, interfaces };
}

/** What a node's plan says of routing, all but BGP. */
export interface NodeRouting {
  readonly routes: readonly PlanRoute[];
  readonly rules: readonly PlanRule[];
  readonly filters: PlannedFilters;
}

export function planNodeRouting(node: DraftNode, neighbourhood: Neighbourhood, networks: Networks, draft: Draft): NodeRouting {
  const routes = planRoutes(node, neighbourhood, networks, draft);
  return { routes, rules: planRules(node, routes, neighbourhood, networks, draft), filters: planRpFilter(node, neighbourhood, draft) };
}
