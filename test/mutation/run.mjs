// Mutation testing of one folder of src/: Stryker changes the code in small ways and looks which changes the near tests do
// not notice. Prints what survived and the score by folder; below 80 the run fails.
//   npm run test:mutation -- netstack/conntrack                     everything; the next run asks only for what has changed
//   npm run test:mutation -- netstack/conntrack/icmp.ts             one file of it
//   npm run test:mutation -- netstack/conntrack --sample 0.1        a tenth of it, the same tenth each time
//   npm run test:mutation -- netstack/conntrack --sample 0.1 --seed 2 --survivors 20
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { FOLDERS } from './folders.mjs';

/** Least score. */
const ENOUGH = 80;
/** A sample is made of pieces of this many lines: long enough for a whole method, so that larger changes are among it. */
const PIECE = 25;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    survivors: { type: 'string', default: '100' },
    jobs: { type: 'string', default: '2' },
  },
});
const [asked = ''] = positionals;
const folder = Object.keys(FOLDERS).find((name) => asked === name || (asked.startsWith(`${name}/`) && asked.endsWith('.ts'))) ?? '';
const file = asked === folder ? null : join('src', asked);
const share = Number(values.sample);
if (positionals.length !== 1 || folder === '' || !(share > 0 && share <= 1) || (file !== null && share < 1)) {
  console.error(
    `usage: npm run test:mutation -- FOLDER[/FILE.ts] [--sample 0.1] [--seed 1] [--survivors 100] [--jobs 2]\nFOLDER is one of ${Object.keys(FOLDERS).join(', ')}; a file is taken whole`,
  );
  process.exit(2);
}

const here = dirname(fileURLToPath(import.meta.url));
process.chdir(join(here, '..', '..'));

/** Stryker has a lock file of its own, since nobody else needs its packages. They stay in node_modules/.cache. */
const tools = resolve('node_modules', '.cache', 'stryker-tools');
const tool = (name) => pathToFileURL(join(tools, 'node_modules', '@stryker-mutator', name, 'dist', 'src', 'index.js')).href;

function install() {
  const stamp = join(tools, '.installed');
  const lock = readFileSync(join(here, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('callpath: installing Stryker (once) ...');
  mkdirSync(tools, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(here, name), join(tools, name));
  const flags = ['--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawnSync('npm', ['ci', '--prefix', tools, ...flags], { stdio: ['ignore', 2, 2] });
  if (npm.status !== 0) {
    console.error('callpath: npm ci failed; its output is above. Mend that, then run the same command again.');
    process.exit(3);
  }
  writeFileSync(stamp, lock);
}

/** Code of the folder that runs: no tests, no kits for them. */
function sources(dir) {
  return readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return entry.name === 'testing' ? [] : sources(path);
      return entry.name.endsWith('.ts') && !/\.(test|bench|testkit)\.ts$|^testing\.ts$/.test(entry.name) ? [path] : [];
    })
    .sort();
}

/** From 0 to 1, the same for the same words on every machine. */
function lot(...words) {
  return createHash('sha256').update(words.join('\0')).digest().readUInt32BE(0) / 2 ** 32;
}

/** What Stryker is to mutate: files, or pieces of them as `FILE:FIRST-LAST`. */
function chosen(files) {
  if (share === 1) return files;
  return files.flatMap((file) => {
    const lines = readFileSync(file, 'utf8').split('\n').length;
    const pieces = Array.from({ length: Math.ceil(lines / PIECE) }, (_, i) => [i * PIECE + 1, Math.min(lines, (i + 1) * PIECE)]);
    return pieces.filter(([first]) => lot(values.seed, file, first) < share).map(([first, last]) => `${file}:${first}-${last}`);
  });
}

const cache = join('node_modules', '.cache', 'stryker');
mkdirSync(cache, { recursive: true });
process.env.CALLPATH_MUTATION_TESTS = JSON.stringify(FOLDERS[folder]);
const mutate = chosen(sources(join('src', folder)).filter((path) => file === null || path === file));
if (mutate.length === 0) {
  console.error(`a sample of ${values.sample} with seed ${values.seed} has no line of src/${asked}: take a larger one or another seed`);
  process.exit(2);
}
const incrementalFile = join(cache, `${folder.replaceAll('/', '-')}.json`);
// What a test noticed is not asked again. The rest is: a test that is new may stand in a file that Stryker does not know.
if (share === 1 && existsSync(incrementalFile)) {
  const known = JSON.parse(readFileSync(incrementalFile, 'utf8'));
  for (const one of Object.values(known.files)) one.mutants = one.mutants.filter(({ status }) => status === 'Killed' || status === 'Ignored');
  writeFileSync(incrementalFile, JSON.stringify(known));
}
install();
const { Stryker } = await import(tool('core'));
const run = new Stryker({
  mutate,
  plugins: [tool('vitest-runner')],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // What runs once when a module is loaded is not told apart by test: each of its mutants would run all of them.
  ignoreStatic: true,
  concurrency: Math.max(1, Math.trunc(Number(values.jobs)) || 1),
  // Generous: on a busy machine loading alone takes seconds, and what only took long counts as noticed.
  timeoutMS: 60_000,
  // A part of the folder is asked for as it is: what was found out about the rest would count among it.
  incremental: share === 1,
  incrementalFile,
  tempDirName: '.stryker',
  ignorePatterns: ['/dist', '/captures', '/lab/docs', '/coverage'],
  reporters: ['progress-append-only'],
  thresholds: { high: 90, low: ENOUGH, break: null },
  allowEmpty: true,
  logLevel: 'warn',
});
// What earlier runs found out about other files comes too.
const results = (await run.runMutationTest()).filter(({ fileName }) => file === null || relative(process.cwd(), fileName) === file);

const DETECTED = new Set(['Killed', 'Timeout']);
const MISSED = new Set(['Survived', 'NoCoverage']);
const missed = results.filter(({ status }) => MISSED.has(status));
for (const { fileName, location, status, mutatorName, replacement } of missed.slice(0, Number(values.survivors))) {
  const place = `${relative(process.cwd(), fileName)}:${location.start.line}:${location.start.column}`;
  console.log(`${status === 'Survived' ? 'survived ' : 'no test  '} ${place} ${mutatorName} -> ${(replacement ?? '').replaceAll(/\s+/g, ' ').slice(0, 80)}`);
}
if (missed.length > Number(values.survivors)) console.log(`... and ${missed.length - Number(values.survivors)} more`);

/** In percent; null where nothing was mutated. */
function score(of) {
  const killed = of.filter(({ status }) => DETECTED.has(status)).length;
  const all = killed + of.filter(({ status }) => MISSED.has(status)).length;
  const late = of.filter(({ status }) => status === 'Timeout').length;
  return all === 0 ? null : { percent: (killed / all) * 100, killed, all, late };
}

const byFolder = new Map();
for (const result of results) {
  const name = dirname(relative(process.cwd(), result.fileName));
  byFolder.set(name, [...(byFolder.get(name) ?? []), result]);
}
const line = (name, s) =>
  `${name.padEnd(32)}${s.percent.toFixed(1).padStart(6)} %  ${s.killed} of ${s.all} mutants detected${s.late > 0 ? `, ${s.late} of them by their time` : ''}`;
console.log('');
for (const [name, list] of [...byFolder].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const s = score(list);
  if (s !== null) console.log(line(name, s));
}
const total = score(results);
if (total === null) {
  console.error('nothing was mutated: take a larger sample or another seed');
  process.exit(2);
}
console.log(line(`src/${asked}${share < 1 ? ` (sample ${values.sample}, seed ${values.seed})` : ''}`, total));
if (total.percent < ENOUGH) {
  console.error(`below ${ENOUGH} %`);
  process.exit(1);
}
process.exit(0);
