/**
 * `callpath nodes`: who is where, under which address and name.
 * @module
 */
import { LabError } from '../../base/error.js';
import { didYouMean, listed } from '../../base/suggest.js';
import { overridesOf, planOf } from '../../library/load/load.js';
import { nodesJson, nodesText } from '../../report/nodes.js';
import { ExitCode } from '../exit.js';
import { columns, print } from '../io.js';
import type { Io } from '../io.js';

/** Errors: those of the topology; CLI_USAGE for a node that it does not have. */
export function nodes(topology: string, name: string | undefined, options: { with?: readonly string[]; json?: boolean }, io: Io): ExitCode {
  const plan = planOf(topology, null, overridesOf(options.with ?? []));
  const known = plan.nodes.map((node) => node.name);
  if (name !== undefined && !known.includes(name)) {
    throw new LabError('CLI_USAGE', `the topology ${plan.name} has no node "${name}"`, {
      expected: `one of: ${listed(known, 40)}`,
      ...didYouMean(name, known),
    });
  }
  const chosen = plan.nodes.filter((node) => name === undefined || node.name === name);
  if (options.json === true) print(io, JSON.stringify(nodesJson(chosen, plan), null, 2));
  else print(io, nodesText(chosen, plan, columns(io)));
  return ExitCode.Documented;
}
