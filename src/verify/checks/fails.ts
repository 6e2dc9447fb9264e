/**
 * `fails: { step: sign-in, says: no answer }`: the script ended at such a step.
 * @module
 */
import { z } from 'zod';
import { LabError } from '../../base/error.js';
import { REFUSABLE_STEPS } from '../../scenario/flow.js';
import { legEvidence } from '../evidence.js';
import type { Context } from '../context.js';
import { check } from './check.js';

/** As people say it: `sign-in`, `message` or `call`. */
const REFUSABLE = `${REFUSABLE_STEPS.slice(0, -1)
  .map((key) => `\`${key}\``)
  .join(', ')} or \`${REFUSABLE_STEPS.at(-1) ?? ''}\``;

export const fails = check({
  key: 'fails',
  schema: z.strictObject({ step: z.enum(REFUSABLE_STEPS), says: z.string().min(1).optional() }),
  form: '{ step, says }',
  doc: `the event \`step\` with \`ok=no\`: the script ended at a ${REFUSABLE}; \`says\`, if given, is a part of what was said`,
  read: ({ step, says }) => [{ step, says: says ?? null }],
  actors: () => [],
  fit({ step, src }, _plan, script) {
    if (script.may(step)) return [];
    return [new LabError('FLOW_EXPECTATION', `the script has no step "${step}" that could fail`, { where: src, expected: 'a step that it has' })];
  },
  about: ({ step, says }) => ({ check: `fails/${step}`, subject: `${step} fails`, expected: says === null ? 'refused' : `refused, "${says}"` }),
  /** Passes when those who took the step sent something. */
  judge(e, c) {
    // Of several side by side more than one may have been refused.
    const all = c.events('step').filter(({ fields }) => fields['ok'] === 'no');
    const refused = all.find(({ fields }) => fields['step'] === e.step && (e.says === null || (fields['says'] ?? '').includes(e.says))) ?? all[0];
    const nodes = (refused?.fields['of'] ?? '').split(' ');
    const legs = c.observation.legs.filter((leg) => nodes.includes(leg.a.name) || nodes.includes(leg.b.name));
    const evidence = legEvidence(legs, c.observation, c.plan);
    if (refused === undefined) return { status: 'fail', observed: endText(c), evidence: c.whyNot(evidence) };
    const { step = '?', says = '' } = refused.fields;
    const observed = says === '' ? `${step} refused` : `${step} refused: ${says}`;
    if (step !== e.step || (e.says !== null && !says.includes(e.says))) return { status: 'fail', observed, evidence };
    return { status: evidence.total === 0 ? 'unproved' : 'pass', observed: evidence.total === 0 ? `${observed}, but no packet` : observed, evidence };
  },
});

/** How a script ended of which no step was refused. */
function endText(c: Context): string {
  const early = c.events('ended-early').at(-1);
  if (early === undefined) return 'every step was done';
  const { code = '', says = '' } = early.fields;
  return ['the run ended early:', code, says].filter((part) => part !== '').join(' ');
}
