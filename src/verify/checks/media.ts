/**
 * `media: { between: [alice, bob], is: local, sites: [hq] }`: the path of the media, and the sites that it may cross.
 * @module
 */
import { z } from 'zod';
import { linksOf } from '../../analysis/direction.js';
import type { TwoWay } from '../../analysis/direction.js';
import type { MediaPath } from '../../analysis/legs.js';
import type { Talk } from '../../analysis/talk.js';
import { unknownNames } from '../../scenario/description/faults.js';
import { pair } from '../../scenario/description/fields.js';
import type { PlanNode } from '../../topology/plan.js';
import type { Context } from '../context.js';
import { needsCalls, needsSegment } from '../fit.js';
import { mediaTalk, type Pair } from '../media-talk.js';
import { judgePath, label } from '../path-check.js';
import { check } from './check.js';

const sites: z.ZodType<readonly string[], readonly string[]> = z.array(z.string());

export const media = check({
  key: 'media',
  schema: z.strictObject({ between: pair, is: label, sites: sites.optional() }),
  form: '{ between, is, sites }',
  doc: 'all RTP packets between the two clients, both directions, for each of their calls, through relays and mixers too; with `sites`, every node on the way must stand in one of these sites',
  /** The media may cross nodes of these sites only: a detour through another is a failure. */
  read: ({ between, is, sites }) => [{ between, is, sites: sites ?? null }],
  actors: ({ between }) => between,
  fit({ between, is, sites, src }, plan, script) {
    const known = [...new Set(plan.nodes.flatMap((node) => node.site ?? []))];
    return [
      ...needsCalls(between, script, src),
      ...needsSegment(is, plan, src),
      ...unknownNames('FLOW_EXPECTATION', sites ?? [], known, src, (site) => `no node of the topology ${plan.name} stands at the site "${site}"`),
    ];
  },
  about: ({ between, is, sites }, c) => ({
    check: `media/${c.pair(...between)}`,
    subject: `${c.pair(...between)} media`,
    expected: sites === null ? is : `${is}, by ${sites.join(' and ')} only`,
  }),
  judge(e, c) {
    const talks = mediaTalk(c, e.between);
    const path = judgePath(talks, e.is, c.observation, c.plan);
    if (path.status === 'unproved') return { ...path, evidence: c.whyNot(path.evidence) };
    const silent = silentCalls(c, e.between, talks);
    const strangers = e.sites === null ? [] : strangeSites(c, talks, e.sites);
    const observed = [
      path.observed,
      ...silent,
      ...(strangers.length > 0 ? [`through ${strangers.join(' and ')}`] : []),
      ...(e.sites !== null && strangers.length === 0 ? [`by ${e.sites.join(' and ')} only`] : []),
    ].join(', ');
    return { status: silent.length + strangers.length > 0 ? 'fail' : path.status, observed, evidence: path.evidence };
  },
});

/** Of several calls each must have media of its own, both ways: one must not pass for the other. */
function silentCalls(c: Context, between: Pair, talks: readonly Talk[]): readonly string[] {
  const [x, y] = [c.node(between[0]), c.node(between[1])];
  const calls = c.observation.calls.filter(({ from, to }) => (from === x && to === y) || (from === y && to === x));
  const paths = talks.flatMap(({ pathsThere, pathsBack }) => [...pathsThere, ...pathsBack]);
  return calls.flatMap((call, i) =>
    [
      [x, y],
      [y, x],
    ].flatMap(([from, to]) => {
      const heard = paths.some((path) => path.from === from && isHeard(path, call));
      return heard ? [] : [`call ${i + 1}: nothing of ${from ?? '?'} reaches ${to ?? '?'}`];
    }),
  );
}

/** Something of what was said during the call, or of a stream that goes on through it, reached the listener. */
function isHeard({ stages }: MediaPath, { answered, ended }: { readonly answered: number; readonly ended: number }): boolean {
  const heard = stages.at(-1)?.streams ?? [];
  return heard.some(({ packets, first, last }) => packets > 0 && first <= ended && last >= answered);
}

/** Sites (nodes, where there is none) that the media crossed and that are not allowed. */
function strangeSites(c: Context, talks: readonly TwoWay[], sites: readonly string[]): readonly string[] {
  const crossed = new Set<PlanNode>();
  for (const link of talks.flatMap(({ there, back }) => [there, back]).flatMap((direction) => linksOf(direction, c.plan))) {
    for (const end of link.ends) {
      const node = c.plan.nodes[end.node];
      if (node !== undefined) crossed.add(node);
    }
  }
  return [...new Set([...crossed].filter((node) => node.site === null || !sites.includes(node.site)).map((node) => node.site ?? node.name))];
}
