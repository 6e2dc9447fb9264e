/**
 * Steps that have each of several actors do the same, one after the other, by a command of the step's own name.
 * @module
 */
import { ask } from '../../roles/commands.js';
import { clientCommands } from '../../roles/client/commands.js';
import type { Actor } from '../description/expectation-kind.js';
import { actors } from '../description/fields.js';
import { DONE, type StepKind } from './step-kind.js';

/** Commands that take no argument. */
type PlainCommand = 'sign-in' | 'sign-out' | 'mute' | 'unmute';

export interface EachActor {
  readonly actors: readonly Actor[];
}

export function eachActor<const K extends PlainCommand>(
  key: K,
  { doc, refusable = false }: { readonly doc: string; readonly refusable?: boolean },
): StepKind<K, typeof actors, EachActor> {
  const command: PlainCommand = key;
  return {
    key,
    schema: actors,
    form: '[ACTOR, ...]',
    doc,
    refusable,
    read: (list) => ({ actors: list }),
    actors: (step) => step.actors,
    asks: (step) => step.actors.map((actor) => ({ actor, command })),
    async play(step, stage) {
      for (const actor of step.actors) await ask(stage.role(actor), clientCommands, command, {});
      return DONE;
    },
  };
}
