/**
 * MAC addresses by plan: `02:...` (IEEE 802: locally administered, individual) and 40 bits by the interface's name.
 * @module
 */
import { formatMac } from '../../wire/address.js';
import { spread } from './spread.js';

const LOCALLY_ADMINISTERED = 0x02_00_00_00_00_00;

/** A MAC for each key (`node:interface`), all different. Keys are served in sorted order. */
export function planMacs(keys: Iterable<string>): ReadonlyMap<string, string> {
  const taken = new Set<number>();
  const macs = new Map<string, string>();
  for (const key of [...keys].sort()) {
    let mac = LOCALLY_ADMINISTERED + spread(`mac ${key}`, 40);
    for (let again = 1; taken.has(mac); again++) mac = LOCALLY_ADMINISTERED + spread(`mac ${key} ${again}`, 40);
    taken.add(mac);
    macs.set(key, formatMac(mac));
  }
  return macs;
}
