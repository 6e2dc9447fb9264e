/**
 * Where the package stands, with what it brings beside its code: flows, topologies, rules. Code may be bundled, so no
 * module can say it by its own place.
 * @module
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assertInvariant } from './assert.js';

/** The nearest folder above `from` that has a package.json. */
export function rootAbove(from: string): string {
  let folder = from;
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    assertInvariant(above !== folder, `no package.json above ${from}`);
    folder = above;
  }
  return folder;
}

export const PACKAGE_ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)));
