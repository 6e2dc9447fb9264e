/**
 * `callpath check`: validates topology and flow files and says everything that is wrong with them.
 * @module
 */
import type { LabError } from '../../base/error.js';
import { KIND_INFOS } from '../../roles/kinds.js';
import { parseFlow } from '../../scenario/flow-file.js';
import { parseTopology } from '../../topology/topology-file.js';
import { Faults, print } from '../exit.js';
import { readText } from '../files.js';

export function check(files: readonly string[], options: { json?: boolean }): void {
  const faults: LabError[] = [];
  for (const file of files) {
    const found = checkFile(file);
    if (typeof found === 'string') {
      if (options.json !== true) print(`${file}: ${found}`);
    } else faults.push(...found);
  }
  if (options.json === true) print(JSON.stringify(faults, null, 2));
  if (faults.length > 0) throw new Faults(options.json === true ? [] : faults);
}

/** What the file holds, in a line; or its faults. */
function checkFile(file: string): string | readonly LabError[] {
  const text = readText(file);
  if (file.endsWith('.flow.yaml')) {
    const result = parseFlow(text, file);
    return result.ok ? `flow ${result.flow.id}, ${result.flow.steps.length} steps, ${result.flow.expectations.length} expectations` : result.errors;
  }
  const result = parseTopology(text, file, KIND_INFOS);
  if (!result.ok) return result.errors;
  const { name, nodes, links, users } = result.plan;
  return `topology ${name}, ${nodes.length} nodes, ${links.length} links, ${users.length} users`;
}
