/**
 * Validates a topology, flow or experiment file, and tells what a good one holds.
 * @module
 */
import { must } from '../../base/assert.js';
import type { LabError } from '../../base/error.js';
import { KIND_INFOS } from '../../roles/kinds.js';
import type { ExperimentSpec } from '../../experiment/experiment.js';
import { fitFlow, parseFlow } from './flow-file.js';
import type { FlowSpec } from '../../scenario/flow.js';
import type { Plan } from '../../topology/plan.js';
import type { Override } from '../../topology/source/overrides/override.js';
import { parseTopology } from '../../topology/topology-file.js';
import { planWarnings } from '../../topology/warnings/warnings.js';
import { Faults } from '../faults.js';
import { experimentJobs } from './experiments.js';
import { readText } from './files.js';
import { planOf } from './load.js';

export type Checked =
  /** Warnings: of what can be built, but hardly is meant. */
  | { readonly kind: 'topology'; readonly plan: Plan; readonly warnings: readonly LabError[] }
  | { readonly kind: 'flow'; readonly flow: FlowSpec }
  | { readonly kind: 'experiment'; readonly experiment: ExperimentSpec };

/** By its name; a file of another name by what it says. @param changes of the topology. Errors: Faults, FILE_*. */
export function checkFile(file: string, changes: readonly Override[] = []): Checked {
  const text = readText(file, 'topology', 'flow', 'experiment');
  if (/\.experiment\.ya?ml$/.test(file)) return checkExperiment(file, changes);
  return isFlow(file, text) ? checkFlow(file, text, changes) : checkTopology(file, text, changes);
}

function isFlow(file: string, text: string): boolean {
  if (/\.flow\.ya?ml$/.test(file)) return true;
  return !/\.lab\.ya?ml$/.test(file) && /^flow\s*:/m.test(text);
}

/** A flow is good when it is so by itself and fits its topology. */
function checkFlow(file: string, text: string, changes: readonly Override[]): Checked {
  const result = parseFlow(text, file);
  if (!result.ok) throw new Faults(result.errors);
  const { flow } = result;
  const faults = fitFlow(flow, planOf(flow.topology, flow, changes));
  if (faults.length > 0) throw new Faults(faults);
  return { kind: 'flow', flow };
}

/** An experiment is good when each of its variants is a flow that fits what it makes of the topology. */
function checkExperiment(file: string, changes: readonly Override[]): Checked {
  const [found] = experimentJobs([file], changes);
  return { kind: 'experiment', experiment: must(found, 'one experiment for one file').experiment };
}

function checkTopology(file: string, text: string, changes: readonly Override[]): Checked {
  const result = parseTopology(text, file, KIND_INFOS, changes);
  if (!result.ok) throw new Faults(result.errors);
  return { kind: 'topology', plan: result.plan, warnings: planWarnings(result.plan) };
}
