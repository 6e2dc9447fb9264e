/**
 * Rule sets by chance: what is printed is read back as it was. (That nft takes the text: test/kernel/nft.)
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomRoot } from '../base/rng.js';
import { formatRuleset } from './testing/format.js';
import { generateRuleset } from './testing/generator/tables.js';
import { SMALL_WORLD } from './testing/generator/world.js';
import { meaningOf, rulesetOf } from './testing/rulesets.js';

describe('generated rule sets', () => {
  it.each([true, false])('are printed and read back as they were (deterministic: %s)', (deterministic) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const ruleset = generateRuleset(randomRoot(seed).stream('rules'), { ...SMALL_WORLD, deterministic });
        expect(meaningOf(rulesetOf(formatRuleset(ruleset)))).toEqual(meaningOf(ruleset));
      }),
      { numRuns: 150 },
    );
  });

  it('are the same for the same seed, and others for another', () => {
    const text = (seed: number): string => formatRuleset(generateRuleset(randomRoot(seed).stream('rules'), SMALL_WORLD));
    expect(text(1)).toBe(text(1));
    expect(text(1)).not.toBe(text(2));
  });
});
