/**
 * What generated rule sets are about: the interfaces, addresses and ports of a test's own network. Rules that name what the
 * packets have are the ones that tell something.
 * @module
 */
import type { Rng } from '../../../base/rng.js';

export interface World {
  /** Names of the node's interfaces. */
  readonly interfaces: readonly string[];
  /** Addresses and networks of both families; a family may be empty. */
  readonly hosts4: readonly string[];
  readonly networks4: readonly { readonly address: string; readonly length: number }[];
  readonly hosts6: readonly string[];
  readonly networks6: readonly { readonly address: string; readonly length: number }[];
  readonly ports: readonly number[];
  /** Addresses that translation may use; none: no translation is generated. */
  readonly nat4: readonly string[];
  readonly nat6: readonly string[];
  /**
   * `deterministic`: no limits, no random ports, nothing whose outcome depends on time or chance, so that two
   * implementations must agree packet by packet.
   */
  readonly deterministic: boolean;
}

/** A world of its own, for tests without a network. */
export const SMALL_WORLD: World = {
  interfaces: ['eth0', 'eth1', 'er-1', 'lo'],
  hosts4: ['10.0.0.1', '10.0.0.2', '10.0.1.1', '192.0.2.10', '203.0.113.5'],
  networks4: [
    { address: '10.0.0.0', length: 24 },
    { address: '10.0.0.0', length: 8 },
    { address: '192.0.2.0', length: 28 },
    { address: '0.0.0.0', length: 0 },
  ],
  hosts6: ['2001:db8::1', '2001:db8::2', '2001:db8:1::1', 'fe80::1'],
  networks6: [
    { address: '2001:db8::', length: 64 },
    { address: '2001:db8::', length: 32 },
    { address: 'fe80::', length: 10 },
  ],
  ports: [53, 80, 443, 3478, 5060, 5061, 50000, 59999],
  nat4: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
  nat6: ['2001:db8:ffff::1'],
  deterministic: false,
};

/** Draws from lists and by chance. */
export class Dice {
  readonly #rng: Rng;

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  below(n: number): number {
    return this.#rng.below(n);
  }

  /** True in `percent` of 100. */
  chance(percent: number): boolean {
    return this.#rng.below(100) < percent;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.#rng.below(list.length)] as T;
  }

  /** Between the two, both included. */
  between(least: number, most: number): number {
    return least + this.#rng.below(most - least + 1);
  }

  /** Some of a list, at least one, in its order. */
  some<T>(list: readonly T[]): readonly T[] {
    const found = list.filter(() => this.chance(50));
    return found.length > 0 ? found : [this.pick(list)];
  }

  /** Two of a sorted list, the smaller one first. */
  pair<T>(list: readonly T[]): readonly [T, T] {
    const a = this.#rng.below(list.length);
    const b = this.#rng.below(list.length);
    return [list[Math.min(a, b)] as T, list[Math.max(a, b)] as T];
  }
}
