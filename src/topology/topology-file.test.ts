import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SAMPLE_KINDS } from './testing/sample-kinds.js';
import { TWO_CLIENTS, errorsOf, faultsOf, nodeOf, planOf } from './testing/lab.js';
import { loadTopology, parseTopology } from './topology-file.js';

const FAULTY = `name: faulty
nmae: x
organisations:
  one: { domains: [one.example] }
topology:
  nodes:
    a: { kind: client, organisation: oen }
    r: { kind: router, routes: [{ to: default, via: 10.9.9.9 }] }
    r: { kind: router, routes: [{ to: 10.0.3.0/24, via: 10.9.9.9 }] }
    b: { kind: cleint }
    c: { kind: client, resolvers: 5 }
  links:
    - { endpoints: ["a:eth0", "r:left"], impairments: delay 20 }
    - { endpoints: ["b:eth0", "r:right"], mtu: 12 }
    - { endpoints: ["c:eth0", "r:right"], gruop: x }
users:
  al@one.example: { node: a, home: a, password: x }
zones:
  one.example: { servers: [ns], records: { x: { A: nobody } } }
`;

describe('parseTopology', () => {
  it('numbers nodes by name, links by the file, interfaces by the links', () => {
    const plan = planOf(TWO_CLIENTS);
    expect(plan.nodes.map((n) => [n.id, n.name])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'r'],
    ]);
    expect(plan.links.map((l) => [l.id, l.name])).toEqual([
      [0, 'a--r'],
      [1, 'b--r'],
    ]);
    expect(nodeOf(plan, 'r').interfaces.map((i) => [i.index, i.name, i.link, i.side])).toEqual([
      [1, 'left', 0, 1],
      [2, 'right', 1, 1],
    ]);
  });
  it('reports all faults at once, in the order of the file, and none that follows from another', () => {
    expect(faultsOf(FAULTY)).toEqual([
      '2:1 TOPOLOGY_SCHEMA unknown key "nmae"',
      '7:38 TOPOLOGY_REFERENCE there is no organisation "oen"',
      '9:5 TOPOLOGY_DUPLICATE the same key stands twice in one mapping',
      '10:16 TOPOLOGY_UNKNOWN_KIND there is no node kind "cleint"',
      '11:35 TOPOLOGY_SCHEMA "resolvers" is a number 5',
      '13:61 TOPOLOGY_IMPAIRMENT "20" can\'t stand here',
      '15:31 TOPOLOGY_ENDPOINT the interface r:right is on two links',
      '15:43 TOPOLOGY_SCHEMA unknown key "gruop"',
      '17:36 TOPOLOGY_REFERENCE the node "a" is a client, not a front-end',
      '19:28 TOPOLOGY_REFERENCE there is no node "ns"',
      '19:52 TOPOLOGY_ZONE "nobody" is neither an address nor a node',
    ]);
  });
  it('every fault says where, and what was expected', () => {
    for (const error of errorsOf(FAULTY)) {
      expect(error.where).toMatchObject({ file: 'test.lab.yaml' });
      expect(error.expected).toBeTruthy();
      expect(error.exitCode).toBe(2);
    }
  });
  it.each([
    ['', '1:1 TOPOLOGY_SCHEMA the file holds no mapping'],
    ['- 1', '1:1 TOPOLOGY_SCHEMA the file holds no mapping'],
    ['name: x', '1:1 TOPOLOGY_SCHEMA "topology" is missing'],
    ['topology: { nodes: {} }', '1:1 TOPOLOGY_SCHEMA "name" is missing'],
    ['name: x\ntopology: { nodes: 5 }', '2:20 TOPOLOGY_SCHEMA "nodes" is a number 5'],
  ])('%j', (text, fault) => expect(faultsOf(text)).toEqual([fault]));
  it('lets x- keys be', () => {
    expect(planOf(`x-note: anything\n${TWO_CLIENTS}`).hash).toBe(planOf(TWO_CLIENTS).hash);
  });
  it('takes an empty lab', () => expect(planOf('name: x\ntopology: { nodes: {} }')).toMatchObject({ nodes: [], links: [], users: [], zones: [] }));

  it('never throws, whatever is cut out of or put into a file', () => {
    const cut = fc.tuple(fc.nat(FAULTY.length), fc.nat(60), fc.constantFrom('', '5', '[]', '{}', 'null', 'x', '"', ': ', '\n  - ', '*a', '<<: 5', '::/0'));
    fc.assert(
      fc.property(fc.constantFrom(FAULTY, TWO_CLIENTS), cut, (text, [at, length, put]) => {
        const result = parseTopology(text.slice(0, at) + put + text.slice(at + length), 'fuzz.lab.yaml', SAMPLE_KINDS);
        if (!result.ok) expect(result.errors.length).toBeGreaterThan(0);
      }),
      { seed: 6, numRuns: 150 },
    );
  });
});

describe('loadTopology', () => {
  it('reads a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'topology-'));
    try {
      const file = join(folder, 'two.lab.yaml');
      await writeFile(file, TWO_CLIENTS);
      expect(await loadTopology(file, SAMPLE_KINDS)).toMatchObject({ ok: true, plan: { name: 'two', file } });
      await writeFile(file, Uint8Array.of(0x6e, 0xff, 0xfe));
      expect(await loadTopology(file, SAMPLE_KINDS)).toMatchObject({ ok: false, errors: [{ code: 'FILE_UNREADABLE' }] });
      expect(await loadTopology(folder, SAMPLE_KINDS)).toMatchObject({ ok: false, errors: [{ code: 'FILE_UNREADABLE' }] });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
  it('says when there is none', async () => {
    expect(await loadTopology('/nowhere/x.lab.yaml', SAMPLE_KINDS)).toMatchObject({ ok: false, errors: [{ code: 'FILE_NOT_FOUND' }] });
  });
});

describe('a DNS server that would ask itself', () => {
  const lab = (defaults: string, own: string) =>
    `name: x\norganisations: { o: { domains: [o.example] } }\ntopology:\n  defaults: { organisation: o, segment: customer${defaults} }\n  nodes:\n    ns: { kind: dns${own} }\n    r: { kind: router }\n  links:\n    - { endpoints: ["ns:eth0", "r:eth0"] }\n`;

  it('has no resolver left of the defaults', () => {
    const result = parseTopology(lab(', resolvers: [ns]', ''), 'x', SAMPLE_KINDS);
    expect(result.ok && result.plan.nodes.find((node) => node.name === 'ns')?.resolvers).toEqual([]);
    expect(result.ok && result.plan.nodes.find((node) => node.name === 'r')?.resolvers).not.toEqual([]);
  });

  it('is refused where it says so itself', () => {
    const result = parseTopology(lab('', ', resolvers: [ns]'), 'x', SAMPLE_KINDS);
    expect(!result.ok && result.errors.map((e) => `${e.where?.line}:${e.where?.column} ${e.code} ${e.message}`)).toEqual([
      '6:34 TOPOLOGY_REFERENCE the DNS server "ns" would ask itself',
    ]);
  });

  it('takes a time that grows as the file does: a chain of 2,000 routers', () => {
    const count = 2000;
    const nodes = Array.from({ length: count }, (_, i) => `    r${i}: { kind: router }`);
    const links = Array.from({ length: count - 1 }, (_, i) => `    - { endpoints: ["r${i}:b", "r${i + 1}:a"] }`);
    const plan = planOf(
      ['name: chain', 'organisations: { x: {} }', 'topology:', '  defaults: { organisation: x }', '  nodes:', ...nodes, '  links:', ...links, ''].join('\n'),
    );
    expect([plan.nodes.length, plan.links.length]).toEqual([count, count - 1]);
    const addresses = plan.nodes.flatMap(({ interfaces }) => interfaces.flatMap((one) => one.addresses.map(({ address }) => address)));
    expect(new Set(addresses).size).toBe(4 * (count - 1));
  }, 60_000);
});
