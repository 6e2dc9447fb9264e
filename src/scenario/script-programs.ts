/**
 * Users at programs that are not the lab's (kinds `process` and `container`): they can be called and written to like any
 * other, but what they do themselves is the program's business, so no step can have them do it.
 * @module
 */
import { LabError } from '../base/error.js';
import type { RoleKind } from '../roles/role.js';
import type { Plan } from '../topology/plan.js';
import type { FlowSpec } from './flow.js';
import { stepsOf } from './script-tree.js';
import type { AnyStep, StepTable } from './steps/step-kind.js';
import { stepKindOf } from './steps/table.js';

/** True where the role at a node has no such command. A kind that nobody handed in may have any. */
export function actsAlone(node: string, command: string, plan: Plan, kinds: ReadonlyMap<string, RoleKind>): boolean {
  const found = plan.nodes.find((one) => one.name === node);
  const kind = found === undefined ? undefined : kinds.get(found.kind);
  return kind !== undefined && !Object.hasOwn(kind.commands, command);
}

/** Codes: FLOW_STEP. */
export function programFaults(flow: FlowSpec, plan: Plan, table: StepTable, kinds: ReadonlyMap<string, RoleKind>): readonly LabError[] {
  const steps: readonly AnyStep[] = stepsOf(flow.steps);
  return steps.flatMap((step) =>
    (stepKindOf(step, table).asks?.(step) ?? []).flatMap(({ actor, command }) => {
      const node = flow.actors[actor];
      if (node === undefined || !actsAlone(node, command, plan, kinds)) return [];
      const kind = plan.nodes.find(({ name }) => name === node)?.kind ?? '?';
      return [
        new LabError('FLOW_STEP', `no step can have "${actor}" ${command.replace('-', ' ')}: "${node}" is a ${kind}, whose program does that by itself`, {
          where: step.src,
          expected: 'an actor at a client; whoever sits at a program can be called and written to',
        }),
      ];
    }),
  );
}
