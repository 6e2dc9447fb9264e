/**
 * What a sound plan has that hardly was meant. It can be built and run as it stands, so these are warnings: somebody may
 * want to see what such a network does.
 * @module
 */
import { LabError } from '../../base/error.js';
import { unreachable } from '../../nft/unreachable.js';
import type { Plan, PlanNode } from '../plan.js';
import { routingLoops } from './loops.js';

/** In the order of the nodes. Codes: TOPOLOGY_DOUBTFUL, NFT_UNREACHABLE. */
export function planWarnings(plan: Plan): readonly LabError[] {
  const routers = routersByAddress(plan);
  return [...plan.nodes.flatMap((node) => [...unlinked(node), ...wayless(node, routers)]), ...routingLoops(plan), ...rules(plan)];
}

function unlinked({ name, interfaces, src }: PlanNode): readonly LabError[] {
  if (interfaces.length > 0) return [];
  return [new LabError('TOPOLOGY_DOUBTFUL', `no link leads to "${name}"`, { where: src, expected: 'an entry of links that names it' })];
}

function routersByAddress(plan: Plan): ReadonlyMap<string, PlanNode> {
  const routers = plan.nodes.filter(({ forwards }) => forwards);
  return new Map(routers.flatMap((node) => node.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => [address, node] as const))));
}

/** A host with routers to choose from gets no default route by itself. */
function wayless(node: PlanNode, byAddress: ReadonlyMap<string, PlanNode>): readonly LabError[] {
  if (node.forwards || node.bridge || node.bgp !== undefined) return [];
  const families = ([4, 6] as const).filter((family) => node.interfaces.some(({ addresses }) => addresses.some((one) => one.family === family)));
  return families.flatMap((family) => {
    if (node.routes.some((route) => route.family === family && route.origin !== 'connected')) return [];
    const neighbours = node.interfaces.flatMap((one) => one.neighbours.map(({ address }) => byAddress.get(address)));
    const speaks = (one: PlanNode | undefined): one is PlanNode =>
      one?.interfaces.some(({ addresses }) => addresses.some((address) => address.family === family)) === true;
    const routers = [...new Set(neighbours.filter(speaks))];
    if (routers.length < 2) return [];
    const names = routers.map(({ name }) => name).sort();
    return [
      new LabError('TOPOLOGY_DOUBTFUL', `"${node.name}" has no IPv${family} route out of its LAN: of ${names.join(' and ')} none was chosen`, {
        where: node.src,
        expected: `routes: [{ to: default, via: ${names[0] ?? 'ROUTER'} }], or the routes that it shall have`,
      }),
    ];
  });
}

/** Each file once, however many nodes load it. */
function rules(plan: Plan): readonly LabError[] {
  const seen = new Set<string>();
  return plan.nodes.flatMap(({ firewall }) => {
    if (firewall === undefined || firewall === null || seen.has(firewall.file)) return [];
    seen.add(firewall.file);
    return unreachable(firewall.ruleset);
  });
}
