/**
 * Checks of what goes wrong, for runs that must show it: a step that the network refuses, media that falls silent.
 * @module
 */
import { legsOf } from '../analysis/legs.js';
import { longestSilence } from '../analysis/silence.js';
import { formatDuration } from '../base/time.js';
import type { Nanos } from '../base/time.js';
import type { Expectation, Step } from '../scenario/flow.js';
import type { Context } from './context.js';
import { legEvidence } from './evidence.js';
import type { Verdict } from './finding.js';

type Of<K extends Expectation['expect']> = Extract<Expectation, { expect: K }>;

/** Passes when the script ended at such a step, and those who took it sent something. */
export function judgeFails(c: Context, e: Of<'fails'>): Verdict {
  const steps = c.events('step');
  const at = steps.findIndex((event) => event.fields['ok'] === 'no');
  const [event, step] = [steps[at], c.flow.steps[at]];
  const nodes = step === undefined ? [] : actorsOf(step).map((actor) => c.node(actor));
  const legs = c.observation.legs.filter((leg) => nodes.includes(leg.a.name) || nodes.includes(leg.b.name));
  const evidence = legEvidence(legs, c.observation, c.plan);
  if (event === undefined || step === undefined) return { status: 'fail', observed: 'every step was done', evidence: c.whyNot(evidence) };
  const says = event.fields['says'] ?? '';
  const observed = says === '' ? `${step.do} refused` : `${step.do} refused: ${says}`;
  if (step.do !== e.step || (e.says !== null && !says.includes(e.says))) return { status: 'fail', observed, evidence };
  return { status: evidence.total === 0 ? 'unproved' : 'pass', observed: evidence.total === 0 ? `${observed}, but no packet` : observed, evidence };
}

function actorsOf(step: Step): readonly string[] {
  if ('actors' in step) return step.actors;
  if ('from' in step) return [step.from, step.to];
  return 'actor' in step ? [step.actor] : [];
}

/** Passes when packets were sent for longer than the bound, and none of them arrived. */
export function judgeSilence(c: Context, e: Of<'silence'>): Verdict {
  const [from, to] = [c.node(e.from), c.node(e.to)];
  const legs = legsOf(c.observation, 'rtp', from, to);
  const silence = longestSilence(c.ledger, legs, from);
  const evidence = legEvidence(legs, c.observation, c.plan);
  if (evidence.total === 0) return { status: 'unproved', observed: 'no packet', evidence: c.whyNot(evidence) };
  if (silence === null) return { status: 'fail', observed: `everything that ${from} said arrived`, evidence };
  const length = (silence.to - silence.from) as Nanos;
  const observed = `${formatDuration(rounded(length))}: ${silence.packets.length} packets of ${from} from ${(silence.from / 1e9).toFixed(1)} s on, none arrived`;
  return {
    status: length > e.longer ? 'pass' : 'fail',
    observed,
    evidence: { ...evidence, packets: silence.packets.slice(0, 10), total: silence.packets.length },
  };
}

/** To the millisecond. */
function rounded(time: Nanos): Nanos {
  return (Math.round(time / 1e6) * 1e6) as Nanos;
}
