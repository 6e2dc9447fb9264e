/**
 * The routing of a topology's nodes, as it is when the lab begins.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { Plan, PlanNode } from '../../topology/plan.js';
import { didYouMean, listed } from '../../base/suggest.js';

/** Nodes that route: all, or the one of that name. Errors: CLI_USAGE for a node that has no routes. */
export function routesOf(plan: Plan, name?: string): readonly PlanNode[] {
  const all = plan.nodes.filter((node) => !node.bridge);
  const chosen = name === undefined ? all : all.filter((node) => node.name === name);
  if (name === undefined || chosen.length > 0) return chosen;
  const names = all.map((node) => node.name);
  const bridge = plan.nodes.some((node) => node.name === name);
  throw new LabError('CLI_USAGE', bridge ? `the bridge "${name}" has no routes` : `the topology ${plan.name} has no node "${name}"`, {
    expected: `one of: ${listed(names, 40)}`,
    ...didYouMean(name, names),
  });
}
