/**
 * `callpath schema`: the JSON Schemas of the files that people write.
 * @module
 */
import { LabError } from '../../base/error.js';
import { experimentJsonSchema } from '../../experiment/experiment-file.js';
import { flowJsonSchema } from '../../library/load/flow-file.js';
import { KIND_INFOS } from '../../roles/kinds.js';
import { topologyJsonSchema } from '../../topology/json-schema.js';
import { didYouMean } from '../../base/suggest.js';
import { ExitCode } from '../exit.js';
import type { Io } from '../io.js';

interface FileSchema {
  /** Where it stands in the package. */
  readonly file: string;
  make(): object;
}

/** By what they are of. */
export const FILE_SCHEMAS: ReadonlyMap<string, FileSchema> = new Map<string, FileSchema>([
  ['topology', { file: 'topologies/lab.schema.json', make: () => topologyJsonSchema(KIND_INFOS) }],
  ['flow', { file: 'lab/flows/flow.schema.json', make: flowJsonSchema }],
  ['experiment', { file: 'lab/experiments/experiment.schema.json', make: experimentJsonSchema }],
]);

/** Errors: CLI_USAGE. */
export function schema(of: string, io: Io): ExitCode {
  io.stdout.write(schemaText(of));
  return ExitCode.Documented;
}

/** As it stands in the package. Errors: CLI_USAGE. */
export function schemaText(of: string): string {
  const known = [...FILE_SCHEMAS.keys()];
  const found = FILE_SCHEMAS.get(of);
  if (found === undefined)
    throw new LabError('CLI_USAGE', `there is no schema of "${of}"`, { expected: `one of: ${known.join(', ')}`, ...didYouMean(of, known) });
  return `${JSON.stringify(found.make(), null, 2)}\n`;
}
