/**
 * The words for the kernel. That it understands them, and does what they say, is shown in test/kernel.
 */
import { describe, expect, it } from 'vitest';
import type { PlanNode, PlanRoute } from '../../../topology/plan.js';
import { bridgeName, dscpRules, interfaceSysctls, nodeBatch, nodeSysctls, routeChangeLine, ruleBatch, stationBatch } from './node-setup.js';

function route(prefix: string, via: string | null, metric: number, dev: string | null = 'eth0'): PlanRoute {
  return { family: prefix.includes(':') ? 6 : 4, prefix, via, dev, metric, origin: dev === null ? 'blackhole' : 'static', src: null };
}

const ROUTER = {
  id: 0,
  name: 'r',
  kind: 'router',
  forwards: true,
  bridge: false,
  dscp: [],
  interfaces: [
    {
      index: 1,
      name: 'eth0',
      mac: '02:00:00:00:00:01',
      link: 0,
      side: 0,
      mtu: 1400,
      addresses: [
        { family: 4, address: '192.0.2.1', prefixLength: 30 },
        { family: 6, address: '2001:db8::1', prefixLength: 64 },
      ],
      neighbours: [{ address: '192.0.2.2', mac: '02:00:00:00:00:02' }],
    },
  ],
  routes: [route('0.0.0.0/0', '192.0.2.2', 20), route('192.0.2.0/30', null, 0), route('::/0', '2001:db8::2', 0), route('10.0.0.0/8', null, 5, null)],
} as unknown as PlanNode;

const BRIDGE = {
  id: 1,
  name: 'sw',
  kind: 'bridge',
  forwards: false,
  bridge: true,
  dscp: [],
  routes: [],
  interfaces: ['br0', 'p2'].map((name, i) => ({ index: i + 1, name, mac: `02:00:00:00:01:0${i}`, link: i, side: 1, mtu: 1500, addresses: [], neighbours: [] })),
} as unknown as PlanNode;

describe("a node in the kernel's words", () => {
  it("has its addresses without routes of the kernel's making, up before its routes, gateways last", () => {
    expect(nodeBatch(ROUTER)).toEqual([
      'link set dev lo up',
      'link set dev eth0 address 02:00:00:00:00:01 mtu 1400',
      'address add 192.0.2.1/30 dev eth0 noprefixroute',
      'address add 2001:db8::1/64 dev eth0 noprefixroute nodad',
      'link set dev eth0 up',
      'neighbour replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev eth0 nud permanent',
      'route add 192.0.2.0/30 dev eth0 metric 0',
      'route add blackhole 10.0.0.0/8 metric 5',
      'route add 0.0.0.0/0 via 192.0.2.2 dev eth0 metric 20',
      'route add ::/0 via 2001:db8::2 dev eth0 metric 1',
    ]);
  });

  it('takes a route once that two addresses of one prefix bring twice: the kernel refuses the second', () => {
    const connected = route('192.0.2.0/30', null, 0);
    const lines = nodeBatch({ ...ROUTER, routes: [connected, { ...connected }, route('0.0.0.0/0', '192.0.2.2', 20)] });
    expect(lines.filter((line) => line.startsWith('route'))).toEqual([
      'route add 192.0.2.0/30 dev eth0 metric 0',
      'route add 0.0.0.0/0 via 192.0.2.2 dev eth0 metric 20',
    ]);
  });

  it('has multipath routes, tables, discards and routes of BGP in the words of ip-route(8), connected ones first', () => {
    const hops = [
      { via: null, dev: 'eth0', weight: 1 },
      { via: '192.0.2.2', dev: 'eth0', weight: 3 },
    ];
    const routes: PlanRoute[] = [
      { ...route('10.0.0.0/8', null, 5), nextHops: hops, table: 100 },
      { ...route('10.1.0.0/16', '192.0.2.2', 20), origin: 'bgp' },
      { ...route('2001:db8:9::/48', null, 0, null), origin: 'prohibit' },
      { ...route('10.2.0.0/16', null, 0, null), origin: 'unreachable' },
      { ...route('192.0.2.0/30', null, 0), origin: 'connected' },
    ];
    expect(nodeBatch({ ...ROUTER, routes }).filter((line) => line.startsWith('route'))).toEqual([
      'route add 192.0.2.0/30 dev eth0 metric 0',
      'route add prohibit 2001:db8:9::/48 metric 1',
      'route add unreachable 10.2.0.0/16 metric 0',
      'route add 10.0.0.0/8 metric 5 table 100 nexthop dev eth0 weight 1 nexthop via 192.0.2.2 dev eth0 weight 3',
      'route add 10.1.0.0/16 via 192.0.2.2 dev eth0 metric 20 proto bgp',
    ]);
    expect(routes.slice(1, 3).flatMap((one) => (['replace', 'delete'] as const).map((op) => routeChangeLine({ op, route: one })))).toEqual([
      'route replace 10.1.0.0/16 via 192.0.2.2 dev eth0 metric 20 proto bgp',
      'route flush exact 10.1.0.0/16 table 254 metric 20',
      'route replace prohibit 2001:db8:9::/48 metric 1',
      'route flush exact 2001:db8:9::/48 table 254 metric 1',
    ]);
  });

  it('has rules in the words of ip-rule(8), each once', () => {
    const src = { file: 'x', line: 1, column: 1 };
    const rule = { family: 4, priority: 5, from: '10.0.0.0/8', fwmark: { mark: 16, mask: 240 }, iif: 'eth0', table: 100, src } as const;
    const node: PlanNode = { ...ROUTER, rules: [rule, rule, { ...rule, family: 6, from: null, fwmark: null, iif: null, table: 254 }] };
    expect(ruleBatch(node, 4)).toEqual(['rule add priority 5 from 10.0.0.0/8 fwmark 16/240 iif eth0 lookup 100']);
    expect(ruleBatch(node, 6)).toEqual(['rule add priority 5 from all lookup 254']);
    expect(ruleBatch(ROUTER, 4)).toEqual([]);
  });

  it('filters by reverse path as it is told, and hashes flows by ports unless told otherwise', () => {
    const value = (node: PlanNode, path: string): string | undefined => nodeSysctls(node).find(([p]) => p === path)?.[1];
    const strict: PlanNode = {
      ...ROUTER,
      rpFilter: 'loose',
      multipathHash: 'l3',
      interfaces: ROUTER.interfaces.map((iface) => ({ ...iface, rpFilter: 'strict' as const })),
    };
    expect([value(strict, 'ipv4/conf/all/rp_filter'), value(strict, 'ipv4/conf/default/rp_filter')]).toEqual(['2', '0']);
    expect(interfaceSysctls(strict)).toEqual([['ipv4/conf/eth0/rp_filter', '1']]);
    expect(interfaceSysctls(ROUTER)).toEqual([]);
    for (const family of ['ipv4', 'ipv6'])
      expect([value(ROUTER, `${family}/fib_multipath_hash_policy`), value(strict, `${family}/fib_multipath_hash_policy`)]).toEqual(['1', '0']);
  });

  it('forwards when it is a router, and only then', () => {
    const value = (node: PlanNode, path: string): string | undefined => nodeSysctls(node).find(([p]) => p === path)?.[1];
    const host = { ...ROUTER, forwards: false };
    for (const path of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding', 'ipv6/conf/default/forwarding']) {
      expect([path, value(ROUTER, path), value(host, path)]).toEqual([path, '1', '0']);
    }
    expect(value(ROUTER, 'ipv4/conf/all/rp_filter')).toBe('0');
    expect(value(ROUTER, 'ipv4/conf/default/ignore_routes_with_linkdown')).toBe('1');
    expect(nodeSysctls(BRIDGE)).toEqual([
      ['ipv6/conf/all/disable_ipv6', '1'],
      ['ipv6/conf/default/disable_ipv6', '1'],
    ]);
  });

  it('is a bridge that forwards at once, under a name that no port has', () => {
    expect(bridgeName(BRIDGE)).toBe('br1');
    expect(nodeBatch(BRIDGE)).toEqual([
      'link set dev lo up',
      'link add name br1 type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
      'link set dev br0 address 02:00:00:00:01:00 mtu 1500',
      'link set dev br0 master br1',
      'link set dev br0 up',
      'link set dev p2 address 02:00:00:00:01:01 mtu 1500',
      'link set dev p2 master br1',
      'link set dev p2 up',
      'link set dev br1 up',
    ]);
  });

  it('is told who is behind which port, once and for all, unless it is to learn', () => {
    expect(stationBatch(BRIDGE)).toEqual([]);
    const told = {
      ...BRIDGE,
      interfaces: BRIDGE.interfaces.map((port, i) => ({ ...port, stations: i === 0 ? ['02:00:00:00:02:00', '02:00:00:00:02:01'] : [] })),
    };
    expect(stationBatch(told)).toEqual([
      'fdb replace 02:00:00:00:02:00 dev br0 master static sticky',
      'fdb replace 02:00:00:00:02:01 dev br0 master static sticky',
    ]);
    expect(stationBatch({ ...told, learning: true })).toEqual([]);
    expect(stationBatch(ROUTER)).toEqual([]);
  });

  it('marks what it sends by local port, the first match winning; without a policy there are no rules', () => {
    expect(dscpRules(ROUTER)).toBeNull();
    const rules = dscpRules({
      ...ROUTER,
      dscp: [
        { protocol: 'udp', from: 50000, to: 50019, dscp: 46 },
        { protocol: 'tcp', from: 5061, to: 5061, dscp: 24 },
      ],
    });
    expect(
      rules
        ?.split('\n')
        .filter((line) => line.includes('set'))
        .map((line) => line.trim()),
    ).toEqual([
      'meta nfproto ipv4 udp sport 50000-50019 ip dscp set 46 accept',
      'meta nfproto ipv6 udp sport 50000-50019 ip6 dscp set 46 accept',
      'meta nfproto ipv4 tcp sport 5061 ip dscp set 24 accept',
      'meta nfproto ipv6 tcp sport 5061 ip6 dscp set 24 accept',
    ]);
  });
});
