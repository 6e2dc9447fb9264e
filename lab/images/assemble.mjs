// Copies what the image holds from a checkout to a folder: compiled code, the production dependencies that the lock
// file names, flows, experiments, topologies and their rules. What a folder holds that was assembled before is copied as it is.
//
//   node lab/images/assemble.mjs TARGET
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const [target] = process.argv.slice(2);
if (target === undefined) {
  console.error('usage: node lab/images/assemble.mjs TARGET');
  process.exit(2);
}

if (existsSync(join(root, 'src'))) {
  const setup = spawnSync(process.execPath, [join(root, 'lab', 'scripts', 'setup.mjs')], { stdio: 'inherit' });
  if (setup.status !== 0) process.exit(setup.status ?? 3);
  for (const part of ['package.json', 'dist', 'topologies', 'lab/flows', 'lab/experiments', 'lab/rules', 'lab/images', ...dependencies()]) copy(part);
  // By this a lab sees whether the image holds the same code as itself.
  const { digestOf } = await import(pathToFileURL(join(root, 'dist', 'substrate', 'docker', 'digest.js')).href);
  writeFileSync(join(target, 'dist', '.digest'), `${digestOf(join(target, 'dist'))}\n`);
} else {
  cpSync(root, target, { recursive: true });
  // An installed package: its dependencies stand beside it, where the build does not see them, and it was never assembled.
  if (!existsSync(join(target, 'dist', '.digest'))) {
    install();
    const { digestOf } = await import(pathToFileURL(join(target, 'dist', 'substrate', 'docker', 'digest.js')).href);
    writeFileSync(join(target, 'dist', '.digest'), `${digestOf(join(target, 'dist'))}\n`);
  }
}

function install() {
  const words = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  const npm = spawnSync('npm', words, { cwd: target, stdio: 'inherit' });
  if (npm.status !== 0) {
    console.error('assemble: npm install failed; its output is above');
    process.exit(npm.status ?? 3);
  }
}

function copy(part) {
  cpSync(join(root, part), join(target, part), {
    recursive: true,
    dereference: true,
    // A dependency's own dependencies have entries of their own in the lock file.
    filter: (file) =>
      !/\.(map|d\.ts|d\.mts|d\.cts)$/.test(file) && !(part.startsWith('node_modules/') && file.slice(join(root, part).length).startsWith('/node_modules')),
  });
}

/** Folders of the packages that are installed and not for development only. */
function dependencies() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const named = Object.entries(packages)
    .filter(([folder, entry]) => folder.startsWith('node_modules/') && entry.dev !== true && existsSync(join(root, folder)))
    .map(([folder]) => folder);
  // What wires links to kernels; its builds for machines are packages beside it.
  const optional = ['node_modules/koffi', 'node_modules/@koromix'].filter((folder) => existsSync(join(root, folder)));
  return new Set([...named, ...optional]);
}
