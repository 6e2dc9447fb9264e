/**
 * `call: { from: alice, to: bob }`.
 * @module
 */
import { z } from 'zod';
import { actor } from '../../scenario/description/fields.js';
import { needsStep } from '../fit.js';
import { judgeTold } from '../told.js';
import { check } from './check.js';

export const call = check({
  key: 'call',
  schema: z.strictObject({ from: actor, to: actor }),
  form: '{ from, to }',
  doc: 'events `call-answered` at the caller, in the same way',
  read: (raw) => [raw],
  actors: ({ from, to }) => [from, to],
  fit: ({ from, to, src }, _plan, script) => needsStep('call', from, to, script, src),
  about: ({ from, to }, c) => ({ check: `call/${c.pair(from, to)}`, subject: `call ${c.node(from)} > ${c.node(to)}`, expected: 'answered' }),
  judge: ({ from, to }, c) => judgeTold(c, { event: 'call-answered', at: from, other: to, word: 'answered', step: 'call' }),
});
