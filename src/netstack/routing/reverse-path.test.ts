/** Expected values: Linux's fib_validate_source; test/kernel/routing.test.ts holds the same cases against a kernel. */
import { describe, expect, test } from 'vitest';
import { setU32 } from '../../wire/bytes.js';
import * as ipv4 from '../../wire/ipv4.js';
import { NO_INTERFACE } from '../interface.js';
import { type RouteSpec } from '../route-tables.js';
import { type TestNet, testNet, type TestNodeSpec } from '../testing.js';

/** r between a (eth0), b (eth1) and c (eth2); a sends to c with any source. */
function lab(node: TestNodeSpec, routes: readonly RouteSpec[] = [], inside: string | null = '10.0.1.254/24'): TestNet {
  return testNet({
    nodes: { a: {}, b: { forwards: true }, c: {}, r: { forwards: true, ...node } },
    links: [
      { a: inside === null ? ['r'] : ['r', inside], b: ['a', '10.0.1.1/24'] },
      { a: ['r', '10.0.2.254/24'], b: ['b', '10.0.2.1/24'] },
      { a: ['r', '10.0.3.254/24'], b: ['c', '10.0.3.1/24'] },
    ],
    routes: {
      // Without an address there, r is spoken to by another of its own, which is told to be on the link.
      a: [{ prefix: '0.0.0.0/0', via: inside === '10.0.1.254/24' ? '10.0.1.254' : '10.0.2.254', dev: 'eth0' }],
      r: routes,
    },
  });
}

/** How a packet from `source` to `to` ends that comes in at eth0 of r. */
function fate(net: TestNet, source: string, to = '10.0.3.1'): string {
  net.node('a').install({
    point: 'postrouting',
    priority: 0,
    family: 4,
    run: (p) => {
      setU32(p.buf, p.off + 14 + ipv4.SRC, net.addr(source));
      ipv4.fillChecksum(p.buf, p.off + 14);
      return 0;
    },
  });
  net
    .node('a')
    .udp.bind(net.addr('10.0.1.1'), 0, () => undefined)
    .send(new Uint8Array(9), 0, 9, net.addr(to), 9);
  net.run();
  const [drop] = net.drops().filter((d) => d.node === 'r');
  return drop === undefined ? 'passes' : drop.decision.replace('at=r stage=route ', '');
}

describe('strict', () => {
  test.each<[string, string, readonly RouteSpec[]]>([
    ['10.0.1.7', 'passes', []],
    ['10.9.0.1', 'kind=strict', []],
    ['10.9.0.1', 'passes', [{ prefix: '0.0.0.0/0', via: '10.0.1.1' }]],
    ['10.9.0.1', 'kind=strict route=0.0.0.0/0 dev=eth1', [{ prefix: '0.0.0.0/0', via: '10.0.2.1' }]],
    // One next hop of several is enough, whatever a hash would say.
    [
      '10.9.0.1',
      'passes',
      [
        {
          prefix: '0.0.0.0/0',
          nextHops: [
            { via: '10.0.2.1', weight: 255 },
            { via: '10.0.1.1', weight: 1 },
          ],
        },
      ],
    ],
    // The better metric alone counts.
    [
      '10.9.0.1',
      'kind=strict route=10.9.0.0/16 dev=eth1',
      [
        { prefix: '10.9.0.0/16', via: '10.0.2.1', metric: 1 },
        { prefix: '10.9.0.0/16', via: '10.0.1.1', metric: 2 },
      ],
    ],
    [
      '10.9.0.1',
      'kind=strict route=10.9.0.0/16',
      [
        { prefix: '10.9.0.0/16', dev: null },
        { prefix: '0.0.0.0/0', via: '10.0.1.1' },
      ],
    ],
  ])('a source %s: %s', (source, expected, routes) => {
    expect(fate(lab({ rpFilter: 'strict' }, routes), source)).toBe(expected);
  });
});

describe('loose', () => {
  test.each<[string, string, readonly RouteSpec[]]>([
    ['10.9.0.1', 'kind=loose', []],
    ['10.9.0.1', 'passes', [{ prefix: '10.9.0.0/16', via: '10.0.2.1' }]],
    ['10.9.0.1', 'passes', [{ prefix: '0.0.0.0/0', via: '10.0.2.1' }]],
    ['10.9.0.1', 'kind=loose route=10.9.0.0/16', [{ prefix: '10.9.0.0/16', dev: null, origin: 'unreachable' }]],
  ])('a source %s: %s', (source, expected, routes) => {
    expect(fate(lab({ rpFilter: 'loose' }, routes), source)).toBe(expected);
  });
});

// fib_validate_source: where the interface has no IPv4 address (`no_addr`), only a way back by itself will do, loosely too.
describe('by an interface without an IPv4 address', () => {
  test.each<[string, string | null, 'strict' | 'loose', string]>([
    ['none at all', null, 'loose', '10.0.2.1'],
    ['one of IPv6 alone', '2001:db8:1::fe/64', 'loose', '10.0.2.1'],
    ['one of IPv6 alone', '2001:db8:1::fe/64', 'strict', '10.0.2.1'],
  ])('%s (%s), %s: another way back is none', (_, inside, rpFilter, via) => {
    expect(fate(lab({ rpFilter }, [{ prefix: '10.9.0.0/16', via }], inside), '10.9.0.1')).toBe(`kind=${rpFilter} route=10.9.0.0/16 dev=eth1`);
  });
  test('the way back by the interface itself passes', () => {
    for (const rpFilter of ['strict', 'loose'] as const)
      expect(fate(lab({ rpFilter }, [{ prefix: '10.9.0.0/16', dev: 'eth0' }], '2001:db8:1::fe/64'), '10.9.0.1')).toBe('passes');
  });
});

describe('off', () => {
  test("any source passes, but the node's own is martian, forwarded or not", () => {
    expect(fate(lab({}), '10.9.0.1')).toBe('passes');
    expect(fate(lab({}), '10.0.2.254')).toBe('kind=martian');
    expect(fate(lab({}), '10.0.2.254', '10.0.1.254')).toBe('kind=martian');
  });
});

test('local delivery is filtered too; what has no route is told so first', () => {
  expect(fate(lab({ rpFilter: 'strict' }), '10.9.0.1', '10.0.1.254')).toBe('kind=strict');
  expect(fate(lab({ rpFilter: 'strict' }), '10.9.0.1', '172.16.0.1')).toBe('at=r stage=route');
});

describe('with policy rules the way back is that of the mirrored packet', () => {
  const detour: readonly RouteSpec[] = [
    { prefix: '10.9.0.0/16', via: '10.0.2.1' },
    { prefix: '10.9.0.0/16', via: '10.0.1.1', table: 7 },
  ];
  const rule = (more: object): TestNodeSpec => ({
    rpFilter: 'strict',
    rules: [{ family: 4, priority: 1, from: null, fwmark: null, iif: null, table: 7, ...more }],
  });
  test.each<[string, object]>([
    ['passes', {}],
    // From the destination of the packet that is judged.
    ['passes', { from: '10.0.3.0/24' }],
    ['kind=strict route=10.9.0.0/16 dev=eth1', { from: '10.9.0.0/16' }],
    // In by where this one leaves.
    ['passes', { iif: 'eth2' }],
    ['kind=strict route=10.9.0.0/16 dev=eth1', { iif: 'eth0' }],
    // Never with the mark.
    ['kind=strict route=10.9.0.0/16 dev=eth1', { fwmark: { mark: 1, mask: 0xff } }],
  ])('%s: %j', (expected, more) => {
    const net = lab(rule(more), detour);
    net.node('r').install({ point: 'prerouting', priority: -150, family: 4, run: (p) => ((p.mark = 1), 0) });
    expect(fate(net, '10.9.0.1')).toBe(expected);
  });
  test('for local delivery it comes from the node itself', () => {
    const net = lab(rule({ iif: 'lo' }), detour);
    // Past the filter: nobody listens there.
    expect(fate(net, '10.9.0.1', '10.0.1.254')).toBe('at=r stage=input kind=udp');
    expect(net.node('r').routes.lookup4(net.addr('10.9.0.1'), 0, 0, NO_INTERFACE).oif?.name).toBe('eth0');
  });
});
