/**
 * fast-check as the tests see it: what `import fc from 'fast-check'` gives them (vitest.config.ts). A property runs by its own
 * seed, the same on every machine; with FC_SEED (`npm run test:property -- --seed N`) by another one, and what that finds is
 * filed in `found.json`.
 * @module
 */
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { asserter, real } from './asserter.js';
import { FoundFile } from './found.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const seed = process.env['FC_SEED'];
const counted = new Map<string, number>();

/** Its file, its test, and which of the test's properties it is. */
function name(): string {
  const { testPath = '', currentTestName = '' } = expect.getState();
  const test = `${relative(ROOT, testPath)} > ${currentTestName}`;
  const number = (counted.get(test) ?? 0) + 1;
  counted.set(test, number);
  return number === 1 ? test : `${test} (${number})`;
}

const assert = asserter({ seed: seed === undefined ? null : Number(seed), found: new FoundFile(join(import.meta.dirname, 'found.json')), name });

export default { ...real, assert };
