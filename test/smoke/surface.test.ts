/**
 * The public library surface: its names, and the example of its documentation, run as it stands there against the
 * compiled package.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as surface from '../../src/index.js';
import { Desk, build } from './cli-support.js';
import { ROOT } from './support.js';

const desk = new Desk();
beforeAll(build);
afterAll(() => {
  desk.clear();
});

it('has these names and no others', () => {
  expect(Object.keys(surface).sort()).toEqual([
    'CallpathLab',
    'ERROR_CODES',
    'ERROR_HELP',
    'FIELDS',
    'FORMATS',
    'Faults',
    'KINDS',
    'KIND_INFOS',
    'LabError',
    'PLAIN',
    'SUBSTRATES',
    'TABLES',
    'check',
    'checkFile',
    'clearText',
    'command',
    'compareBaseline',
    'compileFilter',
    'diffJobs',
    'experimentIds',
    'experimentJobs',
    'explain',
    'extract',
    'extractPoint',
    'faultsOf',
    'fitFlow',
    'flowIds',
    'formatBaseline',
    'formatLabError',
    'holds',
    'importRules',
    'journeysOf',
    'judge',
    'loadExperiment',
    'loadFlow',
    'loadRules',
    'loadTopology',
    'makeJobs',
    'observe',
    'openLedger',
    'overridesOf',
    'parityOf',
    'parseBaseline',
    'parseFlow',
    'parseTopology',
    'pathsOf',
    'planOf',
    'playJob',
    'reachEnd',
    'reachLines',
    'reachable',
    'readFilter',
    'routesOf',
    'runFlow',
    'selectPackets',
    'serve',
    'sim',
    'stepKind',
    'storiesOf',
    'substrateNamed',
    'topologyJsonSchema',
    'verifyFlow',
    'whyLine',
    'whyText',
    'zodConfigSchema',
  ]);
});

it('does what its example says', () => {
  const header = /@example\n((?: \*.*\n)*?) \* @module/.exec(readFileSync(join(ROOT, 'src', 'index.ts'), 'utf8'));
  const example = (header?.[1] ?? '').replace(/^ \* ?/gm, '');
  expect(example).toContain("from 'callpath'");
  // As a project that depends on the package, with the flows and topologies that come with it.
  mkdirSync(desk.path('node_modules'));
  symlinkSync(ROOT, desk.path('node_modules', 'callpath'));
  for (const folder of ['lab/flows', 'lab/rules', 'topologies']) cpSync(join(ROOT, folder), desk.path(folder), { recursive: true });
  desk.write('example.mjs', example);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['example.mjs'], { cwd: desk.folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^pass alice signs in at home, dc-fe$/m);
  expect(stdout).toMatch(/^pass bob signalling ExpressRoute$/m);
  expect(stdout).not.toMatch(/^(fail|unproved)/m);
  expect(stdout.match(/^delivered$/gm)?.length).toBeGreaterThan(100);
});
