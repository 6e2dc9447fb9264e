/**
 * `callpath routes`: the routing of a topology's nodes, as it is when the lab begins.
 * @module
 */
import { routesOf } from '../../library/ask/routes.js';
import { overridesOf, planOf } from '../../library/load/load.js';
import { routesJson, routesText } from '../../report/routes.js';
import { ExitCode } from '../exit.js';
import { columns, paintFor, print } from '../io.js';
import type { Io } from '../io.js';

/** Errors: those of the topology; CLI_USAGE for a node that has no routes. */
export function routes(topology: string, name: string | undefined, options: { with?: readonly string[]; json?: boolean }, io: Io): ExitCode {
  const chosen = routesOf(planOf(topology, null, overridesOf(options.with ?? [])), name);
  if (options.json === true) print(io, JSON.stringify(chosen.map(routesJson), null, 2));
  else print(io, chosen.map((node) => routesText(node, paintFor(io), columns(io))).join('\n\n'));
  return ExitCode.Documented;
}
