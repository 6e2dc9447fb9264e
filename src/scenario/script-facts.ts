/**
 * What a script can bring about, as far as that is known before a run.
 * @module
 */
import type { RoleKind } from '../roles/role.js';
import type { Plan } from '../topology/plan.js';
import type { Actor, ScriptFacts } from './description/expectation-kind.js';
import type { FlowSpec } from './flow.js';
import { actsAlone } from './script-programs.js';
import { stepsOf } from './script-tree.js';
import type { AnyStep, StepTable } from './steps/step-kind.js';
import { STEPS, stepKindOf } from './steps/table.js';

/** Of nobody's script: whatever is expected may come about. */
export function anyScript(actors: ScriptFacts['actors']): ScriptFacts {
  return { actors, may: () => true };
}

/** A step of a kind that is not the product's may bring about anything. */
export function scriptFacts(flow: FlowSpec, plan: Plan, table: StepTable, kinds: ReadonlyMap<string, RoleKind>): ScriptFacts {
  const steps: readonly AnyStep[] = stepsOf(flow.steps);
  const known: StepTable = STEPS;
  if (steps.some((step) => !known.includes(stepKindOf(step, table)))) return anyScript(flow.actors);
  const alone = (actor: Actor | undefined, command: string): boolean => actor !== undefined && actsAlone(flow.actors[actor] ?? actor, command, plan, kinds);
  return {
    actors: flow.actors,
    may: (wanted, from, to) =>
      alone(from, wanted) ||
      steps.some((step) => step.do === wanted && takes(step, from, table) && (to === undefined || stepKindOf(step, table).actors(step).at(-1) === to)),
  };
}

function takes(step: AnyStep, actor: Actor | undefined, table: StepTable): boolean {
  return actor === undefined || (stepKindOf(step, table).asks?.(step) ?? []).some((asked) => asked.actor === actor);
}
