import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { millis } from '../base/time.js';
import { formatIpv4, formatIpv6 } from '../wire/address.js';
import { keyOf } from './address-book.js';
import type { IpNode } from './ip-node.js';
import { DEST } from './routing/destination.js';
import { testNet, type TestNet } from './testing.js';

/** One router with four links. */
function star(): TestNet {
  const ends = [0, 1, 2, 3];
  return testNet({
    nodes: { r: { forwards: true }, ...Object.fromEntries(ends.map((i) => [`n${i}`, {}])) },
    links: ends.map((i) => ({ a: ['r', `10.255.${i}.1/30 2001:db8:ff:${i}::1/64`], b: [`n${i}`, `10.255.${i}.2/30 2001:db8:ff:${i}::2/64`] })),
  });
}

/** Where a destination goes: interface and next hop, or the kind. */
function way(net: TestNet, node: IpNode, to: string): string {
  const dest = node.routes.lookup(net.addr(to));
  if (dest.kind !== DEST.UNICAST) return Object.entries(DEST).find(([, kind]) => kind === dest.kind)?.[0] ?? '?';
  return `${dest.oif?.name ?? '?'} ${dest.neighbour === null ? '?' : net.book.text(dest.neighbour.addr)}`;
}

describe('longest prefix match', () => {
  /** The naive judge: every prefix as a string of bits. */
  function naive(routes: readonly { bits: string; dev: number }[], address: string): number | null {
    const fitting = routes.filter((r) => address.startsWith(r.bits)).sort((a, b) => b.bits.length - a.bits.length);
    return fitting[0]?.dev ?? null;
  }
  const bitsOf = (bytes: Uint8Array): string => [...bytes].map((b) => b.toString(2).padStart(8, '0')).join('');
  // Few bits vary, so that prefixes nest and addresses hit them.
  const bytesOf = (family: 4 | 6): fc.Arbitrary<Uint8Array> =>
    fc
      .array(fc.constantFrom(0, 1, 128, 255), { minLength: 3, maxLength: 3 })
      .map((tail) => (family === 4 ? Uint8Array.of(20, ...tail) : Uint8Array.of(0x20, 0x02, ...tail, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));

  test.each([4, 6] as const)('IPv%i agrees with a naive search through all prefixes', (family) => {
    const net = star();
    const node = net.node('r');
    const top = family === 4 ? 8 : 16;
    const text = (b: Uint8Array): string => (family === 4 ? formatIpv4(((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0) : formatIpv6(b));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(bytesOf(family), fc.integer({ min: top, max: top + 24 }), fc.nat(3)), { maxLength: 25 }),
        fc.array(bytesOf(family), { minLength: 5, maxLength: 15 }),
        (specs, targets) => {
          // One route per prefix: the first one said.
          const routes = new Map(specs.map(([bytes, length, dev]) => [bitsOf(bytes).slice(0, length), { bytes, length, dev }] as const));
          for (const { bytes, length, dev } of routes.values()) node.routes.add({ prefix: `${text(bytes)}/${length}`, dev: `eth${dev}` });
          const judge = [...routes].map(([bits, { dev }]) => ({ bits, dev }));
          for (const target of targets) {
            const expected = naive(judge, bitsOf(target));
            expect(way(net, node, text(target)).split(' ')[0]).toBe(expected === null ? 'NO_ROUTE' : `eth${expected}`);
          }
          for (const { bytes, length } of routes.values()) expect(node.routes.delete({ prefix: `${text(bytes)}/${length}` })).toBe(1);
          expect(way(net, node, text(targets[0]!))).toBe('NO_ROUTE');
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });
});

describe('the local table', () => {
  test.each([
    ['10.255.0.1', 'LOCAL'],
    ['127.0.0.1', 'LOCAL'],
    ['127.1.2.3', 'LOCAL'],
    ['10.255.0.3', 'BROADCAST'],
    ['255.255.255.255', 'BROADCAST'],
    ['224.0.0.1', 'MULTICAST'],
    ['239.1.1.1', 'STRANGE_GROUP'],
    ['::1', 'LOCAL'],
    ['fe80::ff:fe00:1', 'LOCAL'],
    ['fe80::1234', 'SCOPED'],
    ['ff02::1', 'MULTICAST'],
    ['ff02::2', 'MULTICAST'],
    ['ff02::1:ff00:1', 'MULTICAST'],
    ['ff02::1:ff12:3456', 'STRANGE_GROUP'],
    ['8.8.8.8', 'NO_ROUTE'],
    ['10.255.0.2', 'eth0 10.255.0.2'],
  ])('%s is %s', (to, expected) => {
    const net = star();
    expect(way(net, net.node('r'), to)).toBe(expected);
  });
});

describe('several routes', () => {
  test('the smallest metric wins; a lost carrier hides its routes and the return of it brings them back', () => {
    const net = star();
    const { routes } = net.node('r');
    routes.add({ prefix: '0.0.0.0/0', via: '10.255.1.2', metric: 20 });
    routes.add({ prefix: '0.0.0.0/0', via: '10.255.0.2', metric: 10 });
    expect(way(net, net.node('r'), '8.8.8.8')).toBe('eth0 10.255.0.2');
    net.setUp(0, false);
    expect(way(net, net.node('r'), '8.8.8.8')).toBe('eth1 10.255.1.2');
    net.setUp(1, false);
    expect(way(net, net.node('r'), '8.8.8.8')).toBe('NO_ROUTE');
    net.setUp(0, true);
    expect(way(net, net.node('r'), '8.8.8.8')).toBe('eth0 10.255.0.2');
    net.node('r').interfaces[1]!.setAdmin(false);
    expect(way(net, net.node('r'), '8.8.8.8')).toBe('NO_ROUTE');
  });

  test('replace takes the place of the same prefix and metric; delete takes what its selectors name', () => {
    const net = star();
    const node = net.node('r');
    node.routes.add({ prefix: '20.0.0.0/8', via: '10.255.0.2' });
    node.routes.add({ prefix: '20.0.0.0/8', via: '10.255.1.2', metric: 5 });
    node.routes.replace({ prefix: '20.0.0.0/8', via: '10.255.2.2' });
    expect(
      node.routes
        .list()
        .filter((r) => r.prefix === '20.0.0.0/8')
        .map((r) => [r.hops[0]?.iface.name, r.metric]),
    ).toEqual([
      ['eth2', 0],
      ['eth1', 5],
    ]);
    expect(way(net, node, '20.1.1.1')).toBe('eth2 10.255.2.2');
    expect(node.routes.delete({ prefix: '20.0.0.0/8', dev: 'eth2' })).toBe(1);
    expect(node.routes.delete({ prefix: '20.0.0.0/8', via: '10.255.9.9' })).toBe(0);
    expect(way(net, node, '20.1.1.1')).toBe('eth1 10.255.1.2');
  });

  test('a blackhole is found like any other route and carries its decision', () => {
    const net = star();
    const node = net.node('r');
    const route = node.routes.add({ prefix: '20.0.0.0/8', dev: null });
    expect(way(net, node, '20.1.1.1')).toBe('BLACKHOLE');
    expect(route.origin).toBe('blackhole');
    expect(node.core.decisions.get(route.decision)).toMatchObject({ stage: 'route', text: { route: '20.0.0.0/8' }, reason: { at: 'node', kind: 'blackhole' } });
  });

  test('the decision of a route is made once and names prefix, next hop and interface', () => {
    const net = star();
    const node = net.node('r');
    const route = node.routes.add({ prefix: '20.0.0.0/8', via: '10.255.0.2' });
    expect(node.routes.lookup(net.addr('20.1.1.1')).decision).toBe(route.decision);
    expect(node.routes.lookup(net.addr('20.9.9.9')).decision).toBe(route.decision);
    expect(node.core.decisions.get(route.decision)).toMatchObject({
      stage: 'route',
      text: { route: '20.0.0.0/8', via: '10.255.0.2', dev: 'eth0' },
      reason: null,
    });
  });
});

test('policy rules choose the table by mark and by source, in order of priority, and fall back to main', () => {
  const net = star();
  const node = net.node('r');
  node.routes.add({ prefix: '0.0.0.0/0', via: '10.255.0.2' });
  node.routes.add({ prefix: '0.0.0.0/0', via: '10.255.1.2', table: 100 });
  node.routes.add({ prefix: '20.0.0.0/8', via: '10.255.2.2', table: 200 });
  node.routes.addRule({ priority: 20, family: 4, table: 200, from: '192.168.0.0/16' });
  node.routes.addRule({ priority: 10, family: 4, table: 100, mark: 1, mask: 0xff });
  const ask = (to: string, mark: number, from: string): string | undefined => node.routes.lookup4(keyOf(net.addr(to)), mark, keyOf(net.addr(from))).oif?.name;
  expect(ask('20.0.0.1', 0, '10.0.0.1')).toBe('eth0');
  expect(ask('20.0.0.1', 0x101, '10.0.0.1')).toBe('eth1');
  expect(ask('20.0.0.1', 0, '192.168.7.7')).toBe('eth2');
  expect(ask('20.0.0.1', 1, '192.168.7.7')).toBe('eth1');
  expect(ask('21.0.0.1', 0, '192.168.7.7')).toBe('eth0');
  expect(node.routes.lookup4(keyOf(net.addr('10.255.0.1')), 1, 0).kind).toBe(DEST.LOCAL);
});

test("rules by interface tell the node's own packets (lo) from those that came in, also for IPv6", () => {
  const net = star();
  const node = net.node('r');
  for (const [table, dev] of [
    [100, 'eth1'],
    [200, 'eth2'],
    [254, 'eth0'],
  ] as const)
    node.routes.add({ prefix: '2002::/16', dev, table });
  node.routes.addRule({ priority: 1, family: 6, table: 100, iif: -1 });
  node.routes.addRule({ priority: 2, family: 6, table: 200, iif: 4, from: '2001:db8:77::/48' });
  const ask = (from: string, iif: number): string | undefined => node.routes.lookup6(keyOf(net.addr('2002::1')), 0, keyOf(net.addr(from)), iif).oif?.name;
  expect(ask('2001:db8:77::1', -1)).toBe('eth1');
  expect(ask('2001:db8:77::1', 4)).toBe('eth2');
  expect(ask('2001:db8:78::1', 4)).toBe('eth0');
  expect(ask('2001:db8:77::1', 1)).toBe('eth0');
});

test('a table without a route for the destination is passed over; one that throws it away is the answer', () => {
  const net = star();
  const node = net.node('r');
  node.routes.add({ prefix: '0.0.0.0/0', via: '10.255.0.2' });
  node.routes.add({ prefix: '20.0.0.0/8', via: '10.255.1.2', table: 100 });
  node.routes.add({ prefix: '30.0.0.0/8', dev: null, origin: 'unreachable', table: 100 });
  node.routes.addRule({ priority: 1, family: 4, table: 100 });
  expect(way(net, node, '20.1.1.1')).toBe('eth1 10.255.1.2');
  expect(way(net, node, '40.1.1.1')).toBe('eth0 10.255.0.2');
  expect(way(net, node, '30.1.1.1')).toBe('UNREACHABLE');
});

describe('mistakes are LabErrors', () => {
  test.each([
    [{ prefix: '10.0.0.0' }, 'is not a prefix'],
    [{ prefix: '10.0.0.0/33' }, 'is not a prefix'],
    [{ prefix: '10.0.0.0/8', via: '172.16.0.1' }, 'is on no connected network'],
    [{ prefix: '10.0.0.0/8', via: '2001:db8::1' }, 'is no IPv4 address'],
    [{ prefix: '10.0.0.0/8', via: '10.255.0.2', dev: 'eth9' }, 'no interface eth9'],
    [{ prefix: '::/0', via: '10.255.0.2' }, 'is no IPv6 address'],
  ])('%j: %s', (spec, message) => {
    expect(() => star().node('r').routes.add(spec)).toThrow(
      expect.objectContaining({ code: 'TOPOLOGY_ROUTE', message: expect.stringContaining(message) as string }),
    );
  });
});

test('a link that goes down in mid-call moves traffic to the next metric, and back', () => {
  const net = testNet({
    nodes: { a: {}, r: { forwards: true }, x: { forwards: true }, y: { forwards: true }, b: {} },
    links: [
      { a: ['a', '10.0.1.1/24'], b: ['r', '10.0.1.254/24'] },
      { a: ['r', '10.1.0.1/30'], b: ['x', '10.1.0.2/30'], spec: { delay: millis(5) } },
      { a: ['r', '10.2.0.1/30'], b: ['y', '10.2.0.2/30'], spec: { delay: millis(9) } },
      { a: ['x', '10.3.0.1/30'], b: ['b', '10.3.0.2/30'] },
      { a: ['y', '10.4.0.1/30 '.trim()], b: ['b', '10.4.0.2/30'] },
    ],
    routes: {
      a: [{ prefix: '0.0.0.0/0', via: '10.0.1.254' }],
      r: [
        { prefix: '10.3.0.0/30', via: '10.1.0.2', metric: 10 },
        { prefix: '10.3.0.0/30', via: '10.2.0.2', metric: 20 },
      ],
      y: [{ prefix: '10.3.0.0/30', via: '10.4.0.2' }],
    },
  });
  const at: number[] = [];
  net.node('b').udp.bind(net.addr('10.3.0.2'), 5000, () => at.push(net.scheduler.now));
  const socket = net.node('a').udp.bind(net.addr('10.0.1.1'), 0, () => undefined);
  const send = (): void => socket.send(new Uint8Array(20), 0, 20, net.addr('10.3.0.2'), 5000);
  net.at(millis(0), send);
  net.at(millis(20), () => net.setUp(1, false));
  net.at(millis(30), send);
  net.at(millis(50), () => net.setUp(1, true));
  net.at(millis(60), send);
  net.run();
  expect(at).toEqual([millis(5), millis(39), millis(65)]);
});
