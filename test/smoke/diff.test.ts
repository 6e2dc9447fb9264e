/**
 * `callpath diff`: a flow on the reference topology and on a changed one, what moved and what broke.
 */
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { difference, unchanged } from '../../src/experiment/diff.js';
import type { Difference, DiffSide } from '../../src/experiment/diff.js';
import { Desk } from './cli-support.js';
import { flowWith, planOverridden, planWith, play } from './support.js';

const FLOW = flowWith('online-p2p-internal');

async function side(...changes: readonly string[]): Promise<DiffSide> {
  const { plan, run, observation, findings } = await play(FLOW, changes.length === 0 ? planWith() : planOverridden(...changes));
  return { plan, ledger: run.ledger, observation, outcomes: run.outcomes, findings };
}

const before = side();
const made = async (...changes: readonly string[]): Promise<Difference> => difference(await before, await side(...changes));

describe('the difference', () => {
  it('is nothing when the same is run again', async () => {
    expect(unchanged(await made())).toBe(true);
  });

  it('of a link that is down names the legs that moved, where they part and the routes', async () => {
    const { steps, findings, legs, drops } = await made('link.er-primary=down');
    expect([steps, findings, drops]).toEqual([[], [], []]);
    expect(legs.map(({ id, change }) => [id, change])).toEqual(
      ['signalling/carol-online-fe', 'signalling/erin-online-fe', 'stun/carol-online-stun', 'stun/erin-online-stun'].map((id) => [id, 'moved']),
    );
    const there = legs[0]?.directions[0];
    expect(there).toMatchObject({
      from: 'carol',
      to: 'online-fe',
      parted: { node: 'ce', down: 'er-primary', before: { link: 'er-primary' }, after: { link: 'er-secondary' } },
    });
    const route = there?.parted?.after?.route;
    expect(route).toMatchObject({ via: '198.18.12.6', metric: 20, src: { file: expect.stringContaining('contoso.lab.yaml') as string } });
    expect(there?.after.delivered).toBeGreaterThan(0);
  });

  it('of a lost way tells the step that fails, the leg that broke and why, and what is gone with it', async () => {
    const { steps, findings, legs, drops } = await made('link.dc-rt--inet-fw=down');
    expect(steps.map(({ number, before: was, after }) => [number, was?.ok, after?.ok])).toEqual([
      [1, true, false],
      [2, true, undefined],
      [3, true, undefined],
      [4, true, undefined],
    ]);
    expect(findings.find(({ subject }) => subject === 'carol signs in')).toMatchObject({
      before: { status: 'pass' },
      after: { status: 'fail' },
      src: { line: expect.any(Number) as number },
    });
    expect(legs.filter(({ change }) => change === 'broke').map(({ id }) => id)).toEqual(['dns/dc-dns-public-dns']);
    expect(legs[0]?.directions[0]?.after.endings[0]).toMatch(/^\d+ × no-route at dc-rt/);
    expect(legs.filter(({ change }) => change === 'gone').map(({ id }) => id)).toContain('audio/carol-erin');
    expect(drops).toMatchObject([{ reason: 'no-route', where: 'dc-rt', before: 0 }]);
  });

  it('tells both ways: what is mended is no breach', async () => {
    const there = await made('link.dc-rt--inet-fw=down');
    const back = difference(await side('link.dc-rt--inet-fw=down'), await before);
    expect(back.legs.filter(({ change }) => change === 'mended').map(({ id }) => id)).toEqual(
      there.legs.filter(({ change }) => change === 'broke').map(({ id }) => id),
    );
    expect(back.legs.some(({ change }) => change === 'broke')).toBe(false);
  });
});

describe('callpath diff', () => {
  const desk = new Desk();
  afterAll(() => {
    desk.clear();
  });

  it('exits 1 and says where the ways part; both captures stay', async () => {
    const { code, out, err } = await desk.run('diff', 'online-p2p-internal', '--with', 'link.er=down');
    expect(err).toBe('');
    expect(code).toBe(1);
    expect(out).toMatch(/^online-p2p-internal {2}Two online users.*\n {2}with link\.er=down\n/);
    expect(out).toMatch(/✘ carol signalling, documented ExpressRoute \(.*flow\.yaml:\d+\): Internet: .*; before: ExpressRoute\n/);
    expect(out).toMatch(/moved signalling\/carol-online-fe, signalling\/erin-online-fe/);
    expect(out).toMatch(
      /parts at ce:\n +now ce--inet-fw by the route .* \(.*contoso\.lab\.yaml:\d+\)\n +before er-primary by the route .* \(er-primary is down\)/,
    );
    for (const name of ['before', 'after']) expect(existsSync(desk.path('captures', `online-p2p-internal.${name}.pcapng`))).toBe(true);
  });

  it('exits 0 when nothing moved', async () => {
    const { code, out } = await desk.run('diff', 'hybrid-p2p-mixed', '--with', 'link.er-secondary=down', '--with', 'link.hq-rt--branch-rt.mtu=1400');
    expect(code).toBe(0);
    expect(out).toContain('nothing moved');
  });

  it('gives the same as JSON', async () => {
    const { code, out } = await desk.run('diff', 'online-p2p-internal', '--with', 'link.er-primary=down', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      flow: 'online-p2p-internal',
      changes: ['link.er-primary=down'],
      steps: [],
      legs: [{ change: 'moved', directions: [{ parted: { node: 'ce' } }, {}] }, {}, {}, {}],
    });
  });

  it.each([
    [['online-p2p-internal'], 'CLI_USAGE nothing is to be changed'],
    [['online-p2p-internal', '--with', 'link.er-primry=down'], '--with link.er-primry=down:1:6: TOPOLOGY_OVERRIDE there is no link or link group "er-primry"'],
    [['online-p2p-internal', '--with', 'ce.routes.1.via=nobody'], '--with ce.routes.1.via=nobody:1:17: TOPOLOGY_ROUTE'],
    [['no-flow', '--with', 'link.er=down'], 'FLOW_UNKNOWN'],
  ])('%j is bad input', async (args, message) => {
    const { code, out, err } = await desk.run('diff', ...args);
    expect(err).toContain(message);
    expect([code, out]).toEqual([2, '']);
  });

  it('run takes the same changes', async () => {
    expect((await desk.run('run', 'hybrid-p2p-mixed', '--with', 'link.er=down')).out).toContain('(instead of er)');
  });
});
