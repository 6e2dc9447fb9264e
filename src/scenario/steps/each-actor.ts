/**
 * Steps that have each of several actors do the same, one after the other, by a command of the step's own name.
 * @module
 */
import type { Actor } from '../description/expectation-kind.js';
import { actors } from '../description/fields.js';
import { DONE, type StepKind } from './step-kind.js';

interface EachActor {
  readonly actors: readonly Actor[];
}

export function eachActor<const K extends string>(
  key: K,
  { doc, refusable = false }: { readonly doc: string; readonly refusable?: boolean },
): StepKind<K, typeof actors, EachActor> {
  return {
    key,
    schema: actors,
    form: '[ACTOR, ...]',
    doc,
    refusable,
    read: (list) => ({ actors: list }),
    actors: (step) => step.actors,
    async play(step, stage) {
      for (const actor of step.actors) await stage.ask(actor, key, {});
      return DONE;
    },
  };
}
