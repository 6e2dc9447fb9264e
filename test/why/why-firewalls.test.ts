/** Stories of flows through firewalls and translators: which rule, which state, who holds it, what it was translated to. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PacketId } from '../../src/base/brand.js';
import { explain } from '../../src/analysis/why/explain.js';
import type { FlowStory } from '../../src/analysis/why/story.js';
import { whyLine } from '../../src/analysis/why/words.js';
import { lineReader } from '../../src/library/ask/quote.js';
import { NO_COLOURS } from '../../src/report/table.js';
import { whyText } from '../../src/report/why.js';
import type { Plan } from '../../src/topology/plan.js';
import { Stage, edgeRules, planFor, topologyText, withRules } from './stage.js';
import type { Turns } from './stage.js';

const plan = (rules: Readonly<Record<string, string>>, turns: Turns = {}): Plan => withRules(planFor(topologyText(turns)), rules);

const BACK_BY_THE_INTERNET: Turns = { ms: '[{ to: default, via: fwi }]' };
const EDGE = edgeRules();
const lineOf = (text: string, rules = EDGE): number => rules.split('\n').findIndex((one) => one.includes(text)) + 1;

/** The story of the flow of the first packet that alice sends. */
function storyOf(stage: Stage): FlowStory {
  const [story] = explain(stage.ledger(200), stage.plan, [1 as PacketId]);
  if (story === undefined) throw new Error('no story');
  return story;
}

describe('rules', () => {
  it('name the one that dropped, with its comment', () => {
    const story = storyOf(new Stage(plan({ fwe: EDGE })).send({ at: 1, from: 'alice', to: 'srv', toPort: 5001 }));
    expect(story.there.ways[0]?.end).toMatchObject({
      drop: 'firewall-rule',
      where: 'fwe',
      decided: { stage: 'forward', ct: 'new', rule: { chain: 'inet/filter/relays', rule: 1, says: 'no relay range' } },
      state: null,
    });
    expect(whyLine(story)).toBe(
      `alice > srv: the packet was dropped at fwe (forward): rule 1 of inet/filter/relays, fwe.nft:${lineOf('5001')}, "no relay range"`,
    );
  });

  it('name the policy', () => {
    const story = storyOf(
      new Stage(plan({ fwe: EDGE.replace('iifname "in" accept', 'iifname "in" tcp dport 1 accept') })).send({ at: 1, from: 'alice', to: 'srv' }),
    );
    expect(whyLine(story)).toMatch(new RegExp(`: policy of inet/filter/forward, fwe\\.nft:${lineOf('policy drop')}$`));
  });

  it('tell the answer of a reject', () => {
    const story = storyOf(new Stage(plan({ fwe: EDGE })).send({ at: 1, from: 'alice', to: 'srv', toPort: 5002 }));
    expect(story.there.ways[0]?.errors).toEqual([expect.objectContaining({ node: 'fwe', means: 'port unreachable', reached: 'alice' })]);
  });

  it('that let a flow in are told at their hop, once for the packets that met them', () => {
    const stage = new Stage(plan({ fwe: EDGE })).echo('srv', 3478);
    for (let i = 0; i < 4; i++) stage.send({ at: 1 + i, from: 'alice', to: 'srv' });
    const story = storyOf(stage);
    expect(story.verdict).toBe('fine');
    expect(story.there.ways[0]?.hops.find(({ node }) => node === 'fwe')?.decided.map(({ ct, rule, packets }) => [ct, rule?.says ?? null, packets])).toEqual([
      ['new', 'from inside', 1],
      [null, null, 3],
    ]);
    expect(story.state).toEqual({ holders: ['fwe'], missing: [] });
  });
});

describe('state', () => {
  it('an answer by another firewall: who holds the state, who has none, where the ways part', () => {
    const stage = new Stage(plan({ fwe: EDGE, fwi: EDGE }, BACK_BY_THE_INTERNET)).echo('srv', 3478);
    for (let i = 0; i < 7; i++) stage.send({ at: 1 + i, from: 'alice', to: 'srv' });
    const story = storyOf(stage);
    expect(story.there).toMatchObject({ packets: 7, delivered: 7 });
    expect(story.back).toMatchObject({ packets: 7, delivered: 0 });
    expect(story.back.ways).toHaveLength(1);
    expect(story.back.ways[0]?.end).toMatchObject({ drop: 'firewall-policy', where: 'fwi', state: { ct: 'new', answer: true, silence: null } });
    expect(story.state).toEqual({ holders: ['fwe'], missing: ['fwi'] });
    expect(story.parting).toMatchObject({
      node: 'ms',
      one: { goes: 'in', link: 'er-2' },
      other: { goes: 'out', link: 'net-2' },
      again: { node: 'ce', one: { link: 'er-1' } },
    });
    expect(whyLine(story)).toBe(
      `srv > alice: all 7 packets were dropped at fwi (forward): policy of inet/filter/forward, fwi.nft:${lineOf('policy drop')}; it is an answer, yet to fwi it begins a connection (ct state new); fwe holds its state (saw its first packet), fwi has none; the ways part at ms`,
    );
  });

  it('that was forgotten: since when', () => {
    // 30 s for a UDP flow without an answer (nf_conntrack_udp_timeout).
    const stage = new Stage(plan({ fwe: EDGE }))
      .send({ at: 1, from: 'alice', to: 'srv', fromPort: 5000 })
      .send({ at: 41, from: 'srv', fromPort: 3478, to: 'alice', toPort: 5000 });
    const story = storyOf(stage.listen('srv', 3478));
    expect(story.back.ways[0]?.end).toMatchObject({ where: 'fwe', state: { ct: 'new', answer: true, silence: expect.closeTo(40e9, -8) as number } });
    expect(whyLine(story)).toContain('fwe last passed a packet of it 40s before, and has forgotten it since');
  });

  it('of a flow that moves to another firewall in the middle', () => {
    const strict = EDGE.replace('iifname "in" accept', 'iifname "in" udp dport 1 accept');
    const stage = new Stage(
      plan({ fwe: EDGE, fwi: strict }, { ce: '[{ to: microsoft, via: fwe, metric: 10 }, { to: microsoft, via: fwi, metric: 20 }]' }),
    ).echo('srv', 3478);
    for (let i = 0; i < 4; i++) stage.send({ at: 1 + i, from: 'alice', to: 'srv' });
    const story = storyOf(stage.link(2.5, 'er-1', { up: false }));
    expect(story.there.ways.map(({ packets, end }) => [packets, end.kind])).toEqual([
      [2, 'delivered'],
      [2, 'dropped'],
    ]);
    expect(story.there.ways[1]?.end).toMatchObject({ where: 'fwi', state: { ct: 'new', answer: false } });
    expect(story.state).toEqual({ holders: ['fwe'], missing: ['fwi'] });
    expect(story.parting).toMatchObject({
      node: 'ce',
      one: { direction: 'there', goes: 'out', link: 'er-1' },
      other: { direction: 'there', goes: 'out', link: 'net-1' },
    });
  });
});

describe('translation', () => {
  const POOL = '192.0.2.130';
  const NAT = edgeRules(POOL);
  const ROUTES: Turns = { ms: `[{ to: ${POOL}/32, via: fwe }]` };

  it('is told at its hop and in the names of the flow; the answer belongs to it', () => {
    const story = storyOf(new Stage(plan({ fwe: NAT }, ROUTES)).echo('srv', 3478).send({ at: 1, from: 'alice', to: 'srv' }));
    expect(story.verdict).toBe('fine');
    expect(story.names).toEqual([
      { a: expect.stringMatching(/^10\.0\.1\.\d+:5000$/) as string, b: expect.stringMatching(/^203\.0\.113\.\d+:3478$/) as string },
      { a: `${POOL}:5000`, b: expect.stringMatching(/:3478$/) as string },
    ]);
    const [there, back] = [story.there, story.back].map(({ ways }) => ways[0]?.hops.find(({ node }) => node === 'fwe')?.decided[0]);
    expect(there?.nat).toEqual([{ from: story.names[0]?.a, to: `${POOL}:5000` }]);
    expect(back?.nat).toEqual([{ from: `${POOL}:5000`, to: story.names[0]?.a }]);
  });

  it('an answer to the pool that comes by another exit', () => {
    const story = storyOf(
      new Stage(plan({ fwe: NAT, fwi: NAT }, { ms: `[{ to: ${POOL}/32, via: fwi }]` })).echo('srv', 3478).send({ at: 1, from: 'alice', to: 'srv' }),
    );
    expect(story.back).toMatchObject({ packets: 1, delivered: 0 });
    expect(story.back.ways[0]?.end).toMatchObject({ kind: 'dropped', where: 'fwi' });
    expect(story.state).toMatchObject({ holders: ['fwe'] });
    expect(story.parting?.node).toBe('ms');
  });

  it('has no port left', () => {
    const stage = new Stage(plan({ fwe: NAT.replace(`snat to ${POOL}`, `meta l4proto udp snat to ${POOL}:6000-6000`) }, ROUTES));
    stage.send({ at: 1, from: 'alice', to: 'srv', fromPort: 5000 }).send({ at: 2, from: 'bob', to: 'srv', fromPort: 5000 });
    const ledger = stage.ledger();
    const [story] = explain(ledger, stage.plan, [...ledger.drops()] as PacketId[]).filter(({ verdict }) => verdict === 'broken');
    expect(story?.there.ways[0]?.end).toMatchObject({ drop: 'nat-pool-exhausted', where: 'fwe' });
    expect(story === undefined ? null : whyLine(story)).toMatch(/^bob > srv: .*no address and port is left in the NAT pool/);
  });
});

it('a full connection table is told by its size', () => {
  const base = plan({ fwe: EDGE });
  const small = { ...base, nodes: base.nodes.map((node) => (node.name === 'fwe' ? { ...node, conntrack: { nf_conntrack_max: 1 } } : node)) };
  const stage = new Stage(small).send({ at: 1, from: 'alice', to: 'srv', fromPort: 5000 }).send({ at: 1.1, from: 'bob', to: 'srv', fromPort: 5000 });
  const ledger = stage.ledger();
  const lines = explain(ledger, small, [...ledger.drops()] as PacketId[]).flatMap((story) => whyLine(story) ?? []);
  expect(lines).toContainEqual(expect.stringMatching(/^bob > srv: .*dropped at fwe .*the connection table is full/));
});

it('reads well', () => {
  const stage = new Stage(plan({ fwe: EDGE, fwi: EDGE }, BACK_BY_THE_INTERNET)).echo('srv', 3478).send({ at: 1, from: 'alice', to: 'srv' });
  const text = whyText(storyOf(stage), {
    paint: NO_COLOURS,
    quote: ({ file, line }) => (file === 'fwi.nft' ? (EDGE.split('\n')[line - 1]?.trim() ?? null) : null),
  });
  expect(text.replace(/\d+(\.\d+){3}/g, 'IP')).toMatchInlineSnapshot(`
    "udp IP:5000 > IP:3478  flow 0
      alice > srv: 1 packet, delivered
        1  alice > lan  alice--lan  customer      route IP/0 via IP dev eth0
        2  lan > ce     ce--lan     customer
        3  ce > fwe     er-1        expressroute  route IP/24 via IP dev er
        4  fwe > ms     er-2        expressroute  route IP/24 via IP dev out; rule 4 of inet/filter/forward, fwe.nft:7, "from inside", ct state new
        5  ms > srv     ms--srv     microsoft     route IP/26 dev srv
      srv > alice: 1 packet, not delivered
        1  srv > ms  ms--srv  microsoft  route IP/0 via IP dev eth0
        2  ms > fwi  net-2    internet   route IP/0 via IP dev net
        ✘ the packet was dropped at fwi (forward): policy of inet/filter/forward, fwi.nft:3
          fwi.nft:3: type filter hook forward priority filter; policy drop;
          it is an answer, yet to fwi it begins a connection (ct state new)
          packets 2
      the ways part at ms: alice > srv comes by er-2 from fwe, srv > alice leaves by net-2 to fwi (route IP/0 via IP dev net)
      they would meet again at ce: alice > srv leaves by er-1 to fwe (route IP/24 via IP dev er)
      fwe holds its state (saw its first packet), fwi has none
      broken"
  `);
});

describe('lines of rule files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-quote-'));
  const [own, other] = [join(folder, 'own.nft'), join(folder, 'other.nft')];
  writeFileSync(own, 'table ip f {\n  chain c { }\n}\n');
  writeFileSync(other, 'secret\n');
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const base = planFor(topologyText());
  const ruleset = { files: [own], tables: [] };
  const plan: Plan = { ...base, nodes: base.nodes.map((node) => (node.name === 'fwe' ? { ...node, firewall: { file: own, ruleset, src: node.src } } : node)) };

  it('are quoted from files of the topology, wherever they are named from', () => {
    expect(lineReader(plan, undefined)({ file: own, line: 2 })).toBe('chain c { }');
    expect(lineReader(plan, join(folder, 'two-exits.lab.yaml'))({ file: 'own.nft', line: 1 })).toBe('table ip f {');
    expect(lineReader(plan, undefined)({ file: own, line: 9 })).toBeNull();
  });

  it('are not quoted from what a capture alone calls a file', () => {
    for (const file of [other, `${folder}/./other.nft`, '////etc/passwd', join(folder, 'nowhere.nft')])
      expect(lineReader(plan, join(folder, 'x'))({ file, line: 1 })).toBeNull();
    expect(lineReader(null, undefined)({ file: own, line: 2 })).toBeNull();
  });
});
