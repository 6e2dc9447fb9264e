/**
 * `message: { from: alice, to: bob, text: hello }`.
 * @module
 */
import { z } from 'zod';
import { ask } from '../../roles/commands.js';
import { clientCommands } from '../../roles/client/commands.js';
import { actor } from '../description/fields.js';
import { stepKind } from './step-kind.js';
import { toAnother } from './to-another.js';

export const message = stepKind({
  key: 'message',
  schema: z.strictObject({ from: actor, to: actor, text: z.string().min(1) }),
  form: '{ from, to, text }',
  doc: 'SIP MESSAGE; ok when it was answered by 2xx',
  refusable: true,
  read: (raw) => raw,
  actors: ({ from, to }) => [from, to],
  asks: ({ from }) => [{ actor: from, command: 'message' }],
  fit: (step) => toAnother(step, 'write to'),
  async play({ from, to, text }, stage) {
    const { status } = await ask(stage.role(from), clientCommands, 'message', { to: stage.address(to), text });
    return { ok: status >= 200 && status < 300, says: `${status}` };
  },
});
