/**
 * Nodes of a plan as people look for them: which address is whose, which name leads there.
 * @module
 */
import type { Plan, PlanNode } from '../topology/plan.js';
import { namesByAddress } from '../topology/naming/zone-targets.js';
import { table } from './table.js';

interface NodeFacts {
  readonly node: string;
  readonly kind: string;
  readonly site: string | null;
  readonly users: readonly string[];
  readonly interfaces: readonly InterfaceFacts[];
}

interface InterfaceFacts {
  readonly name: string;
  readonly link: string;
  /** The other end of the link, `NODE:INTERFACE`. */
  readonly peer: string;
  readonly mac: string;
  /** With prefix length; the names of the zones that lead there. */
  readonly addresses: readonly { readonly address: string; readonly names: readonly string[] }[];
}

/** For programs. */
export function nodesJson(nodes: readonly PlanNode[], plan: Plan): readonly NodeFacts[] {
  const names = namesByAddress(plan.zones);
  return nodes.map((node) => ({
    node: node.name,
    kind: node.kind,
    site: node.site,
    users: plan.users.filter((user) => user.node === node.name).map((user) => user.address),
    interfaces: node.interfaces.map(({ name, link: id, side, mac, addresses }) => {
      const link = plan.links[id];
      const peer = link?.ends[side === 0 ? 1 : 0];
      return {
        name,
        link: link?.name ?? '?',
        peer: `${peer?.nodeName ?? '?'}:${peer?.interface ?? '?'}`,
        mac,
        addresses: addresses.map(({ address, prefixLength }) => ({ address: `${address}/${prefixLength}`, names: [...(names.get(address) ?? [])].sort() })),
      };
    }),
  }));
}

/** A row for each address. @param room columns of the terminal */
export function nodesText(nodes: readonly PlanNode[], plan: Plan, room = Infinity): string {
  const rows = nodesJson(nodes, plan).flatMap(({ node, kind, users, interfaces }) => {
    const ports = interfaces.flatMap(({ name, peer, addresses }) =>
      addresses.length === 0
        ? [[name, '', peer, '']]
        : addresses.map(({ address, names }, i) => [i === 0 ? name : '', address, i === 0 ? peer : '', names.join(' ')]),
    );
    return (ports.length === 0 ? [['', '', '', '']] : ports).map((port, i) => [...(i === 0 ? [node, [kind, ...users].join(' ')] : ['', '']), ...port]);
  });
  return table([['node', 'kind, users', 'interface', 'address', 'to', 'names'], ...rows], '', room);
}
