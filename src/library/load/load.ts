/**
 * What is loaded by its name or its file: flows and experiments, those that come with the product among them, and topologies.
 * @module
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../base/error.js';
import { PACKAGE_ROOT } from '../../base/package-root.js';
import type { ExperimentSpec } from '../../experiment/experiment.js';
import { parseExperiment } from '../../experiment/experiment-file.js';
import { KIND_INFOS } from '../../roles/kinds.js';
import { parseFlow } from './flow-file.js';
import type { FlowSpec } from '../../scenario/flow.js';
import type { Plan } from '../../topology/plan.js';
import { parseOverride } from '../../topology/source/overrides/override.js';
import type { Override } from '../../topology/source/overrides/override.js';
import { didYouMean, listed } from '../../base/suggest.js';
import { parseTopology } from '../../topology/topology-file.js';
import { Faults } from '../faults.js';
import { readText, shown } from './files.js';

const FLOWS = join(PACKAGE_ROOT, 'lab', 'flows');
const EXPERIMENTS = join(PACKAGE_ROOT, 'lab', 'experiments');

/** Ids of the flows that come with the product, sorted. */
export function flowIds(): readonly string[] {
  return idsOf(FLOWS, '.flow.yaml');
}

/** Ids of the experiments that come with the product, sorted. */
export function experimentIds(): readonly string[] {
  return idsOf(EXPERIMENTS, '.experiment.yaml');
}

function idsOf(folder: string, ending: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();
}

/** Errors: Faults, FLOW_UNKNOWN, FILE_*. */
export function loadFlow(name: string): FlowSpec {
  const own = join(FLOWS, `${name}.flow.yaml`);
  const isId = /^[a-z0-9-]+$/.test(name);
  if (isId && !existsSync(own)) {
    throw new LabError('FLOW_UNKNOWN', `there is no flow "${name}"`, {
      expected: `one of: ${listed(flowIds(), 40)}; or a *.flow.yaml file`,
      ...didYouMean(name, flowIds()),
    });
  }
  const file = isId ? own : name;
  const result = parseFlow(readText(file, 'flow'), shown(file));
  if (!result.ok) throw new Faults(result.errors);
  return result.flow;
}

/** Errors: Faults, EXPERIMENT_UNKNOWN, FILE_*. */
export function loadExperiment(name: string): ExperimentSpec {
  const own = join(EXPERIMENTS, `${name}.experiment.yaml`);
  const isId = /^[a-z0-9-]+$/.test(name);
  if (isId && !existsSync(own)) {
    throw new LabError('EXPERIMENT_UNKNOWN', `there is no experiment "${name}"`, {
      expected: `one of: ${listed(experimentIds(), 40)}; or an *.experiment.yaml file`,
      ...didYouMean(name, experimentIds()),
    });
  }
  const file = isId ? own : name;
  const result = parseExperiment(readText(file, 'experiment'), shown(file));
  if (!result.ok) throw new Faults(result.errors);
  return result.experiment;
}

/**
 * @param flow that names the file, if one does: an error then says where
 * @param overrides changes of the file that are made first
 * Errors: Faults, FILE_*.
 */
export function planOf(file: string, flow: Pick<FlowSpec, 'topologySrc'> | null = null, overrides: readonly Override[] = []): Plan {
  const result = parseTopology(topologyText(file, flow), shown(file), KIND_INFOS, overrides);
  if (!result.ok) throw new Faults(result.errors);
  return result.plan;
}

function topologyText(file: string, flow: Pick<FlowSpec, 'topologySrc'> | null): string {
  try {
    return readText(file, 'topology');
  } catch (error) {
    if (flow === null || !LabError.is(error)) throw error;
    throw new LabError(error.code, error.message, {
      where: flow.topologySrc,
      ...(error.expected !== undefined && { expected: error.expected }),
      hint: 'the path is taken from the folder of the flow file; or name another by --topology',
      cause: error,
    });
  }
}

/** What `--with` was given, in its order. Errors: Faults. */
export function overridesOf(changes: readonly string[]): readonly Override[] {
  const faults: LabError[] = [];
  const overrides = changes.flatMap((change) => {
    try {
      return [parseOverride(change)];
    } catch (error) {
      if (!LabError.is(error)) throw error;
      faults.push(error);
      return [];
    }
  });
  if (faults.length > 0) throw new Faults(faults);
  return overrides;
}
