/**
 * The package as it is packed: what the product reads, what its documents are, the image recipe; no source maps, no tests.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { build } from './cli-support.js';
import { ROOT } from './support.js';

describe('the package', () => {
  let files: readonly string[] = [];
  beforeAll(() => {
    build();
    // No network: nothing is asked of a registry.
    const { stdout, stderr } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'], { cwd: ROOT, encoding: 'utf8' });
    const [packed] = JSON.parse(stdout === '' ? stderr : stdout) as { files: { path: string }[] }[];
    files = packed?.files.map(({ path }) => path) ?? [];
  }, 120_000);

  it.each(['lab/docs', 'lab/flows', 'lab/experiments', 'lab/images', 'lab/rules', 'topologies'])('has everything of %s', (folder) => {
    const wanted = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((file) => !files.includes(file))).toEqual([]);
  });

  it('has the command, the licence and the first page', () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { bin: { callpath: string } };
    for (const file of [bin.callpath.replace('./', ''), 'README.md', 'LICENSE', 'package.json']) expect(files).toContain(file);
  });

  it('has no source maps, sources or tests', () => {
    expect(files.filter((file) => /\.map$|^src\/|^test\/|\.test\./.test(file))).toEqual([]);
  });
});
