/**
 * `callpath routes`: the routing of a topology's nodes, as it is when the lab begins.
 * @module
 */
import { LabError } from '../../base/error.js';
import { routesText } from '../../report/routes.js';
import type { PlanNode } from '../../topology/plan.js';
import { didYouMean, listed } from '../../topology/source/suggest.js';
import { columns, paintFor, print } from '../exit.js';
import { overridesOf, planOf } from '../files.js';

/** Errors: those of the topology; CLI_USAGE for a node that has no routes. */
export function routes(topology: string, name: string | undefined, options: { with?: readonly string[]; json?: boolean }): void {
  const plan = planOf(topology, null, overridesOf(options.with ?? []));
  const all = plan.nodes.filter((node) => !node.bridge);
  const chosen = name === undefined ? all : all.filter((node) => node.name === name);
  if (name !== undefined && chosen.length === 0) {
    const names = all.map((node) => node.name);
    const bridge = plan.nodes.some((node) => node.name === name);
    throw new LabError('CLI_USAGE', bridge ? `the bridge "${name}" has no routes` : `the topology ${plan.name} has no node "${name}"`, {
      expected: `one of: ${listed(names, 40)}`,
      ...didYouMean(name, names),
    });
  }
  if (options.json === true) print(JSON.stringify(chosen.map(dataOf), null, 2));
  else print(chosen.map((node) => routesText(node, paintFor(process.stdout), columns())).join('\n\n'));
}

/** What the plan says of a node's routing. */
function dataOf({ name, kind, interfaces, routes: routed, rules, rpFilter, multipathHash, bgp }: PlanNode): object {
  const filters = Object.fromEntries(interfaces.flatMap((iface) => (iface.rpFilter === undefined ? [] : [[iface.name, iface.rpFilter]])));
  return {
    node: name,
    kind,
    routes: routed,
    rules: rules ?? [],
    rpFilter: { all: rpFilter ?? 'off', ...filters },
    multipathHash: multipathHash ?? 'l4',
    bgp: bgp ?? null,
  };
}
