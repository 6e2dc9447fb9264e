// Bundles src/ to dist/: modules in a few chunks, packages among them. A command loads some 1,000 modules, and each that is
// a file of its own costs time at the start of every command and of every role's process.
//
//   node lab/scripts/bundle.mjs OUT [FILE|FOLDER ...]
//
// writes OUT/dist, and those modules, or all of a folder, which share its chunks, below OUT under their own names.
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Modules that are run or imported by their path below dist/, without extension. */
const ENTRIES = [
  'index',
  'cli/main',
  'substrate/kernel/role/main',
  // What the documents are generated from, and what marks an image.
  'cli/commands/schema',
  'roles/kinds',
  'roles/reference',
  'scenario/steps/table',
  'verify/checks/table',
  'substrate/docker/digest',
];

/** The files written, by their paths from the root of the project. */
export async function bundle(out, modules = []) {
  const further = modules.flatMap((path) =>
    path.endsWith('.ts')
      ? [path]
      : readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.ts') && !/\.(test|bench|testkit)\.ts$/.test(name))
          .map((name) => join(path, name)),
  );
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [
      ...ENTRIES.map((entry) => ({ in: join('src', `${entry}.ts`), out: join('dist', entry) })),
      ...further.map((file) => ({ in: file, out: file.replace(/\.ts$/, '') })),
    ],
    outdir: out,
    metafile: true,
    bundle: true,
    // What several entries need is in one chunk: a class is one class for all of them.
    splitting: true,
    chunkNames: 'dist/chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // A native module, which finds its builds beside itself.
    external: ['koffi'],
    // Packages that are CommonJS ask for Node's modules with require.
    banner: { js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);" },
    sourcemap: true,
    logLevel: 'error',
  });
  return new Set(Object.keys(metafile.outputs));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [out, ...modules] = process.argv.slice(2);
  if (out === undefined) {
    console.error('usage: node lab/scripts/bundle.mjs OUT [FILE|FOLDER ...]');
    process.exit(2);
  }
  await bundle(resolve(out), modules);
}
