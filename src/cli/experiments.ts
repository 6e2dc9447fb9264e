/**
 * Experiments as jobs: each variant's script with the topology that the variant makes of the experiment's.
 * @module
 */
import { LabError } from '../base/error.js';
import type { ExperimentSpec } from '../experiment/experiment.js';
import { fitFlow } from '../library/flow-file.js';
import { Faults, faultsOf } from './exit.js';
import { loadExperiment, planOf } from './files.js';
import type { Job } from './jobs.js';

export interface ExperimentJobs {
  readonly experiment: ExperimentSpec;
  /** One for each variant, in their order. */
  readonly jobs: readonly Job[];
}

/** Errors: Faults, with those of all files. */
export function experimentJobs(names: readonly string[]): readonly ExperimentJobs[] {
  const faults: LabError[] = [];
  const all = [...new Set(names)].flatMap((name): ExperimentJobs[] => {
    try {
      const experiment = loadExperiment(name);
      return [{ experiment, jobs: variantJobs(experiment, faults) }];
    } catch (error) {
      const known = faultsOf(error);
      if (known === null) throw error;
      faults.push(...known);
      return [];
    }
  });
  const ids = all.map(({ experiment }) => experiment.id);
  const twin = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twin !== undefined) faults.push(new LabError('CLI_USAGE', `two files hold the experiment "${twin}"`, { expected: 'an id for each experiment' }));
  if (faults.length > 0) throw new Faults(once(faults));
  return all;
}

function variantJobs(experiment: ExperimentSpec, faults: LabError[]): readonly Job[] {
  return experiment.variants.flatMap(({ flow, overrides }): Job[] => {
    try {
      const plan = planOf(experiment.topology, experiment, overrides);
      faults.push(...fitFlow(flow, plan));
      return [{ flow, plan }];
    } catch (error) {
      const known = faultsOf(error);
      if (known === null) throw error;
      faults.push(...known);
      return [];
    }
  });
}

/** What the variants have in common is wrong in both. */
function once(faults: readonly LabError[]): readonly LabError[] {
  const seen = new Set<string>();
  return faults.filter((fault) => {
    const key = JSON.stringify(fault);
    const fresh = !seen.has(key);
    seen.add(key);
    return fresh;
  });
}
