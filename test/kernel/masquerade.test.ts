/**
 * Which address `masquerade` takes where the interface has several: that on the network of the next hop, on kernels and
 * on the simulator.
 *
 *     a - r - lan - b, c      r has an address on the network of b and one on that of c, both at one link
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { PacketId } from '../../src/base/brand.js';
import { millis, seconds } from '../../src/base/time.js';
import { bridge } from '../../src/roles/bridge/kind.js';
import type { RoleKind } from '../../src/roles/role.js';
import { router } from '../../src/roles/router/kind.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import { formatIpv4, formatMac } from '../../src/wire/address.js';
import { u32 } from '../../src/wire/bytes.js';
import * as ethernet from '../../src/wire/ethernet.js';
import { probe } from '../contract/probe/kind.js';
import { buildLab, planOf } from './support.js';

const RULES = `table ip t {
  chain post { type nat hook postrouting priority srcnat; oifname "out" masquerade; }
  chain onward { type filter hook forward priority mangle; ip daddr 198.51.100.4 meta mark set 1; }
}
`;

const folder = mkdtempSync(join(tmpdir(), 'callpath-masquerade-'));
const file = join(folder, 'r.nft');
writeFileSync(file, RULES);
const compiled = compileProduct();
afterAll(() => {
  compiled.remove();
  rmSync(folder, { recursive: true });
});

const TOPOLOGY = `
name: masquerade
organisations: { lab: { domains: [lab.example] } }
topology:
  defaults: { segment: customer }
  nodes:
    a: { kind: probe, addresses: { eth0: [10.0.0.1/24] }, routes: [{ to: default, via: r }] }
    r:
      kind: router
      firewall: ${file}
      addresses: { in: [10.0.0.254/24], out: [10.1.0.1/24, 10.2.0.1/24] }
      routes:
        - { to: 198.51.100.1/32, via: [10.1.0.9, 10.2.0.9] }
        - { to: 198.51.100.2/31, via: 10.1.0.9 }
        - { to: 198.51.100.4/32, via: 10.1.0.9 }
        - { to: default, via: 10.2.0.9, table: 7 }
        - { to: 198.51.100.3/32, via: 10.2.0.9, table: 8 }
      rules: [{ priority: 5, iif: in, table: 8 }, { priority: 6, fwmark: 1, table: 7 }]
    lan: { kind: bridge, prefixes: [10.1.0.0/24, 10.2.0.0/24] }
    b: { kind: router, addresses: { eth0: [10.1.0.9/24] } }
    c: { kind: router, addresses: { eth0: [10.2.0.9/24] } }
  links:
    - { name: a-r, endpoints: ["a:eth0", "r:in"] }
    - { name: r-lan, endpoints: ["r:out", "lan:p1"] }
    - { name: b-lan, endpoints: ["b:eth0", "lan:p2"] }
    - { name: c-lan, endpoints: ["c:eth0", "lan:p3"] }
`;

const KINDS: ReadonlyMap<string, RoleKind> = new Map([probe, router, bridge].map((kind) => [kind.kind, kind]));
const netns = createNetns({ main: compiled.main, kindModules: new Map([['probe', { module: compiled.url('test/contract/probe/kind.ts'), export: 'probe' }]]) });

it.each([
  ['netns', netns],
  ['sim', sim],
] as const)(
  'on %s: that of the next hop which the flow was given, however it was chosen',
  async (_, substrate) => {
    const plan = planOf(TOPOLOGY, KINDS);
    const hosts = new Map(plan.nodes.flatMap(({ name, interfaces }) => interfaces.map(({ mac }) => [mac, name] as const)));
    const recorded = await buildLab(substrate, plan, { kinds: KINDS });
    const { lab } = recorded;
    await lab.run(
      async ({ sleep }) => {
        let port = 40000;
        const send = (host: number): Promise<unknown> =>
          lab.role('a').call('udp-send', { address: '10.0.0.1', port: port++, to: { address: `198.51.100.${host}`, port: 9 }, length: 16 });
        for (let i = 0; i < 40; i++) await send(1);
        for (const host of [2, 3, 4]) await send(host);
        await sleep(millis(500));
      },
      (lab.clock.now + seconds(60)) as typeof lab.clock.now,
    );
    const ledger = await recorded.finish();
    const ways = new Map<number, Set<string>>();
    for (const cursor = ledger.cursor(); cursor.next(); ) {
      for (const { point } of ledger.journey(cursor.id as PacketId)?.hops ?? []) {
        const frame = ledger.points.at(point).name === 'r-lan:r' ? ledger.bytes(cursor.id as PacketId, point) : null;
        if (frame?.[12] !== 0x08 || frame[13] !== 0 || frame[23] !== 17) continue;
        const to = frame[33] ?? 0;
        ways.set(to, (ways.get(to) ?? new Set()).add(`${hosts.get(formatMac(ethernet.dst(frame, 0))) ?? '?'} ${formatIpv4(u32(frame, 26))}`));
      }
    }
    ledger.close();
    const found = Object.fromEntries([...ways].map(([to, seen]) => [to, [...seen].sort()]));
    // Of several next hops; of one; by the rule for the interface; with a mark that comes too late for the rule.
    expect(found).toEqual({ 1: ['b 10.1.0.1', 'c 10.2.0.1'], 2: ['b 10.1.0.1'], 3: ['c 10.2.0.1'], 4: ['b 10.1.0.1'] });
  },
  120_000,
);
