/** Where the simulator once differed from the kernel: the kernel's answers, without a kernel. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { must } from '../../src/base/assert.js';
import { parseRuleset } from '../../src/nft/parse-ruleset.js';
import { runCase } from '../support/differential/case.js';
import { FOUND } from '../support/differential/found.js';
import { type Recorded, recorded } from '../support/differential/record.js';
import { SimBed } from '../support/differential/sim-bed.js';

const answers = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'support', 'differential', 'found.json'), 'utf8')) as Record<string, Recorded>;

test.each(FOUND)('$name', (c) => {
  const bed = new SimBed(c.bed, (text) => {
    const result = parseRuleset('case.nft', () => text);
    return must(result.ok ? result.ruleset : null, 'rules');
  });
  expect(recorded(runCase(bed, c))).toEqual(answers[c.name]);
});
