import { describe, expect, it } from 'vitest';
import { faultsOf, nodeOf, planOf } from '../../testing/lab.js';
import type { BgpNeighbor } from '../bgp.js';

interface Written {
  /** Keys of `bgp` of a, of the session at a, and of `bgp` of b. */
  readonly a?: string;
  readonly session?: string;
  readonly b?: string;
  readonly routes?: string;
  readonly more?: string;
}

/** a and b meet on one link, dual stack; c is beyond b, d on two links with a. */
function lab({ a = '', session = '', b = 'as: 2, neighbors: [{ node: a }]', routes = '', more = '' }: Written = {}): string {
  const and = (words: string): string => (words === '' ? '' : `, ${words}`);
  return `name: x
topology:
  addressing: { networks: { own: [10.9.0.0/16, "2001:db8:9::/48"] } }
  nodes:
    a: { kind: router, addresses: { b: [10.0.0.1/30, "2001:db8::1/64"], d1: [10.0.2.1/30], d2: [10.0.3.1/30] }, routes: [${routes}], bgp: { as: 1${and(a)}, neighbors: [{ node: b${and(session)} }] } }
    b: { kind: router, addresses: { a: [10.0.0.2/30, "2001:db8::2/64"], c: [10.0.1.1/30] }, bgp: { ${b} } }
    c: { kind: router, addresses: { b: [10.0.1.2/30] } }
    d: { kind: router, addresses: { a1: [10.0.2.2/30], a2: [10.0.3.2/30] } }
    h: { kind: client, addresses: { eth0: [10.0.4.2/30] } }
  links:
    - { endpoints: ["a:b", "b:a"] }
    - { endpoints: ["b:c", "c:b"] }
    - { endpoints: ["a:d1", "d:a1"] }
    - { name: second, endpoints: ["a:d2", "d:a2"] }
    - { endpoints: ["h:eth0", "c:h"], prefixes: [10.0.4.0/30] }
${more}`;
}

const neighborOf = (written: Written): BgpNeighbor => nodeOf(planOf(lab(written)), 'a').bgp?.neighbors[0] as BgpNeighbor;
const faults = (text: string): readonly string[] => faultsOf(text).map((fault) => fault.replace(/^\S+ \S+ /, ''));

describe('a session', () => {
  it('knows both of its ends, in every family that they share', () => {
    expect(neighborOf({})).toMatchObject({
      node: 'b',
      as: 2,
      dev: 'b',
      mirror: 0,
      addresses: [
        { family: 4, local: '10.0.0.1', peer: '10.0.0.2' },
        { family: 6, local: '2001:db8::1', peer: '2001:db8::2' },
      ],
      import: null,
      export: null,
      maxPrefixes: null,
      nextHopSelf: false,
    });
  });

  // RFC 4271 10: hold time 90 s suggested; Cisco's and Microsoft's default is 180 s with keepalives every third of it.
  it.each<[Written, Partial<BgpNeighbor>]>([
    [{}, { hold: 180e9 as never, keepalive: 60e9 as never, bfd: null, connectRetry: 5e9 as never }],
    [
      { a: 'hold: 30s, bfd: true', session: 'hold: 10s' },
      { hold: 10e9 as never, keepalive: 3333333333 as never, bfd: { interval: 300e6 as never, multiplier: 3 } },
    ],
    [
      { a: 'bfd: true', session: 'bfd: false, keepalive: 1s, connectRetry: 0s' },
      { bfd: null, keepalive: 1e9 as never, connectRetry: 0 as never },
    ],
    [{ session: 'bfd: { interval: 750ms, multiplier: 5 }' }, { bfd: { interval: 750e6 as never, multiplier: 5 } }],
  ])("%j has the times %j: its own word, then the speaker's, then the usual", (written, times) => {
    expect(neighborOf(written)).toMatchObject(times);
  });

  it('has its policies, with the place of each statement', () => {
    const written =
      'import: { match: { prefixes: ["own le 24", default], communities: "12076:*", as: 5 }, set: { localPref: 150, addCommunities: "1:7" } }, export: [{ match: { prefixes: 10.9.0.0/16 ge 20 }, action: deny }, { set: { prepend: 2, removePrivateAs: true } }]';
    const { import: imported, export: exported } = neighborOf({ session: written });
    expect(imported).toEqual([
      {
        match: {
          prefixes: [
            { prefix: '10.9.0.0/16', min: 16, max: 24 },
            { prefix: '0.0.0.0/0', min: 0, max: 0 },
            { prefix: '::/0', min: 0, max: 0 },
          ],
          communities: ['12076:*'],
          as: [5],
        },
        set: { localPref: 150, addCommunities: ['1:7'] },
        permit: true,
        src: expect.objectContaining({ line: 5 }) as unknown,
      },
    ]);
    expect(exported).toMatchObject([
      { match: { prefixes: [{ prefix: '10.9.0.0/16', min: 20, max: 32 }] }, permit: false },
      { match: {}, set: { prepend: [1, 1], removePrivateAs: true }, permit: true },
    ]);
  });
});

it('a speaker has the lowest of its IPv4 addresses as router id, and announces what names stand for', () => {
  const bgp = nodeOf(planOf(lab({ a: 'networks: [own, 203.0.113.0/24, own]' })), 'a').bgp;
  expect(bgp?.routerId).toBe('10.0.0.1');
  expect(bgp?.networks.map((n) => n.prefix)).toEqual(['10.9.0.0/16', '2001:db8:9::/48', '203.0.113.0/24']);
});

describe('faults', () => {
  it.each<[Written, string]>([
    [{ b: 'as: 2' }, '"b" does not name "a" as its neighbour'],
    [{ b: 'as: 2, neighbors: [{ node: a }, { node: a }]' }, '"a" is a neighbour already'],
    [{ b: 'as: 2, neighbors: [{ node: a }, { node: b }]' }, 'a node is no neighbour of itself'],
    [{ b: 'as: 2, neighbors: [{ node: a }, { node: c }]' }, '"c" speaks no BGP'],
    [{ b: 'as: 2, neighbors: [{ node: a }, { node: nobody }]' }, 'there is no node "nobody"'],
    [{ b: 'as: 2, neighbors: [{ node: "a:d1" }]' }, '"a:d1" is on no LAN of "b"'],
    [{ a: 'routerId: 0.0.0.0' }, '"0.0.0.0" is no router id'],
    [{ a: 'routerId: 10.0.0.2' }, '"b" and "a" have the router id 10.0.0.2'],
    [{ session: 'hold: 2s' }, 'the hold time is shorter than 3 s'],
    [{ session: 'hold: 9s, keepalive: 5s' }, 'one lost keepalive would end the session'],
    [{ session: 'hold: soon' }, '"hold" is the text "soon"'],
    [{ session: 'import: { match: { communities: 70000:1 } }' }, '"70000:1" is no community'],
    [{ session: 'export: { set: { communities: "1:*" } }' }, '"1:*" is no community'],
    [{ session: 'import: { match: { prefixes: 10.0.0.0/8 ge 24 le 20 } }' }, 'no prefix is inside 10.0.0.0/8 and 24 to 20 bits long'],
    [{ session: 'import: { match: { prefixes: 10.0.0.0/8 gt 24 } }' }, '"10.0.0.0/8 gt 24" is no prefix to match'],
    [{ session: 'import: { match: { prefixes: nowhere } }' }, '"nowhere" is no destination'],
    [{ session: 'import: { action: deny, set: { med: 1 } }' }, 'what is denied is not changed'],
    [{ session: 'import: { mtach: {} }' }, 'unknown key "mtach"'],
    [{ a: 'networks: somewhere' }, '"somewhere" is no destination'],
    [{ routes: '{ to: 10.9.0.0/16, via: b, metric: 20 }' }, 'the metric 20 is that of routes from eBGP'],
    [{ routes: '{ to: 10.9.0.0/16, via: b, metric: 200 }' }, 'the metric 200 is that of routes from iBGP'],
  ])('%j: %s', (written, message) => {
    expect(faults(lab(written))[0]).toBe(message);
  });

  it('a neighbour on two links needs its interface; one beyond the LANs must be in the same AS; a host speaks no BGP', () => {
    const withD = lab().replace('d: { kind: router,', 'd: { kind: router, bgp: { as: 4, neighbors: [{ node: "a:d1" }] },');
    expect(faults(withD.replace('{ node: b }', '{ node: b }, { node: d }'))[0]).toBe('"a" meets "d" on 2 interfaces');
    expect(faults(withD.replace('{ node: b }', '{ node: b }, { node: "d:a1" }'))).toEqual([]);
    const withC = lab()
      .replace('c: { kind: router,', 'c: { kind: router, bgp: { as: 3, neighbors: [{ node: a }] },')
      .replace('{ node: b }', '{ node: b }, { node: c }');
    expect(faults(withC)).toEqual(['"c" is in AS 3 and on no LAN of "a"', '"a" is in AS 1 and on no LAN of "c"']);
    expect(faults(withC.replace('as: 3', 'as: 1'))).toEqual([]);
    expect(faults(lab().replace('h: { kind: client,', 'h: { kind: client, bgp: { as: 7 },'))).toEqual([
      'the client "h" forwards nothing, so it has no routes to tell of',
    ]);
  });

  it("static routes of these metrics are nobody's trouble in other tables, nor other metrics", () => {
    expect(faults(lab({ routes: '{ to: 10.9.0.0/16, via: b, metric: 20, table: 7 }, { to: 10.9.0.0/16, via: b, metric: 21 }' }))).toEqual([]);
  });
});
