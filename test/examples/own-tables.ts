/**
 * A program of one's own with a step and an expectation of its own.
 * @module
 */
import { TABLES, parseFlow, runFlow, sim } from '../../src/index.js';
import type { FlowVerdict, Plan } from '../../src/index.js';
import { dscp } from './expectation/dscp.js';
import { outage } from './step/outage.js';

export const tables = { ...TABLES, steps: [...TABLES.steps, outage], checks: [...TABLES.checks, dscp] };

/** @param text of a flow file @param file where it stands, for places in messages */
export async function run(text: string, file: string, plan: Plan): Promise<FlowVerdict> {
  const flow = parseFlow(text, file, tables);
  if (!flow.ok) throw flow.errors[0];
  return runFlow(flow.flow, plan, { substrate: sim, seed: 1, captureFile: null, tables });
}
