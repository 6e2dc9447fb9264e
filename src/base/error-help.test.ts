import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from './error.js';
import { ERROR_HELP, errorReference } from './error-help.js';

describe('the reference of error codes', () => {
  it('has an entry of whole sentences per code', () => {
    for (const code of Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]) {
      const { meaning, mend } = ERROR_HELP[code];
      expect(meaning, code).toMatch(/^[A-Z].*\.$/);
      expect(mend, code).toMatch(/^[A-Z`].*\.$/);
    }
    expect(Object.keys(ERROR_HELP).sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });

  it('has one anchor per code', () => {
    const headings = [...errorReference().matchAll(/^### (.*)$/gm)].map((match) => match[1]);
    expect(headings.sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });

  it('is what stands in lab/docs/errors.md', () => {
    const committed = readFileSync(join(import.meta.dirname, '..', '..', 'lab', 'docs', 'errors.md'), 'utf8');
    expect(committed, 'make it anew: node lab/scripts/setup.mjs && node dist/cli/main.js errors > lab/docs/errors.md').toBe(errorReference());
  });
});
