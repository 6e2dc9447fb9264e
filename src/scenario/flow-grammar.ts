/**
 * Steps and expectations as files have them, made of the tables of their kinds. Flow files and experiments share them.
 * @module
 */
import { z } from 'zod';
import { must } from '../base/assert.js';
import { LabError } from '../base/error.js';
import type { ErrorCode } from '../base/error.js';
import { formatDuration, seconds } from '../base/time.js';
import type { Faults } from '../topology/source/faults.js';
import type { Path, Source } from '../topology/source/source.js';
import { didYouMean, listed } from '../base/suggest.js';
import { readIssues } from '../topology/source/zod-issues.js';
import type { AnyExpectation, ExpectationTable } from './description/expectation-kind.js';
import { duration, time } from './description/fields.js';
import { lateTimes } from './script-tree.js';
import type { ScriptItem, StepList, Together } from './script-tree.js';
import type { StepKind, StepTable } from './steps/step-kind.js';
import { STEPS, type Step } from './steps/table.js';

/** JSON Schema, draft 2020-12, of a kind of files that people write. */
export function fileJsonSchema(schema: z.ZodType, title: string): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return { $schema, title, ...rest };
}

/** An entry of a list: a mapping with one key, which says what it is. */
type Entry = Readonly<Record<string, unknown>>;
export type EntrySchema = z.ZodType<Entry>;

/** One of the kinds, by its key. */
function entryOf(kinds: readonly { readonly key: string; readonly schema: z.ZodType; readonly doc: string }[]): EntrySchema {
  return z.union(kinds.map(({ key, schema, doc }) => z.strictObject({ [key]: schema }).describe(doc)));
}

const at = duration.describe('a time since the start of the list in which it stands, such as 5s').optional();

/** A step, or several side by side; with `at`, at a time. */
function scriptItem(table: StepTable): EntrySchema {
  const item: EntrySchema = z
    .union([
      ...table.map(({ key, schema, doc }) => z.strictObject({ at, [key]: schema }).describe(doc)),
      z
        .strictObject({
          at,
          together: z.array(z.union([z.lazy(() => item), z.array(z.lazy(() => item)).min(1, 'at least one step')])).min(1, 'at least one step'),
        })
        .describe('steps, or lists of steps, that begin at one time; it ends when all have ended'),
    ])
    .meta({ id: 'step' });
  return item;
}

/** Keys that every script has. @param table what its steps may be */
export function scriptSchema(table: StepTable = STEPS) {
  return {
    actors: z.record(z.string(), z.string()),
    steps: z.array(scriptItem(table)).min(1, 'at least one step'),
    limit: duration.optional(),
  };
}

/** A list of what is expected, of these kinds. */
export function expectationsSchema(table: ExpectationTable): z.ZodArray<EntrySchema> {
  return z.array(entryOf(table)).min(1);
}

/** Lab time of a run that sets no limit of its own. */
export const DEFAULT_LIMIT = seconds(600);

/** Values of that shape; undefined when they are not, which the faults then tell. */
export function readShape<T extends z.ZodType>(schema: T, source: Source, faults: Faults, code: ErrorCode): z.output<T> | undefined {
  const result = schema.safeParse(source.value);
  if (result.success) return result.data;
  for (const trouble of readIssues(result.error.issues, source.value, z.toJSONSchema(schema, { io: 'input' }))) {
    const { path, message, expected, hint, onKey } = trouble;
    faults.add(code, path, message, { ...(expected !== undefined && { expected }), ...(hint !== undefined && { hint }), on: onKey ? 'key' : 'value' });
  }
  return undefined;
}

type Actors = Readonly<Record<string, string>>;

/** What a script is read with. */
interface Reading {
  readonly actors: Actors;
  /** What its steps may be. */
  readonly table: StepTable;
  readonly faults: Faults;
}

/** The script at a path of a file. Faults: FLOW_ACTOR; FLOW_STEP for a time that is over when its list comes to it. */
export function readSteps(raw: readonly Entry[], path: Path, actors: Actors, faults: Faults, table: StepTable = STEPS): StepList {
  const steps = readList(raw, path, { actors, table, faults });
  for (const { at, earliest } of lateTimes(steps, table)) {
    const message = `"at: ${formatDuration(at.time)}" is over when the list comes to it: what stands before takes ${formatDuration(earliest)} at least`;
    faults.report(new LabError('FLOW_STEP', message, { where: at.src, expected: 'a later time, or what stands before as a branch of a "together"' }));
  }
  return steps;
}

function readList(raw: readonly Entry[], path: Path, reading: Reading): StepList {
  return raw.map((entry, i) => readItem(entry, [...path, i], reading));
}

function readItem(entry: Entry, path: Path, reading: Reading): ScriptItem {
  const item = 'together' in entry ? readTogether(entry, path, reading) : readStep(entry, path, reading);
  const { at } = entry;
  return typeof at === 'string' ? { do: 'at', time: time(at), item, src: reading.faults.source.place([...path, 'at']) } : item;
}

function readTogether(entry: Entry, path: Path, reading: Reading): Together {
  const raw = entry['together'] as readonly (Entry | readonly Entry[])[];
  const branches = raw.map((branch, i) => {
    const below = [...path, 'together', i];
    return isList(branch) ? readList(branch, below, reading) : [readItem(branch, below, reading)];
  });
  return { do: 'together', branches, src: reading.faults.source.place(path) };
}

function isList(branch: Entry | readonly Entry[]): branch is readonly Entry[] {
  return Array.isArray(branch);
}

/** Of a table of one's own, a step that is none of the product's goes by their type: whoever plays it asks that table. */
function readStep(entry: Entry, path: Path, { actors, table, faults }: Reading): Step {
  const kind: StepKind = kindOf(entry, table);
  const step = { ...kind.read(entry[kind.key]), do: kind.key, src: faults.source.place(path) };
  checkActors(kind.actors(step), actors, path, faults);
  return step as Step;
}

/** Expectations at a path of a file. Faults: FLOW_ACTOR. */
export function readExpectations(raw: readonly Entry[], path: Path, actors: Actors, table: ExpectationTable, faults: Faults): readonly AnyExpectation[] {
  return raw.flatMap((entry, i) => {
    const kind = kindOf(entry, table);
    const src = faults.source.place([...path, i]);
    const expectations = kind.read(entry[kind.key]).map((fields) => ({ ...fields, expect: kind.key, src }));
    // One entry of the file may be several expectations: each fault is told once.
    checkActors([...new Set(expectations.flatMap((one) => kind.actors(one)))], actors, [...path, i], faults);
    return expectations;
  });
}

/** Of an entry that has the shape of one of them. */
function kindOf<T extends { readonly key: string }>(entry: Entry, kinds: readonly T[]): T {
  return must(
    kinds.find(({ key }) => Object.hasOwn(entry, key)),
    `a kind for ${Object.keys(entry).join()}`,
  );
}

function checkActors(names: readonly string[], actors: Actors, path: Path, faults: Faults): void {
  for (const name of names) {
    if (Object.hasOwn(actors, name)) continue;
    faults.add('FLOW_ACTOR', path, `"${name}" is no actor of this flow`, {
      expected: `one of: ${listed(Object.keys(actors))}`,
      ...didYouMean(name, Object.keys(actors)),
    });
  }
}
