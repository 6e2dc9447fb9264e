/**
 * Who is behind which port of a bridge, by the plan: a bridge that floods sends copies by other ports too, and only the
 * one towards the destination is the packet's own way.
 * @module
 */
import { must } from '../../../base/assert.js';
import type { PlanNode } from '../../../topology/plan.js';
import { parseMac } from '../../../wire/address.js';

/** Port, as the index of the interface from 0, by MAC address. */
export function stationsOf({ interfaces }: Pick<PlanNode, 'interfaces'>): ReadonlyMap<number, number> {
  return new Map(interfaces.flatMap(({ stations = [] }, index) => stations.map((mac) => [must(parseMac(mac), `MAC ${mac}`), index] as const)));
}
