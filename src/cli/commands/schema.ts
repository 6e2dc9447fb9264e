/**
 * `callpath schema`: the JSON Schema of topology files, with the `config` of every node kind.
 * @module
 */
import { KIND_INFOS } from '../../roles/kinds.js';
import { topologyJsonSchema } from '../../topology/json-schema.js';
import { ExitCode } from '../exit.js';
import type { Io } from '../io.js';

export function schema(io: Io): ExitCode {
  io.stdout.write(schemaText());
  return ExitCode.Documented;
}

/** As it stands in `topologies/lab.schema.json`. */
export function schemaText(): string {
  return `${JSON.stringify(topologyJsonSchema(KIND_INFOS), null, 2)}\n`;
}
