/** Cases that the network has daily and that are easily told wrongly: copies of a bridge, loops, half-seen connections, answers from elsewhere. */
import { describe, expect, it } from 'vitest';
import { must } from '../../src/base/assert.js';
import type { PacketId } from '../../src/base/brand.js';
import { reachEnd } from '../../src/analysis/reach/ends.js';
import { reachLines } from '../../src/analysis/reach/reach.js';
import type { Reach } from '../../src/analysis/reach/reach.js';
import { explain } from '../../src/analysis/why/explain.js';
import type { FlowStory } from '../../src/analysis/why/story.js';
import { sentencesOf, whyLine } from '../../src/analysis/why/words.js';
import { reachable } from '../../src/library/ask/reachable.js';
import type { Plan } from '../../src/topology/plan.js';
import { Stage, addressOf, planFor, withRules } from './stage.js';

function ask(plan: Plan, from: string, to: string, transport: Parameters<typeof reachable>[1]['transport'], dscp = 0): Reach {
  const [a, b] = [reachEnd(plan, from, 4), reachEnd(plan, to, 4)];
  return reachable(plan, { node: a.node?.name ?? '', from: a.address, to: b.address, transport, dscp });
}

const UDP = { protocol: 'udp', fromPort: 50000, toPort: 5000 } as const;
const TCP = { protocol: 'tcp', fromPort: 50000, toPort: 5000 } as const;

function only(stories: readonly FlowStory[]): FlowStory {
  expect(stories).toHaveLength(1);
  return must(stories[0], 'a story');
}

/** A published server in a LAN, with bystanders at ports of the bridge before and behind everybody else. */
function hairpin(source: string): Plan {
  const rules = `table ip n {
  chain pre {
    type nat hook prerouting priority dstnat;
    ip daddr 203.0.113.2 dnat to 10.4.2.20
  }
  chain post {
    type nat hook postrouting priority srcnat;
    ${source}
  }
}`;
  const text = (last: readonly string[]): string => `
name: hairpin
organisations: { ex: {} }
topology:
  defaults: { organisation: ex }
  nodes:
    w: { kind: client, addresses: { eth0: [10.4.2.52/24] } }
    lan: { kind: bridge, prefixes: [10.4.2.0/24] }
    a: { kind: client, addresses: { eth0: [10.4.2.10/24] }, routes: [{ to: default, via: rt }] }
    s: { kind: client, addresses: { eth0: [10.4.2.20/24] }, routes: [{ to: default, via: rt }] }
    rt: { kind: router, addresses: { lan: [10.4.2.1/24] } }
    x: { kind: client, addresses: { eth0: [10.4.2.53/24] } }
  links:
${['w', 'a', 's', 'rt', ...last].map((node, i) => `    - { endpoints: ["${node}:${node === 'rt' ? 'lan' : 'eth0'}", "lan:p${i + 1}"] }`).join('\n')}
`;
  return withRules(planFor(text(['x'])), { rt: rules });
}

describe('copies of a bridge that has not learnt', () => {
  const plan = hairpin('ip saddr 10.4.2.0/24 ip daddr 10.4.2.20 masquerade');

  it('are one packet, also where it comes by the bridge twice: the way is that of the copy which was taken', () => {
    const reach = ask(plan, 'a', '203.0.113.2', UDP);
    expect(reach.works).toBe(true);
    const story = only(reach.stories);
    expect(story).toMatchObject({ verdict: 'fine', there: { packets: 1, delivered: 1 }, back: { packets: 1, delivered: 1 } });
    expect(reach.there.links).toEqual(['a--lan', 'rt--lan', 'rt--lan', 's--lan']);
    expect(reachLines(reach)[0]).toBe('a > s: delivered over a--lan, rt--lan, rt--lan, s--lan, from 10.4.2.1:50000');
  });
});

describe('answers from another address than was spoken to', () => {
  const plan = hairpin('');

  it('are told, break TCP, and say where the ways part', () => {
    const reach = ask(plan, 'a', '203.0.113.2', TCP);
    const story = only(reach.stories);
    expect(reach).toMatchObject({ works: false, back: { arrived: false } });
    expect(story).toMatchObject({
      verdict: 'broken',
      parting: { node: 'lan' },
      remarks: [{ kind: 'answers-from', asker: 'a', from: '10.4.2.20:5000', spokenTo: '203.0.113.2:5000' }],
    });
    expect(whyLine(story)).toBe('answers come from 10.4.2.20:5000, but a spoke to 203.0.113.2:5000; the ways part at lan');
  });

  it('do not break UDP by themselves: a program may take them', () => {
    const story = only(ask(plan, 'a', '203.0.113.2', UDP).stories);
    expect(story.verdict).toBe('fine');
    expect(story.remarks).toHaveLength(1);
  });

  it('are none where the translation is taken back', () => {
    expect(only(ask(hairpin('ip saddr 10.4.2.0/24 masquerade'), 'a', '203.0.113.2', TCP).stories).remarks).toEqual([]);
  });
});

const CIRCLE = (hops: number): string => `
name: circle
organisations: { ex: {} }
topology:
  defaults: { organisation: ex, segment: customer }
  nodes:
    a: { kind: client, addresses: { eth0: [10.1.0.10/24] }, routes: [{ to: default, via: r0 }] }
    r0: { kind: router, addresses: { lan: [10.1.0.1/24], n: [10.0.0.1/30], p: [10.0.${hops - 1}.2/30] }, routes: [{ to: default, via: r1 }] }
${Array.from({ length: hops - 1 }, (_, k) => `    r${k + 1}: { kind: router, addresses: { p: [10.0.${k}.2/30], n: [10.0.${k + 1}.1/30] }, routes: [{ to: default, via: r${(k + 2) % hops} }] }`).join('\n')}
  links:
    - { endpoints: ["a:eth0", "r0:lan"] }
${Array.from({ length: hops }, (_, k) => `    - { endpoints: ["r${k}:n", "r${(k + 1) % hops}:p"] }`).join('\n')}
`;

describe('a loop', () => {
  it('is one sentence: between whom, and how many times', () => {
    const reach = ask(planFor(CIRCLE(3)), 'a', '192.0.2.1', UDP);
    const story = only(reach.stories);
    // 64 hops, the first of them to r0: 63 of the circle.
    expect(story.there.ways[0]).toMatchObject({ end: { drop: 'ttl' }, loop: { at: 1, hops: 3, nodes: ['r0', 'r1', 'r2'], times: 21 } });
    expect(reachLines(reach)[0]).toMatch(/its TTL has run out: loop between r0, r1 and r2, 21 times$/);
  });

  it('is none where a bridge is crossed there and back', () => {
    expect(only(ask(hairpin(''), 'a', '203.0.113.2', UDP).stories).there.ways[0]?.loop).toBeNull();
  });
});

const CHAIN = `
name: chain
organisations: { ex: {} }
topology:
  defaults: { organisation: ex, segment: customer }
  nodes:
    a: { kind: client, addresses: { eth0: [10.1.0.10/24] }, routes: [{ to: default, via: r0 }] }
    r0: { kind: router, addresses: { lan: [10.1.0.1/24], n: [10.0.0.1/30] } }
    r1: { kind: router, addresses: { p: [10.0.0.2/30] }, routes: [{ to: default, via: r0 }] }
  links:
    - { endpoints: ["a:eth0", "r0:lan"] }
    - { endpoints: ["r0:n", "r1:p"] }
`;

describe('marks', () => {
  const rules = 'table ip m {\nchain f {\ntype filter hook forward priority mangle;\nip dscp set cs0\n}\n}\n';

  it('are told at the hop that wrote another one', () => {
    const base = planFor(CHAIN);
    const reach = ask(withRules(base, { r0: rules }), 'a', 'r1', UDP, 46);
    const [way] = must(only(reach.stories).there.ways, 'ways');
    expect(way?.hops.map(({ node, dscp }) => [node, dscp])).toEqual([
      ['a', null],
      ['r0', { from: 46, to: 0 }],
    ]);
    expect(sentencesOf(only(reach.stories))).toContain('r0: DSCP EF became 0');
    const unmarked = ask(withRules(base, { r0: rules }), 'a', 'r1', UDP);
    expect(sentencesOf(only(unmarked.stories)).filter((line) => line.includes('DSCP'))).toEqual([]);
  });
});

describe('a route that BGP found', () => {
  const text = (policy: string): string =>
    `
name: bgp
organisations: { ex: {} }
topology:
  defaults: { organisation: ex, segment: customer }
  nodes:
    a: { kind: client, addresses: { eth0: [10.1.0.10/24] }, routes: [{ to: default, via: ce }] }
    ce:
      kind: router
      firewall: FW
      addresses: { lan: [10.1.0.1/24], one: [10.0.1.1/30], two: [10.0.2.1/30] }
      bgp:
        as: 65010
        networks: [10.1.0.0/24]
        neighbors:
          - { node: p1 }
          - { node: p2, ${policy} }
    p1: { kind: router, addresses: { ce: [10.0.1.2/30], s: [10.0.3.1/30] }, routes: [{ to: 203.0.113.0/24, via: s }], bgp: { as: 64501, networks: [203.0.113.0/24], neighbors: [{ node: ce }] } }
    p2: { kind: router, addresses: { ce: [10.0.2.2/30], s: [10.0.4.1/30] }, routes: [{ to: 203.0.113.0/24, via: s }], bgp: { as: 64502, networks: [203.0.113.0/24], neighbors: [{ node: ce }] } }
    s: { kind: router, addresses: { one: [10.0.3.2/30], two: [10.0.4.2/30], lan: [203.0.113.1/24] }, routes: [{ to: default, via: p1 }] }
    srv: { kind: client, addresses: { eth0: [203.0.113.7/24] }, routes: [{ to: default, via: s }] }
  links:
    - { endpoints: ["a:eth0", "ce:lan"] }
    - { endpoints: ["ce:one", "p1:ce"] }
    - { endpoints: ["ce:two", "p2:ce"] }
    - { endpoints: ["p1:s", "s:one"] }
    - { endpoints: ["p2:s", "s:two"] }
    - { endpoints: ["s:lan", "srv:eth0"] }
`.replace('      firewall: FW\n', '');
  const rules = 'table inet f {\nchain forward {\ntype filter hook forward priority filter; policy drop;\naccept comment "all"\n}\n}\n';

  it('is one text, with the reason and the line of the policy, also where a rule let the packet in', () => {
    const source = text('import: [{ set: { localPref: 200 } }]');
    const plan = withRules(planFor(source), { ce: rules });
    const routes = only(ask(plan, 'a', 'srv', UDP).stories).there.ways[0]?.hops[1]?.decided.flatMap(({ route }) => route ?? []);
    const line = source.split('\n').findIndex((one) => one.includes('localPref')) + 1;
    expect(routes).toEqual([
      expect.objectContaining({
        prefix: '203.0.113.0/24',
        dev: 'two',
        proto: 'bgp',
        chosen: { why: 'local preference 200 > 100', src: { file: 'two-exits.lab.yaml', line } },
      }),
    ]);
  });
});

describe('a flow of which links lost some packets', () => {
  const text = CHAIN;
  const story = (lost: readonly number[]): FlowStory => {
    const plan = planFor(text);
    const stage = new Stage(plan).listen('r1', 5000);
    for (let k = 0; k < 6; k++)
      stage
        .link(k + 0.5, 'a--r0', { loss: lost.includes(k) ? { model: 'random', probability: 1 } : null })
        .send({ at: k + 1, from: 'a', to: addressOf(plan, 'r1'), toPort: 5000 });
    return only(explain(stage.ledger(), plan, [1 as PacketId]));
  };

  it('is lossy; one of which none arrived is broken', () => {
    expect(story([]).verdict).toBe('fine');
    expect(story([2, 3]).verdict).toBe('lossy');
    expect(story([0, 1, 2, 3, 4, 5]).verdict).toBe('broken');
    expect(whyLine(story([2, 3]))).toMatch(/2 of 6 packets were lost on the link a--r0/);
  });
});
