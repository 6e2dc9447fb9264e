/**
 * `message: { from: alice, to: bob }`.
 * @module
 */
import { z } from 'zod';
import { actor } from '../../scenario/description/fields.js';
import { needsStep } from '../fit.js';
import { judgeTold } from '../told.js';
import { check } from './check.js';

export const message = check({
  key: 'message',
  schema: z.strictObject({ from: actor, to: actor }),
  form: '{ from, to }',
  doc:
    'events `message-received` at the receiver, as many as the flow has such steps, and packets on every leg that the message had to take: ' +
    'sender to home, home to home, home to receiver',
  read: (raw) => [raw],
  actors: ({ from, to }) => [from, to],
  fit: ({ from, to, src }, _plan, script) => needsStep('message', from, to, script, src),
  about: ({ from, to }, c) => ({ check: `message/${c.pair(from, to)}`, subject: `message ${c.node(from)} > ${c.node(to)}`, expected: 'delivered' }),
  judge: ({ from, to }, c) => judgeTold(c, { event: 'message-received', at: to, other: from, word: 'delivered', step: 'message' }),
});
