/**
 * Turns a zod error into troubles with a path, in words that name what was expected. Unions are reported by the branch
 * that the value most looks like; an unknown key becomes a trouble of its own, with the nearest known key.
 * @module
 */
import type { core } from 'zod';
import { didYouMean, listed } from '../../base/suggest.js';

type Issue = core.$ZodIssue;

/** The part of JSON Schema that is walked to learn which keys an object may have. */
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly description?: string;
  /** Only `#/$defs/NAME`. */
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

export interface Trouble {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly expected?: string;
  readonly hint?: string;
  /** The key itself is wrong: unknown, or not written as keys of its kind are. */
  readonly onKey: boolean;
  readonly unknownKey: boolean;
}

/**
 * @param value what was parsed: zod's issues don't carry it
 * @param schema JSON Schema of what was parsed against, for known keys and descriptions
 */
export function readIssues(issues: readonly Issue[], value: unknown, schema: object): readonly Trouble[] {
  return issues.flatMap((issue) => readIssue(issue, [], value, schema as JsonSchema));
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
        ...(keys.includes(key)
          ? { message: `"${key}" can't stand beside ${listed(others.map((other) => `"${other}"`))}`, expected: 'each of them in a place of its own' }
          : { message: `unknown key "${key}"`, expected: `one of: ${listed(keys, 40)}`, ...didYouMean(key, keys) }),
        onKey: true,
        unknownKey: true,
      }));
    }
    case 'invalid_key': {
      const reason = issue.issues[0]?.message ?? issue.message;
      return [{ ...plain, message: `"${String(path.at(-1))}" can't be a name here`, expected: lowerFirst(reason), onKey: true }];
    }
    case 'invalid_union': {
      const branch = likeliest(issue.errors);
      if (branch === undefined) return [{ ...plain, message: `${name(path)} is ${shown(found)}`, expected: shapes(issue.errors) }];
      const lacking = lacks(issue.errors, found);
      if (lacking.length > 1) return [{ ...plain, message: `${name(path)} does not say what it is`, expected: `one of: ${listed(lacking, 40)}` }];
      return branch.flatMap((inner) => readIssue(inner, path, root, schema));
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      const missing = found === undefined;
      return [
        {
          ...plain,
          message: missing ? `${name(path)} is missing` : `${name(path)} is ${shown(found)}`,
          expected: values.length === 1 ? `${values[0]}` : `one of: ${listed(values)}`,
          ...(missing ? {} : didYouMean(String(found), values)),
        },
      ];
    }
    case 'invalid_type': {
      const expected = described(known) ?? article(issue.expected);
      const message = found === undefined ? `${name(path)} is missing` : `${name(path)} is ${shown(found)}`;
      return [{ ...plain, message, expected }];
    }
    default:
      return [{ ...plain, message: `${name(path)} is ${shown(found)}`, expected: lowerFirst(issue.message) }];
  }
}

/**
 * The branch that the value comes nearest to, or none when its very type fits no branch. Unknown keys count most: of
 * several objects with keys of their own, the one whose key is there is meant. If none is, just the keys are at fault.
 */
function likeliest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = branches.filter((issues) => !issues.some(ofAnotherType));
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
function ofAnotherType(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  return (
    issue.code === 'invalid_type' || (issue.code === 'invalid_union' && issue.errors.length > 0 && issue.errors.every((branch) => branch.some(ofAnotherType)))
  );
}

function shapes(branches: readonly (readonly Issue[])[]): string {
  const wanted = branches.flatMap((issues) => issues.filter((i) => i.code === 'invalid_type').map((i) => article(i.expected)));
  return [...new Set(wanted)].join(' or ');
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
  return `${typeof value === 'string' ? 'the text' : article(typeof value)} ${JSON.stringify(value)}`;
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function article(type: string): string {
  return WORDS[type] ?? type;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
