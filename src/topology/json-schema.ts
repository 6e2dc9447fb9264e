/**
 * JSON Schema of `*.lab.yaml` for editors: the shape of the file, and the `config` of every node kind.
 * @module
 */
import { z } from 'zod';
import { InvariantBroken } from '../base/assert.js';
import type { KindInfo } from './plan.js';
import { without } from './assembly/without.js';
import { labFileSchema } from './source/schema.js';

interface Schema {
  [key: string]: unknown;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean | undefined;
}

/** JSON Schema, draft 2020-12. Kinds in sorted order, so that the same kinds give the same text. */
export function topologyJsonSchema(kinds: ReadonlyMap<string, KindInfo>): object {
  const root = z.toJSONSchema(labFileSchema, { io: 'input' }) as Schema;
  const topology = child(root, 'topology');
  const node = entries(child(topology, 'nodes'));
  const all = [...kinds.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
  const kind = { description: 'the node kind', oneOf: all.map((k) => ({ const: k.kind, description: k.summary })) };
  child(node, 'kind');
  Object.assign(node.properties ?? {}, { kind });
  Object.assign(child(topology, 'defaults').properties ?? {}, { kind });
  node['allOf'] = all.map((k) => ({
    if: { properties: { kind: { const: k.kind } }, required: ['kind'] },
    then: { properties: { config: relaxed(k.schema.json) } },
  }));
  const perKind = child(topology, 'kinds');
  const shared = entries(perKind);
  perKind.properties = Object.fromEntries(
    all.map((k): [string, Schema] => [k.kind, { ...shared, description: k.summary, properties: { ...shared.properties, config: relaxed(k.schema.json) } }]),
  );
  perKind.additionalProperties = false;
  delete perKind['propertyNames'];
  const { $schema, ...rest } = root;
  return { $schema, title: 'callpath topology (*.lab.yaml)', ...rest, patternProperties: { '^x-': { description: 'notes, and anchors to refer to' } } };
}

/** `config` may be divided between a kind and its nodes, so neither alone needs to hold what is required. */
function relaxed(json: object): Schema {
  return without(json as Schema, 'required');
}

function child(schema: Schema, key: string): Schema {
  const found = schema.properties?.[key];
  if (found === undefined) throw new InvariantBroken(`the schema of the file has no "${key}"`);
  return found;
}

function entries(schema: Schema): Schema {
  const found = schema.additionalProperties;
  if (typeof found !== 'object') throw new InvariantBroken('the schema of the file has no mapping where one was');
  return found;
}
