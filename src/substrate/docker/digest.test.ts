import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { digestOf, ownDigest } from './digest.js';

const folder = mkdtempSync(join(tmpdir(), 'callpath-digest-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('the digest of compiled code', () => {
  it('is not asked of code that is run from its sources', () => {
    expect(ownDigest()).toBeNull();
  });

  it('tells names and contents of modules, and nothing else', () => {
    mkdirSync(join(folder, 'a'));
    writeFileSync(join(folder, 'a', 'x.js'), 'one');
    const first = digestOf(folder);
    writeFileSync(join(folder, 'a', 'x.js.map'), '{}');
    writeFileSync(join(folder, '.stamp'), '1');
    expect(digestOf(folder)).toBe(first);
    writeFileSync(join(folder, 'a', 'x.js'), 'two');
    expect(digestOf(folder)).not.toBe(first);
    writeFileSync(join(folder, 'a', 'x.js'), 'one');
    renameSync(join(folder, 'a', 'x.js'), join(folder, 'a', 'y.js'));
    expect(digestOf(folder)).not.toBe(first);
  });
});
