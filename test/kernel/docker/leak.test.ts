/**
 * Whichever process of a lab of containers is killed, at whatever moment: its containers, started or not, go, their
 * processes and the guard that saw to it, and the machine's own network is as it was.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomRoot } from '../../../src/base/rng.js';
import { listContainers } from '../../../src/substrate/docker/container.js';
import { Engine } from '../../../src/substrate/docker/engine.js';
import { LABEL } from '../../../src/substrate/docker/vocabulary.js';
import { compileProduct } from '../../../src/substrate/kernel/role/compiled.testkit.js';
import { buildImage, TEST_IMAGE, withoutDocker } from './support.js';
import { hostNetwork } from '../host-network.js';
import { endAll, LiveDesk, type Running, SMALL } from '../live-support.js';
import { alive } from '../support.js';

/** How often each is killed; more for a long trial (`npm run test:leak`). */
const ROUNDS = Array.from({ length: Number(process.env['CALLPATH_LEAK_ROUNDS'] ?? 3) }, (_, k) => k);
/** A killed lab's containers may take this long to be gone, milliseconds. */
const PATIENCE = 60_000;

/** Of a round; a machine with other work takes its time, milliseconds. */
const TIMEOUT = 300_000;

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

const processes = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Empty for a process that has gone since it was listed. */
function reads(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Processes whose command line or environment has the text. */
function processesWith(text: string): number[] {
  return processes().filter((pid) => `${reads(`/proc/${pid}/cmdline`)} ${reads(`/proc/${pid}/environ`)}`.includes(text));
}

const reason = await withoutDocker();
const compiled = compileProduct(['test/kernel/docker/victim.ts']);
const scratch = mkdtempSync(join(tmpdir(), 'callpath-docker-leak-'));
afterAll(() => {
  endAll();
  compiled.remove();
  rmSync(scratch, { recursive: true, force: true });
});

/** A command with a process that is nobody's child any more; the image has no shell. */
const COMMAND = ['node', '-e', "require('child_process').spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref(); setInterval(() => 0, 1000)"];

/** A trial: what the victim starts carries a mark that processes inherit, its containers its own number. */
class Trial {
  readonly #mark: string;
  readonly #network = hostNetwork();
  #pid = 0;

  constructor(name: string) {
    this.#mark = `CALLPATH_LEAK_TEST=docker-${process.pid}-${name}`;
  }

  /** Once it has begun. */
  async victim(...args: readonly string[]): Promise<ChildProcess> {
    const [name = '', value = ''] = this.#mark.split('=');
    const script = fileURLToPath(compiled.url('test/kernel/docker/victim.ts'));
    const victim = spawn(process.execPath, [script, TEST_IMAGE, ...args], { env: { ...process.env, [name]: value }, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#pid = victim.pid ?? 0;
    await new Promise<void>((resolve) => victim.stdout.once('data', () => resolve()));
    return victim;
  }

  /** The command line, in a folder of its own, and a lab that it keeps up. */
  async live(): Promise<{ readonly desk: LiveDesk; readonly lab: Running }> {
    const [name = '', value = ''] = this.#mark.split('=');
    const desk = new LiveDesk([process.execPath, fileURLToPath(compiled.url('src/cli/main.ts'))], join(scratch, value), {
      ...process.env,
      [name]: value,
      CALLPATH_IMAGE: TEST_IMAGE,
    });
    const lab = await desk.up(SMALL, 'docker');
    this.#pid = lab.child.pid ?? 0;
    return { desk, lab };
  }

  async leavesNothing(): Promise<void> {
    const left = async (): Promise<unknown[]> => [...(await this.#containers()), ...processesWith(this.#mark)];
    for (let waited = 0; waited < PATIENCE && (await left()).length > 0; waited += 100) await pause(100);
    expect(await left()).toEqual([]);
    expect(hostNetwork()).toBe(this.#network);
  }

  /** Processes in the containers, as this machine counts. */
  async contained(): Promise<readonly number[]> {
    const ids = await this.#containers();
    return processes().filter((pid) => ids.some((id) => reads(`/proc/${pid}/cgroup`).includes(id)));
  }

  async #containers(): Promise<readonly string[]> {
    const engine = await Engine.connect();
    const all = await listContainers(engine, [LABEL.owner]);
    engine.close();
    return all.filter(({ labels }) => labels[LABEL.owner]?.startsWith(`${this.#pid}:`)).map(({ id }) => id);
  }
}

const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null ? Promise.resolve(child.exitCode) : new Promise((resolve) => child.once('exit', (code) => resolve(code)));

describe.skipIf(reason !== null)('nothing of a lab of containers is left', () => {
  const random = randomRoot(1).stream('leak');
  beforeAll(() => {
    buildImage();
  }, 300_000);

  it.each(ROUNDS)(
    'when its process is killed, round %i',
    async (k) => {
      const trial = new Trial(`lab-${k}`);
      const victim = await trial.victim();
      // From before the first container to after the second lab's.
      await pause(random.below(5000));
      // One that has ended by itself would prove nothing.
      expect(victim.exitCode).toBeNull();
      victim.kill('SIGKILL');
      await trial.leavesNothing();
    },
    TIMEOUT,
  );

  it.each(ROUNDS)(
    'when a process in one of its containers is killed, its main one or a role, round %i',
    async (k) => {
      const trial = new Trial(`container-${k}`);
      const victim = await trial.victim('once');
      while ((await trial.contained()).length === 0 && victim.exitCode === null) await pause(20);
      await pause(random.below(1500));
      const running = await trial.contained();
      const chosen = running[random.below(Math.max(1, running.length))];
      if (chosen !== undefined && alive(chosen)) process.kill(chosen, 'SIGKILL');
      // Either nobody needed it any more, or the lab said what was wrong; a defect ends with 1.
      expect([0, 3]).toContain(await ended(victim));
      await trial.leavesNothing();
    },
    TIMEOUT,
  );

  it.each(ROUNDS)(
    'when the process that guards its containers is killed, round %i',
    async (k) => {
      const trial = new Trial(`guard-${k}`);
      const victim = await trial.victim('once');
      const guards = (): readonly number[] => processesWith(`${LABEL.lab}=victim-${victim.pid ?? 0}-`);
      while (guards().length === 0 && victim.exitCode === null) await pause(20);
      await pause(random.below(1000));
      for (const guard of guards()) process.kill(guard, 'SIGKILL');
      expect(await ended(victim)).toBe(0);
      await trial.leavesNothing();
    },
    TIMEOUT,
  );

  it.each(ROUNDS)(
    'when it is up, a command runs in a container, and its process is killed, round %i',
    async (k) => {
      const trial = new Trial(`up-${k}`);
      const { desk, lab } = await trial.live();
      const command = desk.start('exec', 'r', '--', ...COMMAND);
      await pause(random.below(3000));
      lab.child.kill('SIGKILL');
      const { code, err } = await command.ended;
      expect([2, 3], err).toContain(code);
      await trial.leavesNothing();
    },
    TIMEOUT,
  );

  describe('of a command in a container', () => {
    const trial = new Trial('exec');
    let desk: LiveDesk | null = null;
    beforeAll(async () => {
      ({ desk } = await trial.live());
    }, TIMEOUT);

    it.each(ROUNDS)(
      'when its terminal is killed, round %i',
      async () => {
        const before = await trial.contained();
        const command = desk!.start('exec', 'r', '--', ...COMMAND);
        await pause(random.below(3000));
        command.child.kill('SIGKILL');
        const left = async (): Promise<unknown[]> => [...(await trial.contained())].filter((pid) => !before.includes(pid));
        await expect.poll(left, { timeout: PATIENCE, interval: 100 }).toEqual([]);
        // Started late, it would be there only now.
        expect(desk!.run('status').code).toBe(0);
        expect(await left()).toEqual([]);
      },
      TIMEOUT,
    );

    afterAll(async () => {
      expect(desk!.run('down').code).toBe(0);
      await trial.leavesNothing();
    }, TIMEOUT);
  });
});
