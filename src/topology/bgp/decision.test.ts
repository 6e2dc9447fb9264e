/** Expected winners: RFC 4271 9.1.1 and 9.1.2.2. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BGP_STEPS, type BgpPath } from './bgp.js';
import { type Contender, decide } from './decision.js';

type Words = Partial<Omit<Contender, 'path'>> & Partial<Pick<BgpPath, 'asPath' | 'localPref' | 'med' | 'origin'>>;

/** A path by neighbour 0 that is like any other, but for the words given. */
function path({ asPath = [64500, 64501], localPref = 100, med = null, origin = 'igp', ...rest }: Words): Contender {
  return {
    path: { family: 4, prefix: '10.0.0.0/8', origin, asPath, nextHop: '192.0.2.1', med, localPref, communities: [] },
    neighbor: 0,
    ebgp: true,
    igpCost: 0,
    routerId: '192.0.2.1',
    peerAddress: '192.0.2.1',
    ownAs: 64496,
    ...rest,
  };
}

/** For each step words that win there, and words that lose there. */
const STEPS: readonly (readonly [string, Words, Words, string, string])[] = [
  ['own', { neighbor: null }, {}, 'its own network, the other learned', 'learned, the other its own network'],
  ['local-pref', { localPref: 150 }, { localPref: 100 }, 'local preference 150 > 100', 'local preference 100 < 150'],
  ['as-path', { asPath: [64500, 1] }, { asPath: [64500, 64500, 1] }, 'AS path of 2 < 3', 'AS path of 3 > 2'],
  ['origin', { origin: 'igp' }, { origin: 'incomplete' }, 'origin igp < incomplete', 'origin incomplete > igp'],
  ['med', { med: 5 }, { med: 10 }, 'MED 5 < 10 of AS 64500', 'MED 10 > 5 of AS 64500'],
  ['ebgp', { ebgp: true }, { ebgp: false }, 'learned by eBGP, the other iBGP', 'learned by iBGP, the other eBGP'],
  ['igp-cost', { igpCost: 1 }, { igpCost: 2 }, 'cost to the next hop 1 < 2', 'cost to the next hop 2 > 1'],
  ['router-id', { routerId: '192.0.2.9' }, { routerId: '192.0.2.10' }, 'router id 192.0.2.9 < 192.0.2.10', 'router id 192.0.2.10 > 192.0.2.9'],
  ['peer-address', { peerAddress: '10.0.0.2' }, { peerAddress: '10.0.0.10' }, 'peer address 10.0.0.2 < 10.0.0.10', 'peer address 10.0.0.10 > 10.0.0.2'],
];

describe('each step', () => {
  it('is here', () => {
    expect(STEPS.map(([step]) => step)).toEqual(BGP_STEPS);
  });

  it.each(STEPS)('%s decides against everything that comes later, and says so', (step, good, bad, won, lost) => {
    const later = STEPS.slice(STEPS.findIndex(([s]) => s === step) + 1);
    const winner = path({ neighbor: 1, ...Object.assign({}, ...later.map(([, , worse]) => worse)), ...good });
    const loser = path({ neighbor: 2, ...Object.assign({}, ...later.map(([, better]) => better)), ...bad, ...(step === 'own' ? {} : { neighbor: 2 }) });
    for (const order of [
      [winner, loser],
      [loser, winner],
    ]) {
      const [first, second] = decide(order, 1);
      expect(first).toMatchObject({ neighbor: winner.neighbor, status: 'best', step, why: won });
      expect(second).toMatchObject({ neighbor: loser.neighbor, status: 'lost', step, why: lost });
    }
  });

  it('the only path has nothing decided about it; without any there is nothing', () => {
    expect(decide([path({})], 1)).toMatchObject([{ status: 'best', step: null, why: 'the only one' }]);
    expect(decide([], 4)).toEqual([]);
  });
});

describe('MED', () => {
  it('is compared among paths of one neighbouring AS alone', () => {
    const [best] = decide(
      [path({ neighbor: 1, asPath: [1, 9], med: 50, routerId: '1.0.0.1' }), path({ neighbor: 2, asPath: [2, 9], med: 0, routerId: '2.0.0.2' })],
      1,
    );
    expect(best).toMatchObject({ neighbor: 1, step: 'router-id' });
  });
  it('none is the least (RFC 4271 9.1.2.2 c)', () => {
    expect(decide([path({ neighbor: 1, med: 1, routerId: '1.0.0.1' }), path({ neighbor: 2, med: null, routerId: '2.0.0.2' })], 1)[0]).toMatchObject({
      neighbor: 2,
      step: 'med',
    });
  });
  it('by elimination: one that is beaten inside its AS cannot win any more, and the order of arrival tells nothing', () => {
    // Pairwise, a beats b (router id), b beats c (MED), c beats a (router id): by elimination c is out, so a wins.
    const a = path({ neighbor: 1, asPath: [1, 9], med: 0, routerId: '1.0.0.2' });
    const b = path({ neighbor: 2, asPath: [2, 9], med: 5, routerId: '1.0.0.3' });
    const c = path({ neighbor: 3, asPath: [2, 9], med: 10, routerId: '1.0.0.1' });
    for (const order of [
      [a, b, c],
      [c, b, a],
      [b, c, a],
    ])
      expect(decide(order, 1)[0]?.neighbor).toBe(1);
  });
  it('of paths inside the own AS is compared as of one neighbour', () => {
    const inside: Words = { asPath: [], ebgp: false };
    expect(decide([path({ neighbor: 1, ...inside, med: 7 }), path({ neighbor: 2, ...inside, med: 3, routerId: '9.9.9.9' })], 1)[0]).toMatchObject({
      neighbor: 2,
      step: 'med',
    });
  });
});

const words = fc.record({
  localPref: fc.constantFrom(100, 150),
  asPath: fc.array(fc.constantFrom(1, 2), { minLength: 1, maxLength: 3 }),
  med: fc.constantFrom(null, 0, 5),
  origin: fc.constantFrom('igp', 'egp', 'incomplete'),
  ebgp: fc.boolean(),
  igpCost: fc.constantFrom(0, 5),
  routerId: fc.constantFrom('1.0.0.1', '1.0.0.2'),
} as const);

it('the order of the paths decides nothing; every path is told once, the best first', () => {
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 7 }), fc.nat(), fc.integer({ min: 1, max: 4 }), (all, turn, multipath) => {
      const contenders = all.map((one, i) => path({ ...one, neighbor: i, peerAddress: `10.0.0.${i}` }));
      const turned = [...contenders.slice(turn % contenders.length), ...contenders.slice(0, turn % contenders.length)].reverse();
      const [one, other] = [decide(contenders, multipath), decide(turned, multipath)];
      expect(other[0]).toEqual(one[0]);
      expect(one[0]?.status).toBe('best');
      expect([...one].map((c) => c.neighbor).sort()).toEqual(contenders.map((c) => c.neighbor).sort());
      expect(one.filter((c) => c.status === 'multipath').length).toBeLessThan(multipath);
    }),
    { seed: 7, numRuns: 200 },
  );
});

describe('multipath', () => {
  it('uses what is as good up to the tie-break, as many as are allowed, by router id', () => {
    const four = [4, 1, 3, 2].map((i) => path({ neighbor: i, asPath: [i, 9], routerId: `1.0.0.${i}`, peerAddress: `10.0.0.${i}` }));
    const ranked = decide([...four, path({ neighbor: 9, asPath: [1, 2, 9] })], 3);
    expect(ranked.map((c) => [c.neighbor, c.status])).toEqual([
      [1, 'best'],
      [2, 'multipath'],
      [3, 'multipath'],
      [4, 'lost'],
      [9, 'lost'],
    ]);
    expect(ranked.map((c) => c.step)).toEqual(['router-id', null, null, 'router-id', 'as-path']);
  });
  it('never beside what came by iBGP, nor beside its own network', () => {
    expect(decide([path({ neighbor: 1 }), path({ neighbor: 2, ebgp: false })], 4).map((c) => c.status)).toEqual(['best', 'lost']);
    expect(decide([path({ neighbor: null }), path({ neighbor: 2 })], 4).map((c) => c.status)).toEqual(['best', 'lost']);
  });
});
