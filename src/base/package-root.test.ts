import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { PACKAGE_ROOT, rootAbove } from './package-root.js';

it('is the nearest folder above that has a package.json, however deep the code lies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const inner = join(folder, 'node_modules', 'callpath');
  mkdirSync(join(inner, 'dist', 'chunks'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(inner, 'package.json'), '{}');
  expect(rootAbove(join(inner, 'dist', 'chunks'))).toBe(inner);
  expect(rootAbove(inner)).toBe(inner);
  expect(rootAbove(join(folder, 'node_modules'))).toBe(folder);
});

it('is this project, for its own code', () => {
  expect(PACKAGE_ROOT).toBe(join(import.meta.dirname, '..', '..'));
});

it('does not go on for ever', () => {
  expect(() => rootAbove('/')).toThrow('no package.json above /');
});
