import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { FILE_SCHEMAS, schemaText } from './schema.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** What a validator of JSON Schema says, which knows nothing of how the files are read. */
const validator = (of: string): z.ZodType => z.fromJSONSchema(JSON.parse(read(FILE_SCHEMAS.get(of)!.file)) as Parameters<typeof z.fromJSONSchema>[0]);

describe.each([...FILE_SCHEMAS])('the schema of a %s', (of, { file }) => {
  it(`${file} is current`, () => {
    expect(read(file), 'make it anew: npm run docs').toBe(schemaText(of));
  });
});

describe.each([
  ['flow', 'lab/flows', '.flow.yaml'],
  ['experiment', 'lab/experiments', '.experiment.yaml'],
])('a %s', (of, folder, ending) => {
  const files = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(ending));

  it.each(files)('%s is as the schema has it, and names it in its first line', (name) => {
    const text = read(`${folder}/${name}`);
    expect(validator(of).safeParse(parse(text)).error?.issues ?? []).toEqual([]);
    expect(text).toMatch(new RegExp(`^# yaml-language-server: \\$schema=${of}\\.schema\\.json\n`));
  });

  it('with a step, a key or a value that there is not is refused', () => {
    const good = parse(read(`${folder}/${files[0] ?? ''}`)) as object;
    const schema = validator(of);
    for (const wrong of [{ steps: [{ dance: 'alice' }] }, { steps: [{ 'sign-in': 'alice' }] }, { steps: [] }, { stepps: [] }, { title: 7 }])
      expect(schema.safeParse({ ...good, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
  });
});

it('of something else there is none', () => {
  expect(() => schemaText('flaw')).toThrow('there is no schema of "flaw"');
});
