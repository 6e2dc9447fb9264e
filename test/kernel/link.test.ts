/**
 * One link between two kernels: frames cross it, take its delay, are recorded, and its carrier is what routes see.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { LinkId, PacketId } from '../../src/base/brand.js';
import type { Ledger } from '../../src/capture/ledger.js';
import type { Plan } from '../../src/topology/plan.js';
import { netns } from '../../src/substrate/netns/netns.js';
import { judge, tool } from '../smoke/support.js';
import { buildLab, echoScript, inNode, namespacesInUse, planOf, roundTripScript, startInNode } from './support.js';

const TWO = `
name: two
organisations: { lab: { domains: [lab.example] } }
topology:
  nodes:
    a: { kind: router, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.1/30, "2001:db8::1/64"] } }
    b: { kind: router, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.2/30, "2001:db8::2/64"] } }
  links:
    - { name: wire, segment: customer, endpoints: ["a:eth0", "b:eth0"], impairments: delay 10ms }
`;

/** Hosts a and b; the way over r1 is preferred to that over r2. */
const DIAMOND = `
name: diamond
organisations: { lab: { domains: [lab.example] } }
topology:
  nodes:
    a:
      kind: router
      organisation: lab
      segment: customer
      addresses: { up: [192.0.2.1/30], down: [192.0.2.5/30] }
      routes: [{ to: 198.51.100.0/24, via: 192.0.2.2, metric: 10 }, { to: 198.51.100.0/24, via: 192.0.2.6, metric: 20 }]
    r1: { kind: router, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.2/30], eth1: [198.51.100.1/30] } }
    r2:
      kind: router
      organisation: lab
      segment: customer
      addresses: { eth0: [192.0.2.6/30], eth1: [198.51.100.5/30] }
      routes: [{ to: 198.51.100.0/30, via: 198.51.100.6 }]
    b:
      kind: router
      organisation: lab
      segment: customer
      addresses: { up: [198.51.100.2/30], down: [198.51.100.6/30] }
      routes: [{ to: 192.0.2.0/30, via: 198.51.100.1 }, { to: 192.0.2.4/30, via: 198.51.100.5 }]
  links:
    - { name: a-r1, segment: customer, endpoints: ["a:up", "r1:eth0"] }
    - { name: a-r2, segment: customer, endpoints: ["a:down", "r2:eth0"] }
    - { name: r1-b, segment: customer, endpoints: ["b:up", "r1:eth1"] }
    - { name: r2-b, segment: customer, endpoints: ["b:down", "r2:eth1"] }
`;

/** c and d on a bridge, e beyond a router. */
const LAN = `
name: lan
organisations: { lab: { domains: [lab.example] } }
topology:
  nodes:
    sw: { kind: bridge, organisation: lab, segment: customer, prefixes: [192.0.2.0/24] }
    c: { kind: router, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.3/24] }, routes: [{ to: 198.51.100.0/24, via: 192.0.2.1 }] }
    d: { kind: router, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.4/24] } }
    r: { kind: router, organisation: lab, segment: customer, addresses: { lan: [192.0.2.1/24], wan: [198.51.100.1/24] } }
    e: { kind: router, organisation: lab, segment: customer, addresses: { eth0: [198.51.100.2/24] }, routes: [{ to: 192.0.2.0/24, via: 198.51.100.1 }] }
  links:
    - { name: c-sw, segment: customer, endpoints: ["c:eth0", "sw:p1"] }
    - { name: d-sw, segment: customer, endpoints: ["d:eth0", "sw:p2"] }
    - { name: r-sw, segment: customer, endpoints: ["r:lan", "sw:p3"] }
    - { name: r-e, segment: customer, endpoints: ["r:wan", "e:eth0"] }
`;

const NODE = process.execPath;
const folder = mkdtempSync(join(tmpdir(), 'callpath-link-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function linkNamed(plan: Plan, name: string): LinkId {
  const link = plan.links.find((candidate) => candidate.name === name);
  if (link === undefined) throw new Error(`no link ${name}`);
  return link.id;
}

/** Where each packet was sent, hop by hop, and how it ended: `a-r1:a r1-b:r1 delivered`. */
function journeys(ledger: Ledger): string[] {
  const found: string[] = [];
  for (const cursor = ledger.cursor(); cursor.next(); ) {
    const journey = ledger.journey(cursor.id as PacketId);
    if (journey !== null) found.push(`${journey.hops.map((hop) => ledger.points.at(hop.point).name).join(' ')} ${journey.end.kind}`);
  }
  return found;
}

describe('links between kernels', () => {
  it('adds its delay to every round trip; the capture shows each frame at both ends', async () => {
    const file = join(folder, 'two.pcapng');
    const recorded = await buildLab(netns, planOf(TWO), { captureFile: file });
    const { lab } = recorded;
    for (const [from, to] of [
      ['192.0.2.1', '192.0.2.2'],
      ['2001:db8::1', '2001:db8::2'],
    ] as const) {
      const echo = await startInNode(lab, 'b', NODE, '-e', echoScript(to, 7));
      const trips = JSON.parse(await inNode(lab, 'a', NODE, '-e', roundTripScript(from, to, 7, 20))) as number[];
      await echo.stop();
      expect(trips.length).toBe(20);
      // Never less than the links' delay; how much more is the machine's business.
      for (const trip of trips) expect(trip).toBeGreaterThanOrEqual(20);
    }
    const ledger = await recorded.finish();
    expect(journeys(ledger).filter((one) => one.endsWith('delivered')).length).toBe(80);
    ledger.close();
    if (!judge('tshark')) return;
    const fields = tool(
      'tshark',
      '-r',
      file,
      '-Y',
      'udp',
      '-o',
      'udp.check_checksum:TRUE',
      '-T',
      'fields',
      '-e',
      'frame.interface_name',
      '-e',
      'udp.checksum.status',
    );
    const seen = fields.trim().split('\n');
    // 40 datagrams there and 40 back, each at both ends, with checksums that hold (1 = good): no offload is left to do.
    expect(seen.length).toBe(160);
    expect(new Set(seen)).toEqual(new Set(['wire:a\t1', 'wire:b\t1']));
  });

  it('takes the carrier away when a link goes down: the route with the next metric is used', async () => {
    const plan = planOf(DIAMOND);
    const recorded = await buildLab(netns, plan);
    const { lab } = recorded;
    const route = async (): Promise<string> =>
      (JSON.parse(await inNode(lab, 'a', 'ip', '-json', 'route', 'get', '198.51.100.2')) as { dev: string }[])[0]?.dev ?? '';
    const change = async (up: boolean): Promise<void> => {
      lab.links.set(linkNamed(plan, 'a-r1'), 'both', { up });
      // The kernel looks at carriers when its link watch comes round.
      await expect.poll(route, { timeout: 20_000 }).toBe(up ? 'up' : 'down');
    };
    expect(await route()).toBe('up');
    await change(false);
    const echo = await startInNode(lab, 'b', NODE, '-e', echoScript('198.51.100.2', 7));
    await inNode(lab, 'a', NODE, '-e', roundTripScript('192.0.2.5', '198.51.100.2', 7, 3));
    await change(true);
    await inNode(lab, 'a', NODE, '-e', roundTripScript('192.0.2.1', '198.51.100.2', 7, 3));
    await echo.stop();
    const ledger = await recorded.finish();
    const all = journeys(ledger);
    // Once by each way, three there and three back; one identity across the router.
    for (const way of ['a-r2:a r2-b:r2', 'r2-b:b a-r2:r2', 'a-r1:a r1-b:r1', 'r1-b:b a-r1:r1'])
      expect([way, all.filter((one) => one === `${way} delivered`).length]).toEqual([way, 3]);
    ledger.close();
  });

  // One that learns floods the first frame to r: the copy to d is a packet of its own.
  it.each([
    { sort: 'a bridge', text: LAN, copies: 0 },
    { sort: 'a bridge that learns', text: LAN.replace('kind: bridge,', 'kind: bridge, learning: true,'), copies: 1 },
  ])('keeps the identity of a frame through $sort and a router', async ({ text, copies }) => {
    const recorded = await buildLab(netns, planOf(text));
    const { lab } = recorded;
    const echo = await startInNode(lab, 'e', NODE, '-e', echoScript('198.51.100.2', 7));
    await inNode(lab, 'c', NODE, '-e', roundTripScript('192.0.2.3', '198.51.100.2', 7, 5));
    await echo.stop();
    const counts = (await lab.inspect('r')) as { identity: Record<string, number> };
    expect(counts.identity).toMatchObject({ passed: 10, ambiguous: 0, vanished: 0 });
    const ledger = await recorded.finish();
    const all = journeys(ledger);
    expect(all.filter((one) => one === 'r-e:e r-sw:r c-sw:sw delivered').length).toBe(5);
    expect(all.filter((one) => one === 'c-sw:c r-sw:sw r-e:r delivered').length).toBe(5);
    expect(all.filter((one) => one === 'd-sw:sw delivered').length).toBe(copies);
    ledger.close();
  });

  it('tells a packet that a router dropped, and names it as the cause of the error about it', async () => {
    const plan = planOf(LAN);
    const recorded = await buildLab(netns, plan);
    const { lab } = recorded;
    const script = "const s=require('dgram').createSocket('udp4');s.bind(0,'192.0.2.3',()=>{s.setTTL(1);s.send('one hop',7,'198.51.100.2',()=>s.close())})";
    await inNode(lab, 'c', NODE, '-e', script);
    // The error has come back.
    await expect.poll(() => lab.linkStats(linkNamed(plan, 'c-sw'), 1).carried, { timeout: 20_000 }).toBe(1);
    const ledger = await recorded.finish();
    const found = [];
    for (const cursor = ledger.cursor(); cursor.next(); ) found.push(ledger.journey(cursor.id as PacketId));
    const dropped = found.filter((journey) => journey?.end.kind === 'dropped');
    expect(dropped.length).toBe(1);
    expect(dropped[0]?.end).toMatchObject({ drop: 'ttl' });
    expect(ledger.points.at((dropped[0]?.end as { point: number }).point).name).toBe('node:r');
    const error = found.find(
      (journey) => journey?.causes.includes(dropped[0]?.id as PacketId) === true && ledger.points.at(journey.hops[0]?.point ?? 0).name === 'r-sw:r',
    );
    expect(error?.end.kind).toBe('delivered');
    ledger.close();
  });

  it.skipIf(spawnSync('nft', ['--version']).error !== undefined)('marks what a node sends by its QoS policy', async () => {
    const file = join(folder, 'qos.pcapng');
    const policy = TWO.replace('a: { kind: router,', 'a: { kind: router, dscp: [{ protocol: udp, ports: 50000-50001, dscp: EF }],');
    const plan = planOf(policy);
    const recorded = await buildLab(netns, plan, { captureFile: file });
    const sent = (port: number, from: string, to: string): Promise<string> =>
      inNode(
        recorded.lab,
        'a',
        NODE,
        '-e',
        `const s=require('dgram').createSocket('udp${to.includes(':') ? 6 : 4}');s.bind(${port},'${from}',()=>s.send('x',7,'${to}',()=>s.close()))`,
      );
    for (const port of [50000, 50001, 50002]) {
      await sent(port, '192.0.2.1', '192.0.2.2');
      await sent(port, '2001:db8::1', '2001:db8::2');
    }
    await expect.poll(() => recorded.lab.linkStats(linkNamed(plan, 'wire'), 0).carried, { timeout: 20_000 }).toBeGreaterThanOrEqual(6);
    (await recorded.finish()).close();
    if (!judge('tshark')) return;
    const fields = (version: string): string[] =>
      tool(
        'tshark',
        '-r',
        file,
        '-Y',
        `udp.dstport==7 && ${version} && !icmp && !icmpv6 && frame.interface_name=="wire:b"`,
        '-T',
        'fields',
        '-e',
        'udp.srcport',
        '-e',
        version === 'ip' ? 'ip.dsfield.dscp' : 'ipv6.tclass.dscp',
      )
        .trim()
        .split('\n');
    // EF is 46 (RFC 3246 2.7).
    for (const version of ['ip', 'ipv6']) expect(fields(version)).toEqual(['50000\t46', '50001\t46', '50002\t0']);
  });

  it('leaves no namespace behind', async () => {
    const before = namespacesInUse();
    const recorded = await buildLab(netns, planOf(LAN));
    const during = [...namespacesInUse()].filter((ns) => !before.has(ns));
    expect(during.length).toBe(5);
    (await recorded.finish()).close();
    const after = namespacesInUse();
    expect(during.filter((ns) => after.has(ns))).toEqual([]);
  });
});
