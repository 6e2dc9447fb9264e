/**
 * `callpath check`: validates topology, flow and experiment files and says everything that is wrong with them.
 * @module
 */
import type { LabError } from '../../base/error.js';
import { KIND_INFOS } from '../../roles/kinds.js';
import { fitFlow, parseFlow } from '../../library/flow-file.js';
import { parseTopology } from '../../topology/topology-file.js';
import { Faults, faultsOf, print } from '../exit.js';
import { experimentJobs } from '../experiments.js';
import { planOf, readText } from '../files.js';

export function check(files: readonly string[], options: { json?: boolean }): void {
  const faults: LabError[] = [];
  for (const file of new Set(files)) {
    try {
      const found = checkFile(file);
      if (options.json !== true) print(`${file}: ${found}`);
    } catch (error) {
      const known = faultsOf(error);
      if (known === null) throw error;
      faults.push(...known);
    }
  }
  if (options.json === true) print(JSON.stringify(faults, null, 2));
  if (faults.length > 0) throw new Faults(options.json === true ? [] : faults);
}

/** What the file holds, in a line. Errors: Faults, FILE_*. */
function checkFile(file: string): string {
  const text = readText(file);
  if (/\.experiment\.ya?ml$/.test(file)) return checkExperiment(file);
  return isFlow(file, text) ? checkFlow(file, text) : checkTopology(file, text);
}

/** By its name; a file of another name by what it says. */
function isFlow(file: string, text: string): boolean {
  if (/\.flow\.ya?ml$/.test(file)) return true;
  return !/\.lab\.ya?ml$/.test(file) && /^flow\s*:/m.test(text);
}

/** A flow is good when it is so by itself and fits its topology. */
function checkFlow(file: string, text: string): string {
  const result = parseFlow(text, file);
  if (!result.ok) throw new Faults(result.errors);
  const { flow } = result;
  const faults = fitFlow(flow, planOf(flow.topology, flow));
  if (faults.length > 0) throw new Faults(faults);
  return `flow ${flow.id}, ${flow.steps.length} steps, ${flow.expectations.length} expectations`;
}

/** An experiment is good when each of its variants is a flow that fits what it makes of the topology. */
function checkExperiment(file: string): string {
  const [found] = experimentJobs([file]);
  const { id = '?', variants = [] } = found?.experiment ?? {};
  return `experiment ${id}, ${variants.map(({ name, flow }) => `${name}: ${flow.expectations.length} expectations`).join(', ')}`;
}

function checkTopology(file: string, text: string): string {
  const result = parseTopology(text, file, KIND_INFOS);
  if (!result.ok) throw new Faults(result.errors);
  const { name, nodes, links, users } = result.plan;
  return `topology ${name}, ${nodes.length} nodes, ${links.length} links, ${users.length} users`;
}
