/**
 * `callpath flows`: the documented flows.
 * @module
 */
import { flowIds, loadFlow } from '../../library/load/load.js';
import { ExitCode } from '../exit.js';
import { print } from '../io.js';
import type { Io } from '../io.js';

export function flows(options: { json?: boolean }, io: Io): ExitCode {
  const all = flowIds().map(loadFlow);
  if (options.json === true) {
    print(
      io,
      JSON.stringify(
        all.map(({ id, title, deployment, source, file, actors }) => ({ id, title, deployment, source, file, actors })),
        null,
        2,
      ),
    );
    return ExitCode.Documented;
  }
  const width = Math.max(...all.map((flow) => flow.id.length));
  for (const flow of all) print(io, `${flow.id.padEnd(width)}  ${flow.title}`);
  print(io, `\n${all.length} flows; run one with: callpath run ${all[0]?.id ?? 'FLOW'}`);
  return ExitCode.Documented;
}
