/**
 * `callpath check`: validates topology, flow and experiment files and says everything that is wrong with them.
 * @module
 */
import type { LabError } from '../../base/error.js';
import { Faults, collect } from '../../library/faults.js';
import { checkFile } from '../../library/load/check.js';
import type { Checked } from '../../library/load/check.js';
import { stepsOf } from '../../scenario/flow.js';
import { ExitCode } from '../exit.js';
import { print } from '../io.js';
import type { Io } from '../io.js';

export function check(files: readonly string[], options: { json?: boolean }, io: Io): ExitCode {
  const faults: LabError[] = [];
  for (const file of new Set(files)) {
    const found = collect(faults, () => checkFile(file));
    if (found !== null && options.json !== true) print(io, `${file}: ${contents(found)}`);
  }
  if (options.json === true) {
    print(io, JSON.stringify(faults, null, 2));
    return faults.length === 0 ? ExitCode.Documented : ExitCode.BadInput;
  }
  if (faults.length > 0) throw new Faults(faults);
  return ExitCode.Documented;
}

/** What the file holds, in a line. */
function contents(checked: Checked): string {
  switch (checked.kind) {
    case 'topology': {
      const { name, nodes, links, users } = checked.plan;
      return `topology ${name}, ${nodes.length} nodes, ${links.length} links, ${users.length} users`;
    }
    case 'flow': {
      const { id, steps, expectations } = checked.flow;
      return `flow ${id}, ${stepsOf(steps).length} steps, ${expectations.length} expectations`;
    }
    case 'experiment': {
      const { id, variants } = checked.experiment;
      return `experiment ${id}, ${variants.map(({ name, flow }) => `${name}: ${flow.expectations.length} expectations`).join(', ')}`;
    }
  }
}
