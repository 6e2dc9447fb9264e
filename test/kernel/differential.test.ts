/**
 * The simulator against the kernel: the same rules, the same packets; what comes out where, what the rules counted, which
 * connections are known. More than the usual by `npm run test:differential -- --cases 20000 --seed 7`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRuleset } from '../../src/nft/parse-ruleset.js';
import type { Ruleset } from '../../src/nft/ruleset.js';
import { formatLabError } from '../../src/base/error.js';
import { type BedName, BEDS } from '../support/differential/bed.js';
import { type Case, runCase, TRACKED } from '../support/differential/case.js';
import { compareRuns } from '../support/differential/compare.js';
import { namedPorts } from '../support/differential/drawn.js';
import { differences } from '../support/differential/differs.js';
import { FOUND } from '../support/differential/found.js';
import { generateCase } from '../support/differential/generate/generate.js';
import { KernelBed } from '../support/differential/kernel-bed.js';
import { MUTANTS } from '../support/differential/mutants.js';
import { type Recorded, recorded } from '../support/differential/record.js';
import { SimBed } from '../support/differential/sim-bed.js';

const CASES = Number(process.env['CALLPATH_CASES'] ?? 3000);
/** Of the usual run so many are compared at least, whatever nft(8) refuses of them. */
const COMPARED = Math.min(2000, CASES * 0.95);
const SEED = Number(process.env['CALLPATH_SEED'] ?? 1);
const RECORDINGS = join(import.meta.dirname, '..', 'support', 'differential', 'found.json');
/** Cases in one test, so that progress is seen. */
const BATCH = 100;

const kernels = new Map<string, KernelBed>();
const placeOf = (c: Pick<Case, 'bed' | 'tracked'>): string => `${c.bed} ${c.tracked}`;

beforeAll(async () => {
  await Promise.all(
    BEDS.flatMap((bed) => TRACKED.map((tracked) => ({ bed, tracked }))).map(async (place) => {
      kernels.set(placeOf(place), await KernelBed.open(place.bed));
    }),
  );
});

afterAll(() => {
  for (const kernel of kernels.values()) kernel.close();
});

function parse(text: string): Ruleset {
  const result = parseRuleset('case.nft', (path) => (path === 'case.nft' ? text : null));
  if (!result.ok) throw new Error(result.errors.map(formatLabError).join('\n'));
  return result.ruleset;
}

const sims = new Map(BEDS.map((bed) => [bed, new SimBed(bed, parse)]));

/** Cases that were compared, and those whose rules nft(8) did not take: whether our parser refuses them too is for its own tests. */
const tally = { compared: 0, refused: 0 };

/** What differs, with all that is needed to see it again; null: the two are alike, or the kernel takes no such rules. */
function difference(c: Case, sim = sims.get(c.bed)!): string | null {
  const kernel = kernels.get(placeOf(c))!;
  try {
    kernel.reset(c.rules);
  } catch {
    tally.refused++;
    return null;
  }
  tally.compared++;
  const lines = differences(c, sim, kernel);
  return lines.length === 0 ? null : [c.name, c.rules, ...c.steps.map((step, i) => `${i} ${JSON.stringify(step)}`), ...lines].join('\n');
}

describe.runIf(CASES > 0)('generated cases', () => {
  for (let first = 0; first < CASES; first += BATCH) {
    const last = Math.min(first + BATCH, CASES) - 1;
    test(`seed ${SEED}, ${first} to ${last}`, { timeout: 600_000 }, () => {
      const found: string[] = [];
      for (let number = first; number <= last && found.length < 3; number++) {
        const text = difference(generateCase(SEED, number));
        if (text !== null) found.push(text);
      }
      expect(found.join('\n\n')).toBe('');
    });
  }

  test('nearly all of them were compared', () => {
    expect(tally.refused).toBeLessThan(tally.compared / 20);
    expect(tally.compared).toBeGreaterThanOrEqual(COMPARED);
  });
});

describe('what was found', () => {
  const record = process.env['CALLPATH_RECORD'] === '1';
  const recordings: Record<string, Recorded> = record ? {} : (JSON.parse(readFileSync(RECORDINGS, 'utf8')) as Record<string, Recorded>);

  test.each(FOUND)('$name', (c) => {
    const kernel = kernels.get(placeOf(c))!;
    // Once alone: of fragments that were not put together a kernel remembers for half a minute.
    const theirs = runCase(kernel, c);
    if (record) recordings[c.name] = recorded(theirs);
    expect(recorded(theirs)).toEqual(recordings[c.name]);
    expect(compareRuns(runCase(sims.get(c.bed)!, c), theirs, ['sim', 'kernel'], namedPorts(c))).toEqual([]);
  });

  afterAll(() => {
    if (record) writeFileSync(RECORDINGS, `${JSON.stringify(recordings, null, 2)}\n`);
  });
});

describe('a wrong evaluator is caught', () => {
  test.each(MUTANTS)('that $name', { timeout: 300_000 }, ({ mutate }) => {
    const wrong = new Map<BedName, SimBed>(BEDS.map((bed) => [bed, new SimBed(bed, (text) => mutate(parse(text)))]));
    let caught = false;
    for (let number = 0; number < 400 && !caught; number++) {
      const c = generateCase(1, number);
      caught = difference(c, wrong.get(c.bed)!) !== null && difference(c) === null;
    }
    expect(caught).toBe(true);
  });
});
