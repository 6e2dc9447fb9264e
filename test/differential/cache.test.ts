/** A verdict that is kept with a connection never shows: the same packets come out, the same counters, with and without. */
import { expect, test } from 'vitest';
import { parseRuleset } from '../../src/nft/parse-ruleset.js';
import type { Ruleset } from '../../src/nft/ruleset.js';
import { runCase } from '../support/differential/case.js';
import { compareRuns } from '../support/differential/compare.js';
import { namedPorts } from '../support/differential/drawn.js';
import { generateCase } from '../support/differential/generate/generate.js';
import { SimBed } from '../support/differential/sim-bed.js';

function parse(text: string): Ruleset | null {
  const result = parseRuleset('case.nft', () => text);
  return result.ok ? result.ruleset : null;
}

test('in 250 generated cases', () => {
  let cached = 0;
  for (let number = 0; number < 250; number++) {
    const c = generateCase(21, number);
    const ruleset = parse(c.rules);
    if (ruleset === null) continue;
    const [one, other] = [true, false].map((cache) => new SimBed(c.bed, () => ruleset, { cache }));
    expect(compareRuns(runCase(one!, c), runCase(other!, c), ['kept', 'walked'], namedPorts(c))).toEqual([]);
    cached += one!.cached;
  }
  expect(cached).toBeGreaterThan(60);
});
