// All set-up that `npm start` and `npm test` need on a fresh clone: install the dependencies that the lock file names,
// bundle src/ to dist/. Each half is skipped when nothing it reads has changed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
process.chdir(root);

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`callpath needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(2);
}

const stamp = join('node_modules', '.cache', 'callpath-lock');
const lock = readFileSync('package-lock.json', 'utf8');
const known = existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
if (!known && installed(JSON.parse(lock))) remember();
else if (!known) {
  console.error('callpath: installing dependencies (once) ...');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: ['ignore', 2, 2] });
  if (npm.status !== 0) {
    console.error('callpath: npm ci failed; its output is above. Mend that, then run the same command again.');
    process.exit(3);
  }
  remember();
}

/** By `npm ci` or `npm install`: npm writes down what it has put there, when it is done. */
function installed({ packages }) {
  const record = join('node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const there = JSON.parse(readFileSync(record, 'utf8')).packages ?? {};
  // Builds for other machines are not installed.
  return Object.entries(packages).every(
    ([path, { version, optional }]) => path === '' || there[path]?.version === version || (optional === true && there[path] === undefined),
  );
}

function remember() {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

/** Every file below `folder`, sorted, with its modification time. */
function walk(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

const sources = walk('src').filter((file) => file.endsWith('.ts') && !/(\.(test|bench|testkit|contract)\.ts|\/testing\/.*|\/testing\.ts)$/.test(file));
const print = JSON.stringify([lock, [...sources, 'lab/scripts/bundle.mjs'].map((file) => [file, statSync(file).mtimeMs])]);
const built = join('dist', '.stamp');
if (!existsSync(built) || readFileSync(built, 'utf8') !== print) {
  // Only now: a fresh clone has no packages before.
  const { bundle } = await import('./bundle.mjs');
  rmSync(built, { force: true });
  const written = await bundle('.');
  const declared = new Set(sources.map((file) => join('dist', relative('src', file).replace(/\.ts$/, '.d.ts'))));
  for (const file of walk('dist')) if (!written.has(file) && !declared.has(file)) rmSync(file);
  writeFileSync(built, print);
}
