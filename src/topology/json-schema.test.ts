import { describe, expect, it } from 'vitest';
import { topologyJsonSchema } from './json-schema.js';
import { SAMPLE_KINDS } from './testing/sample-kinds.js';

type Tree = Readonly<Record<string, unknown>>;

function get(tree: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Tree | undefined)?.[key], tree);
}

describe('topologyJsonSchema', () => {
  const schema = topologyJsonSchema(SAMPLE_KINDS);
  const node = get(schema, 'properties', 'topology', 'properties', 'nodes', 'additionalProperties');

  it('is JSON Schema 2020-12, plain data', () => {
    expect(get(schema, '$schema')).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
  it('offers the kinds with their summaries', () => {
    expect(get(node, 'properties', 'kind', 'oneOf')).toEqual(
      ['bridge', 'client', 'dns', 'front-end', 'router', 'stun'].map((k) => ({ const: k, description: `a ${k}` })),
    );
  });
  it('gives each kind its config, without asking a node for what its kind may say', () => {
    const rules = get(node, 'allOf') as readonly Tree[];
    const frontEnd = rules.find((r) => get(r, 'if', 'properties', 'kind', 'const') === 'front-end');
    expect(get(frontEnd, 'then', 'properties', 'config')).toMatchObject({
      type: 'object',
      properties: { domains: { type: 'array' } },
      additionalProperties: false,
    });
    expect(get(frontEnd, 'then', 'properties', 'config')).not.toHaveProperty('required');
    expect(get(schema, 'properties', 'topology', 'properties', 'kinds', 'properties', 'stun', 'properties', 'config', 'properties')).toHaveProperty('port');
  });
  it('refuses unknown keys, but for x- at the top', () => {
    expect(get(schema, 'additionalProperties')).toBe(false);
    expect(get(node, 'additionalProperties')).toBe(false);
    expect(get(schema, 'patternProperties')).toHaveProperty(['^x-']);
  });
  it('does not depend on the order of the kinds', () => {
    expect(JSON.stringify(topologyJsonSchema(new Map([...SAMPLE_KINDS].reverse())))).toBe(JSON.stringify(schema));
  });
});
