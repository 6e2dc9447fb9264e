/**
 * The interfaces of a node, plugged into the ends of its links.
 * @module
 */
import { must } from '../base/assert.js';
import type { LinkEnd } from '../fabric/link.js';
import { type PlanNode, RP_FILTERS, type RpFilter } from '../topology/plan.js';
import { parseMac } from '../wire/address.js';
import { type FrameReceiver, Interface, LOOPBACK_INDEX } from './interface.js';
import { macBytes } from './neighbour/frames.js';

/** Linux's MTU of `lo`. */
const LOOPBACK_MTU = 65535;

/** By index, the loopback first. */
export function plugIn(plan: PlanNode, ends: readonly LinkEnd[], frames: FrameReceiver): Interface[] {
  const interfaces = [new Interface(LOOPBACK_INDEX, 'lo', new Uint8Array(6), LOOPBACK_MTU, null, frames)];
  for (const planned of plan.interfaces) {
    const name = `${plan.name}:${planned.name}`;
    const end = must(
      ends.find((e) => e.link === planned.link && e.side === planned.side),
      `link end of ${name}`,
    );
    const iface = new Interface(planned.index, planned.name, macBytes(must(parseMac(planned.mac), `MAC of ${name}`)), planned.mtu, end, frames);
    iface.rpFilter = Math.max(rpFilterNumber(plan.rpFilter), rpFilterNumber(planned.rpFilter)) as Interface['rpFilter'];
    interfaces[planned.index] = iface;
  }
  return interfaces;
}

/** Linux's number: what is in force on an interface is the larger one of its own and the node's. */
function rpFilterNumber(filter: RpFilter | undefined): number {
  return RP_FILTERS.indexOf(filter ?? 'off');
}
