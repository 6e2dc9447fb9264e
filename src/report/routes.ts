/**
 * The routing of a node for people: its tables, rules and filters as `ip` prints them, its BGP as `show ip bgp` does,
 * with the reason why each path won or lost.
 * @module
 */
import { formatDuration } from '../base/time.js';
import type { BgpCandidate, BgpNeighbor, PlanBgp } from '../topology/bgp/bgp.js';
import { MAIN_TABLE, type PlanNode, type PlanRoute, type PlanRule } from '../topology/plan.js';
import { table } from './table.js';
import type { Paint } from './table.js';

const LEGEND = '*> best   *= used beside it   * valid   x denied   ? next hop unreachable';

/** @param room columns of the terminal */
export function routesText(node: PlanNode, paint: Paint, room = Infinity): string {
  const { bgp } = node;
  const title = `${paint.bold(node.name)}  ${node.kind}${bgp === undefined ? '' : `, AS ${bgp.as}, router id ${bgp.routerId}`}`;
  return [title, ...rulesText(node, paint, room), ...tablesText(node, paint, room), ...(bgp === undefined ? [] : bgpText(bgp, paint, room))].join('\n');
}

function tablesText(node: PlanNode, paint: Paint, room: number): readonly string[] {
  const numbers = [...new Set(node.routes.map((route) => route.table ?? MAIN_TABLE))].sort((a, b) => (a === MAIN_TABLE ? -1 : b === MAIN_TABLE ? 1 : a - b));
  return numbers.flatMap((number) => {
    const routes = node.routes.filter((route) => (route.table ?? MAIN_TABLE) === number);
    const rows = [...routes].sort(byPrefix).flatMap(routeRows);
    return [
      paint.dim(`  table ${number === MAIN_TABLE ? 'main' : number}`),
      table([['destination', 'via', 'dev', 'metric', 'origin'].map(paint.dim), ...rows], '    ', room),
    ];
  });
}

/** IPv4 first; the order of the file else. */
function byPrefix(a: PlanRoute, b: PlanRoute): number {
  return a.family - b.family || (a.prefix < b.prefix ? -1 : a.prefix > b.prefix ? 1 : a.metric - b.metric);
}

/** A line for each next hop. */
function routeRows(route: PlanRoute): readonly (readonly string[])[] {
  const { prefix, via, dev, metric, origin } = route;
  if (route.nextHops === undefined) return [[prefix, via ?? '-', dev ?? '-', String(metric), origin]];
  const total = route.nextHops.reduce((sum, hop) => sum + hop.weight, 0);
  return route.nextHops.map((hop, i) => [
    i === 0 ? prefix : '',
    hop.via ?? '-',
    hop.dev,
    i === 0 ? String(metric) : '',
    `${i === 0 ? `${origin}, ` : ''}${hop.weight} of ${total}`,
  ]);
}

function rulesText(node: PlanNode, paint: Paint, room: number): readonly string[] {
  const lines: string[] = [];
  const filters = node.interfaces.flatMap(({ name, rpFilter }) => (rpFilter === undefined ? [] : [`${name} ${rpFilter}`]));
  if (node.rpFilter !== undefined || filters.length > 0)
    lines.push(`  ${paint.dim('reverse path filter')}  ${[`all ${node.rpFilter ?? 'off'}`, ...filters].join(', ')}`);
  if (node.multipathHash === 'l3') lines.push(`  ${paint.dim('next hops of a flow')}  by addresses alone (l3)`);
  if (node.rules !== undefined)
    lines.push(paint.dim('  rules'), table([['family', 'priority', 'packets', 'table'].map(paint.dim), ...node.rules.map(ruleRow)], '    ', room));
  return lines;
}

function ruleRow({ family, priority, from, fwmark, iif, table: number }: PlanRule): readonly string[] {
  const words = [`from ${from ?? 'all'}`];
  if (fwmark !== null) words.push(`fwmark 0x${fwmark.mark.toString(16)}${fwmark.mask === 0xffffffff ? '' : `/0x${fwmark.mask.toString(16)}`}`);
  if (iif !== null) words.push(`iif ${iif}`);
  return [`IPv${family}`, String(priority), words.join(' '), number === MAIN_TABLE ? 'main' : String(number)];
}

function bgpText(bgp: PlanBgp, paint: Paint, room: number): readonly string[] {
  const sessions = bgp.neighbors.map((neighbor, i) => {
    const why = bgp.sessions[i] ?? null;
    return [
      neighbor.node,
      String(neighbor.as),
      neighbor.addresses[0]?.peer ?? '-',
      neighbor.dev ?? '-',
      why === null ? 'established' : paint.bad(why),
      watchText(neighbor),
    ];
  });
  const rows = bgp.table.flatMap((entry) => entry.candidates.map((candidate, i) => candidateRow(i === 0 ? entry.prefix : '', candidate, bgp, paint)));
  const head = ['', 'network', 'next hop', 'local pref', 'MED', 'AS path', 'communities', 'from', 'why'];
  return [
    ...(sessions.length === 0
      ? []
      : [paint.dim('  BGP sessions'), table([['neighbour', 'AS', 'address', 'dev', 'state', 'watched by'].map(paint.dim), ...sessions], '    ', room)]),
    ...(rows.length === 0 ? [] : [paint.dim(`  BGP routes   ${LEGEND}`), table([head.map(paint.dim), ...rows], '    ', room)]),
  ];
}

function watchText({ hold, bfd }: BgpNeighbor): string {
  return `hold ${formatDuration(hold)}${bfd === null ? '' : `, BFD ${formatDuration(bfd.interval)} x ${bfd.multiplier}`}`;
}

const MARKS: Readonly<Record<BgpCandidate['status'], string>> = { best: '*>', multipath: '*=', lost: '*', denied: 'x', unreachable: '?' };
const ORIGINS = { igp: 'i', egp: 'e', incomplete: '?' } as const;

function candidateRow(prefix: string, { path, neighbor, status, why }: BgpCandidate, bgp: PlanBgp, paint: Paint): readonly string[] {
  const from = neighbor === null ? 'itself' : (bgp.neighbors[neighbor]?.node ?? '');
  const good = status === 'best' || status === 'multipath';
  return [
    MARKS[status],
    prefix,
    path.nextHop ?? '-',
    String(path.localPref),
    path.med === null ? '-' : String(path.med),
    [...path.asPath, ORIGINS[path.origin]].join(' '),
    path.communities.length === 0 ? '-' : path.communities.join(' '),
    from,
    good ? paint.good(why) : why,
  ];
}

/** For machines: what the plan says of a node's routing. */
export function routesJson({ name, kind, interfaces, routes, rules, rpFilter, multipathHash, bgp }: PlanNode): object {
  const filters = Object.fromEntries(interfaces.flatMap((iface) => (iface.rpFilter === undefined ? [] : [[iface.name, iface.rpFilter]])));
  return {
    node: name,
    kind,
    routes,
    rules: rules ?? [],
    rpFilter: { all: rpFilter ?? 'off', ...filters },
    multipathHash: multipathHash ?? 'l4',
    bgp: bgp ?? null,
  };
}
