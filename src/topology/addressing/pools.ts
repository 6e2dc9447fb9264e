/**
 * Networks for LANs that have none, from the pools: /24 (or /30 on a link of two) and /64, each at a place that the
 * LAN's name gives.
 * @module
 */
import type { Draft, Lan } from '../drafting/draft.js';
import { BITS, formatNetwork, networkOf, parseIpWithLength } from './ip.js';
import type { Family, Network } from './ip.js';
import { NetworkIndex } from './network-index.js';
import { spread } from './spread.js';

/** Benchmark addresses (RFC 2544) and a corner of the documentation prefix (RFC 3849): never routed anywhere real. */
const DEFAULT_POOLS = ['198.18.0.0/15', '2001:db8:8000::/33'];

export class Pools {
  readonly #pools: readonly Network[];
  readonly #taken = new NetworkIndex<null>();
  readonly #draft: Draft;

  /** @param taken networks that are in use already */
  constructor(draft: Draft, taken: readonly Network[]) {
    this.#draft = draft;
    for (const network of taken) this.#taken.add(network, null);
    const written = draft.structure.file.topology.addressing?.pools;
    this.#pools = (written ?? DEFAULT_POOLS).flatMap((text, i) => readNetwork(text, ['topology', 'addressing', 'pools', i], draft) ?? []);
  }

  get families(): readonly Family[] {
    return [...new Set(this.#pools.map((p) => p.family))].sort();
  }

  /** A free network for that LAN, or `undefined` when the pools of the family are full (which is reported). */
  take(lan: Lan, family: Family): Network | undefined {
    const length = family === 6 ? 64 : lan.bridges.length > 0 || lan.attachments.length > 2 ? 24 : 30;
    const fitting = this.#pools.filter((p) => p.family === family && p.length <= length);
    for (const pool of fitting) {
      const free = this.#freeIn(pool, length, `lan ${lan.name}`);
      if (free === undefined) continue;
      this.#taken.add(free, null);
      return free;
    }
    const path = lan.bridges[0]?.path ?? lan.links[0]?.path ?? [];
    this.#draft.faults.add('TOPOLOGY_ADDRESS', path, `no /${length} is left in the pools for the LAN "${lan.name}"`, {
      on: 'key',
      expected: `a larger pool than ${
        this.#pools
          .filter((p) => p.family === family)
          .map(formatNetwork)
          .join(', ') || 'none'
      }`,
      hint: 'set topology.addressing.pools, or give the LAN its own "prefixes"',
    });
    return undefined;
  }

  #freeIn(pool: Network, length: number, name: string): Network | undefined {
    const bits = Math.min(length - pool.length, 40);
    const slots = 2 ** bits;
    const first = spread(name, bits);
    const shift = BigInt(BITS[pool.family] - length);
    for (let i = 0; i < slots; i++) {
      const candidate: Network = { family: pool.family, base: pool.base + (BigInt((first + i) % slots) << shift), length };
      if (this.#taken.overlapping(candidate) === undefined) return candidate;
    }
    return undefined;
  }
}

/** Reads a network; reports bad text and host bits. */
export function readNetwork(text: string, path: readonly (string | number)[], { faults }: Pick<Draft, 'faults'>): Network | undefined {
  const read = parseIpWithLength(text);
  if (read === undefined) {
    faults.add('TOPOLOGY_ADDRESS', path, `"${text}" is no network`, { expected: 'an address and a prefix length, such as 192.0.2.0/24 or 2001:db8:1::/64' });
    return undefined;
  }
  if (read.ip.value !== read.network.base) {
    faults.add('TOPOLOGY_ADDRESS', path, `"${text}" has bits set after its prefix length`, {
      expected: formatNetwork(networkOf(read.ip, read.network.length)),
    });
  }
  return read.network;
}
