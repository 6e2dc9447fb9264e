/**
 * What is to be run: flows with their topologies, read and held against each other before anything starts.
 * @module
 */
import { LabError } from '../base/error.js';
import { fitFlow } from '../library/flow-file.js';
import type { FlowSpec } from '../scenario/flow.js';
import type { Plan } from '../topology/plan.js';
import type { Override } from '../topology/source/overrides/override.js';
import { Faults, faultsOf } from './exit.js';
import { loadFlow, planOf } from './files.js';

export interface Job {
  readonly flow: FlowSpec;
  readonly plan: Plan;
}

/**
 * @param topology to run on instead of the one that each flow names
 * @param overrides changes of the topologies
 * Errors: Faults, with those of all files.
 */
export function makeJobs(names: readonly string[], topology: string | undefined, overrides: readonly Override[] = []): readonly Job[] {
  const faults: LabError[] = [];
  const plans = new Map<string, Plan | null>();
  const jobs = [...new Set(names)].flatMap((name): Job[] => {
    const flow = collect(faults, () => loadFlow(name));
    if (flow === null) return [];
    const file = topology ?? flow.topology;
    // A topology that several flows share is read, and its faults are told, once.
    if (!plans.has(file))
      plans.set(
        file,
        collect(faults, () => planOf(file, topology === undefined ? flow : null, overrides)),
      );
    const plan = plans.get(file) ?? null;
    if (plan === null) return [];
    faults.push(...fitFlow(flow, plan));
    return [{ flow, plan }];
  });
  faults.push(...twins(jobs));
  if (faults.length > 0) throw new Faults(faults);
  return jobs;
}

function collect<T>(faults: LabError[], make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    const known = faultsOf(error);
    if (known === null) throw error;
    faults.push(...known);
    return null;
  }
}

/** Captures are named by the flow's id: two flows of one id would write the same file. */
function twins(jobs: readonly Job[]): readonly LabError[] {
  const seen = new Map<string, string>();
  return jobs.flatMap(({ flow }) => {
    const other = seen.get(flow.id);
    seen.set(flow.id, flow.file);
    return other === undefined
      ? []
      : [new LabError('CLI_USAGE', `${other} and ${flow.file} both hold the flow "${flow.id}"`, { expected: 'an id for each flow' })];
  });
}
