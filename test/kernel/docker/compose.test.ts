/**
 * The Compose file as users run it: from the image to the exit code, with every Compose that is installed.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flowIds } from '../../../src/library/load/load.js';
import { composeFile } from '../../../src/substrate/docker/compose.js';
import { planWith, ROOT, swap } from '../../smoke/support.js';
import { buildImage, TEST_IMAGE, withoutDocker } from './support.js';

const TOPOLOGY = 'topologies/contoso.lab.yaml';
/** Of the rules that it names. */
const RULES = 'lab/rules';
const COMMANDS = [['docker', 'compose'], ['docker-compose']].filter(
  ([command = '', ...words]) => spawnSync(command, [...words, 'version'], { stdio: 'ignore' }).status === 0,
);

const reason = await withoutDocker();
if (reason === null && COMMANDS.length === 0 && process.env['CI'] !== undefined)
  throw new Error('neither docker compose nor docker-compose is here; .ci/run installs one');

describe.skipIf(reason !== null || COMMANDS.length === 0)('docker-compose.yml', () => {
  const folders: string[] = [];
  beforeAll(() => {
    buildImage();
  }, 300_000);
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** A folder with what the Compose file names; gives the exit code of `up`, the containers that `down` leaves, and the folder. */
  function upAndDown(command: readonly string[], compose: string, topology: string): { code: number | null; left: string; output: string; captures: string } {
    const folder = mkdtempSync(join(tmpdir(), 'callpath-compose-'));
    folders.push(folder);
    writeFileSync(join(folder, 'docker-compose.yml'), compose);
    mkdirSync(join(folder, 'topologies'));
    writeFileSync(join(folder, TOPOLOGY), topology);
    cpSync(join(ROOT, RULES), join(folder, RULES), { recursive: true });
    const project = `callpath-test-${process.pid}-${folders.length}`;
    const run = (...words: readonly string[]): { status: number | null; stdout: string; stderr: string } => {
      const [file = '', ...first] = command;
      return spawnSync(file, [...first, '-p', project, ...words], { cwd: folder, encoding: 'utf8', env: { ...process.env, CALLPATH_IMAGE: TEST_IMAGE } });
    };
    const up = run('up', '--abort-on-container-exit', '--exit-code-from', 'lab');
    run('down');
    const left = spawnSync('docker', ['ps', '-aq', '--filter', `label=com.docker.compose.project=${project}`], { encoding: 'utf8' }).stdout;
    return { code: up.status, left, output: `${up.stdout}${up.stderr}`, captures: join(folder, 'captures') };
  }

  it.each(COMMANDS.map((command) => [command.join(' '), command] as const))(
    '%s: runs the flows on the committed file, leaves captures, exits with 0',
    (_name, command) => {
      const { code, left, output, captures } = upAndDown(
        command,
        readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'),
        readFileSync(join(ROOT, TOPOLOGY), 'utf8'),
      );
      // How long media took is the machine's as well: with other work at it, that alone may differ, and is told.
      const differs = [...output.matchAll(/✘ +(.*)/g)].map(([, what = '']) => what);
      expect([code, differs.filter((what) => !/^\S+ quality\b.*\bloss 0\.00%/.test(what)), output]).toEqual([
        differs.length === 0 ? 0 : 1,
        [],
        expect.stringMatching(/\d+ flows?, \d+ as documented/),
      ]);
      for (const id of flowIds()) expect(existsSync(join(captures, `${id}.pcapng`))).toBe(true);
      expect(left).toBe('');
    },
    600_000,
  );

  it.each(COMMANDS.map((command) => [command.join(' '), command] as const))(
    '%s: exits with 1 when a flow differs from its documentation',
    (_name, command) => {
      // Between the two offices speech may take 50 ms.
      const slow = swap('impairments: delay 6ms', 'impairments: delay 206ms');
      const compose = composeFile(planWith(slow), { topology: TOPOLOGY, flows: ['hybrid-p2p-onprem'] });
      const { code, left, output } = upAndDown(command, compose, slow(readFileSync(join(ROOT, TOPOLOGY), 'utf8')));
      expect([code, output]).toEqual([1, expect.stringContaining('quality')]);
      expect(left).toBe('');
    },
    600_000,
  );
});
