/**
 * Flow files with all that can be expected of a run: the scenario's reader and the judges' table, put together.
 * @module
 */
import type { LabError } from '../base/error.js';
import { fitFlow as fit } from '../scenario/fit.js';
import { fileJsonSchema } from '../scenario/flow-grammar.js';
import { parseFlow as parse, flowSchema } from '../scenario/flow-file.js';
import type * as file from '../scenario/flow-file.js';
import type * as scenario from '../scenario/flow.js';
import type { Plan } from '../topology/plan.js';
import { CHECKS } from '../verify/checks/table.js';
import type { Expectation } from '../verify/checks/table.js';

/** A flow with expectations of the kinds that there are. */
export type FlowSpec = scenario.FlowSpec<Expectation>;
export type FlowResult = file.FlowResult<Expectation>;

/** Pure; `file` is only for places and for resolving the topology's path. Codes: YAML_SYNTAX, FLOW_SCHEMA, FLOW_ACTOR. */
export function parseFlow(text: string, file: string): FlowResult {
  return parse(text, file, CHECKS) as FlowResult;
}

/** Every fault of a flow on a topology, in the order of the file. Codes: FLOW_ACTOR, FLOW_STEP, FLOW_EXPECTATION. */
export function fitFlow(flow: scenario.FlowSpec, plan: Plan): readonly LabError[] {
  return fit(flow, plan, CHECKS);
}

/** JSON Schema of `*.flow.yaml`, draft 2020-12. */
export function flowJsonSchema(): object {
  return fileJsonSchema(flowSchema(CHECKS), 'callpath flow (*.flow.yaml)');
}
