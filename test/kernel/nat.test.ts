/**
 * Emulated nodes among kernels: a NAT, and a router that does wrong, between two hosts. What there is to see is the same
 * on the simulator, where all nodes are emulated, and on namespaces, where those two are and the hosts are kernels.
 *
 *     a --- nat --- r --- b
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PacketId } from '../../src/base/brand.js';
import { type Nanos, millis, seconds } from '../../src/base/time.js';
import type { Journey, Ledger } from '../../src/capture/ledger.js';
import { bridge } from '../../src/roles/bridge/kind.js';
import { nat } from '../../src/roles/nat/kind.js';
import type { Json, RoleKind } from '../../src/roles/role.js';
import { router } from '../../src/roles/router/kind.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import type { Lab, Substrate } from '../../src/substrate/substrate.js';
import { MAIN_TABLE } from '../../src/topology/plan.js';
import { probe } from '../contract/probe/kind.js';
import { buildLab, planOf } from './support.js';

const TOPOLOGY = `
name: home
organisations: { lab: { domains: [lab.example] } }
topology:
  defaults: { organisation: lab, segment: customer }
  nodes:
    a: { kind: probe, addresses: { eth0: [10.0.0.10/24] }, dscp: [{ ports: 7000, dscp: EF }] }
    lan: { kind: bridge }
    nat:
      kind: nat
      config: { outside: [wan], filtering: address-dependent }
      addresses: { lan: [10.0.0.1/24], wan: [192.0.2.1/24] }
      routes: [{ to: default, via: r }]
    r:
      kind: router
      config: { quirks: { dscp: strip } }
      addresses: { nat: [192.0.2.254/24], net: [198.51.100.1/24] }
    b: { kind: probe, addresses: { eth0: [198.51.100.10/24] } }
  links:
    - { name: a-lan, endpoints: ["a:eth0", "lan:p1"] }
    - { name: lan-nat, endpoints: ["lan:p2", "nat:lan"] }
    - { name: nat-r, endpoints: ["nat:wan", "r:nat"], impairments: delay 1ms }
    - { name: r-b, endpoints: ["r:net", "b:eth0"] }
`;

const KINDS: ReadonlyMap<string, RoleKind> = new Map([probe, router, nat, bridge].map((kind) => [kind.kind, kind]));
const compiled = compileProduct();
afterAll(() => {
  compiled.remove();
});
const netns = createNetns({ main: compiled.main, kindModules: new Map([['probe', { module: compiled.url('test/contract/probe/kind.ts'), export: 'probe' }]]) });

const [A, B, OUTSIDE] = ['10.0.0.10', '198.51.100.10', '192.0.2.1'];

interface Played {
  readonly udp: Json;
  readonly tcp: Json;
  readonly mappings: readonly string[];
  readonly ledger: Ledger;
}

async function play(substrate: Substrate): Promise<Played> {
  const recorded = await buildLab(substrate, planOf(TOPOLOGY, KINDS), { kinds: KINDS });
  const { lab } = recorded;
  const [a, b] = [lab.role('a'), lab.role('b')];
  const told = { udp: null as Json, tcp: null as Json, mappings: [] as readonly string[] };
  await lab.run(
    async ({ sleep }) => {
      await b.call('udp-echo', { address: B, port: 9 });
      await b.call('tcp-echo', { address: B, port: 9 });
      told.udp = await a.call('udp-exchange', { address: A, to: { address: B, port: 9 }, count: 20, length: 700 });
      told.tcp = await a.call('tcp-exchange', { address: A, to: { address: B, port: 9 }, length: 200_000 });
      await a.call('udp-send', { address: A, port: 7000, to: { address: B, port: 9 }, length: 40 });
      // To a port that nobody has, and from a host to a mapping that the inside has not spoken to.
      await b.call('udp-send', { address: B, port: 7001, to: { address: OUTSIDE, port: 40000 }, length: 40 });
      await sleep(millis(200));
      told.mappings = ((await lab.inspect('nat')) as { mappings: string[] }).mappings;
      await stopForwarding(lab);
      await a.call('udp-send', { address: A, port: 7002, to: { address: B, port: 9 }, length: 40 });
      await sleep(millis(200));
    },
    (lab.clock.now + seconds(60)) as Nanos,
  );
  return { ...told, ledger: await recorded.finish() };
}

/** As a fault or a routing protocol would. */
async function stopForwarding(lab: Lab): Promise<void> {
  const route = { family: 4, prefix: '198.51.100.0/24', via: null, dev: null, metric: 0, table: MAIN_TABLE, origin: 'blackhole', src: null } as const;
  await lab.node('nat').route([{ op: 'replace', route }]);
}

/** Of the first packet whose flow has that endpoint. */
function journeyOf({ ledger }: Played, endpoint: string): Journey {
  const flow = ledger.flows().find((one) => [one.a, one.b].includes(endpoint));
  const [first] = flow === undefined ? [] : ledger.packetsOf(flow.id);
  const journey = first === undefined ? null : ledger.journey(first as PacketId);
  if (journey === null)
    throw new Error(
      `no packet of ${endpoint}: ${ledger
        .flows()
        .map((one) => `${one.a} ${one.b}`)
        .join(', ')}`,
    );
  return journey;
}

const linkNames = (played: Played, journey: Journey): readonly string[] => journey.hops.map((hop) => played.ledger.points.at(hop.point).name);
const decisions = (journey: Journey, node: string): readonly string[] =>
  journey.hops.map((hop) => hop.decision).filter((text) => text.startsWith(`at=${node} `));

describe.each([
  ['sim', sim],
  ['netns', netns],
] as const)('on %s', (_, substrate) => {
  let played: Played;
  beforeAll(async () => {
    played = await play(substrate);
  }, 120_000);
  afterAll(() => {
    played.ledger.close();
  });

  it('datagrams and a stream go through, and come back', () => {
    expect(played.udp).toMatchObject({ errors: [], got: Array(20).fill({ length: 700, intact: true, interned: true }) });
    expect(played.tcp).toMatchObject({ length: 200_000, intact: true });
  });

  it('a packet is one packet all the way, and its record says what it was translated to', () => {
    const journey = journeyOf(played, `${A}:7000`);
    expect(linkNames(played, journey)).toEqual(['a-lan:a', 'lan-nat:lan', 'nat-r:nat', 'r-b:r']);
    expect(decisions(journey, 'nat')).toEqual([expect.stringContaining(`nat=${A}:7000>${OUTSIDE}:7000`)]);
    expect(journey.end.kind).toBe('delivered');
  });

  it('the router strips marks', () => {
    const journey = journeyOf(played, `${A}:7000`);
    const marks = journey.hops.map((hop) => (played.ledger.bytes(journey.id, hop.point)?.[15] ?? -1) >> 2);
    expect(marks).toEqual([46, 46, 46, 0]);
    expect(decisions(journey, 'r')).toEqual([expect.stringContaining('dscp=46>0')]);
  });

  it('what has no mapping is refused', () => {
    expect(journeyOf(played, `${B}:7001`).end).toMatchObject({ kind: 'dropped', drop: 'nat-no-mapping', decision: 'at=nat stage=prerouting kind=no-mapping' });
  });

  it('routes of an emulated node change as those of others do', () => {
    expect(journeyOf(played, `${A}:7002`).end).toMatchObject({ kind: 'dropped', drop: 'blackhole' });
  });

  it('inspection shows the mappings', () => {
    expect(played.mappings).toContainEqual(expect.stringMatching(/^udp 10\.0\.0\.10:7000 > 192\.0\.2\.1:7000 \d+ 198\.51\.100\.10:9$/));
  });
});

it('no command runs in a node that is no namespace', async () => {
  const recorded = await buildLab(netns, planOf(TOPOLOGY, KINDS), { kinds: KINDS });
  const enter = (): unknown => recorded.lab.enter?.('nat');
  expect(enter).toThrow(expect.objectContaining({ code: 'ROLE_COMMAND' }));
  (await recorded.finish()).close();
});
