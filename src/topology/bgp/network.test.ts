/** Expected behaviour: RFC 4271 and the RFCs named; times follow from the delays and timers of the topologies. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../base/time.js';
import type { BgpCandidate } from './bgp.js';
import { step } from './network.js';
import { BgpLab } from '../testing/bgp-lab.js';
import { faultsOf, nodeOf } from '../testing/lab.js';

interface Words {
  /** Of each router: AS, then keys of `bgp`. */
  readonly [router: string]: string;
}

/** Routers with their `bgp`, and links between them: `a-b 5ms`. Networks are 10.0.N.0/30, the first end has .1. */
function lab(speakers: Words, links: readonly string[], more: { readonly nodes?: Words; readonly extra?: string } = {}): string {
  const nodes = Object.entries(speakers).map(
    ([name, bgp]) => `    ${name}: { kind: router, ${more.nodes?.[name] === undefined ? '' : `${more.nodes[name]}, `}bgp: { ${bgp} } }`,
  );
  const wires = links.map((text, i) => {
    const [ends = '', delay = '0ms'] = text.split(' ');
    const [a = '', b = ''] = ends.split('-');
    return `    - { name: ${ends}, endpoints: [{ node: ${a}, interface: to-${b}, addresses: [10.0.${i}.1/30] }, { node: ${b}, interface: to-${a}, addresses: [10.0.${i}.2/30] }], impairments: delay ${delay} }`;
  });
  return `name: x\ntopology:\n  nodes:\n${nodes.join('\n')}\n  links:\n${wires.join('\n')}\n${more.extra ?? ''}`;
}

function candidates(played: BgpLab, node: string, prefix: string): readonly BgpCandidate[] {
  return nodeOf(played.plan, node).bgp?.table.find((entry) => entry.prefix === prefix)?.candidates ?? [];
}

/** Three ASes in a row; c has a way back by d too: a - b - c and a - d - c. */
const RING = lab(
  {
    a: 'as: 1, networks: [203.0.113.0/24], neighbors: [{ node: b }, { node: d }]',
    b: 'as: 2, neighbors: [{ node: a }, { node: c }]',
    c: 'as: 3, neighbors: [{ node: b }, { node: d }]',
    d: 'as: 4, neighbors: [{ node: a, export: {}, import: { set: { prepend: 2 } } }, { node: c }]',
  },
  ['a-b 5ms', 'b-c 10ms', 'a-d 5ms', 'd-c 10ms'],
);

describe('what is told', () => {
  it('goes from AS to AS: the path grows, the next hop is who tells, the shortest path is used', () => {
    const played = new BgpLab(RING);
    expect(played.routes('c')).toEqual(['203.0.113.0/24 via 10.0.1.1 dev to-b 20']);
    expect(candidates(played, 'c', '203.0.113.0/24').map((c) => [c.status, c.path.asPath, c.why])).toEqual([
      ['best', [2, 1], 'AS path of 2 < 4'],
      ['lost', [4, 4, 4, 1], 'AS path of 4 > 2'],
    ]);
    // Nobody is told what it told itself.
    expect(candidates(played, 'd', '203.0.113.0/24').map((c) => [c.status, c.path.asPath])).toEqual([
      ['best', [4, 4, 1]],
      ['lost', [3, 2, 1]],
    ]);
    expect(candidates(played, 'a', '203.0.113.0/24').map((c) => c.why)).toEqual(['the only one']);
  });

  it('is refused where the own AS is in it (9.1.2: a loop)', () => {
    const played = new BgpLab(
      lab(
        {
          a: 'as: 1, networks: [203.0.113.0/24], neighbors: [{ node: b }, { node: c }]',
          b: 'as: 2, neighbors: [{ node: a }, { node: c }]',
          c: 'as: 3, neighbors: [{ node: b, import: { set: { localPref: 200 } } }, { node: a }]',
        },
        ['a-b', 'b-c', 'c-a'],
      ),
    );
    expect(candidates(played, 'a', '203.0.113.0/24').map((c) => [c.status, c.path.asPath, c.why])).toEqual([
      ['best', [], 'the only one'],
      ['denied', [3, 2, 1], 'AS 1 is in its AS path: a loop'],
    ]);
  });

  it('is not passed on by iBGP to others inside (9.2); next hops of the outside must be reachable, or next-hop-self', () => {
    const inside = (self: string): string =>
      lab(
        {
          x: 'as: 1, networks: [203.0.113.0/24], neighbors: [{ node: r1 }]',
          r1: `as: 2, neighbors: [{ node: x }, { node: r2${self} }]`,
          r2: 'as: 2, neighbors: [{ node: r1 }, { node: r3 }]',
          r3: 'as: 2, neighbors: [{ node: r2 }]',
        },
        ['x-r1', 'r1-r2', 'r2-r3'],
      );
    const far = new BgpLab(inside(''));
    expect(candidates(far, 'r2', '203.0.113.0/24')).toMatchObject([{ status: 'unreachable', why: 'no way to its next hop 10.0.0.1' }]);
    const near = new BgpLab(inside(', nextHopSelf: true'));
    expect(near.routes('r2')).toEqual(['203.0.113.0/24 via 10.0.1.1 dev to-r1 200']);
    expect(candidates(near, 'r3', '203.0.113.0/24')).toEqual([]);
  });

  it('inside an AS a session may go over other routers; the cost is the metric of the way to the next hop', () => {
    const text = (metric: number): string =>
      lab(
        {
          x: 'as: 1, networks: [203.0.113.0/24], neighbors: [{ node: r1 }]',
          y: 'as: 1, networks: [203.0.113.0/24], neighbors: [{ node: r2 }]',
          r1: 'as: 2, routerId: 9.9.9.9, neighbors: [{ node: x }, { node: core, nextHopSelf: true }, { node: r2, nextHopSelf: true }]',
          r2: 'as: 2, routerId: 1.1.1.1, neighbors: [{ node: y }, { node: core }, { node: r1 }]',
          core: 'as: 2, neighbors: [{ node: r1 }, { node: r2 }]',
        },
        ['r1-core', 'r2-core', 'x-r1', 'y-r2'],
        {
          nodes: {
            r1: 'routes: [{ to: 10.0.1.0/30, via: core }]',
            r2: 'routes: [{ to: 10.0.0.0/30, via: core }]',
            core: `routes: [{ to: 10.0.3.0/30, via: r2, metric: ${metric} }]`,
          },
        },
      );
    const played = new BgpLab(text(7));
    expect(nodeOf(played.plan, 'r1').bgp?.sessions).toEqual([null, null, null]);
    expect(candidates(played, 'core', '203.0.113.0/24').map((c) => [c.status, c.path.nextHop, c.why])).toEqual([
      ['best', '10.0.0.1', 'cost to the next hop 0 < 7'],
      ['lost', '10.0.3.1', 'cost to the next hop 7 > 0'],
    ]);
    expect(candidates(new BgpLab(text(0)), 'core', '203.0.113.0/24')[0]).toMatchObject({ path: { nextHop: '10.0.3.1' }, step: 'router-id' });
  });

  it('keeps within the bounds of well-known communities (RFC 1997), and the MED within the next AS (5.1.4)', () => {
    const chain = (set: string): BgpLab =>
      new BgpLab(
        lab(
          {
            a: `as: 1, networks: [203.0.113.0/24], neighbors: [{ node: b, export: { set: { ${set} } } }]`,
            b: 'as: 2, neighbors: [{ node: a }, { node: c }, { node: i }]',
            i: 'as: 2, neighbors: [{ node: b }]',
            c: 'as: 3, neighbors: [{ node: b }]',
          },
          ['a-b', 'b-c', 'b-i'],
        ),
      );
    const has = (played: BgpLab): readonly boolean[] => ['b', 'i', 'c'].map((node) => candidates(played, node, '203.0.113.0/24').length > 0);
    expect(has(chain('med: 7'))).toEqual([true, true, true]);
    expect(has(chain('communities: no-export'))).toEqual([true, true, false]);
    expect(has(chain('communities: no-advertise'))).toEqual([true, false, false]);
    expect(['b', 'i', 'c'].map((node) => candidates(chain('med: 7'), node, '203.0.113.0/24')[0]?.path.med)).toEqual([7, 7, null]);
  });

  it('keeps a next hop on the network that all share (5.1.3, third party), and both families have theirs', () => {
    const text = `name: x
topology:
  nodes:
    sw: { kind: bridge, prefixes: [192.0.2.0/24, "2001:db8::/64"] }
    a: { kind: router, addresses: { e: [192.0.2.1/24, "2001:db8::1/64"] }, bgp: { as: 1, networks: [203.0.113.0/24, "2001:db8:a::/48"], neighbors: [{ node: b }] } }
    b: { kind: router, addresses: { e: [192.0.2.2/24, "2001:db8::2/64"] }, bgp: { as: 2, neighbors: [{ node: a }, { node: c }] } }
    c: { kind: router, addresses: { e: [192.0.2.3/24, "2001:db8::3/64"] }, bgp: { as: 3, neighbors: [{ node: b }] } }
  links: [{ endpoints: ["a:e", "sw:1"] }, { endpoints: ["b:e", "sw:2"] }, { endpoints: ["c:e", "sw:3"] }]
`;
    expect(new BgpLab(text).routes('c')).toEqual(['2001:db8:a::/48 via 2001:db8::1 dev e 20', '203.0.113.0/24 via 192.0.2.1 dev e 20']);
    expect(new BgpLab(text.replace('{ node: c }', '{ node: c, nextHopSelf: true }')).routes('c')).toEqual([
      '2001:db8:a::/48 via 2001:db8::2 dev e 20',
      '203.0.113.0/24 via 192.0.2.2 dev e 20',
    ]);
  });

  it('is used side by side where multipath says so', () => {
    const two = RING.replace('import: { set: { prepend: 2 } }', 'import: {}').replace('as: 3,', 'as: 3, multipath: 2,');
    expect(new BgpLab(two).routes('c')).toEqual(['203.0.113.0/24 via 10.0.1.1 dev to-b + via 10.0.3.1 dev to-d 20']);
  });

  it('a network is announced while its own route is there, or always when there is none', () => {
    const text = lab({ a: 'as: 1, networks: [10.0.1.0/30, 203.0.113.0/24], neighbors: [{ node: b }]', b: 'as: 2, neighbors: [{ node: a }]', x: 'as: 3' }, [
      'a-b',
      'a-x',
    ]);
    const played = new BgpLab(text);
    played.set('a-x', { up: false });
    played.until(seconds(1));
    expect(played.routes('b')).toEqual(['203.0.113.0/24 via 10.0.0.1 dev to-a 20']);
    played.set('a-x', { up: true });
    played.until(seconds(2));
    expect(played.routes('b')).toEqual(['10.0.1.0/30 via 10.0.0.1 dev to-a 20', '203.0.113.0/24 via 10.0.0.1 dev to-a 20']);
  });
});

describe('time', () => {
  it('a link that goes down is known to both ends at once; others hear of it as fast as messages go', () => {
    const played = new BgpLab(RING);
    played.until(seconds(3));
    played.set('a-b', { up: false });
    expect(played.routes('b')).toEqual([]);
    expect(played.sessions()).toEqual(['3s a down b: interface down', '3s b down a: interface down']);
    played.until(seconds(4));
    // b's withdrawal needs 10 ms and 1 ms for c to work it through; c then tells b of the way by d, in as much.
    expect(played.changes('c', '203.0.113.0/24')).toEqual(['3.011s via 10.0.3.1']);
    expect(played.changes('b', '203.0.113.0/24')).toEqual(['3s gone', '3.022s via 10.0.1.2']);
  });

  it('it comes back 5 s (connectRetry) and two round trips after the link', () => {
    const played = new BgpLab(RING);
    played.set('a-b', { up: false });
    played.until(seconds(10));
    played.set('a-b', { up: true });
    played.until(seconds(20));
    expect(played.sessions().slice(2)).toEqual(['15.02s a up b', '15.02s b up a']);
    expect(played.changes('c', '203.0.113.0/24').at(-1)).toBe('15.037s via 10.0.1.1');
    expect(played.routes('c')).toEqual(new BgpLab(RING).routes('c'));
  });

  const behindSwitch = (words: string): string => `name: x
topology:
  nodes:
    sw: { kind: bridge, prefixes: [192.0.2.0/24] }
    a: { kind: router, addresses: { e: [192.0.2.1/24] }, bgp: { as: 1, networks: [203.0.113.0/24], neighbors: [{ node: b, ${words} }] } }
    b: { kind: router, addresses: { e: [192.0.2.2/24] }, bgp: { as: 2, neighbors: [{ node: a, ${words} }] } }
  links: [{ name: a-sw, endpoints: ["a:e", "sw:1"] }, { name: b-sw, endpoints: ["b:e", "sw:2"] }]
`;
  it.each([
    ['hold: 180s', '181s', 'the hold timer expired after 180s'],
    ['hold: 10s', '11s', 'the hold timer expired after 10s'],
    ['bfd: true', '1.9s', 'BFD expired after 900ms'],
    ['bfd: { interval: 750ms }', '3.25s', 'BFD expired after 2.25s'],
    ['hold: 3s, bfd: { interval: 2s }', '4s', 'the hold timer expired after 3s'],
  ])('without a lost carrier (%s) the far end finds out at %s', (words, at, why) => {
    const played = new BgpLab(behindSwitch(words));
    played.until(seconds(1));
    played.set('a-sw', { up: false });
    played.until(seconds(500));
    expect(played.sessions()).toEqual(['1s a down b: interface down', `${at} b down a: ${why}`]);
    expect(played.changes('b', '203.0.113.0/24')).toEqual([`${at} gone`]);
  });

  it('of two hold times and BFD intervals the ends agree on one: the smaller time, the larger interval; BFD needs both ends', () => {
    const [first, second] = ['hold: 30s', 'hold: 20s'];
    const text = behindSwitch('WORDS').replace('WORDS', first).replace('WORDS', `${second}, bfd: true`);
    const played = new BgpLab(text);
    played.set('a-sw', { up: false });
    played.until(seconds(100));
    expect(played.sessions()[1]).toBe('20s b down a: the hold timer expired after 20s');
  });

  it('an end waits for as many packets as the other end says (RFC 5880 6.8.4)', () => {
    const text = behindSwitch('WORDS').replace('WORDS', 'bfd: { multiplier: 3 }').replace('WORDS', 'bfd: { multiplier: 5 }');
    const at = (link: string): string | undefined => {
      const played = new BgpLab(text);
      played.set(link, { up: false });
      played.until(seconds(10));
      return played.sessions()[1];
    };
    expect([at('a-sw'), at('b-sw')]).toEqual(['900ms b down a: BFD expired after 900ms', '1.5s a down b: BFD expired after 1.5s']);
  });

  it('one direction lost: who hears nothing gives up, and the other learns it from that', () => {
    const played = new BgpLab(lab({ a: 'as: 1, hold: 10s, neighbors: [{ node: b }]', b: 'as: 2, hold: 10s, neighbors: [{ node: a }]' }, ['a-b 5ms']));
    played.set('a-b', { loss: { model: 'random', probability: 1 } }, 0);
    played.until(seconds(60));
    expect(played.sessions()).toEqual(['10s b down a: the hold timer expired after 10s', '10.005s a down b: closed by the neighbour']);
  });

  it('a break shorter than the hold time ends nothing; what was told meanwhile comes after it', () => {
    const text = lab(
      {
        x: 'as: 9, networks: [203.0.113.0/24], neighbors: [{ node: a }]',
        a: 'as: 1, neighbors: [{ node: x }, { node: b }]',
        b: 'as: 2, neighbors: [{ node: a }]',
      },
      ['x-a 1ms', 'a-b 5ms'],
    );
    const played = new BgpLab(text);
    played.set('a-b', { loss: { model: 'random', probability: 1 } });
    played.until(seconds(1));
    played.set('x-a', { up: false });
    played.until(seconds(2));
    expect(played.routes('b')).toHaveLength(1);
    played.set('a-b', { loss: null });
    played.until(seconds(3));
    expect(played.changes('b', '203.0.113.0/24')).toEqual(['2.006s gone']);
    expect(played.sessions().filter((text_) => text_.includes(' b '))).toEqual([]);
  });

  it('one end is down and the other does not know it: it learns when the way is free again', () => {
    const played = new BgpLab(behindSwitch('hold: 180s, connectRetry: 1s'));
    played.set('a-sw', { up: false });
    played.until(seconds(20));
    played.set('a-sw', { up: true });
    played.until(seconds(30));
    expect(played.sessions()).toEqual(['0 a down b: interface down', '20s b down a: closed by the neighbour', '21s a up b', '21s b up a']);
  });

  it('a state that was stepped from is still what it was', () => {
    const played = new BgpLab(RING);
    const before = played.state;
    const table = JSON.stringify(before.speakers.get('c')?.table());
    const gone = step(before, { kind: 'link', link: 0 as never, side: 'both', change: { up: false } }, seconds(1)).state;
    step(gone, { kind: 'time' }, gone.deadline);
    expect(JSON.stringify(before.speakers.get('c')?.table())).toBe(table);
    expect([before.deadline, before.sessionsOf('a')]).toEqual([Infinity, [null, null]]);
    expect(gone.sessionsOf('a')[0]).toBe('interface down');
  });
});

it('a link that is down at the start: its session is not there, and comes when the link does', () => {
  const played = new BgpLab(RING.replace('name: a-b,', 'name: a-b, up: false,'));
  expect(nodeOf(played.plan, 'a').bgp?.sessions).toEqual(['no way to the neighbour', null]);
  expect(played.routes('c')).toEqual(['203.0.113.0/24 via 10.0.3.1 dev to-d 20']);
  played.set('a-b', { up: true });
  played.until(seconds(10));
  expect(played.routes('c')).toEqual(['203.0.113.0/24 via 10.0.1.1 dev to-b 20']);
});

/** Two routers inside an AS between two providers, one customer beyond: iBGP, next hops of the outside, several ways. */
const MESH = lab(
  {
    p1: 'as: 11, networks: [203.0.113.0/24], neighbors: [{ node: r1 }, { node: p2 }]',
    p2: 'as: 12, networks: [203.0.114.0/24, 203.0.113.0/24], neighbors: [{ node: r2 }, { node: p1 }]',
    r1: 'as: 2, multipath: 2, neighbors: [{ node: p1, export: { set: { med: 5 } } }, { node: r2, nextHopSelf: true }, { node: c }]',
    r2: 'as: 2, neighbors: [{ node: p2, import: { set: { med: 9 } } }, { node: r1 }, { node: c, bfd: true }]',
    c: 'as: 3, networks: [10.0.5.0/30, 198.51.100.0/24], neighbors: [{ node: r1 }, { node: r2, bfd: true, export: { set: { prepend: 1 } } }]',
    x: 'as: 9',
  },
  ['p1-r1 3ms', 'p2-r2 5ms', 'r1-r2 1ms', 'r1-c 2ms', 'r2-c 2ms', 'c-x', 'p1-p2 20ms'],
  { nodes: { r1: 'routes: [{ to: 10.0.1.0/30, via: r2, metric: 3 }]' } },
);

it('whatever links did before: when all is quiet, everybody knows what they would if the links had always been so', () => {
  for (const text of [RING, MESH]) {
    const names = [...text.matchAll(/name: (\w+-\w+),/g)].map(([, name]) => name ?? '');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(names.length - 1), fc.boolean(), fc.constantFrom(0, 4, 900, 5_001, 9_000)), { maxLength: 12 }), (changes) => {
        const played = new BgpLab(text);
        const down = new Set<string>();
        let now = 0;
        for (const [i, up, pause] of changes) {
          const name = names[i] ?? '';
          played.set(name, { up });
          if (up) down.delete(name);
          else down.add(name);
          played.until(millis((now += pause)));
        }
        played.until(millis(now + 600_000));
        const fresh = new BgpLab(names.reduce((all, name) => (down.has(name) ? all.replace(`name: ${name},`, `name: ${name}, up: false,`) : all), text));
        for (const node of played.plan.nodes) {
          expect(played.routes(node.name), node.name).toEqual(fresh.routes(node.name));
          expect(played.state.speakers.get(node.name)?.table(), node.name).toEqual(fresh.state.speakers.get(node.name)?.table());
        }
      }),
      { seed: 11, numRuns: 25 },
    );
  }
});

it('policies that contradict each other are told (the "bad gadget" of RFC 4264 and of Griffin and Wilfong)', () => {
  // Each of three prefers the way over its neighbour to its own.
  const prefers = (as: number, next: string, nextAs: number, other: string): string =>
    `as: ${as}, neighbors: [{ node: o }, { node: ${next}, import: [{ match: { as: ${nextAs} }, set: { localPref: 200 } }] }, { node: ${other}, import: { action: deny } }]`;
  const text = lab(
    {
      o: 'as: 9, networks: [203.0.113.0/24], neighbors: [{ node: a }, { node: b }, { node: c }]',
      a: prefers(1, 'b', 2, 'c'),
      b: prefers(2, 'c', 3, 'a'),
      c: prefers(3, 'a', 1, 'b'),
    },
    ['o-a', 'o-b', 'o-c', 'a-b', 'b-c', 'c-a'],
  );
  // Only two-hop ways are preferred: a way that is longer is not offered, since its teller prefers another one.
  expect(faultsOf(text)).toEqual([expect.stringMatching(/TOPOLOGY_BGP the speakers never agree/)]);
});
