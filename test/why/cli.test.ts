/** `callpath why` and `callpath path` as a user has them. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reach } from '../../src/analysis/reach/reach.js';
import type { FlowStory } from '../../src/analysis/why/story.js';
import { Desk, flowText, topologyText } from '../smoke/cli-support.js';
import type { Said } from '../smoke/cli-support.js';
import { swap } from '../smoke/support.js';

const desk = new Desk();
let ran: Said;
const CONTOSO = 'contoso.lab.yaml';

beforeAll(async () => {
  desk.write(CONTOSO, topologyText());
  // Nobody reaches the servers in the datacenter: their router has no way to them but a blackhole.
  desk.write('cut.flow.yaml', flowText('hybrid-p2p-onprem', swap('steps:\n', 'steps:\n  - link: { name: dc-rt--dc-lan, set: down }\n')));
  ran = await desk.run('run', 'cut.flow.yaml');
  expect(ran.code).toBe(1);
}, 60_000);
afterAll(() => {
  desk.clear();
});

describe('why', () => {
  const capture = join('captures', 'hybrid-p2p-onprem.pcapng');

  it('explains what went wrong first, and says how much of it there is', async () => {
    const { code, out } = await desk.run('why', capture, 'dns', '--limit', '1');
    expect(code).toBe(0);
    expect(out).toMatch(/^udp .*:53 {2}flow \d+\n {2}alice > .*: \d+ packets?, (not|none) delivered\n/);
    expect(out).toMatch(/✘ .* dropped at dc-rt: blackhole route /);
    expect(out).toMatch(/\n\d+ flows match, \d+ broken; 1 shown, all with --limit \d+\n$/);
  });

  it('names who was meant, with the topology', async () => {
    expect((await desk.run('why', capture, 'dns', '--topology', CONTOSO)).out).toContain('alice > dc-dns: ');
  });

  it('speaks JSON', async () => {
    const { stories, partial } = JSON.parse((await desk.run('why', capture, 'dns', '--json')).out) as { stories: FlowStory[]; partial: boolean };
    expect(partial).toBe(false);
    expect(stories[0]).toMatchObject({ protocol: 'udp', verdict: 'broken', there: { from: 'alice', delivered: 0 } });
  });

  it.each([
    [['why', capture, 'udp.port == 1'], 1],
    [['why', capture, 'udp.prt == 1'], 2],
    [['why', capture, 'udp', '--limit', 'x'], 2],
    [['why', 'nowhere.pcapng', 'udp'], 2],
  ] as const)('%j exits %i', async (command, code) => {
    expect((await desk.run(...command)).code).toBe(code);
  });

  it('a run that differs carries the line', () => {
    expect(ran.out).toMatch(/\n {4}alice > dc-dns: .* dropped at dc-rt: blackhole route .*\n/);
  });
});

describe('path', () => {
  it('answers for both directions', async () => {
    const { code, out } = await desk.run('path', CONTOSO, '--from', 'alice', '--to', 'online-stun', '--udp', '50000:3478');
    expect(code).toBe(0);
    expect(out).toMatch(/\nalice > online-stun: delivered over .*er-primary.*\nonline-stun > alice: delivered over .*er-primary.*\n$/);
  });

  it('asks a changed topology', async () => {
    const { code, out } = await desk.run('path', CONTOSO, '--from', 'alice', '--to', 'online-stun', '--udp', '50000:3478', '--with', 'link.er=down');
    expect(code).toBe(0);
    expect(out).toMatch(/\nalice > online-stun: delivered over .*inet-fw--isp.*\nonline-stun > alice: delivered over .*inet-fw--isp.*\n$/);
  });

  it('exits 1 when one of them gets lost, and says where', async () => {
    const { code, out } = await desk.run('path', CONTOSO, '--from', 'alice', '--to', '198.51.100.250', '--tcp', '443');
    expect(code).toBe(1);
    expect(out).toMatch(/\nalice > 198\.51\.100\.250:443: dropped at inet-fw: blackhole route 198\.51\.100\.0\/24\n$/);
  });

  it('speaks JSON', async () => {
    const reach = JSON.parse(
      (await desk.run('path', CONTOSO, '--from', 'dave', '--to', 'online-fe:eth0', '--tcp', '40000:443', '-6', '--dscp', 'AF31', '--json')).out,
    ) as Reach;
    expect(reach).toMatchObject({ works: true, query: { node: 'dave', dscp: 26 }, back: { at: 'dave' } });
    expect(reach.query.from).toContain(':');
  });

  it('takes a source that nobody has from where it comes in', async () => {
    expect((await desk.run('path', CONTOSO, '--from', '192.0.2.200', '--to', 'online-fe')).err).toMatch(
      /no node has the address 192\.0\.2\.200[\s\S]*--from-node/,
    );
    expect((await desk.run('path', CONTOSO, '--from', '192.0.2.200', '--from-node', 'ix', '--to', 'online-fe')).out).toMatch(
      /\nix > online-fe: delivered over /,
    );
  });

  it.each([
    [['--from', 'alicia', '--to', 'bob']],
    [['--from', 'alice', '--to', 'bob', '--udp', '5:70000']],
    [['--from', 'alice', '--to', 'bob', '--udp', '1', '--tcp', '1']],
    [['--from', 'alice', '--to', '2001:db8::1', '--from-node', 'hq-lan']],
    [['--from', '198.51.100.4', '--to', 'bob', '-6']],
  ])('%j exits 2', async (options) => {
    const { code, err } = await desk.run('path', CONTOSO, ...options);
    expect(err).not.toContain('    at ');
    expect(code).toBe(2);
  });
});
