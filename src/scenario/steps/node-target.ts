/**
 * Steps whose target is a node: it must be there, and have an IP stack of its own.
 * @module
 */
import type { LabError, SourceRef } from '../../base/error.js';
import type { Plan } from '../../topology/plan.js';
import { unknownNames } from '../description/faults.js';

/** Bridges have no addresses and no routes. */
export function nodeFaults(node: string, plan: Plan, where: SourceRef): readonly LabError[] {
  const known = plan.nodes.filter(({ bridge }) => !bridge).map(({ name }) => name);
  const isBridge = plan.nodes.some(({ name, bridge }) => name === node && bridge);
  const message = (name: string): string => (isBridge ? `"${name}" is a bridge: it has no routes` : `the topology ${plan.name} has no node "${name}"`);
  return unknownNames('FLOW_STEP', [node], known, where, message);
}
