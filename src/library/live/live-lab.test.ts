/**
 * What a live lab is asked for, on the simulator: its time runs while a request is under way, and no root is needed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NEVER, ZERO } from '../../base/time.js';
import { DecisionTable } from '../../capture/decision-table.js';
import { pointsOf } from '../../capture/points.js';
import { Recorder } from '../../capture/recorder.js';
import { KINDS, KIND_INFOS } from '../../roles/kinds.js';
import type { Json } from '../../roles/role.js';
import type { Lab } from '../../substrate/substrate.js';
import { parseTopology } from '../../topology/topology-file.js';
import { pkiOf } from '../run/flow-run.js';
import { DEFAULT_SUBSTRATE } from '../substrates.js';
import { LiveLab } from './live-lab.js';
import type { LabRequest } from './live-lab.js';
import type { LiveCall, LiveStatus } from './protocol.js';

const FILE = join(import.meta.dirname, '..', '..', '..', 'topologies', 'contoso.lab.yaml');
const parsed = parseTopology(readFileSync(FILE, 'utf8'), FILE, KIND_INFOS);
if (!parsed.ok) throw new Error('the topology');
const { plan } = parsed;

async function withLab(work: (ask: (request: LabRequest) => Promise<Json>) => Promise<void>): Promise<void> {
  const points = pointsOf(plan);
  const decisions = new DecisionTable((node) => points.nodeName(node));
  const recorder = new Recorder({
    points,
    decisions,
    sink: null,
    originSeconds: DEFAULT_SUBSTRATE.originSeconds(),
    run: { version: '0', topology: plan.name, hash: plan.hash, seed: 1, records: 'both' },
  });
  const lab: Lab = await DEFAULT_SUBSTRATE.build(plan, {
    kinds: KINDS,
    recorder,
    decisions,
    seed: 1,
    pki: await pkiOf(plan, 1),
    signal: new AbortController().signal,
  });
  const live = new LiveLab(lab, plan);
  try {
    await work((request) => lab.run(() => live.do(request), NEVER));
  } finally {
    await lab.close();
    recorder.close(ZERO);
  }
}

describe('a live lab', () => {
  it(
    'calls, ends the call, and calls again the other way round',
    () =>
      withLab(async (ask) => {
        expect(((await ask({ do: 'call', from: 'alice', to: 'bob@contoso.example' })) as LiveCall).answered).toBe(true);
        await ask({ do: 'hang-up', user: 'alice' });
        expect(((await ask({ do: 'call', from: 'bob', to: 'alice' })) as LiveCall).answered).toBe(true);
      }),
    30_000,
  );

  it(
    'tries a sign-in again that failed',
    () =>
      withLab(async (ask) => {
        await ask({ do: 'link', name: 'alice--hq-lan', set: 'down' });
        await expect(ask({ do: 'call', from: 'alice', to: 'bob' })).rejects.toMatchObject({ code: expect.stringMatching(/^(DNS|NET|SIP)_/) as string });
        await ask({ do: 'link', name: 'alice--hq-lan', set: 'up' });
        expect(((await ask({ do: 'call', from: 'alice', to: 'bob' })) as LiveCall).answered).toBe(true);
      }),
    30_000,
  );

  it(
    'changes every link of a group, and tells what is set',
    () =>
      withLab(async (ask) => {
        const changed = (await ask({ do: 'link', name: 'er', set: 'down' })) as { links: string[] };
        expect(changed.links).toEqual(plan.links.filter((link) => link.group === 'er').map((link) => link.name));
        const set = async (): Promise<unknown> => ((await ask({ do: 'status' })) as unknown as LiveStatus).links.find((link) => link.group === 'er')?.set;
        await ask({ do: 'link', name: 'er', set: 'loss 5%' });
        await ask({ do: 'link', name: 'er', set: 'loss 1%' });
        expect(await set()).toEqual(['down', 'loss 1%']);
        await ask({ do: 'link', name: 'er', set: 'up' });
        expect(await set()).toEqual(['loss 1%']);
      }),
    30_000,
  );

  it(
    'names what it has when it is asked for what it does not have',
    () =>
      withLab(async (ask) => {
        await expect(ask({ do: 'call', from: 'alice', to: 'bobb' })).rejects.toMatchObject({ code: 'FLOW_ACTOR', hint: 'did you mean "bob"?' });
        await expect(ask({ do: 'call', from: 'alice', to: 'alice@contoso.example' })).rejects.toMatchObject({ code: 'FLOW_ACTOR' });
        await expect(ask({ do: 'link', name: 'alice--hqlan', set: 'up' })).rejects.toMatchObject({ code: 'FLOW_STEP', hint: 'did you mean "alice--hq-lan"?' });
        await expect(ask({ do: 'link', name: 'er', set: 'los 5%' })).rejects.toMatchObject({ code: 'FLOW_STEP' });
        const exec = (node: string): Promise<Json> => ask({ do: 'exec', node, words: ['true'], terminal: null, machineTools: false });
        await expect(exec('alcie')).rejects.toMatchObject({ code: 'ROLE_COMMAND', hint: 'did you mean "alice"?' });
        // Nodes of the simulator are no processes.
        await expect(exec('alice')).rejects.toMatchObject({ code: 'ROLE_COMMAND', expected: 'a lab on netns or docker' });
      }),
    30_000,
  );
});
