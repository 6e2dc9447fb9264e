/**
 * `call: { from: alice, to: bob, for: 5s }`: invites, waits for the answer and for media, and talks.
 * @module
 */
import { z } from 'zod';
import { ask } from '../../roles/commands.js';
import { clientCommands } from '../../roles/client/commands.js';
import { actor, duration, time } from '../description/fields.js';
import { stepKind } from './step-kind.js';
import { toAnother } from './to-another.js';

export const call = stepKind({
  key: 'call',
  schema: z.strictObject({ from: actor, to: actor, for: duration }),
  form: '{ from, to, for }',
  doc: 'INVITE with SDP and ICE candidates, answer, connectivity checks, re-INVITE with the selected pair, speech both ways for the time `for`',
  refusable: true,
  read: ({ from, to, for: talk }) => ({ from, to, talk: time(talk) }),
  actors: ({ from, to }) => [from, to],
  asks: ({ from }) => [{ actor: from, command: 'call' }],
  fit: (step) => toAnother(step, 'call'),
  lasts: ({ talk }) => talk,
  async play({ from, to, talk }, stage) {
    const { answered, status, reason } = await ask(stage.role(from), clientCommands, 'call', { to: stage.address(to) });
    if (!answered) return { ok: false, says: `${status} ${reason}` };
    await stage.time.sleep(talk);
    return { ok: true, says: `${status}` };
  },
});
