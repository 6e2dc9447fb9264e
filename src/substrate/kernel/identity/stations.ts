/**
 * Who is behind which port of a bridge, by the plan: a bridge that floods sends copies by other ports too, and only the
 * one towards the destination is the packet's own way.
 * @module
 */
import { must } from '../../../base/assert.js';
import type { NodeId } from '../../../base/brand.js';
import type { Plan, PlanNode } from '../../../topology/plan.js';
import { parseMac } from '../../../wire/address.js';

/** Port, as the index of the interface from 0, by MAC address. The plan has no loops of bridges. */
export function stationsOf(plan: Plan, bridge: PlanNode): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  bridge.interfaces.forEach((port, index) => {
    const met = new Set<NodeId>([bridge.id]);
    const ways = [port];
    for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
      const { link, side } = way;
      const other = must(plan.links[link], `link ${link}`).ends[side === 0 ? 1 : 0];
      const node = must(plan.nodes[other.node], `node ${other.nodeName}`);
      if (met.has(node.id) && node.bridge) continue;
      met.add(node.id);
      if (node.bridge) ways.push(...node.interfaces.filter((iface) => iface.link !== link || iface.name !== other.interface));
      else
        found.set(
          must(
            parseMac(
              must(
                node.interfaces.find((iface) => iface.name === other.interface),
                other.interface,
              ).mac,
            ),
            'MAC',
          ),
          index,
        );
    }
  });
  return found;
}
