/**
 * Against BIRD 2: generated BGP topologies are played by the model, and by a real daemon per router in namespaces, over
 * the lab's own links. What every router takes for the best way to every prefix must be the same, and so must all that
 * it chose from.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must } from '../../src/base/assert.js';
import { seconds } from '../../src/base/time.js';
import { BGP_STEPS, type BgpCandidate, type BgpStep } from '../../src/topology/bgp/bgp.js';
import { type Contender, decide } from '../../src/topology/bgp/decision.js';
import type { Plan, PlanNode } from '../../src/topology/plan.js';
import { netns } from '../../src/substrate/netns/netns.js';
import { Bird, type BirdRoute } from './bird-daemon.js';
import { together } from './bird-topologies.js';
import { buildLab, planOf } from './support.js';

const TOPOLOGIES = Number(process.env['CALLPATH_BIRD_TOPOLOGIES'] ?? 52);
/** That stand in one lab: so many that all daemons fit, so few that it is not built too often. */
const AT_ONCE = 13;
/** Lab seconds that the daemons get to come to rest. */
const PATIENCE = 90;

const folder = mkdtempSync(join(tmpdir(), 'callpath-bird-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

type Known = ReadonlyMap<string, readonly BirdRoute[]>;

interface Played {
  readonly node: PlanNode;
  readonly bird: Known;
}

/** The plan without BGP: its routers have what the daemons stand on, and no routes of the model. */
function bare(plan: Plan): Plan {
  return {
    ...plan,
    nodes: plan.nodes.map(({ bgp, ...node }): PlanNode => ({ ...node, routes: node.routes.filter((route) => bgp === undefined || route.origin !== 'bgp') })),
  };
}

async function play(numbers: readonly number[]): Promise<readonly Played[]> {
  const plan = planOf(together(numbers));
  const recorded = await buildLab(netns, bare(plan));
  const { lab } = recorded;
  const birds = plan.nodes.map((node) => Bird.start(lab, node, folder));
  try {
    return await lab.run(
      async ({ sleep }) => {
        const wanted = plan.nodes.reduce((sum, node) => sum + must(node.bgp, 'BGP').neighbors.length, 0);
        let last = '';
        for (let i = 0; i < PATIENCE; i++) {
          await sleep(seconds(1));
          const up = await Promise.all(birds.map((bird) => bird.established().catch(() => 0)));
          if (up.reduce((a, b) => a + b, 0) < wanted) continue;
          const known = await Promise.all(birds.map((bird) => bird.routes()));
          const now = JSON.stringify(known.map((routes) => [...routes]));
          // All sessions are up, and nothing has changed for a second.
          if (now === last) return plan.nodes.map((node, k) => ({ node, bird: must(known[k], 'routes') }));
          last = now;
        }
        throw new Error(`the daemons of topologies ${numbers.join()} did not come to rest in ${PATIENCE} s`);
      },
      (lab.clock.now + seconds(PATIENCE * 3)) as typeof lab.clock.now,
    );
  } finally {
    await Promise.all(birds.map((bird) => bird.stop()));
    (await recorded.finish()).close();
  }
}

const accepted = (candidates: readonly BgpCandidate[]): readonly BgpCandidate[] => candidates.filter((c) => c.status !== 'denied');

/** A candidate of the model in BIRD's words; of its own networks BIRD has no attributes but that. */
function asBird(c: BgpCandidate): BirdRoute {
  const { path } = c;
  if (c.neighbor === null)
    return { neighbor: null, best: c.status === 'best', nextHop: null, asPath: [], origin: 'igp', med: null, localPref: 100, communities: [] };
  return {
    neighbor: c.neighbor,
    best: c.status === 'best',
    nextHop: path.nextHop,
    asPath: path.asPath,
    origin: path.origin,
    med: path.med,
    localPref: path.localPref,
    communities: path.communities,
  };
}

const sorted = (routes: readonly BirdRoute[]): readonly BirdRoute[] =>
  [...routes].map((r) => ({ ...r, communities: [...r.communities].sort() })).sort((a, b) => (a.neighbor ?? -1) - (b.neighbor ?? -1));

const played: Played[] = [];

describe.skipIf(spawnSync('bird', ['--version']).error !== undefined && process.env['CI'] === undefined)(`${TOPOLOGIES} generated topologies`, () => {
  beforeAll(async () => {
    for (let first = 0; first < TOPOLOGIES; first += AT_ONCE) {
      played.push(...(await play(Array.from({ length: Math.min(AT_ONCE, TOPOLOGIES - first) }, (_, i) => first + i))));
    }
  }, 900_000);

  it('every router knows the same routes to every prefix, with the same attributes, and takes the same for the best', () => {
    const differing = played.flatMap(({ node, bird }) => {
      const table = must(node.bgp, 'BGP')
        .table.map((entry) => [entry.prefix, sorted(accepted(entry.candidates).map(asBird))] as const)
        .filter(([, routes]) => routes.length > 0);
      const prefixes = new Set([...table.map(([prefix]) => prefix), ...bird.keys()]);
      return [...prefixes].flatMap((prefix) => {
        const ours = table.find(([p]) => p === prefix)?.[1] ?? [];
        const theirs = sorted(bird.get(prefix) ?? []);
        return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [{ node: node.name, prefix, ours, theirs }];
      });
    });
    expect(differing.slice(0, 3)).toEqual([]);
    expect(differing.length).toBe(0);
  });

  /** What the decision makes of the routes that BIRD has; the index of the neighbour that it takes. */
  const choice = ({ node, bird }: Played, prefix: string, change: (c: Contender) => Contender): number | null | undefined => {
    const bgp = must(node.bgp, 'BGP');
    const entry = must(
      bgp.table.find((e) => e.prefix === prefix),
      prefix,
    );
    // In the order of the neighbours: BIRD tells the best first.
    const contenders = sorted(bird.get(prefix) ?? [])
      .map((route) =>
        must(
          entry.candidates.find((c) => c.neighbor === route.neighbor),
          'candidate',
        ),
      )
      .map((c): Contender => {
        const neighbor = c.neighbor === null ? undefined : bgp.neighbors[c.neighbor];
        const peer = played.find((p) => p.node.name === neighbor?.node)?.node.bgp;
        return {
          path: c.path,
          neighbor: c.neighbor,
          ebgp: neighbor !== undefined && neighbor.as !== bgp.as,
          igpCost: costOf(node, c.path.nextHop),
          routerId: peer?.routerId ?? bgp.routerId,
          peerAddress: neighbor?.addresses[0]?.peer ?? '',
          ownAs: bgp.as,
        };
      });
    return decide(contenders.map(change), 1)[0]?.neighbor;
  };

  const ALIKE: Readonly<Record<BgpStep, (c: Contender) => Contender>> = {
    own: (c) => (c.neighbor === null ? { ...c, neighbor: -1 } : c),
    'local-pref': (c) => ({ ...c, path: { ...c.path, localPref: 100 } }),
    'as-path': (c) => ({ ...c, path: { ...c.path, asPath: c.path.asPath.slice(0, 1) } }),
    origin: (c) => ({ ...c, path: { ...c.path, origin: 'igp' } }),
    med: (c) => ({ ...c, path: { ...c.path, med: null } }),
    ebgp: (c) => ({ ...c, ebgp: true }),
    'igp-cost': (c) => ({ ...c, igpCost: 0 }),
    'router-id': (c) => ({ ...c, routerId: '0.0.0.0' }),
    'peer-address': (c) => ({ ...c, peerAddress: '0.0.0.0' }),
  };

  it.each(BGP_STEPS)('a decision without the step %s would be noticed', (step) => {
    let noticed = 0;
    for (const one of played) {
      for (const [prefix, routes] of one.bird) {
        const best = routes.find((route) => route.best);
        if (best === undefined || routes.length < 2) continue;
        expect(
          choice(one, prefix, (c) => c),
          `${one.node.name} ${prefix}`,
        ).toBe(best.neighbor);
        if (choice(one, prefix, ALIKE[step]) !== best.neighbor) noticed++;
      }
    }
    expect(noticed).toBeGreaterThan(0);
  });
});

/** The metric of the static route to a next hop; 0 on a connected network. */
function costOf(node: PlanNode, nextHop: string | null): number {
  if (nextHop === null) return 0;
  const net = nextHop.split('.').slice(0, 3).join('.');
  return node.routes.find((route) => route.origin === 'static' && route.prefix.startsWith(`${net}.`))?.metric ?? 0;
}
