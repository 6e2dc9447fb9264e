/**
 * `media: { between: [alice, bob], is: local, sites: [hq] }`: the path of the media, and the sites that it may cross.
 * @module
 */
import { z } from 'zod';
import { linksOf } from '../../analysis/direction.js';
import type { Leg } from '../../analysis/legs.js';
import { unknownNames } from '../../scenario/description/faults.js';
import { pair } from '../../scenario/description/fields.js';
import type { PlanNode } from '../../topology/plan.js';
import type { Context } from '../context.js';
import { mediaLegs, type Pair } from '../media-legs.js';
import { judgePath, label } from '../path-check.js';
import { check } from './check.js';

const sites: z.ZodType<readonly string[], readonly string[]> = z.array(z.string());

export const media = check({
  key: 'media',
  schema: z.strictObject({ between: pair, is: label, sites: sites.optional() }),
  form: '{ between, is, sites }',
  doc: 'all RTP packets between the two clients, both directions, for each of their calls; with `sites`, every node on the way must stand in one of these sites',
  /** The media may cross nodes of these sites only: a detour through another is a failure. */
  read: ({ between, is, sites }) => [{ between, is, sites: sites ?? null }],
  actors: ({ between }) => between,
  fit({ sites, src }, plan) {
    const known = [...new Set(plan.nodes.flatMap((node) => node.site ?? []))];
    return unknownNames('FLOW_EXPECTATION', sites ?? [], known, src, (site) => `no node of the topology ${plan.name} stands at the site "${site}"`);
  },
  about: ({ between, is, sites }, c) => ({
    check: `media/${c.pair(...between)}`,
    subject: `${c.pair(...between)} media`,
    expected: sites === null ? is : `${is}, by ${sites.join(' and ')} only`,
  }),
  judge(e, c) {
    const legs = mediaLegs(c, e.between);
    const path = judgePath(legs, e.is, c.observation, c.plan);
    if (path.status === 'unproved') return { ...path, evidence: c.whyNot(path.evidence) };
    const silent = silentCalls(c, e.between, legs);
    const strangers = e.sites === null ? [] : strangeSites(c, legs, e.sites);
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
function silentCalls(c: Context, between: Pair, legs: readonly Leg[]): readonly string[] {
  const [x, y] = [c.node(between[0]), c.node(between[1])];
  const calls = c.observation.calls.filter(({ from, to }) => (from === x && to === y) || (from === y && to === x));
  const streams = legs.flatMap((leg) => leg.streams);
  return calls.flatMap((call, i) =>
    [
      [x, y],
      [y, x],
    ].flatMap(([from, to]) => {
      const heard = streams.some((stream) => stream.from === from && stream.packets > 0 && stream.first <= call.ended && stream.last >= call.answered);
      return heard ? [] : [`call ${i + 1}: nothing of ${from ?? '?'} reaches ${to ?? '?'}`];
    }),
  );
}

/** Sites (nodes, where there is none) that the legs crossed and that are not allowed. */
function strangeSites(c: Context, legs: readonly Leg[], sites: readonly string[]): readonly string[] {
  const crossed = new Set<PlanNode>();
  for (const link of legs.flatMap((leg) => [leg.there, leg.back]).flatMap((direction) => linksOf(direction, c.plan))) {
    for (const end of link.ends) {
      const node = c.plan.nodes[end.node];
      if (node !== undefined) crossed.add(node);
    }
  }
  return [...new Set([...crossed].filter((node) => node.site === null || !sites.includes(node.site)).map((node) => node.site ?? node.name))];
}
