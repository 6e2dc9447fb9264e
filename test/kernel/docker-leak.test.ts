/**
 * A lab of containers that is killed takes everything with it: its containers, started or not, their processes, and
 * the guard that saw to it.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomRoot } from '../../src/base/rng.js';
import { listContainers } from '../../src/substrate/docker/container.js';
import { Engine } from '../../src/substrate/docker/engine.js';
import { LABEL } from '../../src/substrate/docker/vocabulary.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { buildImage, removeImage, TEST_IMAGE, withoutDocker } from './docker-support.js';

/** How often it is killed; more for a long trial. */
const TIMES = Number(process.env['CALLPATH_LEAK_TIMES'] ?? 5);
/** A killed lab's containers may take this long to be gone, milliseconds. */
const PATIENCE = 15_000;

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

/** Processes whose command line or environment has the text. */
function processesWith(text: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return `${readFileSync(`/proc/${pid}/cmdline`, 'utf8')} ${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.includes(text);
    } catch {
      // It has gone since it was listed.
      return false;
    }
  });
}

const reason = await withoutDocker();

describe.skipIf(reason !== null)('a lab of containers that is killed', () => {
  const compiled = compileProduct(['test/kernel']);
  const random = randomRoot(1).stream('leak');
  beforeAll(() => {
    buildImage();
  }, 300_000);
  afterAll(() => {
    compiled.remove();
    removeImage();
  }, 60_000);

  it.each(Array.from({ length: TIMES }, (_, k) => k))(
    'leaves nothing behind, time %i',
    async (k) => {
      const mark = `CALLPATH_LEAK_TEST=docker-${process.pid}-${k}`;
      const [name = '', value = ''] = mark.split('=');
      const victim = spawn(process.execPath, [fileURLToPath(compiled.url('test/kernel/docker-victim.ts')), TEST_IMAGE], { env: { ...process.env, [name]: value }, stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise<void>((resolve) => victim.stdout.once('data', () => resolve()));
      // From before the first container to after the second lab's.
      await pause(random.below(5000));
      victim.kill('SIGKILL');
      const engine = await Engine.connect();
      const left = async (): Promise<unknown[]> => {
        const containers = await listContainers(engine, [LABEL.owner]);
        return [...containers.filter(({ labels }) => labels[LABEL.owner]?.startsWith(`${victim.pid ?? 0}:`)), ...processesWith(mark)];
      };
      for (let waited = 0; waited < PATIENCE && (await left()).length > 0; waited += 100) await pause(100);
      expect(await left()).toEqual([]);
      engine.close();
    },
    60_000,
  );
});
