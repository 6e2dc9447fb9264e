import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readIssues } from './zod-issues.js';

function troubles(schema: z.ZodType, value: unknown): readonly string[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return readIssues(result.error.issues, value, json).map((t) => `${t.path.join('.')}: ${t.message}; ${t.expected ?? ''}; ${t.hint ?? ''}`);
}

describe('readIssues', () => {
  it('makes each unknown key a trouble of its own, with the nearest known key', () => {
    const schema = z.strictObject({ port: z.number(), name: z.string().optional() });
    expect(troubles(schema, { port: 1, prot: 2, zzz: 3 })).toEqual([
      'prot: unknown key "prot"; one of: name, port; did you mean "port"?',
      'zzz: unknown key "zzz"; one of: name, port; ',
    ]);
  });
  it('says what is missing, and of what type it should have been', () => {
    const schema = z.object({ a: z.string(), b: z.array(z.int()) });
    expect(troubles(schema, { b: ['x'] })).toEqual(['a: "a" is missing; a text; ', 'b.0: item 1 of "b" is the text "x"; a number; ']);
  });
  it('takes descriptions as what was expected', () => {
    expect(troubles(z.object({ ttl: z.int().describe('seconds') }), { ttl: 'x' })).toEqual(['ttl: "ttl" is the text "x"; seconds; ']);
  });
  it('suggests the nearest of a closed list', () => {
    expect(troubles(z.object({ s: z.enum(['internet', 'customer']) }), { s: 'intrenet' })).toEqual([
      's: "s" is the text "intrenet"; one of: customer, internet; did you mean "internet"?',
    ]);
  });
  it('reports a union by the branch that the value looks like', () => {
    const schema = z.object({ to: z.union([z.string(), z.array(z.string())]) });
    expect(troubles(schema, { to: ['a', 1] })).toEqual(['to.1: item 2 of "to" is a number 1; a text; ']);
    expect(troubles(schema, { to: 5 })).toEqual(['to: "to" is a number 5; a text or a list; ']);
  });
  it('knows the branch of several objects by its key', () => {
    const schema = z.object({ step: z.union([z.strictObject({ call: z.strictObject({ to: z.string() }) }), z.strictObject({ wait: z.string() })]) });
    expect(troubles(schema, { step: { wait: 5 } })).toEqual(['step.wait: "wait" is a number 5; a text; ']);
    expect(troubles(schema, { step: { wiat: '5s' } })).toEqual(['step.wiat: unknown key "wiat"; one of: call, wait; did you mean "wait"?']);
  });
  it('passes on the words of a refusal', () => {
    expect(troubles(z.object({ n: z.int().max(3, 'at most three') }), { n: 4 })).toEqual(['n: "n" is a number 4; at most three; ']);
    expect(troubles(z.record(z.string().regex(/^[a-z]+$/, 'a lower-case name'), z.number()), { A: 1 })).toEqual([
      'A: "A" can\'t be a name here; a lower-case name; ',
    ]);
  });
});
