/**
 * Follows the routes of a plan from node to node, as a packet would: longest prefix, then metric, routes over links
 * that are down left out. Naive on purpose: it judges plans in tests.
 * @module
 */
import type { Plan, PlanInterface, PlanNode, PlanRoute } from '../plan.js';
import { contains, parseIp, parseIpWithLength } from '../addressing/ip.js';
import type { Family, Ip } from '../addressing/ip.js';
import { nodeOf } from './lab.js';

export interface Walk {
  /** Names of the links that are crossed, in order. */
  readonly links: readonly string[];
  /** `arrived`, or why not. */
  readonly end: 'arrived' | 'no route' | 'blackhole' | 'loop';
}

/** @param down names of links that carry nothing */
export function walk(plan: Plan, from: string, to: string, family: Family, down: ReadonlySet<string> = new Set()): Walk {
  const target = nodeOf(plan, to)
    .interfaces.flatMap((i) => i.addresses)
    .find((a) => a.family === family);
  return walkTo(plan, from, target?.address ?? '', down);
}

/** To an address that need not be a node's. */
export function walkTo(plan: Plan, from: string, address: string, down: ReadonlySet<string> = new Set()): Walk {
  const ip = parseIp(address) as Ip;
  const links: string[] = [];
  let at = nodeOf(plan, from);
  for (let hop = 0; hop < 32; hop++) {
    if (owns(at, ip)) return { links, end: 'arrived' };
    const route = best(plan, at, ip, down);
    if (route === undefined) return { links, end: 'no route' };
    const out = at.interfaces.find((i) => i.name === route.dev);
    if (out === undefined) return { links, end: 'blackhole' };
    const next = across(plan, out, route.via === null ? ip : (parseIp(route.via) as Ip), down);
    if (next === undefined) return { links, end: 'no route' };
    links.push(...next.links);
    at = next.node;
  }
  return { links, end: 'loop' };
}

function owns(node: PlanNode, ip: Ip): boolean {
  return node.interfaces.some((i) => i.addresses.some((a) => a.family === ip.family && parseIp(a.address)?.value === ip.value));
}

function best(plan: Plan, node: PlanNode, ip: Ip, down: ReadonlySet<string>): PlanRoute | undefined {
  const carried = (r: PlanRoute): boolean => {
    const link = plan.links.find((l) => l.id === node.interfaces.find((i) => i.name === r.dev)?.link);
    return r.dev === null || (link !== undefined && !down.has(link.name));
  };
  const length = (r: PlanRoute): number => Number(r.prefix.split('/')[1]);
  const fitting = node.routes.filter((r) => {
    const network = parseIpWithLength(r.prefix)?.network;
    return network !== undefined && contains(network, ip) && carried(r);
  });
  return fitting.sort((a, b) => length(b) - length(a) || a.metric - b.metric)[0];
}

/** Over the link, and through bridges, to the node on the LAN that has the address. */
function across(plan: Plan, out: PlanInterface, next: Ip, down: ReadonlySet<string>): { links: string[]; node: PlanNode } | undefined {
  const start = plan.links[out.link];
  const side = out.side === 0 ? 1 : 0;
  const queue = start === undefined ? [] : [{ link: start, side, links: [start.name] } as const];
  const open: { link: Plan['links'][0]; side: 0 | 1; links: readonly string[] }[] = [...queue];
  for (const step of open) {
    if (down.has(step.link.name)) continue;
    const node = nodeOf(plan, step.link.ends[step.side].nodeName);
    if (!node.bridge) {
      if (owns(node, next)) return { links: [...step.links], node };
      continue;
    }
    for (const port of node.interfaces) {
      const link = plan.links[port.link];
      if (link === undefined || link === step.link) continue;
      open.push({ link, side: port.side === 0 ? 1 : 0, links: [...step.links, link.name] });
    }
  }
  return undefined;
}
