/**
 * Labs of containers: links are plugged in from outside, the contract of the Host port holds, the documented flows have
 * the verdicts of the simulator, and nothing is left.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seconds } from '../../../src/base/time.js';
import { runFlow } from '../../../src/library/run/flow-run.js';
import { bridge } from '../../../src/roles/bridge/kind.js';
import { dns } from '../../../src/roles/dns/kind.js';
import type { Json, RoleKind } from '../../../src/roles/role.js';
import { router } from '../../../src/roles/router/kind.js';
import { createDocker } from '../../../src/substrate/docker/docker.js';
import { CONTRACT_TOPOLOGY, hostContract } from '../../contract/host-contract.js';
import { probe } from '../../contract/probe/kind.js';
import { flowWith, judge, play, swap, tool } from '../../smoke/support.js';
import { flowsOn, planOfFlow } from '../../support/documented-flows.js';
import { buildImage, containerPid, containersOfMine, mountedProbe, rolePid, TEST_IMAGE, withoutDocker } from './support.js';
import { buildLab, inNode, planOf } from '../support.js';

const TWO = `
name: two
organisations: { lab: { domains: [lab.example] } }
topology:
  nodes:
    a: { kind: probe, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.1/30, "2001:db8::1/64"] } }
    b: { kind: probe, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.2/30, "2001:db8::2/64"] } }
  links:
    - { name: wire, segment: customer, endpoints: ["a:eth0", "b:eth0"], impairments: delay 10ms }
`;
const KINDS: ReadonlyMap<string, RoleKind> = new Map([probe, dns, router, bridge].map((kind) => [kind.kind, kind]));

/** Of a documented flow: bounds that hold on a machine with other work, whose processes wait for their turn. */
const PATIENT = swap("delay: '< 50ms', jitter: '< 30ms'", "delay: '< 5s', jitter: '< 5s'");

const reason = await withoutDocker();

describe.skipIf(reason !== null)('labs of containers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-docker-'));
  const mounted = mountedProbe();
  const substrate = createDocker({ image: TEST_IMAGE, mounts: mounted.mounts, main: mounted.main, kindModules: new Map([['probe', mounted.kind]]) });

  beforeAll(() => {
    buildImage();
  }, 300_000);
  afterAll(async () => {
    mounted.remove();
    rmSync(folder, { recursive: true, force: true });
    // Whatever a test above made of it, the machine is as it was.
    expect(await containersOfMine()).toEqual([]);
  }, 180_000);

  describe('a link between two containers', () => {
    it('adds its delay to every round trip; the capture shows each frame at both ends', async () => {
      const file = join(folder, 'two.pcapng');
      const recorded = await buildLab(substrate, planOf(TWO, KINDS), { kinds: KINDS, captureFile: file });
      const { lab } = recorded;
      const call = (node: string, command: string, argument: Json): Promise<Json> =>
        lab.run(() => lab.role(node).call(command, argument), seconds(lab.clock.now / 1e9 + 30));
      for (const [from, to] of [
        ['192.0.2.1', '192.0.2.2'],
        ['2001:db8::1', '2001:db8::2'],
      ] as const) {
        await call('b', 'udp-echo', { address: to, port: 7 });
        const began = lab.clock.now;
        const { got } = (await call('a', 'udp-exchange', { address: from, to: { address: to, port: 7 }, count: 5, length: 100 })) as { got: object[] };
        expect(got.length).toBe(5);
        // Less than the link's delay there and back would mean another way.
        expect(lab.clock.now - began).toBeGreaterThanOrEqual(20e6);
      }
      (await recorded.finish()).close();
      if (!judge('tshark')) return;
      const seen = tool('tshark', '-r', file, '-Y', 'udp.port == 7', '-T', 'fields', '-e', 'frame.interface_name').trim().split('\n');
      // Ten datagrams there and ten back, each at both ends.
      expect(seen.filter((point) => point === 'wire:a').length).toBe(20);
      expect(seen.filter((point) => point === 'wire:b').length).toBe(20);
    }, 180_000);

    it('gives a node no right to change it, and nothing but the link', async () => {
      const recorded = await buildLab(substrate, planOf(TWO, KINDS), { kinds: KINDS });
      const { lab } = recorded;
      const interfaces = JSON.parse(await inNode(lab, 'a', 'ip', '-json', 'link')) as { ifname: string }[];
      expect(interfaces.map((iface) => iface.ifname).sort()).toEqual(['eth0', 'lo']);
      const [id = ''] = await containersOfMine();
      const said = spawnSync('docker', ['exec', id, 'ip', 'link', 'set', 'eth0', 'down'], { encoding: 'utf8' });
      expect(said.stderr).toContain('Operation not permitted');
      const { HostConfig, Config } = (
        JSON.parse(spawnSync('docker', ['inspect', id], { encoding: 'utf8' }).stdout) as [{ HostConfig: object; Config: object }]
      )[0];
      expect(HostConfig).toMatchObject({
        NetworkMode: 'none',
        CapDrop: ['ALL'],
        ReadonlyRootfs: true,
        SecurityOpt: ['no-new-privileges'],
        AutoRemove: true,
        Privileged: false,
      });
      expect(Config).toMatchObject({ User: '65534:65534' });
      (await recorded.finish()).close();
      expect(await containersOfMine()).toEqual([]);
      await lab.close();
    }, 180_000);
  });

  describe('what stands in the way', () => {
    it('is told with its cure: no image', async () => {
      expect(await createDocker({ image: 'callpath-nobody-built:this' }).probe()).toMatchObject([
        { code: 'DOCKER_IMAGE', hint: expect.stringContaining('build-scratch.mjs') as string },
      ]);
    });

    it('is told with its cure: no daemon', async () => {
      const before = process.env['DOCKER_HOST'];
      process.env['DOCKER_HOST'] = `unix://${folder}/nobody.sock`;
      try {
        expect(await substrate.probe()).toMatchObject([{ code: 'DOCKER_UNREACHABLE' }]);
      } finally {
        if (before === undefined) delete process.env['DOCKER_HOST'];
        else process.env['DOCKER_HOST'] = before;
      }
    });

    it('leaves nothing behind when a lab cannot be built', async () => {
      const broken = createDocker({ image: TEST_IMAGE, main: '/nowhere.js' });
      const plan = planOf(TWO, KINDS);
      await expect(buildLab(broken, plan, { kinds: KINDS })).rejects.toMatchObject({ code: 'LAB_ROLE_FAILED' });
      expect(await containersOfMine()).toEqual([]);
    }, 180_000);
  });

  hostContract('docker', () => buildLab(substrate, planOf(CONTRACT_TOPOLOGY, KINDS), { kinds: KINDS }), [
    {
      test: 'timers fire in order, ties in call order, a cancelled one never',
      reason: 'a timer of the wall clock may be late by more than the millisecond that is asked for',
    },
    { test: 'a wait that nothing can end is named', reason: 'on the wall clock the outside world may always bring something; the time limit ends such a run' },
  ]);

  describe('a role in a container', () => {
    it('that waits for what never comes is named when the limit is reached', async () => {
      const { lab, finish } = await buildLab(substrate, planOf(TWO, KINDS), { kinds: KINDS });
      const run = lab.run(() => lab.role('a').call('stall', {}), seconds(lab.clock.now / 1e9 + 0.5));
      await expect(run).rejects.toMatchObject({ code: 'LAB_TIME_LIMIT', message: expect.stringContaining('a letter that nobody wrote') as string });
      (await finish()).close();
    }, 180_000);

    it.each([
      ['process', rolePid],
      ['container', containerPid],
    ] as const)(
      'whose %s is killed ends what is run, by name, and the ledger tells it',
      async (_what, pidOf) => {
        const { lab, finish } = await buildLab(substrate, planOf(TWO, KINDS), { kinds: KINDS });
        const run = lab.run((time) => time.sleep(seconds(30)), seconds(60));
        run.catch(() => undefined);
        process.kill(await pidOf('a'), 'SIGKILL');
        await expect(run).rejects.toMatchObject({ code: 'LAB_ROLE_FAILED', message: expect.stringMatching(/^the process of a /) as string });
        const ledger = await finish();
        expect(ledger.events().filter(({ name }) => name === 'role-failed')).toHaveLength(1);
        ledger.close();
      },
      180_000,
    );

    it('that is killed fails what was asked of it, by name; the lab lives on', async () => {
      const { lab, finish } = await buildLab(substrate, planOf(TWO, KINDS), { kinds: KINDS });
      const asked = lab
        .role('a')
        .call('stall', {})
        .catch((error: unknown) => error);
      process.kill(await rolePid('a'), 'SIGKILL');
      expect(await asked).toMatchObject({ code: 'LAB_ROLE_FAILED', message: expect.stringMatching(/process of a was killed by SIGKILL/) as string });
      expect(await lab.role('b').call('udp-bind', { address: '192.0.2.2', port: 7 })).toEqual({ port: 7 });
      (await finish()).close();
    }, 180_000);
  });

  describe('the documented flows', () => {
    const shipped = createDocker({ image: TEST_IMAGE });
    it.each(flowsOn('docker'))(
      '%s has the verdict of the simulator, check by check',
      async (id) => {
        const contained = await runFlow(flowWith(id, PATIENT), planOfFlow(id), { substrate: shipped, seed: 1, captureFile: null });
        expect(contained.error).toBeNull();
        expect(contained.findings.filter((finding) => finding.status !== 'pass')).toEqual([]);
        const simulated = await play(flowWith(id, PATIENT), planOfFlow(id));
        const statuses = (verdict: typeof contained): string[] => verdict.findings.map((finding) => `${finding.check} ${finding.status}`);
        expect(statuses(contained)).toEqual(statuses(simulated));
        contained.run.ledger.close();
        simulated.run.ledger.close();
      },
      300_000,
    );
  });
});
