/**
 * Does a flow fit a topology? Asked before anything runs, so that a slip of the pen is told with its place and is not
 * mistaken for trouble of the network.
 * @module
 */
import { must } from '../base/assert.js';
import { LabError } from '../base/error.js';
import type { RoleKind } from '../roles/role.js';
import type { Plan } from '../topology/plan.js';
import { didYouMean, listed } from '../base/suggest.js';
import type { ExpectationTable, ScriptFacts } from './description/expectation-kind.js';
import { nobodyTwice } from './description/faults.js';
import { anyScript, scriptFacts } from './script-facts.js';
import { orderFaults } from './script-order.js';
import { programFaults } from './script-programs.js';
import { stepsOf } from './flow.js';
import type { FlowSpec } from './flow.js';
import type { StepTable } from './steps/step-kind.js';
import { STEPS, stepKindOf } from './steps/table.js';

/** What a flow is held against a topology with. */
export interface FitTables {
  /** What may be expected. */
  readonly checks: ExpectationTable;
  readonly steps: StepTable;
  readonly kinds: ReadonlyMap<string, RoleKind>;
}

/** Every fault, in the order of the file. Codes: FLOW_ACTOR, FLOW_STEP, FLOW_EXPECTATION. */
export function fitFlow(flow: FlowSpec, plan: Plan, { checks, steps, kinds }: FitTables): readonly LabError[] {
  const faults = fitScript(flow, plan, steps, kinds);
  // What follows from a fault of the script is not told again as one of an expectation.
  const script =
    faults.length === 0 ? scriptFacts(flow, plan, steps, kinds) : anyScript(Object.fromEntries(Object.keys(flow.actors).map((actor) => [actor, actor])));
  return [...faults, ...fitExpectations(flow, plan, checks, script)];
}

/** Of those who act and what they do. Codes: FLOW_ACTOR, FLOW_STEP. @param table that the steps are of */
export function fitScript(flow: FlowSpec, plan: Plan, table: StepTable = STEPS, kinds: ReadonlyMap<string, RoleKind> = new Map()): readonly LabError[] {
  return [
    ...actorFaults(flow, plan),
    ...stepsOf(flow.steps).flatMap((step) => stepKindOf(step, table).fit?.(step, plan) ?? []),
    ...programFaults(flow, plan, table, kinds),
    ...orderFaults(flow, plan, table, kinds),
  ].sort((a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0));
}

/** Of what is expected. Codes: FLOW_EXPECTATION. @param table what may be expected */
export function fitExpectations(
  { expectations }: Pick<FlowSpec, 'expectations'>,
  plan: Plan,
  table: ExpectationTable,
  script: ScriptFacts,
): readonly LabError[] {
  return expectations.flatMap((expectation) => {
    const kind = must(
      table.find(({ key }) => key === expectation.expect),
      `an expectation "${expectation.expect}"`,
    );
    const twice = nobodyTwice(kind.actors(expectation), script, expectation.src);
    return twice.length > 0 ? twice : (kind.fit?.(expectation, plan, script) ?? []);
  });
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
