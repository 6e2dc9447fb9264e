/**
 * A digest of what a plan means: equal for files that differ in comments, order of keys, anchors or file name; another
 * one for every change of a value.
 * @module
 */
import { createHash } from 'node:crypto';
import type { PlanBgp } from '../bgp/bgp.js';
import type { Plan } from '../plan.js';
import { without } from './without.js';

/** SHA-256 in hex. Places in the file and the numbering of nodes don't count, nor do traits: they follow from kind and config. */
export function planHash(plan: Omit<Plan, 'hash'>): string {
  const meaning = {
    name: plan.name,
    organisations: plan.organisations,
    nodes: plan.nodes.map((node) => ({
      ...without(node, 'id', 'src', 'traits'),
      routes: node.routes.map((r) => without(r, 'src')),
      ...(node.rules !== undefined && { rules: node.rules.map((r) => without(r, 'src')) }),
      ...(node.firewall !== undefined && node.firewall !== null && { firewall: meaningOf(node.firewall.ruleset.tables) }),
      ...(node.bgp !== undefined && { bgp: withoutPlaces(node.bgp) }),
    })),
    links: plan.links.map((link) => ({ ...without(link, 'id', 'src'), ends: link.ends.map((e) => [e.nodeName, e.interface]) })),
    users: plan.users.map((user) => without(user, 'src')),
    zones: plan.zones.map((zone) => without(zone, 'src')),
  };
  return createHash('sha256').update(canonical(meaning)).digest('hex');
}

/** What rules mean: where they are written, and how, does not count. */
function meaningOf(tables: unknown): unknown {
  const places: ReadonlySet<string> = new Set(['src', 'policySrc', 'text', 'comment']);
  return JSON.parse(JSON.stringify(tables, (key, value: unknown) => (places.has(key) ? undefined : value)));
}

/** Without `src` at any depth. Its words for why a route won may name a line: they follow from the rest. */
function withoutPlaces(bgp: PlanBgp): unknown {
  return JSON.parse(JSON.stringify({ ...bgp, table: [] }, (key, value: unknown) => (key === 'src' ? undefined : value)));
}

/** JSON with the keys of every object in sorted order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
