/**
 * Settings of kinds that speak of the node's own interfaces and addresses: whether they fit, once those are known.
 * @module
 */
import { formatIp } from '../addressing/ip.js';
import type { Neighbourhood } from '../addressing/neighbourhood.js';
import type { NodeInterface } from '../plan.js';
import type { Draft, DraftLink, DraftNode } from './draft.js';
import { reportConfigIssue } from './nodes.js';

/** Only where links and addresses are without faults: else nearly everything would seem not to fit. */
export function checkConfigFits(nodes: ReadonlyMap<string, DraftNode>, links: readonly DraftLink[], neighbourhood: Neighbourhood, draft: Draft): void {
  for (const node of nodes.values()) {
    // A config with a fault of its own has had it.
    if (node.kind.fits === undefined || node.config === undefined || neighbourhood.doubtful(node.name)) continue;
    for (const issue of node.kind.fits(node.config, interfacesOf(node, links, neighbourhood))) reportConfigIssue(issue, node, draft);
  }
}

function interfacesOf(node: DraftNode, links: readonly DraftLink[], neighbourhood: Neighbourhood): readonly NodeInterface[] {
  const names = links.flatMap((link) => link.ends.flatMap((end) => (end.node === node ? [end.interface] : [])));
  return names.map((name) => {
    const addresses = neighbourhood.of(node.name).find((station) => station.interface === name)?.addresses ?? [];
    return { name, addresses: addresses.map(({ ip, network }) => ({ family: ip.family, address: formatIp(ip), prefixLength: network.length })) };
  });
}
