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
import type { RoleKind } from '../../roles/role.js';
import type { Lab } from '../../substrate/substrate.js';
import { parseTopology } from '../../topology/topology-file.js';
import { pkiOf } from '../run/flow-run.js';
import { DEFAULT_SUBSTRATE } from '../substrates.js';
import { LiveLab } from './live-lab.js';
import type { LabRequest } from './live-lab.js';
import { parseAnswer } from './protocol.js';

const FILE = join(import.meta.dirname, '..', '..', '..', 'topologies', 'contoso.lab.yaml');
const parsed = parseTopology(readFileSync(FILE, 'utf8'), FILE, KIND_INFOS);
if (!parsed.ok) throw new Error('the topology');
const { plan } = parsed;

/** Has the lab do something, and lets its time pass meanwhile. */
type Run = <T>(act: (live: LiveLab) => T | Promise<T>) => Promise<T>;

async function withLab(work: (run: Run) => Promise<void>, kinds?: ReadonlyMap<string, RoleKind>): Promise<void> {
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
  const live = new LiveLab(lab, plan, kinds);
  try {
    await work((act) => lab.run(async () => act(live), NEVER));
  } finally {
    await lab.close();
    recorder.close(ZERO);
  }
}

describe('a live lab', () => {
  it(
    'calls, ends the call, and calls again the other way round',
    () =>
      withLab(async (run) => {
        expect((await run((live) => live.call('alice', 'bob@contoso.example'))).answered).toBe(true);
        await run((live) => live.hangUp('alice'));
        expect((await run((live) => live.call('bob', 'alice'))).answered).toBe(true);
      }),
    30_000,
  );

  it(
    'tries a sign-in again that failed',
    () =>
      withLab(async (run) => {
        await run((live) => live.setLink('alice--hq-lan', 'down'));
        await expect(run((live) => live.call('alice', 'bob'))).rejects.toMatchObject({ code: expect.stringMatching(/^(DNS|NET|SIP)_/) as string });
        await run((live) => live.setLink('alice--hq-lan', 'up'));
        expect((await run((live) => live.call('alice', 'bob'))).answered).toBe(true);
      }),
    30_000,
  );

  it(
    'changes every link of a group, and tells what is set',
    () =>
      withLab(async (run) => {
        const changed = await run((live) => live.setLink('er', 'down'));
        expect(changed.links).toEqual(plan.links.filter((link) => link.group === 'er').map((link) => link.name));
        const set = async (): Promise<unknown> => (await run((live) => live.status())).links.find((link) => link.group === 'er')?.set;
        await run((live) => live.setLink('er', 'loss 5%'));
        await run((live) => live.setLink('er', 'loss 1%'));
        expect(await set()).toEqual(['down', 'loss 1%']);
        await run((live) => live.setLink('er', 'up'));
        expect(await set()).toEqual(['loss 1%']);
      }),
    30_000,
  );

  it(
    'answers the requests of other terminals as the protocol declares it',
    () =>
      withLab(async (run) => {
        const requests: readonly LabRequest[] = [
          { do: 'status' },
          { do: 'link', name: 'er', set: 'down' },
          { do: 'call', from: 'alice', to: 'bob' },
          { do: 'hang-up', user: 'alice' },
        ];
        for (const request of requests) {
          const answer = await run((live) => live.do(request));
          expect(parseAnswer(request, JSON.parse(JSON.stringify(answer)))).toEqual(answer);
        }
      }),
    30_000,
  );

  it(
    'says who can be called and cannot call: whoever sits at a program',
    () =>
      withLab(
        async (run) => {
          const refused = { code: 'FLOW_ACTOR', expected: 'one of: none; alice can be called' };
          await expect(run((live) => live.call('alice', 'bob'))).rejects.toMatchObject(refused);
          await expect(run((live) => live.hangUp('alice'))).rejects.toMatchObject(refused);
        },
        new Map([...KINDS].map(([name, kind]) => [name, { ...kind, commands: {} }])),
      ),
    30_000,
  );

  it(
    'names what it has when it is asked for what it does not have',
    () =>
      withLab(async (run) => {
        await expect(run((live) => live.call('alice', 'bobb'))).rejects.toMatchObject({ code: 'FLOW_ACTOR', hint: 'did you mean "bob"?' });
        await expect(run((live) => live.call('alice', 'alice@contoso.example'))).rejects.toMatchObject({ code: 'FLOW_ACTOR' });
        await expect(run((live) => live.setLink('alice--hqlan', 'up'))).rejects.toMatchObject({ code: 'FLOW_STEP', hint: 'did you mean "alice--hq-lan"?' });
        await expect(run((live) => live.setLink('er', 'los 5%'))).rejects.toMatchObject({ code: 'FLOW_STEP' });
        const exec = (node: string) => run((live) => live.exec({ do: 'exec', node, words: ['true'], terminal: null, machineTools: false }, () => undefined));
        await expect(exec('alcie')).rejects.toMatchObject({ code: 'CLI_USAGE', hint: 'did you mean "alice"?' });
        // Nodes of the simulator are no processes.
        await expect(exec('alice')).rejects.toMatchObject({ code: 'ROLE_COMMAND', expected: 'a lab on netns or docker' });
      }),
    30_000,
  );
});
