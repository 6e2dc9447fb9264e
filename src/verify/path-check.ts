/**
 * Holds the paths of legs and of media against the documented word for them, and says where they part from it.
 * @module
 */
import { z } from 'zod';
import type { Direction, TwoWay } from '../analysis/direction.js';
import { linksOf } from '../analysis/direction.js';
import type { Observation } from '../analysis/legs.js';
import type { Plan, PlanLink, PlanNode, Segment } from '../topology/plan.js';
import { legEvidence, silences } from './evidence.js';
import { NO_EVIDENCE } from './finding.js';
import type { Evidence, Verdict } from './finding.js';

/** The article's words for a path. */
export const PATH_LABELS = ['local', 'Internet', 'ExpressRoute'] as const;
export type PathLabel = (typeof PATH_LABELS)[number];
export const label = z.enum(PATH_LABELS);

/** The segment that makes the word true; `local` is the absence of both. */
export const SEGMENT_OF: Readonly<Record<PathLabel, Segment | null>> = { local: null, Internet: 'internet', ExpressRoute: 'expressroute' };

/** Passes when packets crossed, both ways, and every one of them as documented. */
export function judgePath(legs: readonly TwoWay[], is: PathLabel, observation: Observation, plan: Plan): Verdict {
  const evidence = legEvidence(legs, observation, plan);
  if (evidence.total === 0) return { status: 'unproved', observed: 'no packet', evidence: NO_EVIDENCE };
  const label = [...new Set(legs.map((leg) => leg.label))].join(' and ');
  const silent = silences(legs);
  if (label === is && silent.length === 0) return { status: 'pass', observed: label, evidence };
  const aside = label === is ? null : deviation(legs, is, plan);
  const observed = [aside === null ? label : `${label}: ${aside.links}`, ...silent].join(', ');
  return { status: 'fail', observed, evidence: withWhy(evidence, aside?.parts ?? null) };
}

function withWhy(evidence: Evidence, parts: string | null): Evidence {
  if (parts === null) return evidence;
  return { ...evidence, why: evidence.why === undefined ? parts : `${parts}; ${evidence.why}` };
}

interface Deviation {
  /** The links that should not be there, and the group that should: `ce--isp, isp--ix (instead of er)`. */
  readonly links: string;
  /** `parts at ce: ce--isp instead of er`; null when the plan does not tell. */
  readonly parts: string | null;
}

function deviation(legs: readonly TwoWay[], is: PathLabel, plan: Plan): Deviation {
  const there = legs.flatMap((leg) => wrongLinks(leg.there, is, plan));
  const back = legs.flatMap((leg) => wrongLinks(leg.back, is, plan));
  const partings = legs.flatMap((leg) => [parting(leg.there, leg.a, is, plan), parting(leg.back, leg.b, is, plan)]).filter((found) => found !== null);
  const groups = [...new Set(partings.map((found) => found.group))];
  const instead = groups.length === 0 ? '' : ` (instead of ${groups.join(', ')})`;
  const texts = [...new Set(partings.map(({ node, took, group }) => `parts at ${node}: ${took} instead of ${group}`))];
  return { links: `${bothWays(names(there), names(back))}${instead}`, parts: texts.length === 0 ? null : texts.join('; ') };
}

function bothWays(there: readonly string[], back: readonly string[]): string {
  const same = there.length === back.length && there.every((name) => back.includes(name));
  if (same) return there.join(', ');
  return [...(there.length > 0 ? [`out by ${there.join(', ')}`] : []), ...(back.length > 0 ? [`back by ${back.join(', ')}`] : [])].join('; ');
}

function names(links: readonly PlanLink[]): readonly string[] {
  return [...new Set(links.map((link) => link.name))];
}

/** Links of the other word's segment; all links, when the path has nothing of either. */
function wrongLinks(direction: Direction, is: PathLabel, plan: Plan): readonly PlanLink[] {
  const links = linksOf(direction, plan);
  const other = links.filter((link) => (link.segment === 'internet' || link.segment === 'expressroute') && link.segment !== SEGMENT_OF[is]);
  const right = SEGMENT_OF[is];
  return other.length > 0 || right === null || links.some((link) => link.segment === right) ? other : links;
}

interface Parting {
  readonly node: string;
  readonly took: string;
  readonly group: string;
}

/**
 * The first node on a path that stands at a link of the documented segment and sent by another link. Of the paths
 * that missed the segment, the most used one.
 */
function parting(direction: Direction, start: PlanNode, is: PathLabel, plan: Plan): Parting | null {
  const right = SEGMENT_OF[is];
  const wrong = direction.paths.find((path) => path.links.every((id) => plan.links[id]?.segment !== right));
  let at: number = start.id;
  for (const id of wrong?.links ?? []) {
    const link = plan.links[id];
    if (link === undefined) return null;
    const missed = plan.links.find((other) => other.segment === right && other.ends.some((end) => end.node === at));
    if (missed !== undefined) return { node: plan.nodes[at]?.name ?? '?', took: link.name, group: missed.group };
    at = link.ends[0].node === at ? link.ends[1].node : link.ends[0].node;
  }
  return null;
}
