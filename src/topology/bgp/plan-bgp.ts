/**
 * BGP in the plan: each speaker's table when everything that was sent has arrived, and the routes that follow from it.
 * @module
 */
import { must } from '../../base/assert.js';
import type { Plan, PlanNode } from '../plan.js';
import type { Faults } from '../source/faults.js';
import type { BgpConfig } from './bgp.js';
import { BgpNetwork } from './network.js';

/** The nodes with what BGP adds to them; `undefined` when the speakers never agree, which is reported (TOPOLOGY_BGP). */
export function planBgp(
  nodes: readonly PlanNode[],
  links: Plan['links'],
  configs: ReadonlyMap<string, BgpConfig>,
  faults: Faults,
): readonly PlanNode[] | undefined {
  if (configs.size === 0) return nodes;
  const configured = nodes.map((node): PlanNode => {
    const config = configs.get(node.name);
    return config === undefined ? node : { ...node, bgp: { ...config, table: [], sessions: [] } };
  });
  const network = BgpNetwork.converged({ nodes: configured, links });
  if (network === null) {
    const [first] = configs.keys();
    faults.add('TOPOLOGY_BGP', ['topology', 'nodes', first ?? '', 'bgp'], 'the speakers never agree: their policies contradict each other', {
      on: 'key',
      expected: 'policies by which every speaker comes to rest, whatever the others tell it (RFC 4264)',
    });
    return undefined;
  }
  return configured.map((node): PlanNode => {
    const { bgp } = node;
    if (bgp === undefined) return node;
    const speaker = must(network.speakers.get(node.name), `speaker ${node.name}`);
    return { ...node, routes: [...node.routes, ...speaker.routes()], bgp: { ...bgp, table: speaker.table(), sessions: network.sessionsOf(node.name) } };
  });
}
