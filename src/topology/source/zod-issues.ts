/**
 * Turns a zod error into troubles with a path, in words that name what was expected. Unions are reported by the branch
 * that the value most looks like; an unknown key becomes a trouble of its own, with the nearest known key.
 * @module
 */
import type { core } from 'zod';
import { didYouMean, listed, nearest } from '../../base/suggest.js';
import { article, wantedWords, type JsonSchema } from './wanted.js';

type Issue = core.$ZodIssue;

export interface Trouble {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly expected?: string;
  readonly hint?: string;
  /** The key itself is wrong: unknown, or not written as keys of its kind are. */
  readonly onKey: boolean;
  readonly unknownKey: boolean;
  /** Of an unknown key, the one that was meant. */
  readonly meant?: string;
  /** What should stand at `path` is not there. */
  readonly missing?: boolean;
}

/**
 * @param value what was parsed: zod's issues don't carry it
 * @param schema JSON Schema of what was parsed against, for known keys and descriptions
 */
export function readIssues(issues: readonly Issue[], value: unknown, schema: object): readonly Trouble[] {
  return withoutEffects(issues.flatMap((issue) => readIssue(issue, [], value, schema as JsonSchema)));
}

/** A key that is missing because its name has a slip of the pen is told once, where the slip is. */
function withoutEffects(troubles: readonly Trouble[]): readonly Trouble[] {
  const meant = new Set(troubles.flatMap(({ path, meant: key }) => (key === undefined ? [] : [placeKey([...path.slice(0, -1), key])])));
  return troubles.filter(({ path, missing }) => missing !== true || !meant.has(placeKey(path)));
}

function placeKey(path: readonly (string | number)[]): string {
  return JSON.stringify(path);
}

function readIssue(issue: Issue, above: readonly (string | number)[], root: unknown, schema: JsonSchema): readonly Trouble[] {
  const path = [...above, ...issue.path.map((p) => (typeof p === 'symbol' ? String(p) : p))];
  const found = at(root, path);
  const known = schemasAt(schema, path);
  const plain = { path, onKey: false, unknownKey: false };
  switch (issue.code) {
    case 'unrecognized_keys': {
      const keys = [...new Set(known.flatMap((s) => Object.keys(s.properties ?? {})))];
      const others = isMapping(found) ? Object.keys(found).filter((key) => !issue.keys.includes(key)) : [];
      return issue.keys.map((key) => ({
        path: [...path, key],
        // Of alternatives another one may have the key.
        ...(keys.includes(key) ? besideOthers(key, others, path) : unknownKey(key, keys)),
        onKey: true,
        unknownKey: true,
      }));
    }
    case 'invalid_key': {
      const reason = issue.issues[0]?.message ?? issue.message;
      return [{ ...plain, message: `"${String(path.at(-1))}" can't be a name here`, expected: lowerFirst(reason), onKey: true }];
    }
    case 'invalid_union': {
      const branch = likeliest(issue.errors, found);
      if (branch === undefined) return [{ ...plain, ...told(path, found), expected: shapes(issue.errors, known), ...unitHint(found, known) }];
      const lacking = lacks(issue.errors, found);
      if (lacking.length > 1) return [{ ...plain, message: `${name(path)} does not say what it is`, expected: `one of: ${listed(lacking, 40)}` }];
      return branch.flatMap((inner) => readIssue(inner, path, root, schema));
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      return [
        {
          ...plain,
          ...told(path, found),
          expected: values.length === 1 ? `${values[0]}` : `one of: ${listed(values)}`,
          ...(found === undefined ? {} : didYouMean(String(found), values)),
        },
      ];
    }
    case 'invalid_type': {
      return [{ ...plain, ...told(path, found), expected: described(known) ?? article(issue.expected), ...unitHint(found, known) }];
    }
    case 'too_small':
    case 'too_big':
    case 'invalid_format':
    case 'not_multiple_of':
      return [
        {
          ...plain,
          ...told(path, found),
          expected: OWN_WORDS.test(issue.message) ? wanted(known, 'origin' in issue ? issue.origin : undefined) : lowerFirst(issue.message),
        },
      ];
    default:
      return [{ ...plain, ...told(path, found), expected: lowerFirst(issue.message) }];
  }
}

/** How the library begins what it says of itself; other words are those of a schema. */
const OWN_WORDS = /^(Too (small|big)|Invalid )/;

/** By the schema that the value would come nearest to. */
function wanted(known: readonly JsonSchema[], origin: string | undefined): string {
  const words = known.flatMap((schema) => wantedWords(schema) ?? []);
  return described(known) ?? words[0] ?? article(origin ?? 'a value of another form');
}

function told(path: readonly (string | number)[], found: unknown): Pick<Trouble, 'message' | 'missing'> {
  return found === undefined ? { message: `${name(path)} is missing`, missing: true } : { message: `${name(path)} is ${shown(found)}` };
}

/** A number where a time is wanted. */
function unitHint(found: unknown, known: readonly JsonSchema[]): { readonly hint?: string } {
  return typeof found === 'number' && /duration/.test(described(known) ?? '') ? { hint: `write the unit: ${found}s` } : {};
}

/** Of alternatives another one may have the key; in a list each is an entry. */
function besideOthers(key: string, others: readonly string[], path: readonly (string | number)[]): Pick<Trouble, 'message' | 'expected'> {
  const beside = listed(others.map((other) => `"${other}"`));
  const expected = typeof path.at(-1) === 'number' ? `an entry for each: a dash of its own before "${key}"` : 'each of them in a place of its own';
  return { message: `"${key}" can't stand beside ${beside}`, expected };
}

function unknownKey(key: string, keys: readonly string[]): Pick<Trouble, 'message' | 'expected' | 'hint' | 'meant'> {
  const expected = `one of: ${listed(keys, 40)}`;
  // In braces YAML takes a colon without a blank for a part of the key.
  const glued = /^([^:]+):(.+)$/.exec(key);
  if (glued !== null) return { message: `unknown key "${key}"`, expected, hint: `a blank belongs behind the colon: ${glued[1] ?? ''}: ${glued[2] ?? ''}` };
  const meant = nearest(key, keys);
  return { message: `unknown key "${key}"`, expected, ...(meant !== undefined && { hint: `did you mean "${meant}"?`, meant }) };
}

/**
 * The branch that the value comes nearest to, or none when its very type fits no branch. Unknown keys count most: of
 * several objects with keys of their own, the one whose key is there is meant. If none is, just the keys are at fault.
 */
function likeliest(branches: readonly (readonly Issue[])[], found: unknown): readonly Issue[] | undefined {
  const fitting = branches.filter((issues) => !issues.some((issue) => ofAnotherType(issue, found)));
  const strange = (issues: readonly Issue[]): readonly Issue[] => issues.filter((i) => i.code === 'unrecognized_keys' && i.path.length === 0);
  const weight = (issues: readonly Issue[]): number => 100 * strange(issues).length + issues.length;
  const [best] = [...fitting].sort((a, b) => weight(a) - weight(b));
  if (best === undefined || fitting.length === 1) return best;
  const unknown = strange(best);
  return unknown.length > 0 ? unknown : best;
}

/** Keys of which any one would do: each of them is all that a branch lacks, and nothing else is wrong there. */
function lacks(branches: readonly (readonly Issue[])[], found: unknown): readonly string[] {
  return branches.flatMap(([issue, more]) => {
    const [key, ...below] = issue?.path ?? [];
    return more === undefined && typeof key === 'string' && below.length === 0 && at(found, [key]) === undefined ? [key] : [];
  });
}

/** The value is no list where a list is wanted, or the like; of a union, for each of its branches. */
function ofAnotherType(issue: Issue, found: unknown): boolean {
  if (issue.path.length > 0) return false;
  switch (issue.code) {
    case 'invalid_type':
      return true;
    case 'invalid_value':
      return issue.values.every((value) => typeof value !== typeof found);
    case 'invalid_union':
      return issue.errors.length > 0 && issue.errors.every((branch) => branch.some((inner) => ofAnotherType(inner, found)));
    default:
      return false;
  }
}

function shapes(branches: readonly (readonly Issue[])[], known: readonly JsonSchema[]): string {
  const types = branches.flatMap((issues) =>
    issues.flatMap((i) => (i.code === 'invalid_type' ? [article(i.expected)] : i.code === 'invalid_value' ? i.values.map(String) : [])),
  );
  return described(known) ?? [...new Set(types)].join(' or ');
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function at(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[step];
  }
  return value;
}

function schemasAt(schema: JsonSchema, path: readonly (string | number)[]): readonly JsonSchema[] {
  const branches = (one: JsonSchema): readonly JsonSchema[] => {
    const target = one.$ref === undefined ? undefined : schema.$defs?.[one.$ref.replace('#/$defs/', '')];
    if (target !== undefined) return branches(target);
    return one.anyOf === undefined ? [one] : one.anyOf.flatMap(branches);
  };
  let level = branches(schema);
  for (const step of path) level = level.flatMap((s) => inside(s, step)).flatMap(branches);
  return level;
}

function inside(schema: JsonSchema, step: string | number): readonly JsonSchema[] {
  const candidates = typeof step === 'number' ? [schema.prefixItems?.[step] ?? schema.items] : [schema.properties?.[step] ?? schema.additionalProperties];
  return candidates.filter((s): s is JsonSchema => typeof s === 'object');
}

function described(schemas: readonly JsonSchema[]): string | undefined {
  return schemas.find((s) => s.description !== undefined)?.description;
}

function name(path: readonly (string | number)[]): string {
  const last = path.at(-1);
  if (last === undefined) return 'the whole';
  return typeof last === 'number' ? `item ${last + 1} of "${String(path.at(-2) ?? 'the list')}"` : `"${last}"`;
}

function shown(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? `the text ${JSON.stringify(value)}` : typeof value === 'number' ? `a number ${value}` : String(value);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
