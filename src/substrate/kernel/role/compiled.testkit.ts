/**
 * The product compiled file by file, as it is shipped, with the kinds that tests bring: processes of roles are run from
 * compiled code, and a test must not depend on what happens to lie in dist/.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..');

export interface Compiled {
  /** For `RoleProcessOptions.main`. */
  readonly main: string;
  /** URL of a compiled module, for `KindRef.module`; `path` is that of the source, below the root of the project. */
  url(path: string): string;
  remove(): void;
}

/** @param folders further sources beside src/, below the root of the project */
export function compileProduct(folders: readonly string[] = ['test/contract']): Compiled {
  const sources = ['src', ...folders].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/\.(test|bench|testkit)\.ts$/.test(name))
      .map((name) => join(folder, name)),
  );
  // Below node_modules, so that packages are found; with a package.json of its own, since Node looks for one no further.
  const cache = join(ROOT, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, 'callpath-compiled-'));
  writeFileSync(join(out, 'package.json'), '{"type":"module","version":"0.0.0"}');
  const manifest = createRequire(join(ROOT, 'package.json')).resolve('esbuild/package.json');
  const args = [...sources, `--outdir=${out}`, '--outbase=.', '--format=esm', '--platform=node', '--target=node20', '--sourcemap', '--log-level=error'];
  const esbuild = spawnSync(join(dirname(manifest), 'bin', 'esbuild'), args, { cwd: ROOT, encoding: 'utf8' });
  if (esbuild.status !== 0) {
    rmSync(out, { recursive: true, force: true });
    throw new Error(`esbuild failed: ${esbuild.stderr}`, { cause: esbuild.error });
  }
  return {
    main: join(out, 'src/substrate/kernel/role/main.js'),
    url: (path) => pathToFileURL(join(out, path.replace(/\.ts$/, '.js'))).href,
    remove: () => {
      rmSync(out, { recursive: true, force: true });
    },
  };
}
