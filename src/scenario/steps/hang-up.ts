/**
 * `hang-up: alice`.
 * @module
 */
import { ask } from '../../roles/commands.js';
import { clientCommands } from '../../roles/client/commands.js';
import { actor } from '../description/fields.js';
import { DONE, stepKind } from './step-kind.js';

export const hangUp = stepKind({
  key: 'hang-up',
  schema: actor,
  form: 'ACTOR',
  doc: 'BYE in every call of that actor',
  read: (name) => ({ actor: name }),
  actors: (step) => [step.actor],
  asks: (step) => [{ actor: step.actor, command: 'hang-up' }],
  async play(step, stage) {
    await ask(stage.role(step.actor), clientCommands, 'hang-up', {});
    return DONE;
  },
});
