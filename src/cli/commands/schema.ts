/**
 * `callpath schema`: the JSON Schema of topology files, with the `config` of every node kind.
 * @module
 */
import { KIND_INFOS } from '../../roles/kinds.js';
import { topologyJsonSchema } from '../../topology/json-schema.js';

export function schema(): void {
  process.stdout.write(schemaText());
}

/** As it stands in `topologies/lab.schema.json`. */
export function schemaText(): string {
  return `${JSON.stringify(topologyJsonSchema(KIND_INFOS), null, 2)}\n`;
}
