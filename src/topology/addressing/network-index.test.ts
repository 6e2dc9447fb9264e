import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkOf, overlap } from './ip.js';
import type { Network } from './ip.js';
import { NetworkIndex } from './network-index.js';

const network = fc
  .record({ family: fc.constantFrom(4 as const, 6 as const), low: fc.integer({ min: 0, max: 255 }), length: fc.integer({ min: 0, max: 12 }) })
  .map(({ family, low, length }): Network => {
    const bits = family === 4 ? 32 : 128;
    return networkOf({ family, value: BigInt(low) << BigInt(bits - 8) }, length);
  });

describe('NetworkIndex', () => {
  it('gives the first of the networks that overlap, as a look at each of them does', () => {
    fc.assert(
      fc.property(fc.array(network, { maxLength: 30 }), fc.array(network, { maxLength: 10 }), (taken, asked) => {
        const index = new NetworkIndex<number>();
        const before: Network[] = [];
        for (const [i, one] of taken.entries()) {
          // Asked while it grows: what is made at the first question is kept up.
          const [question] = asked;
          if (question !== undefined) expect(index.overlapping(question)?.value).toBe(numberOf(before, question));
          index.add(one, i);
          before.push(one);
        }
        for (const question of asked) expect(index.overlapping(question)?.value).toBe(numberOf(taken, question));
      }),
    );
  });
});

function numberOf(networks: readonly Network[], question: Network): number | undefined {
  const found = networks.findIndex((one) => one.family === question.family && overlap(one, question));
  return found < 0 ? undefined : found;
}
