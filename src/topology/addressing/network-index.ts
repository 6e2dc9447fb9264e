/**
 * Networks with something each, asked which of them overlap another: in a time that does not grow with their number. There
 * are as many look-ups as there are different prefix lengths.
 * @module
 */
import { BITS } from './ip.js';
import type { Family, Network } from './ip.js';

interface Entry<T> {
  readonly network: Network;
  readonly value: T;
  /** In the order of adding. */
  readonly number: number;
}

/** By the first bits of addresses, without the others: engines hash a large integer by its lowest bits alone. */
type ByBase<T> = Map<bigint, Entry<T>>;

export class NetworkIndex<T> {
  readonly #entries: Entry<T>[] = [];
  /** By family and length: the first network of each base. */
  readonly #exact: Readonly<Record<Family, Map<number, ByBase<T>>>> = { 4: new Map(), 6: new Map() };
  /** By family and length: the first of those networks that lie within a wider one of that length. */
  readonly #within: Readonly<Record<Family, Map<number, ByBase<T>>>> = { 4: new Map(), 6: new Map() };

  add(network: Network, value: T): void {
    const entry: Entry<T> = { network, value, number: this.#entries.length };
    this.#entries.push(entry);
    keep(this.#exact[network.family], network.length, cut(network, network.length), entry);
    for (const [length, byBase] of this.#within[network.family]) if (network.length > length) keepFirst(byBase, cut(network, length), entry);
  }

  /** Of those that overlap the network the one that was added first. */
  overlapping(network: Network): { readonly network: Network; readonly value: T } | undefined {
    let first: Entry<T> | undefined;
    const see = (entry: Entry<T> | undefined): void => {
      if (entry !== undefined && (first === undefined || entry.number < first.number)) first = entry;
    };
    for (const [length, byBase] of this.#exact[network.family]) if (length <= network.length) see(byBase.get(cut(network, length)));
    see(this.#inside(network).get(cut(network, network.length)));
    return first;
  }

  #inside({ family, length }: Network): ByBase<T> {
    const known = this.#within[family].get(length);
    if (known !== undefined) return known;
    const made: ByBase<T> = new Map();
    for (const entry of this.#entries) {
      if (entry.network.family === family && entry.network.length > length) keepFirst(made, cut(entry.network, length), entry);
    }
    this.#within[family].set(length, made);
    return made;
  }
}

function keep<T>(lengths: Map<number, ByBase<T>>, length: number, base: bigint, entry: Entry<T>): void {
  const byBase = lengths.get(length) ?? new Map<bigint, Entry<T>>();
  lengths.set(length, byBase);
  keepFirst(byBase, base, entry);
}

function keepFirst<T>(byBase: ByBase<T>, base: bigint, entry: Entry<T>): void {
  if (!byBase.has(base)) byBase.set(base, entry);
}

/** The first bits of the network of that length around it. */
function cut({ family, base }: Network, length: number): bigint {
  return base >> BigInt(BITS[family] - length);
}
