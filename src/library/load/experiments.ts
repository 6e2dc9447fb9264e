/**
 * Experiments as jobs: each variant's script with the topology that the variant makes of the experiment's.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { ExperimentSpec } from '../../experiment/experiment.js';
import type { Override } from '../../topology/source/overrides/override.js';
import { fitFlow } from './flow-file.js';
import { Faults, collect } from '../faults.js';
import { loadExperiment, planOf } from './load.js';
import type { Job } from './jobs.js';

export interface ExperimentJobs {
  readonly experiment: ExperimentSpec;
  /** One for each variant, in their order. */
  readonly jobs: readonly Job[];
}

/** @param changes of both variants, after their own. Errors: Faults, with those of all files. */
export function experimentJobs(names: readonly string[], changes: readonly Override[] = []): readonly ExperimentJobs[] {
  const faults: LabError[] = [];
  const all = [...new Set(names)].flatMap((name): ExperimentJobs[] => {
    const experiment = collect(faults, () => loadExperiment(name));
    return experiment === null ? [] : [{ experiment, jobs: variantJobs(experiment, changes, faults) }];
  });
  const ids = all.map(({ experiment }) => experiment.id);
  const twin = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twin !== undefined) faults.push(new LabError('CLI_USAGE', `two files hold the experiment "${twin}"`, { expected: 'an id for each experiment' }));
  if (faults.length > 0) throw new Faults(once(faults));
  return all;
}

function variantJobs(experiment: ExperimentSpec, changes: readonly Override[], faults: LabError[]): readonly Job[] {
  return experiment.variants.flatMap(({ flow, overrides }): Job[] => {
    const plan = collect(faults, () => planOf(experiment.topology, experiment, [...overrides, ...changes]));
    if (plan === null) return [];
    faults.push(...fitFlow(flow, plan));
    return [{ flow, plan }];
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
