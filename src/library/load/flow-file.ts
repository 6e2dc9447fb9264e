/**
 * Flow files with all that can be expected of a run: the scenario's reader and the judges' table, put together.
 * @module
 */
import type { LabError } from '../../base/error.js';
import { fitFlow as fit } from '../../scenario/fit.js';
import { fileJsonSchema } from '../../scenario/flow-grammar.js';
import { parseFlow as parse, flowSchema } from '../../scenario/flow-file.js';
import type * as file from '../../scenario/flow-file.js';
import type * as scenario from '../../scenario/flow.js';
import type { Plan } from '../../topology/plan.js';
import type { Expectation } from '../../verify/checks/table.js';
import { TABLES, type Tables } from '../tables.js';

/** A flow with expectations of the kinds that there are; what a table of one's own adds goes by the same types. */
export type FlowSpec = scenario.FlowSpec<Expectation>;
export type FlowResult = file.FlowResult<Expectation>;

/** Pure; `file` is only for places and for resolving the topology's path. Codes: YAML_SYNTAX, FLOW_SCHEMA, FLOW_ACTOR. @param tables what flows are made of */
export function parseFlow(text: string, file: string, { steps, checks }: Tables = TABLES): FlowResult {
  return parse(text, file, checks, steps) as FlowResult;
}

/** Every fault of a flow on a topology, in the order of the file. Codes: FLOW_ACTOR, FLOW_STEP, FLOW_EXPECTATION. @param tables those that the flow was read by */
export function fitFlow(flow: scenario.FlowSpec, plan: Plan, tables: Tables = TABLES): readonly LabError[] {
  return fit(flow, plan, tables);
}

/** JSON Schema of `*.flow.yaml`, draft 2020-12. */
export function flowJsonSchema(): object {
  return fileJsonSchema(flowSchema(TABLES.checks), 'callpath flow (*.flow.yaml)');
}
