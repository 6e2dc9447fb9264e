/**
 * Why BGP chose the routes that packets took, by the plan: the step of its decision (RFC 4271 section 9.1.2.2), and the
 * line of the import policy that made it come out so.
 * @module
 */
import type { BgpCandidate, BgpStatement, PlanBgp } from '../../topology/bgp/bgp.js';
import { statementBehind } from '../../topology/bgp/policy.js';
import type { Plan } from '../../topology/plan.js';
import type { HopStory, Line, RouteTaken } from './story.js';

/** Hops with the reasons of routes that BGP found. A route that the plan does not have was found later: its reason stays unknown. */
export function withChoices(plan: Plan, hops: readonly HopStory[]): readonly HopStory[] {
  return hops.map((hop) => {
    const bgp = plan.nodes.find(({ name }) => name === hop.node)?.bgp;
    if (bgp === undefined) return hop;
    return {
      ...hop,
      decided: hop.decided.map((one) => (one.route?.proto === 'bgp' ? { ...one, route: { ...one.route, chosen: chosenBy(bgp, one.route) } } : one)),
    };
  });
}

function chosenBy(bgp: PlanBgp, { prefix, via }: RouteTaken): RouteTaken['chosen'] {
  const candidates = bgp.table.find((entry) => entry.prefix === prefix)?.candidates ?? [];
  const taken = candidates.find(({ status, path }) => (status === 'best' || status === 'multipath') && path.nextHop === via);
  // Of a single one there is nothing to say.
  if (taken === undefined || taken.step === null) return null;
  // What made the winner better; else what made the nearest loser worse.
  const others = candidates.filter(({ status, step }) => status === 'lost' && step === taken.step);
  const src = [taken, ...others].map((candidate) => policyLine(bgp, candidate, taken.step)).find((line) => line !== null) ?? null;
  return { why: taken.why, src };
}

/** Attributes that a policy can give, by the step that compares them. */
const GIVES: Partial<Record<NonNullable<BgpCandidate['step']>, keyof BgpStatement['set']>> = {
  'local-pref': 'localPref',
  'as-path': 'prepend',
  origin: 'origin',
  med: 'med',
};

function policyLine(bgp: PlanBgp, { neighbor, path }: BgpCandidate, step: BgpCandidate['step']): Line | null {
  const attribute = step === null ? undefined : GIVES[step];
  const policy = neighbor === null ? null : (bgp.neighbors[neighbor]?.import ?? null);
  if (attribute === undefined || policy === null) return null;
  const statement = statementBehind(policy, path);
  return statement?.set[attribute] === undefined ? null : { file: statement.src.file, line: statement.src.line };
}
