import { describe, expect, it } from 'vitest';
import { faultsOf, nodeOf, planOf, routesOf } from '../testing/lab.js';

/** a - r1 - r2 - b, dual stack, and these routes at a, r1 and r2. */
function chain(routes: { a?: string; r1?: string; r2?: string }, more = ''): string {
  return `name: x
topology:
  addressing: { networks: { right: [10.0.3.0/24, "2001:db8:3::/64"], four: [10.0.3.0/24] } }
  nodes:
    a: { kind: client, addresses: { eth0: [10.0.1.2/24, "2001:db8:1::2/64"] }, routes: [${routes.a ?? ''}] }
    r1: { kind: router, addresses: { l: [10.0.1.1/24, "2001:db8:1::1/64"], r: [10.0.2.1/24, "2001:db8:2::1/64"] }, routes: [${routes.r1 ?? ''}] }
    r2: { kind: router, addresses: { l: [10.0.2.2/24, "2001:db8:2::2/64"], r: [10.0.3.1/24, "2001:db8:3::1/64"] }, routes: [${routes.r2 ?? ''}] }
    b: { kind: client, addresses: { eth0: [10.0.3.2/24] } }
  links:
    - { endpoints: ["a:eth0", "r1:l"] }
    - { endpoints: ["r1:r", "r2:l"] }
    - { endpoints: ["r2:r", "b:eth0"] }
${more}`;
}

const staticRoutes = (text: string, node: string): readonly string[] =>
  routesOf(planOf(text), node).filter((r) => !r.endsWith('connected') && !r.endsWith('planned'));

describe('connected and planned routes', () => {
  it('lead to the networks of a node and, from a host, to the only router', () => {
    expect(routesOf(planOf(chain({})), 'a')).toEqual([
      '10.0.1.0/24 via null dev eth0 0 connected',
      '2001:db8:1::/64 via null dev eth0 0 connected',
      '0.0.0.0/0 via 10.0.1.1 dev eth0 0 planned',
      '::/0 via 2001:db8:1::1 dev eth0 0 planned',
    ]);
  });
  it('are planned per family: b speaks IPv4 only', () => {
    expect(routesOf(planOf(chain({})), 'b')).toEqual(['10.0.3.0/24 via null dev eth0 0 connected', '0.0.0.0/0 via 10.0.3.1 dev eth0 0 planned']);
  });
  it('are not planned for routers, nor where the file says it itself', () => {
    expect(routesOf(planOf(chain({})), 'r1').filter((r) => r.endsWith('planned'))).toEqual([]);
    const own = routesOf(planOf(chain({ a: '{ to: 0.0.0.0/0, via: r1, metric: 5 }' })), 'a');
    expect(own.slice(2)).toEqual(['0.0.0.0/0 via 10.0.1.1 dev eth0 5 static', '::/0 via 2001:db8:1::1 dev eth0 0 planned']);
  });
  it('are not planned where two routers could be meant', () => {
    const two = chain({})
      .replace('"a:eth0", "r1:l"', '"a:eth0", "sw:1"')
      .replace('    - { endpoints: ["r1:r"', '    - { endpoints: ["r1:l", "sw:2"] }\n    - { endpoints: ["r3:l", "sw:3"] }\n    - { endpoints: ["r1:r"')
      .replace('    b: {', '    sw: { kind: bridge }\n    r3: { kind: router, addresses: { l: [10.0.1.3/24] } }\n    b: {');
    expect(routesOf(planOf(two), 'a').filter((r) => r.endsWith('planned'))).toEqual(['::/0 via 2001:db8:1::1 dev eth0 0 planned']);
  });
});

describe('static routes', () => {
  it.each([
    ['{ to: 10.0.3.0/24, via: 10.0.2.2 }', ['10.0.3.0/24 via 10.0.2.2 dev r 0 static']],
    ['{ to: 10.0.3.0/24, via: r2, metric: 7 }', ['10.0.3.0/24 via 10.0.2.2 dev r 7 static']],
    ['{ to: 10.0.3.0/24, via: "r2:l", dev: r }', ['10.0.3.0/24 via 10.0.2.2 dev r 0 static']],
    ['{ to: "2001:db8:3::/64", via: r2 }', ['2001:db8:3::/64 via 2001:db8:2::2 dev r 0 static']],
    ['{ to: right, via: r2 }', ['10.0.3.0/24 via 10.0.2.2 dev r 0 static', '2001:db8:3::/64 via 2001:db8:2::2 dev r 0 static']],
    ['{ to: default, via: r2 }', ['0.0.0.0/0 via 10.0.2.2 dev r 0 static', '::/0 via 2001:db8:2::2 dev r 0 static']],
    ['{ to: default, via: 10.0.2.2 }', ['0.0.0.0/0 via 10.0.2.2 dev r 0 static']],
    ['{ to: [four, 10.9.0.0/16], via: r2 }', ['10.0.3.0/24 via 10.0.2.2 dev r 0 static', '10.9.0.0/16 via 10.0.2.2 dev r 0 static']],
    ['{ to: 10.9.0.0/16, dev: r }', ['10.9.0.0/16 via null dev r 0 static']],
    ['{ to: right, blackhole: true, metric: 9 }', ['10.0.3.0/24 via null dev null 9 blackhole', '2001:db8:3::/64 via null dev null 9 blackhole']],
    [
      '{ to: four, unreachable: true }, { to: 10.9.0.0/16, prohibit: true }',
      ['10.0.3.0/24 via null dev null 0 unreachable', '10.9.0.0/16 via null dev null 0 prohibit'],
    ],
    [
      '{ to: default, via: 10.0.2.2, table: 100 }, { to: default, via: 10.0.2.2, table: main }',
      ['0.0.0.0/0 via 10.0.2.2 dev r 0 static table 100', '0.0.0.0/0 via 10.0.2.2 dev r 0 static'],
    ],
    [
      '{ to: four, via: r2, metric: 1 }, { to: four, blackhole: true, metric: 2 }',
      ['10.0.3.0/24 via 10.0.2.2 dev r 1 static', '10.0.3.0/24 via null dev null 2 blackhole'],
    ],
  ])('%s', (route, expected) => expect(staticRoutes(chain({ r1: route }), 'r1')).toEqual(expected));

  it('keep the place where they were written', () => {
    const route = nodeOf(planOf(chain({ r1: '{ to: four, via: r2 }' })), 'r1').routes.find((r) => r.origin === 'static');
    expect(route?.src).toEqual({ file: 'test.lab.yaml', line: 6, column: 125 });
  });
  it('take the name of a bridge for the networks of its LAN', () => {
    const text = chain({ r1: '{ to: sw, via: r2 }' })
      .replace('"r2:r", "b:eth0"', '"r2:r", "sw:1"')
      .replace('    b: {', '    sw: { kind: bridge }\n    b: {')
      .concat('    - { endpoints: ["b:eth0", "sw:2"] }\n');
    expect(staticRoutes(text, 'r1')).toEqual(['10.0.3.0/24 via 10.0.2.2 dev r 0 static', '2001:db8:3::/64 via 2001:db8:2::2 dev r 0 static']);
  });
});

/** r with two ways out: x by both families, y by IPv4 alone. */
const TWO_WAYS = (routes: string): string => `name: x
topology:
  nodes:
    r: { kind: router, addresses: { a: [10.0.1.1/24, "2001:db8:1::1/64"], b: [10.0.2.1/24] }, routes: [${routes}] }
    x: { kind: router, addresses: { a: [10.0.1.2/24, "2001:db8:1::2/64"] } }
    y: { kind: router, addresses: { b: [10.0.2.2/24] } }
  links:
    - { endpoints: ["r:a", "x:a"] }
    - { endpoints: ["r:b", "y:b"] }
`;

describe('multipath routes', () => {
  it.each([
    ['{ to: 10.9.0.0/16, via: [x, y], metric: 5 }', ['10.9.0.0/16 via 10.0.1.2 dev a*1 + via 10.0.2.2 dev b*1 5 static']],
    ['{ to: 10.9.0.0/16, via: [{ via: x, weight: 3 }, { dev: b }] }', ['10.9.0.0/16 via 10.0.1.2 dev a*3 + via null dev b*1 0 static']],
    ['{ to: 10.9.0.0/16, via: x, weight: 2 }, { to: 10.9.0.0/16, via: y }', ['10.9.0.0/16 via 10.0.1.2 dev a*2 + via 10.0.2.2 dev b*1 0 static']],
    // Written for both families at once: IPv6 has but one way.
    ['{ to: default, via: [x, y] }', ['0.0.0.0/0 via 10.0.1.2 dev a*1 + via 10.0.2.2 dev b*1 0 static', '::/0 via 2001:db8:1::2 dev a 0 static']],
    [
      '{ to: 10.9.0.0/16, via: x, table: 7 }, { to: 10.9.0.0/16, via: y, table: 8 }',
      ['10.9.0.0/16 via 10.0.1.2 dev a 0 static table 7', '10.9.0.0/16 via 10.0.2.2 dev b 0 static table 8'],
    ],
  ])('%s', (routes, expected) => {
    expect(staticRoutes(TWO_WAYS(routes), 'r')).toEqual(expected);
  });
});

describe('faults of routes', () => {
  it.each([
    ['{ to: nowhere, via: r2 }', 'there', '"nowhere" is no destination'],
    ['{ to: 10.0.3.1/24, via: r2 }', '', '"10.0.3.1/24" has bits set after its prefix length'],
    ['{ to: four }', '', 'the route says not where packets go'],
    ['{ to: four, via: 10.7.7.7 }', '', 'the next hop 10.7.7.7 is on no network that "r1" is connected to'],
    ['{ to: four, via: 10.0.2.9 }', '', 'nobody on the LAN "r1--r2" has the address 10.0.2.9'],
    ['{ to: four, via: 10.0.2.1 }', '', 'the next hop is "r1" itself'],
    ['{ to: four, via: 10.0.1.2 }', '', 'the next hop "a" is a client and forwards nothing'],
    ['{ to: four, via: a }', '', 'the next hop "a" is a client and forwards nothing'],
    ['{ to: four, via: b }', '', '"b" is on no LAN of "r1"'],
    ['{ to: four, via: nobody }', '', 'there is no node "nobody"'],
    ['{ to: four, via: r2, dev: x }', '', '"r1" has no interface "x"'],
    ['{ to: four, via: r2, dev: l }', '', '"r2" is on no LAN of "r1"'],
    ['{ to: "2001:db8:9::/64", via: 10.0.2.2 }', '', '10.0.2.2 is no next hop for 2001:db8:9::/64: the families differ'],
    ['{ to: four, via: r2 }, { to: 10.0.3.0/24, via: r2 }', '', 'the route to 10.0.3.0/24 with the metric 0 leads to 10.0.2.2 already'],
    ['{ to: four, via: r2 }, { to: 10.0.3.0/24, blackhole: true }', '', 'two routes to 10.0.3.0/24 have the metric 0, and not both lead to a next hop'],
    ['{ to: four, via: [r2, "r2:l"] }', '', 'the route to 10.0.3.0/24 with the metric 0 leads to 10.0.2.2 already'],
    ['{ to: four, via: [] }', '', '"via" is an empty list'],
    ['{ to: four, via: [{ weight: 2 }] }', '', 'the next hop says not where packets go'],
    ['{ to: four, via: [{ via: r2, weight: 0 }] }', '', '"weight" is a number 0'],
    ['{ to: four, via: [r2], dev: r }', '', 'with a list of next hops "dev" belongs to each of them'],
    ['{ to: four, via: [r2, nobody] }', '', 'there is no node "nobody"'],
    ['{ to: four, via: r2, table: 255 }', '', 'table 255 is Linux\'s own "local"'],
    ['{ to: four, blackhole: true, prohibit: true }', '', 'the route is a blackhole already'],
    ['{ to: four, unreachable: true, dev: r }', '', 'an unreachable route has no "dev": what goes there ends there'],
    ['{ to: four, via: r2, blackhole: true }', '', 'a blackhole has no "via": what goes there ends there'],
    ['{ to: four, via: r2, metric: -1 }', '', '"metric" is a number -1'],
  ])('%s', (route, _, message) => {
    expect(faultsOf(chain({ r1: route })).map((f) => f.replace(/^\S+ \S+ /, ''))).toEqual([message]);
  });
  it('stand at the word at fault', () => {
    expect(faultsOf(chain({ r1: '{ to: four, via: 10.7.7.7 }' }))[0]).toMatch(/^6:142 TOPOLOGY_ROUTE/);
  });
  it('a neighbour on two LANs needs its interface', () => {
    const text = chain({ r1: '{ to: four, via: r2 }' }, '    - { endpoints: ["r1:x", "r2:x"], name: second, prefixes: [10.0.9.0/30] }\n');
    expect(faultsOf(text)).toEqual([expect.stringContaining('"r1" meets "r2" on 2 interfaces')]);
    expect(staticRoutes(text.replace('via: r2 }', 'via: "r2:l" }'), 'r1')).toEqual(['10.0.3.0/24 via 10.0.2.2 dev r 0 static']);
  });
  it('a neighbour without the family', () => {
    expect(
      faultsOf(
        chain({ r2: '' })
          .replace('10.0.2.2/24, "2001:db8:2::2/64"', '10.0.2.2/24')
          .replace('routes: [] }\n    r2', 'routes: [{ to: "2001:db8:9::/64", via: r2 }] }\n    r2'),
      ),
    ).toEqual([expect.stringContaining('"r2" and "r1" share no IPv6 network for 2001:db8:9::/64')]);
  });
  it('a named network that is called as a bridge or the default route', () => {
    expect(faultsOf(chain({}).replace('four:', 'default:'))).toEqual([expect.stringContaining('"default" is the name of the default route already')]);
  });
  it('are not said twice: an address that was refused is no reason to complain of its routes', () => {
    const text = chain({ r1: '{ to: four, via: 10.0.2.2 }' }).replace('l: [10.0.2.2/24', 'l: [10.0.2.255/24');
    expect(faultsOf(text)).toEqual([expect.stringContaining('10.0.2.255/24 is its broadcast address')]);
  });
});
