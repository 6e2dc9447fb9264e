/** Property tests by a seed of one's own: what they find is filed, and found again by every later run. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { asserter } from './asserter.js';
import { FoundFile, mixedSeed } from './found.js';

const folder = mkdtempSync(join(tmpdir(), 'callpath-property-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** One value of 1000 is wrong: 20 cases of the property's own seed do not meet it, 2000 of another one do. */
const wrong = (n: number): boolean => n % 1000 !== 5;
const own = { seed: 1, numRuns: 20 };

it('files a failing case, with which every later run begins', () => {
  const file = join(folder, 'sync.json');
  const by = (seed: number | null, runs: number): void =>
    void asserter({ seed, found: new FoundFile(file), name: () => 'rare' })(fc.property(fc.nat(100_000), wrong) as never, { ...own, numRuns: runs });
  expect(() => {
    by(null, 20);
  }).not.toThrow();
  expect(() => {
    by(4, 5000);
  }).toThrow(/Counterexample: \[\d*5\]/);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject([{ property: 'rare', counterexample: expect.stringMatching(/^\[\d*5\]$/) as string }]);
  expect(() => {
    by(null, 20);
  }).toThrow(/Counterexample: \[\d*5\]/);
});

it('does so for properties that take their time', async () => {
  const file = join(folder, 'async.json');
  const by = async (seed: number | null, runs: number): Promise<void> => {
    const property = fc.asyncProperty(fc.nat(100_000), (n) => Promise.resolve(wrong(n)));
    await asserter({ seed, found: new FoundFile(file), name: () => 'rare' })(property as never, { ...own, numRuns: runs });
  };
  await by(null, 20);
  await expect(by(4, 5000)).rejects.toThrow('Counterexample');
  await expect(by(null, 20)).rejects.toThrow('Counterexample');
});

it('gives every property a seed of its own', () => {
  const seeds = Array.from({ length: 100 }, (_, seed) => mixedSeed(7, seed));
  expect(new Set(seeds).size).toBe(100);
  for (const seed of seeds) expect(seed | 0).toBe(seed);
});
