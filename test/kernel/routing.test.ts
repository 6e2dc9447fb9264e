/**
 * Routing on the kernel and on the simulator: one plan, the same datagrams, the same ways. Expected ways are what Linux
 * documents (ip-sysctl.rst, ip-rule(8), ip-route(8)); case by case they must come on the kernel, and on the simulator.
 *
 * Every case is a router of its own between a, b and c: it gets datagrams from a and may send them on to b or c.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must } from '../../src/base/assert.js';
import type { LinkId, PacketId } from '../../src/base/brand.js';
import { millis, seconds } from '../../src/base/time.js';
import type { RoleKind } from '../../src/roles/role.js';
import { router } from '../../src/roles/router/kind.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import type { Lab, Substrate } from '../../src/substrate/substrate.js';
import type { Plan } from '../../src/topology/plan.js';
import { u16 } from '../../src/wire/bytes.js';
import { probe } from '../contract/probe/kind.js';
import { buildLab, inNode, planOf } from './support.js';

interface Case {
  readonly title: string;
  /** Keys of the router. NET4 and NET6 stand for the networks that a reaches by it. */
  readonly node: string;
  readonly routes: readonly string[];
  /** Sources of the datagrams, by name; `+` asks for 120 flows. */
  readonly from: readonly string[];
  /** Where each leaves, `-` for nowhere; then codes of ICMP errors. */
  readonly expected: readonly string[];
}

/** Of a, on the link to that router. */
const OWN = '10.1.N.1';
const OWN6 = '2001:db8:1:N::1';
const SPOOFED = '10.9.0.1';
const OUT = '{ to: [NET4, NET6], via: c }';

function filter(title: string, node: string, routes: readonly string[], expected: readonly string[]): Case {
  return { title, node, routes: [OUT, ...routes], from: [OWN, SPOOFED], expected };
}

const HERE = '{ to: 10.9.0.0/16, via: a, table: 7 }';
const THERE = '{ to: 10.9.0.0/16, via: b }';

const FILTERS: readonly Case[] = [
  filter('off: anything passes', '', [], ['c', 'c']),
  filter('strict: no way back', 'rpFilter: strict', [], ['c', '-']),
  filter('strict: the way back is elsewhere', 'rpFilter: strict', [THERE], ['c', '-']),
  filter('strict: the way back is here', 'rpFilter: strict', ['{ to: 10.9.0.0/16, via: a }'], ['c', 'c']),
  filter('strict: one of several next hops is here', 'rpFilter: strict', ['{ to: 10.9.0.0/16, via: [{ via: b, weight: 200 }, a] }'], ['c', 'c']),
  filter(
    'strict: the better metric is elsewhere',
    'rpFilter: strict',
    ['{ to: 10.9.0.0/16, via: b, metric: 1 }', '{ to: 10.9.0.0/16, via: a, metric: 2 }'],
    ['c', '-'],
  ),
  filter('loose: the way back is elsewhere', 'rpFilter: loose', [THERE], ['c', 'c']),
  filter('loose: a default route is a way back', 'rpFilter: loose', ['{ to: default, via: b }'], ['c', 'c']),
  filter('loose: no way back', 'rpFilter: loose', [], ['c', '-']),
  filter('loose: a blackhole is no way back', 'rpFilter: loose', ['{ to: 10.9.0.0/16, blackhole: true }'], ['c', '-']),
  filter('the interface is strict, all is off', 'rpFilter: { a: strict }', [], ['c', '-']),
  filter('another interface is strict', 'rpFilter: { b: strict }', [], ['c', 'c']),
  filter('the larger of all and the interface is in force', 'rpFilter: { all: strict, a: loose }', [THERE], ['c', 'c']),
  filter('an interface cannot be less than all', 'rpFilter: { all: strict, a: off }', [THERE], ['c', '-']),
  filter('strict, by a rule from the destination', 'rpFilter: strict, rules: [{ priority: 5, from: NET4, table: 7 }]', [THERE, HERE], ['c', 'c']),
  filter('strict, a rule from the source tells nothing', 'rpFilter: strict, rules: [{ priority: 5, from: 10.9.0.0/16, table: 7 }]', [THERE, HERE], ['c', '-']),
  filter('strict, by a rule for what comes in where this leaves', 'rpFilter: strict, rules: [{ priority: 5, iif: c, table: 7 }]', [THERE, HERE], ['c', 'c']),
  filter(
    'strict, a rule for where it came in tells nothing',
    'rpFilter: strict, rules: [{ priority: 5, iif: a, from: NET4, table: 7 }]',
    [THERE, HERE],
    ['c', '-'],
  ),
  { title: 'what has no route is told so, whatever its source', node: 'rpFilter: strict', routes: [], from: [SPOOFED, OWN], expected: ['-', '-', 'icmp 0'] },
  { title: 'IPv6 is not judged', node: 'rpFilter: strict', routes: [OUT, `{ to: "${OWN6}/128", via: b }`], from: [OWN6], expected: ['c'] },
];

function rules(title: string, words: string, expected: readonly string[]): Case {
  return {
    title,
    node: words === '' ? '' : `rules: [${words}]`,
    routes: ['{ to: default, via: c }', '{ to: default, via: b, table: 7 }'],
    from: [OWN, SPOOFED, OWN6],
    expected,
  };
}

const RULES: readonly Case[] = [
  rules('no rules', '', ['c', 'c', 'c']),
  rules('from', '{ priority: 5, from: 10.9.0.0/16, table: 7 }', ['c', 'b', 'c']),
  rules('from, IPv6', '{ priority: 5, from: "2001:db8:1:N::/64", table: 7 }', ['c', 'c', 'b']),
  rules('iif, both families', '{ priority: 5, iif: a, table: 7 }', ['b', 'b', 'b']),
  rules('iif, others', '{ priority: 5, iif: b, table: 7 }, { priority: 6, iif: lo, table: 7 }', ['c', 'c', 'c']),
  rules('the smaller priority first', '{ priority: 6, iif: a, table: 7 }, { priority: 5, from: 10.9.0.0/16, table: main }', ['b', 'c', 'b']),
  rules('one family', '{ priority: 5, iif: a, table: 7, family: 4 }', ['b', 'b', 'c']),
  {
    title: 'a table without a route is passed over',
    node: 'rules: [{ priority: 5, iif: a, table: 7 }]',
    routes: ['{ to: default, via: c }', '{ to: 172.31.0.0/16, via: b, table: 7 }'],
    from: [OWN],
    expected: ['c'],
  },
  {
    title: 'a table that throws packets away is the answer',
    node: 'rules: [{ priority: 5, iif: a, table: 7 }]',
    routes: ['{ to: default, via: c }', '{ to: NET4, unreachable: true, table: 7 }'],
    from: [OWN],
    expected: ['-', 'icmp 1'],
  },
];

const MARKED: Case = rules('firewall mark', '{ priority: 5, fwmark: 0x10/0xf0, table: 7 }', ['c', 'b', 'c']);

const DISCARDS: readonly Case[] = [
  ['blackhole', []],
  ['unreachable', ['icmp 1', 'icmpv6 0']],
  ['prohibit', ['icmp 13', 'icmpv6 1']],
].map(([type, codes]) => ({
  title: String(type),
  node: '',
  routes: ['{ to: default, via: c }', `{ to: [NET4, NET6], ${String(type)}: true }`],
  from: [OWN, OWN6],
  expected: ['-', '-', ...(codes as string[])],
}));

const SHARED = '{ to: default, via: [b, { via: c, weight: 3 }] }';
const flows = (title: string, node: string, from: string): Case => ({ title, node, routes: [SHARED], from: [`${from}+`], expected: [] });
const PORTS4 = flows('IPv4 by ports', '', OWN);
const PORTS6 = flows('IPv6 by ports', '', OWN6);
const ADDRESSES = flows('IPv4 by addresses', 'multipathHash: l3', OWN);
const HALF_DOWN = flows('a next hop whose link is down', '', OWN);

/** Its IPv4 default is replaced while the lab runs, that of IPv6 is taken away, twice. */
const CHANGED: Case = {
  title: 'routes changed in the run',
  node: '',
  routes: ['{ to: default, via: c }'],
  from: [OWN, OWN6],
  expected: ['b', '-', 'icmpv6 0'],
};

const CASES: readonly Case[] = [...FILTERS, ...RULES, MARKED, ...DISCARDS, PORTS4, PORTS6, ADDRESSES, HALF_DOWN, CHANGED];

const net4 = (i: number): string => `172.16.${i}.0/24`;
const net6 = (i: number): string => `2001:db8:f:${i}::/64`;
const numbered = (text: string, i: number): string => text.replaceAll(/\.N\.|:N::/g, (n) => n.replace('N', String(i)));
const target = (i: number, source: string): string => (source.includes(':') ? `2001:db8:f:${i}::1` : `172.16.${i}.1`);

function topology(): string {
  const routers = CASES.flatMap(({ node, routes }, i) => {
    const words = (text: string): string =>
      numbered(text, i)
        .replaceAll('NET4', net4(i))
        .replaceAll('NET6', `"${net6(i)}"`);
    const addresses = ['a', 'b', 'c'].map((peer, k) => `${peer}: [10.${k + 1}.${i}.2/24, "2001:db8:${k + 1}:${i}::2/64"]`).join(', ');
    return [
      `    r${i}:`,
      '      kind: router',
      ...words(node)
        .split(', rules:')
        .map((line, k) => `      ${k === 0 ? '' : 'rules:'}${line}`),
      `      addresses: { ${addresses} }`,
      `      routes: [${words(routes.join(', '))}]`,
    ];
  });
  const ways = CASES.map((_, i) => `{ to: [${net4(i)}, "${net6(i)}"], via: r${i} }`).join(', ');
  const links = CASES.flatMap((_, i) => ['a', 'b', 'c'].map((peer) => `    - { name: r${i}-${peer}, endpoints: ["r${i}:${peer}", "${peer}:e${i}"] }`));
  const peer = (k: number): string => CASES.map((_, i) => `e${i}: [10.${k}.${i}.1/24, "2001:db8:${k}:${i}::1/64"]`).join(', ');
  return `name: wheel
organisations: { lab: { domains: [lab.example] } }
topology:
  defaults: { organisation: lab, segment: customer }
  nodes:
    a: { kind: probe, addresses: { ${peer(1)}, x: [${SPOOFED}/24] }, routes: [${ways}] }
    b: { kind: router, addresses: { ${peer(2)} } }
    c: { kind: router, addresses: { ${peer(3)} } }
${routers.join('\n')}
  links:
    - { endpoints: ["a:x", "b:x"] }
${links.join('\n')}
`;
}

/** a forwards, so that routes may lead by it. */
const KINDS: ReadonlyMap<string, RoleKind> = new Map([{ ...probe, forwards: true }, router].map((kind) => [kind.kind, kind]));
const compiled = compileProduct();
afterAll(() => {
  compiled.remove();
});

const netns = createNetns({ main: compiled.main, kindModules: new Map([['probe', { module: compiled.url('test/contract/probe/kind.ts'), export: 'probe' }]]) });
const hasNft = spawnSync('nft', ['--version']).error === undefined;

/** What every case gave, in its order: the ways of its datagrams, then the codes of errors. */
async function play(substrate: Substrate): Promise<readonly (readonly string[])[]> {
  const plan = planOf(topology(), KINDS);
  const recorded = await buildLab(substrate, plan, { kinds: KINDS });
  const { lab } = recorded;
  if (substrate === netns && hasNft) await mark(lab);
  let port = 10000;
  const sent = CASES.map((one, i) =>
    one.from.flatMap((source) =>
      Array.from({ length: source.endsWith('+') ? 120 : 1 }, () => ({
        address: numbered(source.replace('+', ''), i),
        port: ++port,
        to: { address: target(i, source), port: 9 },
        length: 16,
      })),
    ),
  );
  const down = plan.links.find((link) => link.name === `r${CASES.indexOf(HALF_DOWN)}-c`)?.id as LinkId;
  await lab.run(
    async ({ sleep }) => {
      lab.links.set(down, 'both', { up: false });
      await change(lab, plan);
      // A kernel looks at carriers when its link watch comes round.
      await sleep(millis(1500));
      for (const argument of sent.flat()) await lab.role('a').call('udp-send', argument);
      await sleep(millis(500));
    },
    (lab.clock.now + seconds(60)) as typeof lab.clock.now,
  );
  const ledger = await recorded.finish();
  const ways = new Map<number, string>();
  const codes = new Map<string, Set<string>>();
  for (const cursor = ledger.cursor(); cursor.next(); ) {
    const journey = ledger.journey(cursor.id as PacketId);
    const frame = journey === null ? null : ledger.bytes(cursor.id as PacketId, journey.hops[0]?.point ?? 0);
    if (journey === null || frame === null) continue;
    const sentAt = journey.hops.map((hop) => ledger.points.at(hop.point).name);
    const transport = 14 + (frame[12] === 0x08 ? 20 : 40);
    switch (frame[12] === 0x08 ? frame[23] : frame[20]) {
      case 17:
        ways.set(u16(frame, transport), sentAt.flatMap((name) => /^r\d+-(.):r\d+$/.exec(name)?.[1] ?? []).join('') || '-');
        break;
      case 1:
      case 58: {
        // Errors of a router, which leave it first; port unreachable is b's and c's.
        const [name = ''] = sentAt;
        const text = `${frame[12] === 0x08 ? 'icmp' : 'icmpv6'} ${frame[transport + 1]}`;
        if (/^r\d+-a:r/.test(name)) codes.set(name, (codes.get(name) ?? new Set()).add(text));
        break;
      }
      default:
    }
  }
  ledger.close();
  return sent.map((datagrams, i) => [...datagrams.map((one) => ways.get(one.port) ?? '-'), ...(codes.get(`r${i}-a:r${i}`) ?? [])]);
}

async function change(lab: Lab, plan: Plan): Promise<void> {
  const i = CASES.indexOf(CHANGED);
  const routes = plan.nodes.find((node) => node.name === `r${i}`)?.routes ?? [];
  const [four, six] = ['0.0.0.0/0', '::/0'].map((prefix) =>
    must(
      routes.find((route) => route.prefix === prefix),
      prefix,
    ),
  );
  await lab
    .node(`r${i}`)
    .route([
      { op: 'replace', route: { ...must(four, 'IPv4'), via: `10.2.${i}.1`, dev: 'b' } },
      ...[0, 1].map(() => ({ op: 'delete', route: must(six, 'IPv6') }) as const),
    ]);
}

async function mark(lab: Lab): Promise<void> {
  await inNode(
    lab,
    `r${CASES.indexOf(MARKED)}`,
    'nft',
    'add table ip t; add chain ip t c { type filter hook prerouting priority mangle; }; add rule ip t c ip saddr 10.9.0.1 meta mark set 0x21f',
  );
}

const found = new Map<Substrate, readonly (readonly string[])[]>();
beforeAll(async () => {
  for (const substrate of [netns, sim]) found.set(substrate, await play(substrate));
});
const of = (substrate: Substrate, one: Case): readonly string[] => found.get(substrate)?.[CASES.indexOf(one)] ?? [];

describe.each([
  ['reverse path filter', FILTERS],
  ['policy rules', RULES],
  ['routes that throw packets away', DISCARDS],
  ['the control of a node', [CHANGED]],
])('%s', (_, cases) => {
  it.each(cases)('$title', (one) => {
    expect(of(netns, one), 'on the kernel').toEqual(one.expected);
    expect(of(sim, one), 'on the simulator').toEqual(one.expected);
  });
});

it.skipIf(!hasNft)('a rule by firewall mark and mask, on the kernel', () => {
  expect(of(netns, MARKED)).toEqual(MARKED.expected);
});

describe('multipath', () => {
  const share = (ways: readonly string[], way: string): number => ways.filter((one) => one === way).length;

  it.each([
    ['netns', netns],
    ['sim', sim],
  ] as const)('on %s flows share the next hops by weight; those that are down get none', (_, substrate) => {
    for (const one of [PORTS4, PORTS6]) {
      const ways = of(substrate, one);
      expect(share(ways, 'b') + share(ways, 'c')).toBe(120);
      // A quarter of 120, and five standard deviations: 5 * sqrt(120 * 1/4 * 3/4) = 24.
      expect(Math.abs(share(ways, 'b') - 30)).toBeLessThan(24);
    }
    // IPv6 would spread all the same: the sender's kernel gives each flow a label, and that counts as an address does.
    expect(new Set(of(substrate, ADDRESSES)).size).toBe(1);
    expect(share(of(substrate, HALF_DOWN), 'b')).toBe(120);
  });
});
