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
  it.each([
    [z.int().min(1).max(65535), 70000, 'a whole number from 1 to 65535'],
    [z.int(), 1e23, 'a whole number'],
    [z.int().min(0), -1, 'a whole number of at least 0'],
    [z.number().positive(), 0, 'a number above 0'],
    [z.array(z.string()).min(1), [], 'a list of one item at least'],
    [z.array(z.string()).max(2), ['a', 'b', 'c'], 'a list of 2 items at most'],
    [z.tuple([z.string(), z.string()]), ['a'], 'a list of 2 items'],
    [z.string().min(1), '', 'a text that is not empty'],
    [z.string().max(3), 'four', 'a text of at most 3 characters'],
    [z.string().regex(/^a+$/), 'b', 'a text like ^a+$'],
    [z.int().min(1).describe('seconds'), 0, 'seconds'],
  ])('bounds are told in our own words: %#', (schema, value, expected) => {
    expect(troubles(z.object({ x: schema }), { x: value }).map((text) => text.split('; ')[1])).toEqual([expected]);
  });
  it('a branch that names words does not take a mapping, nor the other way round', () => {
    const filter = z.enum(['off', 'strict']);
    const schema = z.object({ f: z.union([filter, z.record(z.string(), filter)]) });
    expect(troubles(schema, { f: { inside: 'strickt' } })).toEqual(['f.inside: "inside" is the text "strickt"; one of: off, strict; did you mean "strict"?']);
    expect(troubles(schema, { f: 'strickt' })).toEqual(['f: "f" is the text "strickt"; one of: off, strict; did you mean "strict"?']);
  });
  it('a key that is missing since it was misspelt is told once', () => {
    expect(troubles(z.strictObject({ title: z.string() }), { titel: 'x' })).toEqual(['titel: unknown key "titel"; one of: title; did you mean "title"?']);
  });
  it('a colon without its blank, two keys of one entry, a time without its unit', () => {
    expect(troubles(z.strictObject({ prepend: z.int().optional() }), { 'prepend:2': null })).toEqual([
      'prepend:2: unknown key "prepend:2"; one of: prepend; a blank belongs behind the colon: prepend: 2',
    ]);
    const steps = z.array(z.union([z.strictObject({ call: z.string() }), z.strictObject({ wait: z.string() })]));
    expect(troubles(steps, [{ call: 'x', wait: '1s' }])).toEqual([expect.stringContaining('an entry for each: a dash of its own before "wait"') as string]);
    expect(troubles(z.object({ for: z.string().describe('a duration such as 4s') }), { for: 5 })).toEqual([
      'for: "for" is a number 5; a duration such as 4s; write the unit: 5s',
    ]);
  });
});
