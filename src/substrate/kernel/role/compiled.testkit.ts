/**
 * The product bundled as it is shipped, with the kinds that tests bring: processes of roles are run from
 * compiled code, and a test must not depend on what happens to lie in dist/.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PACKAGE_ROOT as ROOT } from '../../../base/package-root.js';

export interface Compiled {
  /** For `RoleProcessOptions.main`. */
  readonly main: string;
  /** URL of a compiled module, for `KindRef.module`; `path` is that of the source, below the root of the project. */
  url(path: string): string;
  remove(): void;
}

/** @param modules further sources beside src/, or folders of them, below the root of the project */
export function compileProduct(modules: readonly string[] = ['test/contract']): Compiled {
  // Below node_modules, so that packages are found; with a package.json of its own, since Node looks for one no further.
  const cache = join(ROOT, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, 'callpath-compiled-'));
  writeFileSync(join(out, 'package.json'), '{"type":"module","version":"0.0.0"}');
  const bundle = spawnSync(process.execPath, [join(ROOT, 'lab', 'scripts', 'bundle.mjs'), out, ...modules], { cwd: ROOT, encoding: 'utf8' });
  if (bundle.status !== 0) {
    rmSync(out, { recursive: true, force: true });
    throw new Error(`the bundle failed: ${bundle.stderr}`, { cause: bundle.error });
  }
  return {
    main: join(out, 'dist/substrate/kernel/role/main.js'),
    url: (path) => pathToFileURL(join(out, path.replace(/^src\//, 'dist/').replace(/\.ts$/, '.js'))).href,
    remove: () => {
      rmSync(out, { recursive: true, force: true });
    },
  };
}
