/**
 * What must have been done before: nobody calls or writes who has not signed in.
 * @module
 */
import { LabError } from '../base/error.js';
import type { RoleKind } from '../roles/role.js';
import type { Plan } from '../topology/plan.js';
import type { Actor } from './description/expectation-kind.js';
import type { FlowSpec } from './flow.js';
import { actsAlone } from './script-programs.js';
import { stepsOf } from './script-tree.js';
import type { StepList } from './script-tree.js';
import type { AnyStep, Asked, StepTable } from './steps/step-kind.js';
import { STEPS, stepKindOf } from './steps/table.js';

/** Commands that only somebody who has signed in can carry out. */
const SIGNED_IN: readonly Asked['command'][] = ['call', 'message'];

/**
 * Codes: FLOW_STEP. Nothing is said of a script with steps that are not the product's: they may sign anybody in. That
 * somebody is called who has not signed in is for the network to answer.
 */
export function orderFaults(flow: FlowSpec, plan: Plan, table: StepTable, kinds: ReadonlyMap<string, RoleKind>): readonly LabError[] {
  const known: StepTable = STEPS;
  const foreign = stepsOf(flow.steps).some((step: AnyStep) => !known.includes(stepKindOf(step, table)));
  if (foreign) return [];
  const faults: LabError[] = [];
  const asked = (step: AnyStep): readonly Asked[] => stepKindOf(step, table).asks?.(step) ?? [];
  const signsIn = (list: StepList): readonly Actor[] =>
    stepsOf(list).flatMap((step: AnyStep) => (step.do === 'sign-in' ? asked(step).map(({ actor }) => actor) : []));
  const walk = (list: StepList, before: ReadonlySet<Actor>): ReadonlySet<Actor> => {
    const here = new Set(before);
    for (const item of list) {
      const inner = item.do === 'at' ? item.item : item;
      if (inner.do === 'together') {
        // Which of several side by side comes first, no one can say before.
        const beside = new Set([...here, ...inner.branches.flatMap(signsIn)]);
        for (const branch of inner.branches) for (const actor of walk(branch, beside)) here.add(actor);
        continue;
      }
      for (const { actor, command } of asked(inner)) {
        if (command === 'sign-in') here.add(actor);
        else if (command === 'sign-out') here.delete(actor);
        else if (SIGNED_IN.includes(command) && !here.has(actor) && !actsAlone(flow.actors[actor] ?? actor, command, plan, kinds)) {
          faults.push(
            new LabError('FLOW_STEP', `"${actor}" has not signed in before this ${inner.do}`, {
              where: inner.src,
              expected: `a step before it: sign-in: [${actor}]`,
            }),
          );
        }
      }
    }
    return here;
  };
  walk(flow.steps, new Set());
  return faults;
}
