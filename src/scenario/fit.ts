/**
 * Does a flow fit a topology? Asked before anything runs, so that a slip of the pen is told with its place and is not
 * mistaken for trouble of the network.
 * @module
 */
import { must } from '../base/assert.js';
import { LabError } from '../base/error.js';
import type { Plan } from '../topology/plan.js';
import { didYouMean, listed } from '../base/suggest.js';
import type { ExpectationTable } from './description/expectation-kind.js';
import { stepsOf } from './flow.js';
import type { FlowSpec } from './flow.js';
import type { StepTable } from './steps/step-kind.js';
import { STEPS, stepKindOf } from './steps/table.js';

/** Every fault, in the order of the file. Codes: FLOW_ACTOR, FLOW_STEP, FLOW_EXPECTATION. @param table what may be expected @param steps what may be done */
export function fitFlow(flow: FlowSpec, plan: Plan, table: ExpectationTable, steps: StepTable = STEPS): readonly LabError[] {
  const actors = Object.keys(flow.actors);
  return [
    ...fitScript(flow, plan, steps),
    ...flow.expectations.flatMap((expectation) => {
      const kind = must(
        table.find(({ key }) => key === expectation.expect),
        `an expectation "${expectation.expect}"`,
      );
      return kind.fit?.(expectation, plan, actors) ?? [];
    }),
  ];
}

/** Of those who act and what they do. Codes: FLOW_ACTOR, FLOW_STEP. @param table that the steps are of */
export function fitScript(flow: FlowSpec, plan: Plan, table: StepTable = STEPS): readonly LabError[] {
  return [...actorFaults(flow, plan), ...stepsOf(flow.steps).flatMap((step) => stepKindOf(step, table).fit?.(step, plan) ?? [])];
}

function actorFaults(flow: FlowSpec, plan: Plan): LabError[] {
  const seats = plan.users.map((user) => user.node);
  const taken = new Map<string, string>();
  return Object.entries(flow.actors).flatMap(([actor, node]) => {
    const where = flow.places[actor];
    const details = { ...(where !== undefined && { where }) };
    const other = taken.get(node);
    taken.set(node, actor);
    if (other !== undefined)
      return [new LabError('FLOW_ACTOR', `the actors "${other}" and "${actor}" are both "${node}"`, { ...details, expected: 'a node for each actor' })];
    if (seats.includes(node)) return [];
    const why = plan.nodes.some((one) => one.name === node) ? `no user sits at the node "${node}"` : `the topology ${plan.name} has no node "${node}"`;
    return [new LabError('FLOW_ACTOR', why, { ...details, expected: `a node at which a user sits: ${listed(seats)}`, ...didYouMean(node, seats) })];
  });
}
