/**
 * The test of lab/docs/testing.md as its readers have it: in a project of theirs that depends on the package, on the
 * kernel's own stack and in containers.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../smoke/cli-support.js';
import { fences } from '../smoke/documents.js';
import { buildImage, TEST_IMAGE, withoutDocker } from './docker/support.js';
import { ROOT } from './support.js';

const reason = await withoutDocker();

describe('the test of the guide', () => {
  const project = mkdtempSync(join(tmpdir(), 'callpath-own-'));
  beforeAll(() => {
    build();
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(ROOT, join(project, 'node_modules', 'callpath'));
    symlinkSync(join(ROOT, 'node_modules', 'vitest'), join(project, 'node_modules', 'vitest'));
    for (const folder of ['topologies', join('lab', 'rules')]) cpSync(join(ROOT, folder), join(project, folder), { recursive: true });
    const [example] = fences(readFileSync(join(ROOT, 'lab', 'docs', 'testing.md'), 'utf8')).filter(({ info }) => info === 'ts');
    writeFileSync(join(project, 'own.test.ts'), example?.body ?? '');
    writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  }, 60_000);
  afterAll(() => {
    rmSync(project, { recursive: true });
  });

  const passesOn = (substrate: string): void => {
    const run = spawnSync(process.execPath, [join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--root', project], {
      cwd: project,
      env: { ...process.env, LAB_ON: substrate, CALLPATH_IMAGE: TEST_IMAGE, NO_COLOR: '1' },
      encoding: 'utf8',
      timeout: 400_000,
    });
    expect([run.status, `${run.stdout}${run.stderr}`]).toEqual([0, expect.stringContaining('1 passed')]);
  };

  it('passes on netns', () => {
    passesOn('netns');
  }, 400_000);

  it.skipIf(reason !== null)(
    'passes on docker',
    () => {
      buildImage();
      passesOn('docker');
    },
    500_000,
  );
});
