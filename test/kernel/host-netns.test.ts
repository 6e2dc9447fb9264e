/**
 * The contract of the Host port, on kernels: the same suite as on the simulator.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { seconds } from '../../src/base/time.js';
import { readLedgerFile } from '../../src/capture/ledger-reader.js';
import { bridge } from '../../src/roles/bridge/kind.js';
import { dns } from '../../src/roles/dns/kind.js';
import type { RoleKind } from '../../src/roles/role.js';
import { router } from '../../src/roles/router/kind.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { CONTRACT_TOPOLOGY, hostContract } from '../contract/host-contract.js';
import { probe } from '../contract/probe/kind.js';
import { buildLab, planOf } from './support.js';

const KINDS: ReadonlyMap<string, RoleKind> = new Map([probe, dns, router, bridge].map((kind) => [kind.kind, kind]));

const compiled = compileProduct();
afterAll(() => {
  compiled.remove();
});

const substrate = createNetns({
  main: compiled.main,
  kindModules: new Map([['probe', { module: compiled.url('test/contract/probe/kind.ts'), export: 'probe' }]]),
});

hostContract('netns', () => buildLab(substrate, planOf(CONTRACT_TOPOLOGY, KINDS), { kinds: KINDS }), [
  {
    test: 'timers fire in order, ties in call order, a cancelled one never',
    reason: 'a timer of the wall clock may be late by more than the millisecond that is asked for; its order is tested below',
  },
  { test: 'a wait that nothing can end is named', reason: 'on the wall clock the outside world may always bring something; the time limit ends such a run' },
]);

describe('a role on the wall clock', () => {
  it('has timers that fire in order, ties in call order, never early, a cancelled one never', async () => {
    const { lab, finish } = await buildLab(substrate, planOf(CONTRACT_TOPOLOGY, KINDS), { kinds: KINDS });
    const { order } = (await lab.role('a').call('timers', {})) as { order: string[] };
    (await finish()).close();
    expect(order.map((text) => text.split('@')[0])).toEqual(['a', 'b', 'c']);
    const times = order.map((text) => Number(text.split('@')[1]));
    for (const [k, earliest] of [10, 10, 30].entries()) expect(times[k]).toBeGreaterThanOrEqual(earliest);
  });

  it('that waits for what never comes is named when the limit is reached', async () => {
    const { lab, finish } = await buildLab(substrate, planOf(CONTRACT_TOPOLOGY, KINDS), { kinds: KINDS });
    const run = lab.run(() => lab.role('a').call('stall', {}), seconds(lab.clock.now / 1e9 + 0.5));
    await expect(run).rejects.toMatchObject({ code: 'LAB_TIME_LIMIT', message: expect.stringContaining('a letter that nobody wrote') as unknown });
    (await finish()).close();
  });

  it('whose process is killed fails what was asked of it, by name; the lab lives on', async () => {
    const { lab, finish } = await buildLab(substrate, planOf(CONTRACT_TOPOLOGY, KINDS), { kinds: KINDS });
    const asked = lab.role('a').call('stall', {});
    const inspected = (await lab.inspect('a')) as { process: number };
    process.kill(inspected.process, 'SIGKILL');
    await expect(asked).rejects.toMatchObject({ code: 'LAB_ROLE_FAILED', message: expect.stringMatching(/process of a was killed by SIGKILL/) as unknown });
    expect(await lab.role('b').call('udp-bind', { address: '198.51.100.10', port: 7 })).toEqual({ port: 7 });
    (await finish()).close();
  });

  it('whose process dies while nobody asks it anything ends what is run, by name, and the ledger tells it', async () => {
    const { lab, finish } = await buildLab(substrate, planOf(CONTRACT_TOPOLOGY, KINDS), { kinds: KINDS });
    const { process: pid } = (await lab.inspect('a')) as { process: number };
    const run = lab.run((time) => time.sleep(seconds(30)), seconds(60));
    process.kill(pid, 'SIGKILL');
    await expect(run).rejects.toMatchObject({ code: 'LAB_ROLE_FAILED', message: expect.stringMatching(/^the process of a was killed by SIGKILL/) as unknown });
    expect([...lab.failures.keys()]).toEqual(['a']);
    await expect(lab.run((time) => time.sleep(seconds(1)), seconds(60))).rejects.toMatchObject({ code: 'LAB_ROLE_FAILED' });
    const ledger = await finish();
    expect(ledger.events().filter(({ name }) => name === 'role-failed')).toMatchObject([{ fields: { code: 'LAB_ROLE_FAILED', signal: 'SIGKILL' } }]);
    ledger.close();
  });

  it('is in the file a second later, whatever becomes of the lab', async () => {
    const captureFile = join(mkdtempSync(join(tmpdir(), 'callpath-kept-')), 'kept.pcapng');
    const { lab, finish } = await buildLab(substrate, planOf(CONTRACT_TOPOLOGY, KINDS), { kinds: KINDS, captureFile });
    await lab.run(async (time) => {
      await lab.role('b').call('udp-echo', { address: '198.51.100.10', port: 7 });
      await lab.role('a').call('udp-exchange', { address: '192.0.2.10', to: { address: '198.51.100.10', port: 7 }, count: 3, length: 100 });
      await time.sleep(seconds(1.2));
    }, seconds(60));
    const kept = readLedgerFile(captureFile).ledger;
    const whole = await finish();
    expect(kept.packets).toBeGreaterThanOrEqual(3);
    expect(kept.packets).toBeLessThanOrEqual(whole.packets);
    for (const ledger of [kept, whole]) ledger.close();
    rmSync(dirname(captureFile), { recursive: true });
  });

  it('that is closed with its lab has not failed', async () => {
    const { lab, finish } = await buildLab(substrate, planOf(CONTRACT_TOPOLOGY, KINDS), { kinds: KINDS });
    const ledger = await finish();
    expect([lab.failures.size, ledger.events().filter(({ name }) => name === 'role-failed')]).toEqual([0, []]);
    ledger.close();
  });

  it('ends with LAB_INTERRUPTED on a signal, and closing twice is one closing', async () => {
    const abort = new AbortController();
    const { lab, finish } = await buildLab(substrate, planOf(CONTRACT_TOPOLOGY, KINDS), { kinds: KINDS, signal: abort.signal });
    const run = lab.run((time) => time.sleep(seconds(30)), seconds(60));
    abort.abort();
    await expect(run).rejects.toMatchObject({ code: 'LAB_INTERRUPTED' });
    await Promise.all([lab.close(), lab.close()]);
    (await finish()).close();
  });
});
