/**
 * `hang-up: alice`.
 * @module
 */
import { actor } from '../description/fields.js';
import { DONE, stepKind } from './step-kind.js';

export const hangUp = stepKind({
  key: 'hang-up',
  schema: actor,
  form: 'ACTOR',
  doc: 'BYE in every call of that actor',
  read: (name) => ({ actor: name }),
  actors: (step) => [step.actor],
  async play(step, stage) {
    await stage.ask(step.actor, 'hang-up', {});
    return DONE;
  },
});
