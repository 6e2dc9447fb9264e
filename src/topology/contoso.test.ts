import { describe, expect, it } from 'vitest';
import type { NatStatement } from '../nft/ruleset.js';
import { CONTOSO, CONTOSO_FILE, addressesOf, nodeOf, planOf } from './testing/lab.js';
import { walk, walkTo } from './testing/walk.js';

const plan = planOf(CONTOSO, CONTOSO_FILE);

/** One of each place. */
const INSIDE = ['alice', 'dave', 'dc-fe'];
const OUTSIDE = ['public-dns', 'online-fe'];
/** Consumers, who have no IPv6. */
const CONSUMERS = ['sam', 'skype-fe'];
const follow = (from: string, to: string, family: 4 | 6, down: readonly string[] = []): readonly string[] => {
  const { links, end } = walk(plan, from, to, family, new Set(down));
  expect(`${from} > ${to}, IPv${family}: ${end}`).toBe(`${from} > ${to}, IPv${family}: arrived`);
  return links;
};
/** The same in both families. */
const path = (from: string, to: string, down: readonly string[] = []): readonly string[] => {
  const v4 = follow(from, to, 4, down);
  expect(follow(from, to, 6, down)).toEqual(v4);
  return v4;
};
const segments = (links: readonly string[]): readonly string[] => [...new Set(links.map((l) => plan.links.find((x) => x.name === l)?.segment ?? ''))];
const outside = (links: readonly string[]): readonly string[] =>
  links.filter((l) => plan.links.some((x) => x.name === l && x.segment !== 'customer' && x.segment !== 'microsoft'));

const INTERNET = ['inet-fw--isp', 'isp--ix', 'ix--ms-edge'];

/** Pools of source NAT: the node and interface by which packets leave, and the first and last address. */
const pools = plan.nodes.flatMap((node) =>
  (node.firewall?.ruleset.tables ?? [])
    .flatMap((table) => table.chains)
    .flatMap((chain) => chain.rules)
    .flatMap(({ statements }) => {
      const dev = statements.flatMap((s) => (s.do === 'match' && s.right.is === 'interface' ? [s.right.name] : []))[0];
      return statements
        .filter((s): s is Extract<NatStatement, { do: 'snat' | 'dnat' }> => s.do === 'snat')
        .flatMap(({ to }) =>
          'addresses' in to && to.addresses !== null && dev !== undefined ? [{ node: node.name, dev, from: to.addresses.from, to: to.addresses.to }] : [],
        );
    }),
);

describe('the reference topology', () => {
  it('has both families on every interface that has addresses, but for consumers', () => {
    const onlyV4 = new Set([...CONSUMERS.map((name) => `${name}:eth0`), 'ix:homes', 'ms-core:skype']);
    for (const node of plan.nodes.filter((n) => !n.bridge)) {
      for (const i of node.interfaces)
        expect([node.name, i.name, i.addresses.map((a) => a.family)]).toEqual([node.name, i.name, onlyV4.has(`${node.name}:${i.name}`) ? [4] : [4, 6]]);
    }
  });
  it('is private inside, and uses addresses for documentation and benchmarks elsewhere', () => {
    const all = (inside: boolean) =>
      plan.nodes
        .filter((n) => (n.segment === 'customer') === inside)
        .flatMap((n) => n.interfaces)
        .flatMap((i) => i.addresses.map((a) => a.address));
    // The links of the edges to others have the others' addresses.
    const documentation = /^(192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|198\.1[89]\.|2001:db8:)/;
    expect(all(false).filter((a) => !documentation.test(a))).toEqual([]);
    expect(
      all(true)
        .filter((a) => !/^(10\.|2001:db8:c:)/.test(a))
        .sort(),
    ).toEqual(['192.0.2.1', '198.18.12.1', '198.18.12.5', expect.stringMatching(/^2001:db8:1:1:/), '2001:db8:e:1::1', '2001:db8:e:2::1']);
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
  ])('reaches Microsoft by %s; without translation the way back is the same', (_, down, expected) => {
    for (const client of ['alice', 'carol', 'erin', 'dc-fe']) {
      for (const server of ['online-fe', 'online-stun']) {
        expect(outside(path(client, server, down))).toEqual(expected);
        expect(outside(follow(server, client, 6, down))).toEqual([...expected].reverse());
      }
    }
  });
  it('has a pool for each exit, and answers to it come back by that exit and no other', () => {
    expect(pools.map(({ node, dev }) => `${node}:${dev}`).sort()).toEqual(['ce:er1', 'ce:er2', 'inet-fw:outside']);
    for (const { node, dev, from, to } of pools) {
      const exit = plan.links.find((link) => link.ends.some((end) => end.nodeName === node && end.interface === dev));
      for (const server of ['online-fe', 'skype-fe', 'public-dns', 'sam']) {
        for (const address of [from, to]) {
          const { links } = walkTo(plan, server, address);
          // The circuit is heard of at Microsoft alone.
          const heard = dev === 'outside' || ['online-fe', 'skype-fe'].includes(server);
          expect([server, address, links.at(-1)]).toEqual([server, address, heard ? exit?.name : expect.not.stringMatching(/^(er-|inet-fw)/)]);
        }
      }
    }
  });
  it('leads nobody outside to the addresses inside', () => {
    for (const from of [...OUTSIDE, ...CONSUMERS]) for (const to of INSIDE) expect([from, to, walk(plan, from, to, 4).end]).not.toEqual([from, to, 'arrived']);
  });
  it('stays reachable when the Internet is down, and only what is on the Internet is lost', () => {
    expect(path('alice', 'online-fe', ['inet-fw--isp'])).toContain('er-primary');
    expect(walk(plan, 'alice', 'public-dns', 4, new Set(['inet-fw--isp'])).end).toBe('no route');
  });
  it('asks DNS, and consumers, over the Internet, never over the circuit', () => {
    expect(segments(path('dc-dns', 'public-dns'))).toEqual(['customer', 'internet']);
    expect(segments(follow('public-dns', 'dc-dns', 6))).toEqual(['internet', 'customer']);
    expect(segments(path('online-fe', 'public-dns'))).toEqual(['microsoft', 'internet']);
    for (const to of CONSUMERS) expect(segments(follow('dc-fe', to, 4))).not.toContain('expressroute');
  });
  it('lets every place reach every other, also with any one WAN or circuit link down', () => {
    const failures = [
      [],
      ['hq-rt--dc-rt'],
      ['branch-rt--dc-rt'],
      ['hq-rt--branch-rt'],
      ['er-primary'],
      ['er-secondary'],
      ['msee1--ms-core'],
      ['msee2--ms-core'],
      ['ms-edge--ms-core'],
    ];
    for (const down of failures) {
      const cut = down.includes('ms-edge--ms-core');
      for (const from of [...INSIDE, ...OUTSIDE]) {
        for (const to of [...INSIDE, ...OUTSIDE]) {
          // Without its Internet edge Microsoft's network is cut off from what is on the Internet.
          if (from === to || (cut && [from, to].includes('public-dns'))) continue;
          follow(from, to, 6, down);
          if (!OUTSIDE.includes(from) || !INSIDE.includes(to)) follow(from, to, 4, down);
        }
      }
    }
  });
  it("drops what is in nobody's network instead of passing it round", () => {
    const spare = (name: string): readonly string[] =>
      nodeOf(plan, name)
        .routes.filter((r) => r.origin === 'blackhole')
        .map((r) => r.prefix);
    expect(spare('dc-rt')).toEqual(['10.0.0.0/8', '2001:db8:c::/48']);
    expect([spare('ce'), spare('inet-fw')]).toEqual([['198.51.100.0/24'], ['198.51.100.0/24']]);
    for (const from of ['alice', 'online-fe', 'public-dns'])
      for (const address of ['10.9.9.9', '198.51.100.200', '198.51.100.17', '2001:db8:c:99::1']) expect(walkTo(plan, from, address).end).not.toBe('loop');
  });

  it('homes its users where their domains say', () => {
    expect(plan.users.map((u) => `${u.address} ${u.node} ${u.home}`)).toEqual([
      'alice@contoso.example alice dc-fe',
      'bob@contoso.example bob online-fe',
      'carol@cloud.contoso.example carol online-fe',
      'dave@contoso.example dave dc-fe',
      'erin@cloud.contoso.example erin online-fe',
      'sam@skype.example sam skype-fe',
    ]);
  });
  it('gives the front ends the names by which clients and other servers look for them (RFC 5922)', () => {
    expect(nodeOf(plan, 'dc-fe').certificateNames).toEqual([
      'dc-fe',
      'contoso.example',
      'sip.contoso.example',
      ...addressesOf(plan, 'dc-fe').map((a) => a.split('/')[0]),
    ]);
    expect(nodeOf(plan, 'online-fe').certificateNames).toEqual(
      expect.arrayContaining(['cloud.contoso.example', 'sip.cloud.contoso.example', 'sipdir.online.lync.example', 'sipfed.online.lync.example']),
    );
  });
  it('marks voice of clients, and of nobody else', () => {
    expect(nodeOf(plan, 'alice').dscp).toEqual([{ protocol: 'udp', from: 50000, to: 50019, dscp: 46 }]);
    expect(new Set(plan.nodes.filter((n) => n.dscp.length > 0).map((n) => n.kind))).toEqual(new Set(['client']));
  });
  it('splits its DNS between inside and outside', () => {
    const views = plan.zones.filter((z) => z.name === 'contoso.example').map((z) => [z.servers, z.records.filter((r) => r.type === 'SRV').map((r) => r.name)]);
    expect(views).toEqual([
      [['dc-dns'], ['_sipinternaltls._tcp.contoso.example']],
      [['public-dns'], ['_sipfederationtls._tcp.contoso.example']],
    ]);
  });
});
