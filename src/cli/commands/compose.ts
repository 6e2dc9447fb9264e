/**
 * `callpath compose`: a topology as a Compose file, with the flows that its lab runs.
 * @module
 */
import { relative, resolve } from 'node:path';
import { LabError } from '../../base/error.js';
import { makeJobs } from '../../library/load/jobs.js';
import { PACKAGE_ROOT } from '../../base/package-root.js';
import { flowIds, loadFlow, planOf } from '../../library/load/load.js';
import { composeFile } from '../../library/substrates.js';
import { ExitCode } from '../exit.js';
import type { Io } from '../io.js';

/** Errors: those of the topology and of the flows on it; CLI_USAGE where no flow is known for the topology. */
export function compose(topology: string, options: { readonly flow?: readonly string[] }, io: Io): ExitCode {
  const named = options.flow ?? [];
  const plan = planOf(topology);
  if (named.length > 0) makeJobs(named, topology);
  else if (!flowIds().some((id) => loadFlow(id).topology === resolve(topology))) {
    throw new LabError('CLI_USAGE', `no flow that comes with the product is about ${topology}`, {
      expected: 'the flows that the lab shall run: --flow my.flow.yaml',
    });
  }
  io.stdout.write(composeFile(plan, { topology, flows: named, ...contextOf(PACKAGE_ROOT) }));
  return ExitCode.Documented;
}

/** In which the image is built: of a package that is not here, its path from here, or from the root. */
function contextOf(root: string): { readonly context?: string } {
  const path = relative(process.cwd(), root);
  if (path === '') return {};
  return { context: path.startsWith('..') ? root : `./${path}` };
}
