/**
 * Whichever process of a lab is killed, at whatever moment: its processes, its namespaces and the devices in them go,
 * and the machine's own network is as it was.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { randomRoot } from '../../src/base/rng.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { hostNetwork } from './host-network.js';
import { LiveDesk, SMALL, endAll } from './live-support.js';
import { alive, descendants, namespacesOf } from './support.js';
import { Unprivileged } from './unprivileged.js';

const compiled = compileProduct(['test/kernel/leak-victim.ts']);
const main = fileURLToPath(compiled.url('src/cli/main.ts'));
// A folder of mkdtemp's is for its owner only.
chmodSync(join(dirname(main), '..', '..'), 0o755);
const nobody = new Unprivileged();
const scratch = mkdtempSync(join(tmpdir(), 'callpath-leak-'));
afterEach(endAll);
afterAll(() => {
  compiled.remove();
  nobody.remove();
  rmSync(scratch, { recursive: true, force: true });
});

/** How often each is killed; more for a long trial (`npm run test:leak`). */
const ROUNDS = Array.from({ length: Number(process.env['CALLPATH_LEAK_ROUNDS'] ?? 3) }, (_, k) => k);
/** Processes that a killed one leaves may take this long to be seen as gone, milliseconds. */
const PATIENCE = 10_000;

/** A round that takes longer hangs, milliseconds. */
const HANGS = 180_000;

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

/** Waits for a list to become empty; gives what is left at the end. */
async function settles<T>(look: () => readonly T[]): Promise<readonly T[]> {
  let left = look();
  for (let waited = 0; waited < PATIENCE && left.length > 0; waited += 20) {
    await pause(20);
    left = look();
  }
  return left;
}

/** A trial: all that is started with its environment carries a mark that processes inherit. */
class Trial {
  readonly env: NodeJS.ProcessEnv;
  readonly #mark: string;
  readonly #own = namespacesOf(process.pid);
  /** Who was in one of the lab's namespaces, or held it. The number alone would not do: the kernel gives it again. */
  #holders: readonly (readonly [pid: number, namespace: string])[] = [];
  readonly #network = hostNetwork();

  constructor(name: string) {
    this.#mark = `CALLPATH_LEAK_TEST=${process.pid}-${name}`;
    const [key = '', value = ''] = this.#mark.split('=');
    this.env = { ...process.env, [key]: value };
  }

  /** The compiled victim, once it has begun. */
  async victim(...args: readonly string[]): Promise<ChildProcess> {
    const child = spawn(process.execPath, [fileURLToPath(compiled.url('test/kernel/leak-victim.ts')), ...args], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    return child;
  }

  /** Remembers the namespaces of the process and those below it, and who else holds them. Whoever comes later inherits the mark. */
  note(pid: number): void {
    const family = [pid, ...descendants(pid)].flatMap((id) => [...namespacesOf(id)]);
    const lab = new Set(family.filter((ns) => !this.#own.has(ns)));
    this.#holders = processes().flatMap((id) => [...namespacesOf(id)].filter((ns) => lab.has(ns)).map((ns) => [id, ns] as const));
  }

  async leavesNothing(): Promise<void> {
    expect(await settles(() => this.marked())).toEqual([]);
    expect(await settles(() => this.#holders.filter(([id, ns]) => namespacesOf(id).has(ns)))).toEqual([]);
    expect(hostNetwork()).toBe(this.#network);
  }

  /** Processes that inherited the mark, whoever their parent is now. */
  marked(): number[] {
    return processes().filter((pid) => alive(pid) && reads(`/proc/${pid}/environ`).includes(this.#mark));
  }
}

const processes = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Empty for a process that has gone. */
function reads(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null ? Promise.resolve(child.exitCode) : new Promise((resolve) => child.once('exit', (code) => resolve(code)));

describe('nothing of a lab is left', () => {
  const random = randomRoot(1).stream('leak');

  it.each(ROUNDS)(
    'when its process is killed, round %i',
    async (k) => {
      const trial = new Trial(`lab-${k}`);
      const victim = await trial.victim();
      // From before the first namespace to after the second lab's: building, running, closing.
      await pause(random.below(3000));
      trial.note(victim.pid ?? 0);
      // One that has ended by itself would prove nothing.
      expect(victim.exitCode).toBeNull();
      victim.kill('SIGKILL');
      await trial.leavesNothing();
    },
    HANGS,
  );

  it.each(ROUNDS)(
    'when a process of one of its roles is killed, round %i',
    async (k) => {
      const trial = new Trial(`role-${k}`);
      const victim = await trial.victim('once');
      const roles = (): readonly number[] => descendants(victim.pid ?? 0).filter((pid) => reads(`/proc/${pid}/cmdline`).includes('role/main.js'));
      while (roles().length === 0 && victim.exitCode === null) await pause(5);
      // From its start to after its end.
      await pause(random.below(800));
      trial.note(victim.pid ?? 0);
      const running = roles();
      const chosen = running[random.below(Math.max(1, running.length))];
      if (chosen !== undefined) process.kill(chosen, 'SIGKILL');
      // Either nobody needed the role any more, or the lab said what was wrong; a defect ends with 1.
      expect([0, 3]).toContain(await ended(victim));
      await trial.leavesNothing();
    },
    HANGS,
  );

  const killedWhileUp = async (trial: Trial, desk: LiveDesk): Promise<void> => {
    const lab = await desk.up(SMALL);
    // Its second sleep is nobody's child any more.
    const command = desk.start('exec', 'r', '--', 'sh', '-c', '(sleep 1000 &); exec sleep 1000');
    await pause(random.below(800));
    trial.note(lab.child.pid ?? 0);
    lab.child.kill('SIGKILL');
    const { code, err } = await command.ended;
    expect([2, 3], err).toContain(code);
    await trial.leavesNothing();
    // What it left in the file system is forgotten by whoever comes next.
    expect(desk.run('status').err).toContain('no lab is up');
    expect(desk.sockets()).toEqual([]);
  };

  it.each(ROUNDS)(
    'when it is up, a command runs in it, and its process is killed, round %i',
    async (k) => {
      const trial = new Trial(`up-${k}`);
      await killedWhileUp(trial, new LiveDesk([process.execPath, main], join(scratch, `up-${k}`), trial.env));
    },
    HANGS,
  );

  it.each(ROUNDS)(
    'when it is up without root, a command runs in it, and its process is killed, round %i',
    async (k) => {
      const trial = new Trial(`rootless-${k}`);
      await killedWhileUp(trial, new LiveDesk(nobody.node(main, '666'), nobody.makeFolder(`up-${k}`), trial.env));
    },
    HANGS,
  );

  it.each(ROUNDS)(
    'of a command in a node when its terminal is killed, round %i',
    async (k) => {
      const trial = new Trial(`exec-${k}`);
      const desk = new LiveDesk([process.execPath, main], join(scratch, `exec-${k}`), trial.env);
      const lab = await desk.up(SMALL);
      const before = trial.marked();
      const command = desk.start('exec', 'r', '--', 'sh', '-c', '(sleep 1000 &); exec sleep 1000');
      await pause(random.below(800));
      command.child.kill('SIGKILL');
      expect(await settles(() => trial.marked().filter((pid) => !before.includes(pid)))).toEqual([]);
      expect(desk.run('status').code).toBe(0);
      trial.note(lab.child.pid ?? 0);
      expect(desk.run('down').code).toBe(0);
      expect((await lab.ended).code).toBe(0);
      await trial.leavesNothing();
    },
    HANGS,
  );
});
