import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { schemaText } from './schema.js';

it('topologies/lab.schema.json is the schema of the kinds that exist', () => {
  const committed = readFileSync(join(import.meta.dirname, '..', '..', '..', 'topologies', 'lab.schema.json'), 'utf8');
  expect(committed, 'make it anew: node lab/scripts/setup.mjs && node dist/cli/main.js schema > topologies/lab.schema.json').toBe(schemaText());
});
