/**
 * Checks of what nodes told of (signed in, message received, call answered). A word alone is no proof: the packets
 * that brought it about must be in the ledger, on the legs that they had to take.
 * @module
 */
import { packetsDuring } from '../analysis/during.js';
import { legsOf } from '../analysis/legs.js';
import type { Leg } from '../analysis/legs.js';
import { ZERO } from '../base/time.js';
import type { Nanos } from '../base/time.js';
import type { LabEvent } from '../capture/ledger.js';
import { stepsOf } from '../scenario/flow.js';
import type { Context } from './context.js';
import { legEvidence, linkNames } from './evidence.js';
import type { Evidence, Verdict } from './finding.js';

const NAMED = 10;

/** As many events `name` at `at` that name `other` as the flow has such steps. */
export function judgeTold(
  c: Context,
  of: { readonly event: string; readonly at: string; readonly other: string; readonly word: string; readonly step: 'call' | 'message' },
): Verdict {
  const peer = c.user(of.other)?.address;
  const events = c.events(of.event).filter((event) => event.node === c.node(of.at) && event.fields['peer'] === peer);
  const [from, to] = of.step === 'call' ? [of.at, of.other] : [of.other, of.at];
  const wanted = Math.max(1, stepsOf(c.flow.steps).filter((step) => step.do === of.step && step.from === from && step.to === to).length);
  if (events.length < wanted) {
    const observed = events.length === 0 ? `not ${of.word}` : `${of.word} ${events.length} of ${wanted} times`;
    return { status: 'fail', observed, evidence: c.whyNot(signallingEvidence(c, [from, to])) };
  }
  return proved(
    c,
    of.word,
    events.map((event) => ({ from: stepStart(c, event, c.node(of.at)), to: event.at })),
    between(c, from, to),
  );
}

interface Stretch {
  readonly from: Nanos;
  readonly to: Nanos;
}

/** Passes when each of the legs carried something in each of the stretches. @param legs a name stands for one that is not there */
export function proved(c: Context, observed: string, stretches: readonly Stretch[], legs: readonly (Leg | string)[]): Verdict {
  const packets: Evidence['packets'][number][] = [];
  const crossed: Leg[] = [];
  const missed = (name: string): Verdict => ({ status: 'unproved', observed: `${observed}, but no packet of ${name}`, evidence: c.whyNot() });
  let total = 0;
  for (const leg of legs) {
    if (typeof leg === 'string') return missed(leg);
    for (const { from, to } of stretches) {
      const found = packetsDuring(c.ledger, leg.flows, from, to);
      if (found.length === 0) return missed(leg.id);
      packets.push(...found.slice(0, NAMED));
      total += found.length;
    }
    crossed.push(leg);
  }
  if (total === 0) return { status: 'unproved', observed: `${observed}, but no packet`, evidence: c.whyNot() };
  return { status: 'pass', observed, evidence: { packets: packets.sort((a, b) => a - b).slice(0, NAMED), total, links: linkNames(crossed, c.plan) } };
}

/** The legs that a request from one user to another must cross: to the sender's home, to the other's home, to the other. A name stands for one that is not there. */
function between(c: Context, from: string, to: string): readonly (Leg | string)[] {
  const [caller, callee] = [c.user(from), c.user(to)];
  if (caller === undefined || callee === undefined) return [`${c.node(from)} and ${c.node(to)}`];
  const leg = (x: string, y: string): Leg | string => legsOf(c.observation, 'signalling', x, y)[0] ?? `signalling/${x}-${y}`;
  return [leg(caller.node, caller.home), ...(caller.home === callee.home ? [] : [leg(caller.home, callee.home)]), leg(callee.node, callee.home)];
}

/** What there was of signalling, for what did not come about. */
export function signallingEvidence(c: Context, actors: readonly string[]): Evidence {
  return legEvidence(
    c.observation.legs.filter((leg) => leg.medium === 'signalling' && actors.some((actor) => leg.a.name === c.node(actor))),
    c.observation,
    c.plan,
  );
}

/** When the step began in which the event fell, of several at one time that of the node; the run's start for an event outside of all steps. */
export function stepStart(c: Context, event: LabEvent, node: string): Nanos {
  const steps = c.events('step').filter(({ at, fields }) => Number(fields['since'] ?? NaN) <= event.at && event.at <= at);
  const step = steps.find(({ fields }) => (fields['of'] ?? '').split(' ').includes(node)) ?? steps[0];
  return step === undefined ? ZERO : (Number(step.fields['since']) as Nanos);
}
