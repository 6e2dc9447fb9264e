/**
 * `signalling: { of: alice, is: ExpressRoute }`: the path between a client and the user's home, or between two front ends.
 * @module
 */
import { z } from 'zod';
import { legsOf } from '../../analysis/legs.js';
import { nobodyTwice, unknownNames } from '../../scenario/description/faults.js';
import { actor, nodePair } from '../../scenario/description/fields.js';
import type { Context } from '../context.js';
import { needsSegment } from '../fit.js';
import type { Verdict } from '../finding.js';
import { judgePath, label } from '../path-check.js';
import type { PathLabel } from '../path-check.js';
import { check } from './check.js';

type Signalling = { readonly of: string; readonly is: PathLabel } | { readonly between: readonly [string, string]; readonly is: PathLabel };

export const signalling = check({
  key: 'signalling',
  schema: z.union([z.strictObject({ of: actor, is: label }), z.strictObject({ between: nodePair, is: label })]),
  form: '{ of, is }',
  doc:
    "all TCP packets between the actor's client and the user's home, both directions; with `between: [NODE, NODE]` in place of `of`, " +
    'those between two front ends of the topology',
  read: (raw): readonly Signalling[] => [raw],
  actors: (e) => ('of' in e ? [e.of] : []),
  fit(e, plan, script) {
    const servers = plan.nodes.filter(({ traits }) => traits.homes === true).map((node) => node.name);
    const between = 'of' in e ? [] : e.between;
    return [
      ...unknownNames('FLOW_EXPECTATION', between, servers, e.src, (it) => `the topology ${plan.name} has no front end "${it}"`),
      ...nobodyTwice(between, script, e.src),
      ...needsSegment(e.is, plan, e.src),
    ];
  },
  about(e, c) {
    const who = 'of' in e ? c.node(e.of) : e.between.join('-');
    return { check: `signalling/${who}`, subject: `${who} signalling`, expected: e.is };
  },
  judge: (e, c) => ('of' in e ? between(c, e.is, c.node(e.of), c.user(e.of)?.home ?? '') : between(c, e.is, ...e.between)),
});

/** The leg between exactly these two: a front end that only redirected the client is another leg. */
function between(c: Context, is: PathLabel, x: string, y: string): Verdict {
  const verdict = judgePath(legsOf(c.observation, 'signalling', x, y), is, c.observation, c.plan);
  return verdict.status === 'unproved' ? { ...verdict, evidence: c.whyNot(verdict.evidence) } : verdict;
}
