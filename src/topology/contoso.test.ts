import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addressesOf, nodeOf, planOf } from './testing/lab.js';
import { walk } from './testing/walk.js';

const plan = planOf(readFileSync(new URL('../../topologies/contoso.lab.yaml', import.meta.url), 'utf8'));

/** One of each place. */
const END_SYSTEMS = ['alice', 'dave', 'dc-fe', 'public-dns', 'online-fe'];
const path = (from: string, to: string, down: readonly string[] = []): readonly string[] => {
  const v4 = walk(plan, from, to, 4, new Set(down));
  expect(walk(plan, from, to, 6, new Set(down))).toEqual(v4);
  expect(v4.end).toBe('arrived');
  return v4.links;
};
/** Link groups, so that primary and secondary circuit are one. */
const groups = (links: readonly string[]): readonly string[] => links.map((l) => plan.links.find((x) => x.name === l)?.group ?? '');
const segments = (links: readonly string[]): readonly string[] => [...new Set(links.map((l) => plan.links.find((x) => x.name === l)?.segment ?? ''))];

const INTERNET = ['ce--isp', 'isp--ix', 'ix--ms-edge'];

describe('the reference topology', () => {
  it('has both families on every interface that has addresses', () => {
    for (const node of plan.nodes.filter((n) => !n.bridge)) {
      for (const i of node.interfaces) expect(i.addresses.map((a) => a.family)).toEqual([4, 6]);
    }
  });
  it('uses addresses for documentation and benchmarks only', () => {
    const all = plan.nodes.flatMap((n) => n.interfaces.flatMap((i) => i.addresses.map((a) => a.address)));
    expect(all.filter((a) => !/^(192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|198\.1[89]\.|2001:db8:)/.test(a))).toEqual([]);
  });

  it('keeps media between users of a site in its LAN, and between sites on the direct WAN link', () => {
    expect(path('alice', 'bob')).toEqual(['alice--hq-lan', 'bob--hq-lan']);
    expect(path('alice', 'dave')).toEqual(['alice--hq-lan', 'hq-rt--hq-lan', 'hq-rt--branch-rt', 'branch-rt--branch-lan', 'dave--branch-lan']);
  });
  it('sends signalling of users homed on-premises to the datacenter over the WAN', () => {
    expect(segments(path('alice', 'dc-fe'))).toEqual(['customer']);
    expect(segments(path('dave', 'dc-fe'))).toEqual(['customer']);
  });
  it.each<[string, readonly string[], readonly string[]]>([
    ['the primary circuit', [], ['er-primary']],
    ['the secondary when the primary is down', ['er-primary'], ['er-secondary']],
    ['the primary when the secondary is down', ['er-secondary'], ['er-primary']],
    ['the Internet when both are down', ['er-primary', 'er-secondary'], INTERNET],
  ])('reaches Microsoft by %s, and comes back the same way', (_, down, expected) => {
    for (const client of ['alice', 'carol', 'erin', 'dc-fe']) {
      for (const server of ['online-fe', 'online-stun']) {
        const there = path(client, server, down);
        const back = path(server, client, down);
        expect(there.filter((l) => plan.links.some((x) => x.name === l && x.segment !== 'customer' && x.segment !== 'microsoft'))).toEqual(expected);
        const outside = (links: readonly string[]): readonly string[] => groups(links).filter((g) => g === 'er' || INTERNET.includes(g));
        expect([...outside(back)].reverse()).toEqual(outside(there));
      }
    }
  });
  it('stays reachable when the Internet is down, and only what is on the Internet is lost', () => {
    expect(path('alice', 'online-fe', ['ce--isp'])).toContain('er-primary');
    expect(walk(plan, 'alice', 'public-dns', 4, new Set(['ce--isp'])).end).toBe('no route');
  });
  it('asks DNS over the Internet, never over the circuit', () => {
    for (const [from, to] of [['dc-dns', 'public-dns'], ['public-dns', 'dc-dns']] as const) expect(segments(path(from, to)).filter((s) => s === 'expressroute')).toEqual([]);
    expect(segments(path('online-fe', 'public-dns'))).toEqual(['microsoft', 'internet']);
  });
  it('lets every place reach every other, also with any one WAN or circuit link down', () => {
    const failures = [[], ['hq-rt--dc-rt'], ['branch-rt--dc-rt'], ['hq-rt--branch-rt'], ['er-primary'], ['er-secondary'], ['msee1--ms-core'], ['msee2--ms-core'], ['ms-edge--ms-core']];
    const isolated = new Set(['ms-edge--ms-core']);
    for (const down of failures) {
      for (const from of END_SYSTEMS) {
        for (const to of END_SYSTEMS) {
          // Without its Internet edge Microsoft's network is cut off from what is on the Internet.
          if (from === to || (down.some((d) => isolated.has(d)) && [from, to].includes('public-dns'))) continue;
          path(from, to, down);
        }
      }
    }
  });
  it('drops what is in nobody\'s network instead of passing it round', () => {
    const spare = nodeOf(plan, 'dc-rt').routes.filter((r) => r.origin === 'blackhole').map((r) => r.prefix);
    expect(spare).toEqual(['198.51.100.0/24', '2001:db8:c::/48']);
  });

  it('homes its users where their domains say', () => {
    expect(plan.users.map((u) => `${u.address} ${u.node} ${u.home}`)).toEqual([
      'alice@contoso.example alice dc-fe',
      'bob@contoso.example bob online-fe',
      'carol@cloud.contoso.example carol online-fe',
      'dave@contoso.example dave dc-fe',
      'erin@cloud.contoso.example erin online-fe',
    ]);
  });
  it('gives the front ends the names by which clients and other servers look for them (RFC 5922)', () => {
    expect(nodeOf(plan, 'dc-fe').certificateNames).toEqual(['dc-fe', 'contoso.example', 'sip.contoso.example', ...addressesOf(plan, 'dc-fe').map((a) => a.split('/')[0])]);
    expect(nodeOf(plan, 'online-fe').certificateNames).toEqual(expect.arrayContaining(['cloud.contoso.example', 'sip.cloud.contoso.example', 'sipdir.online.lync.example', 'sipfed.online.lync.example']));
  });
  it('marks voice of clients, and of nobody else', () => {
    expect(nodeOf(plan, 'alice').dscp).toEqual([{ protocol: 'udp', from: 50000, to: 50019, dscp: 46 }]);
    expect(plan.nodes.filter((n) => n.dscp.length > 0).map((n) => n.kind)).toEqual(['client', 'client', 'client', 'client', 'client']);
  });
  it('splits its DNS between inside and outside', () => {
    const views = plan.zones.filter((z) => z.name === 'contoso.example').map((z) => [z.servers, z.records.filter((r) => r.type === 'SRV').map((r) => r.name)]);
    expect(views).toEqual([[['dc-dns'], ['_sipinternaltls._tcp.contoso.example']], [['public-dns'], ['_sipfederationtls._tcp.contoso.example']]]);
  });
});
