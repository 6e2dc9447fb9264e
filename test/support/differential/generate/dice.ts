/**
 * Choices of a generator, from a seed.
 * @module
 */
import { type Rng, randomRoot } from '../../../../src/base/rng.js';

export class Dice {
  readonly #rng: Rng;

  constructor(seed: number, name: string) {
    this.#rng = randomRoot(seed).stream(name);
  }

  /** From 0 to n - 1. */
  below(n: number): number {
    return this.#rng.below(n);
  }

  between(from: number, to: number): number {
    return from + this.#rng.below(to - from + 1);
  }

  /** True in so many of a hundred cases. */
  percent(n: number): boolean {
    return this.#rng.below(100) < n;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.#rng.below(from.length)]!;
  }

  /** By weight. */
  weighted<T>(choices: readonly (readonly [number, T])[]): T {
    let at = this.#rng.below(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, choice] of choices) {
      if (at < weight) return choice;
      at -= weight;
    }
    return choices[0]![1];
  }

  /** Some of them, in their order, at least one. */
  some<T>(from: readonly T[], most: number): T[] {
    const wanted = Math.min(from.length, this.between(1, most));
    const chosen = new Set<number>();
    while (chosen.size < wanted) chosen.add(this.#rng.below(from.length));
    return [...chosen].sort((a, b) => a - b).map((i) => from[i]!);
  }
}
