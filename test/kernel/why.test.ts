/**
 * Why a kernel dropped a packet: by which rule, policy or state, or for want of a route; as told by its traces.
 *
 *     a - r - fw1 - s - b     the way back from s is by fw2
 *          `- fw2 -'
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PacketId } from '../../src/base/brand.js';
import { formatLabError } from '../../src/base/error.js';
import type { Ledger } from '../../src/capture/ledger.js';
import { explain } from '../../src/analysis/why/explain.js';
import type { FlowStory } from '../../src/analysis/why/story.js';
import { whyLine } from '../../src/analysis/why/words.js';
import { parseRuleset } from '../../src/nft/parse-ruleset.js';
import { netns } from '../../src/substrate/netns/netns.js';
import type { Plan } from '../../src/topology/plan.js';
import { buildLab, echoScript, inNode, planOf, startInNode } from './support.js';

const TOPOLOGY = `
name: two-firewalls
organisations: { lab: { domains: [lab.example] } }
topology:
  defaults: { segment: customer }
  nodes:
    a: { kind: router, addresses: { eth0: [10.0.0.1/24] }, routes: [{ to: default, via: r }] }
    r:
      kind: router
      addresses: { lan: [10.0.0.254/24] }
      routes: [{ to: 10.9.0.0/24, via: fw1 }, { to: 10.77.0.0/16, blackhole: true }]
    fw1: { kind: router, routes: [{ to: 10.0.0.0/24, via: r }, { to: 10.9.0.0/24, via: s }] }
    fw2: { kind: router, routes: [{ to: 10.0.0.0/24, via: r }, { to: 10.9.0.0/24, via: s }] }
    s: { kind: router, routes: [{ to: 10.0.0.0/24, via: fw2 }] }
    b: { kind: router, addresses: { eth0: [10.9.0.1/24] }, routes: [{ to: default, via: s }] }
  links:
    - { name: a-r, endpoints: ["a:eth0", "r:lan"], prefixes: [10.0.0.0/24] }
    - { name: r-fw1, endpoints: ["r:one", "fw1:in"], prefixes: [10.1.1.0/30] }
    - { name: r-fw2, endpoints: ["r:two", "fw2:in"], prefixes: [10.1.2.0/30] }
    - { name: fw1-s, endpoints: ["fw1:out", "s:one"], prefixes: [10.2.1.0/30] }
    - { name: fw2-s, endpoints: ["fw2:out", "s:two"], prefixes: [10.2.2.0/30] }
    - { name: s-b, endpoints: ["s:lan", "b:eth0"], prefixes: [10.9.0.0/24] }
`;

const RULES = `flush ruleset
table inet filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ct state invalid drop comment "no connection"
    udp dport 5000-5999 jump relays
    iifname "in" udp dport { 7, 3478 } accept comment "from inside"
    iifname "in" tcp dport 8080 accept
  }
  chain relays {
    udp dport 5001 drop comment "no relay range"
    udp dport 5002 reject
  }
}
`;

const folder = mkdtempSync(join(tmpdir(), 'callpath-why-'));
const file = join(folder, 'edge.nft');
writeFileSync(file, RULES);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The plan with a rule file on some nodes. */
function withRules(plan: Plan, file: string, ...names: readonly string[]): Plan {
  const parsed = parseRuleset(file, (path) => readFileSync(path, 'utf8'));
  if (!parsed.ok) throw new Error(parsed.errors.map(formatLabError).join('\n'));
  const { ruleset } = parsed;
  return { ...plan, nodes: plan.nodes.map((node) => (names.includes(node.name) ? { ...node, firewall: { file, ruleset, src: node.src } } : node)) };
}

const line = (text: string): string => `${file}:${RULES.split('\n').findIndex((one) => one.includes(text)) + 1}`;

/** Sends one datagram and waits a little. */
const send = (port: number, to: string, fromPort = 0): string =>
  `const s=require('dgram').createSocket('udp4');s.bind(${fromPort},'10.0.0.1',()=>s.send('why',${port},'${to}',()=>setTimeout(()=>s.close(),300)))`;

/** Every flow of a ledger. */
function storiesOf(ledger: Ledger): readonly FlowStory[] {
  const all: PacketId[] = [];
  for (const cursor = ledger.cursor(); cursor.next(); ) all.push(cursor.id);
  return explain(ledger, null, all);
}

function storyTo(stories: readonly FlowStory[], end: string): FlowStory {
  const story = stories.find(({ names }) => names[0]?.b === end);
  if (story === undefined) throw new Error(`no flow to ${end}: ${stories.map(({ names }) => names[0]?.b).join(', ')}`);
  return story;
}

describe('firewalls', () => {
  let ledger: Ledger;
  let stories: readonly FlowStory[];
  const to = (end: string): FlowStory => storyTo(stories, end);

  beforeAll(async () => {
    const recorded = await buildLab(netns, withRules(planOf(TOPOLOGY), file, 'fw1', 'fw2'));
    const { lab } = recorded;
    const udp = await startInNode(lab, 'b', process.execPath, '-e', echoScript('10.9.0.1', 3478));
    const tcp = await startInNode(lab, 'b', process.execPath, '-e', "require('net').createServer(()=>{}).listen(8080,'10.9.0.1',()=>console.log('ready'))");
    for (const port of [3478, 5001, 5002, 6000]) await inNode(lab, 'a', process.execPath, '-e', send(port, '10.9.0.1', 40000 + (port % 1000)));
    await inNode(lab, 'a', process.execPath, '-e', "const c=require('net').connect(8080,'10.9.0.1');c.on('error',()=>{});setTimeout(()=>process.exit(0),500)");
    for (const to of ['10.77.1.1', '10.66.1.1']) await inNode(lab, 'a', process.execPath, '-e', send(7, to));
    await inNode(lab, 'fw1', 'sleep', '1.2');
    await udp.stop();
    await tcp.stop();
    // What is held for a second is let go by the next packet.
    for (let i = 0; i < 2; i++) await inNode(lab, 'a', process.execPath, '-e', send(7, '10.9.0.1', 40999));
    ledger = await recorded.finish();
    stories = storiesOf(ledger);
  });
  afterAll(() => {
    ledger.close();
  });

  it('by a rule, with its file, line and comment', () => {
    expect(whyLine(to('10.9.0.1:5001'))).toBe(
      `a > 10.9.0.1:5001: the packet was dropped at fw1 (forward): rule 1 of inet/filter/relays, ${line('udp dport 5001')}, "no relay range"`,
    );
  });

  it('by a rule that rejects, and the answer that it sends', () => {
    const [way] = to('10.9.0.1:5002').there.ways;
    expect(way?.end).toMatchObject({ drop: 'firewall-rule', where: 'fw1', decided: { rule: { rule: 2, chain: 'inet/filter/relays' } } });
    expect(way?.errors).toEqual([expect.objectContaining({ node: 'fw1', means: 'port unreachable', reached: 'a' })]);
  });

  it('by the policy', () => {
    expect(whyLine(to('10.9.0.1:6000'))).toBe(
      `a > 10.9.0.1:6000: the packet was dropped at fw1 (forward): policy of inet/filter/forward, ${line('policy drop')}`,
    );
  });

  it('an answer that another firewall has no state for: who holds it, and where the ways part', () => {
    const story = to('10.9.0.1:3478');
    expect(story.there).toMatchObject({ packets: 1, delivered: 1 });
    expect(story.back.ways[0]?.end).toMatchObject({ drop: 'firewall-policy', where: 'fw2', state: { ct: 'new', answer: true } });
    expect(story.state).toEqual({ holders: ['fw1'], missing: ['fw2'] });
    expect(story.parting).toMatchObject({ node: 's', one: { goes: 'in', link: 'fw1-s' }, other: { goes: 'out', link: 'fw2-s' }, again: { node: 'r' } });
    expect(story.there.ways[0]?.hops.find(({ node }) => node === 'fw1')?.decided[0]).toMatchObject({ ct: 'new', rule: { says: 'from inside' } });
  });

  it('a SYN-ACK that belongs to no connection', () => {
    const story = to('10.9.0.1:8080');
    expect(story.back.ways[0]?.end).toMatchObject({
      drop: 'firewall-rule',
      where: 'fw2',
      decided: { ct: 'invalid', rule: { says: 'no connection' } },
      state: { ct: 'invalid' },
    });
  });

  it('by a blackhole route, and for want of a route', () => {
    expect(to('10.77.1.1:7').there.ways[0]?.end).toMatchObject({ drop: 'blackhole', where: 'r', decided: { route: { prefix: '10.77.0.0/16' } } });
    expect(to('10.66.1.1:7').there.ways[0]?.end).toMatchObject({ drop: 'no-route', where: 'r' });
  });
});

const NAT = `flush ruleset
table ip nat {
  chain post {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "out" udp dport 3478 snat to 192.0.2.130
  }
}
`;

it('translations, and what comes by the wrong way for a reverse path filter', async () => {
  const nat = join(folder, 'nat.nft');
  writeFileSync(nat, NAT);
  const text = TOPOLOGY.replace('routes: [{ to: 10.9.0.0/24, via: fw1 }', 'rpFilter: { two: strict }\n      routes: [{ to: 10.9.0.0/24, via: fw1 }').replace(
    's: { kind: router, routes: [',
    's: { kind: router, routes: [{ to: 192.0.2.130/32, via: fw1 }, ',
  );
  const recorded = await buildLab(netns, withRules(planOf(text), nat, 'fw1'));
  const { lab } = recorded;
  const echoes = [
    await startInNode(lab, 'b', process.execPath, '-e', echoScript('10.9.0.1', 3478)),
    await startInNode(lab, 'b', process.execPath, '-e', echoScript('10.9.0.1', 7)),
  ];
  for (const port of [3478, 7]) await inNode(lab, 'a', process.execPath, '-e', send(port, '10.9.0.1', 40000 + port));
  // To r itself, by the way that its filter does not like.
  await inNode(lab, 'b', process.execPath, '-e', send(9, '10.0.0.254').replace("'10.0.0.1'", "'10.9.0.1'"));
  await inNode(lab, 'a', 'sleep', '1.2');
  for (const echo of echoes) await echo.stop();
  await inNode(lab, 'b', process.execPath, '-e', send(10, '10.0.0.1').replace("'10.0.0.1',()=>", "'10.9.0.1',()=>"));
  const ledger = await recorded.finish();
  const stories = storiesOf(ledger);

  const translated = storyTo(stories, '10.9.0.1:3478');
  expect(translated.names.slice(0, 2)).toEqual([
    { a: '10.0.0.1:43478', b: '10.9.0.1:3478' },
    { a: '192.0.2.130:43478', b: '10.9.0.1:3478' },
  ]);
  expect([translated.there, translated.back].map(({ delivered }) => delivered)).toEqual([1, 1]);
  expect(translated.there.ways[0]?.hops.find(({ node }) => node === 'fw1')?.decided).toEqual([
    expect.objectContaining({ nat: [{ from: '10.0.0.1:43478', to: '192.0.2.130:43478' }] }),
  ]);

  const filtered = storyTo(stories, '10.9.0.1:7');
  expect(filtered.back.ways[0]?.end).toMatchObject({ drop: 'rp-filter', where: 'r', decided: { said: { kind: 'strict' } } });
  expect(filtered.parting).toMatchObject({ node: 's' });
  expect(storyTo(stories, '10.0.0.254:9').there.ways[0]?.end).toMatchObject({ drop: 'rp-filter', where: 'r' });
  ledger.close();
});
