/** Stories of flows on a network that only routes: what each hop did, where packets ended, where the ways part. */
import { describe, expect, it } from 'vitest';
import type { PacketId } from '../../src/base/brand.js';
import type { Ledger } from '../../src/capture/ledger.js';
import { explain } from '../../src/analysis/why/explain.js';
import type { FlowStory, Way } from '../../src/analysis/why/story.js';
import { partingWords, whyLine } from '../../src/analysis/why/words.js';
import { Stage, addressOf, planFor, topologyText } from './stage.js';
import type { Turns } from './stage.js';

const stage = (turns: Turns = {}): Stage => new Stage(planFor(topologyText(turns)));

/** The story of the flow of the first packet. */
function storyOf(ledger: Ledger, plan: Stage['plan'] | null = null): FlowStory {
  const [story, ...more] = explain(ledger, plan, [1 as PacketId]);
  if (story === undefined || more.length > 0) throw new Error(`${more.length} further stories`);
  return story;
}

function onlyWay(ways: readonly Way[]): Way {
  const [way, ...more] = ways;
  if (way === undefined || more.length > 0) throw new Error(`${ways.length} ways`);
  return way;
}

describe('a flow that nothing happened to', () => {
  const base = stage().echo('srv', 3478);
  for (let i = 0; i < 5; i++) base.send({ at: 1 + i, from: 'alice', to: 'srv' });
  const ledger = base.ledger();
  const story = storyOf(ledger);

  it('is fine, with one way in each direction', () => {
    expect(story.verdict).toBe('fine');
    expect(whyLine(story)).toBeNull();
    expect(story.parting).toBeNull();
    expect([story.there, story.back].map(({ from, to, packets, delivered }) => ({ from, to, packets, delivered }))).toEqual([
      { from: 'alice', to: 'srv', packets: 5, delivered: 5 },
      { from: 'srv', to: 'alice', packets: 5, delivered: 5 },
    ]);
  });

  it('names each hop, and the route that was taken', () => {
    const way = onlyWay(story.there.ways);
    expect(way.hops.map(({ node, link, to }) => `${node} ${link} ${to}`)).toEqual([
      'alice alice--lan lan',
      'lan ce--lan ce',
      'ce er-1 fwe',
      'fwe er-2 ms',
      'ms ms--srv srv',
    ]);
    expect(way.hops[2]?.decided[0]?.route).toMatchObject({ prefix: '203.0.113.0/24', dev: 'er' });
    expect(way.end).toEqual({ kind: 'delivered', node: 'srv', wanted: true });
  });

  it('is found by any of its packets, of either direction, once', () => {
    expect(
      explain(
        ledger,
        null,
        Array.from({ length: 10 }, (_, i) => (i + 1) as PacketId),
      ),
    ).toEqual([story]);
  });
});

describe('drops of routers and links', () => {
  it('says that there is no route, and who told the sender so', () => {
    const story = storyOf(stage({ ce: '[{ to: microsoft, via: fwe }]' }).send({ at: 1, from: 'alice', to: '192.0.2.99' }).ledger());
    const way = onlyWay(story.there.ways);
    expect(way.end).toMatchObject({ kind: 'dropped', drop: 'no-route', where: 'ce', at: 'node' });
    expect(way.errors).toEqual([expect.objectContaining({ node: 'ce', means: 'network unreachable', packets: 1, reached: 'alice' })]);
    expect(whyLine(story)).toBe('alice > 192.0.2.99:3478: the packet was dropped at ce: no route to 192.0.2.99');
  });

  it('explains an ICMP error by the flow that it is about', () => {
    const ledger = stage({ ce: '[{ to: microsoft, via: fwe }]' }).send({ at: 1, from: 'alice', to: '192.0.2.99' }).ledger();
    const error = [...ledger.packetsOf(ledger.flows().find(({ protocol }) => protocol === 1)?.id ?? (0 as never))] as PacketId[];
    expect(explain(ledger, null, error)).toEqual([storyOf(ledger)]);
  });

  it('names a blackhole route', () => {
    const story = storyOf(
      stage({ ce: '[{ to: microsoft, via: fwe }, { to: contoso, blackhole: true }]' }).send({ at: 1, from: 'alice', to: '10.0.99.1' }).ledger(),
    );
    expect(whyLine(story)).toMatch(/dropped at ce: blackhole route 10\.0\.0\.0\/16$/);
  });

  it('names the node in which a circle of routes ends', () => {
    const story = storyOf(stage({ ms: '[{ to: default, via: fwe }]', more: '' }).send({ at: 1, from: 'srv', to: '10.0.200.1' }).ledger());
    expect(story.there.ways[0]?.end).toMatchObject({ drop: 'ttl' });
    expect(story.there.ways[0]?.hops.length).toBeGreaterThan(50);
  });

  it('tells packets of a time when a link was down from the others', () => {
    const base = stage().echo('srv', 3478);
    for (let i = 0; i < 7; i++) base.send({ at: 1 + i, from: 'alice', to: 'srv' });
    const story = storyOf(base.link(3.5, 'er-2', { up: false }).link(5.5, 'er-2', { up: true }).ledger());
    expect(story.there.ways.map(({ packets, end }) => [packets, end.kind])).toEqual([
      [5, 'delivered'],
      [2, 'dropped'],
    ]);
    expect(story.there.ways[1]?.end).toMatchObject({ drop: 'no-route', at: 'node', where: 'fwe' });
    expect(story.verdict).toBe('broken');
  });

  it('says that a packet is too long for the way', () => {
    const text = topologyText().replace('{ name: er-2,', '{ name: er-2, mtu: 1280,');
    const story = storyOf(new Stage(planFor(text)).send({ at: 1, from: 'alice', to: 'srv', size: 1400, dontFragment: true }).ledger());
    const way = onlyWay(story.there.ways);
    expect(way.end).toMatchObject({ drop: 'mtu-df', where: 'fwe' });
    expect(way.errors[0]?.means).toBe('fragmentation needed, MTU 1280');
  });

  it('counts fragments that a router made as the one packet that they were', () => {
    const text = topologyText().replace('{ name: er-2,', '{ name: er-2, mtu: 1280,');
    const story = storyOf(new Stage(planFor(text)).echo('srv', 3478).send({ at: 1, from: 'alice', to: 'srv', size: 1400 }).ledger());
    expect(story.there).toMatchObject({ packets: 1, delivered: 1 });
    expect(onlyWay(story.there.ways).hops.map(({ link }) => link)).toEqual(['alice--lan', 'ce--lan', 'er-1', 'er-2', 'ms--srv']);
  });

  it('says that a bridge flooded what it has no port for', () => {
    const learning = planFor(topologyText().replace('{ kind: bridge,', '{ kind: bridge, learning: true,'));
    const base = new Stage(learning).link(0.5, 'bob--lan', { up: false }).send({ at: 1, from: 'alice', to: 'bob' });
    const story = storyOf(base.ledger(), base.plan);
    expect(onlyWay(story.there.ways).end).toMatchObject({ drop: 'not-mine', where: 'ce', flooded: 'lan' });
    expect(whyLine(story)).toMatch(/dropped at ce \(prerouting\): not for this node: lan sent it out of every port, and none led to bob$/);
  });

  it('says that the port of a bridge is down', () => {
    const base = stage().link(0.5, 'bob--lan', { up: false }).send({ at: 1, from: 'alice', to: 'bob' });
    const story = storyOf(base.ledger(), base.plan);
    expect(onlyWay(story.there.ways).end).toMatchObject({ drop: 'interface-down', where: 'lan' });
  });

  it('does not blame the network where nothing listens', () => {
    const story = storyOf(stage().send({ at: 1, from: 'alice', to: 'srv' }).ledger());
    expect(story.verdict).toBe('refused');
    expect(onlyWay(story.there.ways)).toMatchObject({
      end: { drop: 'no-listener', where: 'srv' },
      errors: [{ node: 'srv', means: 'port unreachable', reached: 'alice' }],
    });
    expect(whyLine(story)).toMatch(/dropped at srv \(input\): nothing listens there on udp port 3478$/);
  });
});

describe('where ways part', () => {
  it('names the node and both ways, on either side, where both directions arrive', () => {
    const base = stage({ ms: '[{ to: default, via: fwi }]' }).echo('srv', 3478).send({ at: 1, from: 'alice', to: 'srv' });
    const story = storyOf(base.ledger());
    expect(story.verdict).toBe('fine');
    expect(story.parting).toMatchObject({
      node: 'ms',
      one: { direction: 'there', goes: 'in', link: 'er-2', neighbour: 'fwe' },
      other: { direction: 'back', goes: 'out', link: 'net-2', neighbour: 'fwi', route: { prefix: '0.0.0.0/0' } },
      again: { node: 'ce', one: { direction: 'there', goes: 'out', link: 'er-1' }, other: { direction: 'back', goes: 'in', link: 'net-1' } },
    });
  });

  it('finds where they would have met again, for packets that got lost before', () => {
    const base = stage({ ms: '[{ to: default, via: fwi }]' }).echo('srv', 3478).link(0.5, 'net-1', { up: false }).send({ at: 1, from: 'alice', to: 'srv' });
    const story = storyOf(base.ledger());
    expect(story.back.ways[0]?.end).toMatchObject({ kind: 'dropped', where: 'fwi' });
    expect(story.parting).toMatchObject({ node: 'ms', again: { node: 'ce', one: { link: 'er-1', route: { prefix: '203.0.113.0/24' } }, other: null } });
    expect(story.parting === null ? [] : partingWords(story.parting, story)).toHaveLength(2);
    expect(whyLine(story)).toMatch(/^srv > alice: .*; the ways part at ms$/);
  });

  it('has none where a detour is the same both ways', () => {
    const story = storyOf(
      stage({ ce: '[{ to: default, via: fwi }]', ms: '[{ to: default, via: fwi }]' }).echo('srv', 3478).send({ at: 1, from: 'alice', to: 'srv' }).ledger(),
    );
    expect(story.parting).toBeNull();
  });
});

describe('with a plan', () => {
  it('names who was meant, where nothing arrived', () => {
    const base = stage().link(0.5, 'er-2', { up: false }).send({ at: 1, from: 'alice', to: 'srv' });
    const ledger = base.ledger();
    expect(storyOf(ledger).there.to).toBe(`${addressOf(base.plan, 'srv')}:3478`);
    expect(storyOf(ledger, base.plan).there.to).toBe('srv');
  });
});

it('is plain data', () => {
  const story = storyOf(stage().send({ at: 1, from: 'alice', to: 'srv' }).ledger());
  expect(JSON.parse(JSON.stringify(story))).toEqual(story);
});
