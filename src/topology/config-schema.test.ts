import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { zodConfigSchema } from './config-schema.js';

const schema = zodConfigSchema(z.strictObject({ port: z.int().min(1).max(65535).default(3478), name: z.string().optional() }));

describe('zodConfigSchema', () => {
  it('gives the parsed value, defaults filled in, for nothing at all too', () => {
    expect(schema.parse({ port: 1 })).toEqual({ ok: true, value: { port: 1 } });
    expect(schema.parse(undefined)).toEqual({ ok: true, value: { port: 3478 } });
  });
  it('gives issues with a path, in words', () => {
    expect(schema.parse({ port: 0, nmae: 'x' })).toEqual({
      ok: false,
      issues: [
        { path: ['port'], message: '"port" is a number 0', expected: 'a whole number from 1 to 65535' },
        { path: ['nmae'], message: 'unknown key "nmae"', expected: 'one of: name, port', hint: 'did you mean "name"?', onKey: true },
      ],
    });
  });
  it('gives the JSON Schema of what people write: a default is not required', () => {
    expect(schema.json).toMatchObject({ type: 'object', properties: { port: { default: 3478 } }, additionalProperties: false });
    expect(schema.json).not.toHaveProperty('required');
  });
});
