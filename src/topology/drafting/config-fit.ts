/**
 * Settings of kinds that speak of the node's own interfaces and addresses: whether they fit, once those are known.
 * @module
 */
import { formatIp } from '../addressing/ip.js';
import type { Neighbourhood } from '../addressing/neighbourhood.js';
import type { NodeInterface } from '../plan.js';
import type { Draft, DraftLink, DraftNode } from './draft.js';
import { portsByNode, type Port } from './links.js';
import { reportConfigIssue } from './nodes.js';

/** Only where links and addresses are without faults: else nearly everything would seem not to fit. */
export function checkConfigFits(nodes: ReadonlyMap<string, DraftNode>, links: readonly DraftLink[], neighbourhood: Neighbourhood, draft: Draft): void {
  const ports = portsByNode(links);
  for (const node of nodes.values()) {
    // A config with a fault of its own has had it.
    if (node.kind.fits === undefined || node.config === undefined || neighbourhood.doubtful(node.name)) continue;
    for (const issue of node.kind.fits(node.config, interfacesOf(node, ports.get(node) ?? [], neighbourhood))) reportConfigIssue(issue, node, draft);
  }
}

function interfacesOf(node: DraftNode, ports: readonly Port[], neighbourhood: Neighbourhood): readonly NodeInterface[] {
  const names = ports.map(({ link, side }) => link.ends[side].interface);
  return names.map((name) => {
    const addresses = neighbourhood.of(node.name).find((station) => station.interface === name)?.addresses ?? [];
    return { name, addresses: addresses.map(({ ip, network }) => ({ family: ip.family, address: formatIp(ip), prefixLength: network.length })) };
  });
}
