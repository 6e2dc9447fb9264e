/**
 * Holds a run against its documented flow: one finding per expectation, from the ledger and the plan alone.
 * @module
 */
import { unreachable } from '../base/assert.js';
import { legsOf } from '../analysis/legs.js';
import { formatDuration } from '../base/time.js';
import type { Expectation } from '../scenario/flow.js';
import { Context } from './context.js';
import type { VerifyInput } from './context.js';
import { withDropLines } from './drop-lines.js';
import type { Finding, Verdict } from './finding.js';
import { boundsText, judgeIce, judgeMedia, judgeQuality, judgeSymmetric } from './media-check.js';
import { judgeInternetOnly } from './internet-check.js';
import { judgePath } from './path-check.js';
import { judgeFails, judgeSilence } from './symptom-check.js';
import { judgeSignedIn, judgeTold } from './told-check.js';
import { judgeWhy, whyText } from './why-check.js';

export type { VerifyInput } from './context.js';

export function verifyFlow(input: VerifyInput): readonly Finding[] {
  const context = new Context(input);
  return withDropLines(
    context,
    input.flow.expectations.map((expectation) => ({ ...about(context, expectation), src: expectation.src, ...judge(context, expectation) })),
  );
}

type About = Pick<Finding, 'check' | 'subject' | 'expected'>;

/** What a check is called and what it wants: known before the run. */
function about(c: Context, e: Expectation): About {
  switch (e.expect) {
    case 'signed-in':
      return { check: `signed-in/${c.node(e.of)}`, subject: `${c.node(e.of)} signs in`, expected: `at home, ${c.user(e.of)?.home ?? '?'}` };
    case 'signalling':
      return { check: `signalling/${c.node(e.of)}`, subject: `${c.node(e.of)} signalling`, expected: e.is };
    case 'servers':
      return { check: `signalling/${e.nodes.join('-')}`, subject: `${e.nodes.join('-')} signalling`, expected: e.is };
    case 'message':
      return { check: `message/${c.pair(e.from, e.to)}`, subject: `message ${c.node(e.from)} > ${c.node(e.to)}`, expected: 'delivered' };
    case 'call':
      return { check: `call/${c.pair(e.from, e.to)}`, subject: `call ${c.node(e.from)} > ${c.node(e.to)}`, expected: 'answered' };
    case 'media':
      return {
        check: `media/${c.pair(...e.between)}`,
        subject: `${c.pair(...e.between)} media`,
        expected: e.sites === null ? e.is : `${e.is}, by ${e.sites.join(' and ')} only`,
      };
    case 'ice':
      return { check: `ice/${c.pair(...e.between)}`, subject: `${c.pair(...e.between)} ICE`, expected: `${e.local}/${e.remote}` };
    case 'symmetric':
      return { check: `symmetric/${c.pair(...e.between)}`, subject: `${c.pair(...e.between)} media`, expected: 'same links both ways' };
    case 'quality':
      return { check: `quality/${c.pair(...e.between)}`, subject: `${c.pair(...e.between)} quality`, expected: boundsText(e) };
    case 'fails':
      return { check: `fails/${e.step}`, subject: `${e.step} fails`, expected: e.says === null ? 'refused' : `refused, "${e.says}"` };
    case 'why':
      return {
        check: `why/${e.nodes.map((node) => c.node(node)).join('-')}`,
        subject: `why ${e.nodes.map((node) => c.node(node)).join('-')}`,
        expected: whyText(e),
      };
    case 'silence':
      return {
        check: `silence/${c.pair(e.from, e.to)}`,
        subject: `${c.node(e.from)} > ${c.node(e.to)} silence`,
        expected: `longer than ${formatDuration(e.longer)}`,
      };
    case 'internet-only':
      return { check: `internet-only/${e.traffic}`, subject: e.traffic, expected: 'Internet' };
    default:
      return unreachable(e);
  }
}

function judge(c: Context, e: Expectation): Verdict {
  switch (e.expect) {
    case 'signed-in':
      return judgeSignedIn(c, e.of);
    case 'signalling':
      return signalling(c, e.is, c.node(e.of), c.user(e.of)?.home ?? '');
    case 'servers':
      return signalling(c, e.is, ...e.nodes);
    case 'message':
      return judgeTold(c, { event: 'message-received', at: e.to, other: e.from, word: 'delivered', step: 'message' });
    case 'call':
      return judgeTold(c, { event: 'call-answered', at: e.from, other: e.to, word: 'answered', step: 'call' });
    case 'media':
      return judgeMedia(c, e);
    case 'ice':
      return judgeIce(c, e);
    case 'symmetric':
      return judgeSymmetric(c, e);
    case 'quality':
      return judgeQuality(c, e);
    case 'fails':
      return judgeFails(c, e);
    case 'why':
      return judgeWhy(c, e);
    case 'silence':
      return judgeSilence(c, e);
    case 'internet-only':
      return judgeInternetOnly(c, e.traffic);
    default:
      return unreachable(e);
  }
}

/** The leg between exactly these two: a front end that only redirected the client is another leg. */
function signalling(c: Context, is: Extract<Expectation, { is: unknown }>['is'], x: string, y: string): Verdict {
  const verdict = judgePath(legsOf(c.observation, 'signalling', x, y), is, c.observation, c.plan);
  return verdict.status === 'unproved' ? { ...verdict, evidence: c.whyNot(verdict.evidence) } : verdict;
}
