/**
 * `callpath check`: validates topology, flow and experiment files and says everything that is wrong with them.
 * @module
 */
import type { LabError } from '../../base/error.js';
import { collect } from '../../library/faults.js';
import { checkFile } from '../../library/load/check.js';
import { filesNamed } from '../../library/load/files.js';
import { overridesOf } from '../../library/load/load.js';
import type { Checked } from '../../library/load/check.js';
import { stepsOf } from '../../scenario/flow.js';
import { tellFaults } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { print } from '../io.js';
import type { Io } from '../io.js';

export interface CheckOptions {
  readonly json?: boolean;
  readonly with?: readonly string[];
  /** Warnings are faults. */
  readonly strict?: boolean;
}

export function check(files: readonly string[], options: CheckOptions, io: Io): ExitCode {
  const faults: LabError[] = [];
  const warnings: LabError[] = [];
  const changes = overridesOf(options.with ?? []);
  for (const file of new Set(filesNamed(files, ['.lab.yaml', '.flow.yaml', '.experiment.yaml']))) {
    const found = collect(faults, () => checkFile(file, changes));
    if (found === null) continue;
    if (options.json !== true) print(io, `${file}: ${contents(found)}`);
    if (found.kind === 'topology') warnings.push(...found.warnings);
  }
  const found = options.strict === true ? { faults: [...faults, ...warnings], warnings: [] } : { faults, warnings };
  return tellFaults(found, options.json === true, io);
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
