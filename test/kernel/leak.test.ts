/**
 * A lab that is killed takes everything with it: its processes, its namespaces, the devices in them.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { randomRoot } from '../../src/base/rng.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { alive, descendants, namespacesInUse, namespacesOf } from './support.js';

const compiled = compileProduct(['test/kernel']);
afterAll(() => {
  compiled.remove();
});

/** How often it is killed; more for a long trial. */
const TIMES = Number(process.env['CALLPATH_LEAK_TIMES'] ?? 5);
/** Processes that a killed one leaves may take this long to be seen as gone, milliseconds. */
const PATIENCE = 5_000;

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

/** Processes that inherited the mark, whoever their parent is now. */
function marked(mark: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return alive(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  });
}

/** Waits for a list to become empty; gives what is left at the end. */
async function settles<T>(look: () => readonly T[]): Promise<readonly T[]> {
  for (let waited = 0; waited < PATIENCE && look().length > 0; waited += 20) await pause(20);
  return look();
}

describe('a lab on kernels that is killed', () => {
  const random = randomRoot(1).stream('leak');
  it.each(Array.from({ length: TIMES }, (_, k) => k))('leaves nothing behind, time %i', async (k) => {
    const mark = `CALLPATH_LEAK_TEST=${process.pid}-${k}`;
    const [name = '', value = ''] = mark.split('=');
    const victim = spawn(process.execPath, [fileURLToPath(compiled.url('test/kernel/leak-victim.ts'))], { env: { ...process.env, [name]: value }, stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = victim.pid ?? 0;
    const own = namespacesOf(process.pid);
    await new Promise<void>((resolve) => victim.stdout.once('data', () => resolve()));
    // From before the first namespace to after the second lab's: building, running, closing.
    await pause(random.below(3000));
    const family = [pid, ...descendants(pid)];
    const namespaces = new Set(family.flatMap((id) => [...namespacesOf(id)]).filter((ns) => !own.has(ns)));
    victim.kill('SIGKILL');
    expect(await settles(() => marked(mark))).toEqual([]);
    expect(await settles(() => [...namespacesInUse()].filter((ns) => namespaces.has(ns)))).toEqual([]);
    // Had a device been made in the machine's own namespace, it would have one of these names.
    expect(readFileSync('/proc/net/dev', 'utf8')).not.toMatch(/leak\d/);
  }, 30_000);
});
