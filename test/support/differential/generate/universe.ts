/**
 * The addresses and ports that generated rules and packets have in common, few enough that they meet.
 * @module
 */
import { type BedName, BEDS, FAR, NETWORKS } from '../bed.js';
import type { Dice } from './dice.js';

export const PORTS: readonly number[] = [22, 53, 80, 443, 1000, 1001, 3478, 5060, 5061, 50000, 50001, 50007];

export class Universe {
  /** Interfaces of the bed, by index. */
  readonly count: number;

  constructor(bed: BedName) {
    this.count = BEDS.indexOf(bed) + 2;
  }

  names(): string[] {
    return NETWORKS.slice(0, this.count).map((network) => network.name);
  }

  /** Addresses that packets with that interface's side come from. */
  side(iface: number, family: 4 | 6): string[] {
    const { name, hosts } = NETWORKS[iface]!;
    return of(family, [...hosts, ...(FAR[name] ?? [])]);
  }

  /** The node's own. */
  own(iface: number, family: 4 | 6): string[] {
    return of(
      family,
      NETWORKS[iface]!.addresses.map((text) => text.split('/')[0]!),
    );
  }

  address(dice: Dice, family: 4 | 6): string {
    const iface = dice.below(this.count);
    const own = dice.percent(15) ? this.own(iface, family) : [];
    return dice.pick(own.length > 0 ? own : this.side(iface, family));
  }
}

function of(family: 4 | 6, addresses: readonly string[]): string[] {
  return addresses.filter((address) => address.includes(':') === (family === 6));
}
