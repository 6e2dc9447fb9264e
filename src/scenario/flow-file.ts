/**
 * Reads `*.flow.yaml`: all faults at once, each with its place, what was expected and how to mend it.
 * @module
 */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { LabError } from '../base/error.js';
import { Faults } from '../topology/source/faults.js';
import { YamlSource } from '../topology/source/yaml-source.js';
import type { AnyExpectation, ExpectationTable } from './description/expectation-kind.js';
import { time } from './description/fields.js';
import { DEFAULT_LIMIT, expectationsSchema, readExpectations, readShape, readSteps, scriptSchema } from './flow-grammar.js';
import type { FlowSpec } from './flow.js';
import type { StepTable } from './steps/step-kind.js';
import { STEPS } from './steps/table.js';

/** Shape of a flow file. @param table what may be expected @param steps what may be done */
export function flowSchema(table: ExpectationTable, steps: StepTable = STEPS) {
  return z.strictObject({
    flow: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: 'an id in lower case with hyphens' }),
    title: z.string().min(1),
    source: z.string().min(1),
    deployment: z.enum(['online', 'hybrid', 'cloud-connector']),
    topology: z.string().min(1),
    ...scriptSchema(steps),
    expect: expectationsSchema(table),
  });
}

export type FlowResult<E extends AnyExpectation = AnyExpectation> =
  | { readonly ok: true; readonly flow: FlowSpec<E> }
  | { readonly ok: false; readonly errors: readonly LabError[] };

/** Pure; `file` is only for places and for resolving the topology's path. @param table what may be expected @param steps what may be done */
export function parseFlow(text: string, file: string, table: ExpectationTable, steps: StepTable = STEPS): FlowResult {
  const source = new YamlSource(text, file);
  const faults = new Faults(source);
  const raw = source.usable ? readShape(flowSchema(table, steps), source, faults, 'FLOW_SCHEMA') : undefined;
  if (raw === undefined) return { ok: false, errors: faults.sorted() };
  const script = readSteps(raw.steps, ['steps'], raw.actors, faults, steps);
  const expectations = readExpectations(raw.expect, ['expect'], raw.actors, table, faults);
  if (faults.count > 0 || source.errors.length > 0) return { ok: false, errors: faults.sorted() };
  return {
    ok: true,
    flow: {
      id: raw.flow,
      title: raw.title,
      file,
      source: raw.source,
      deployment: raw.deployment,
      topology: resolve(dirname(file), raw.topology),
      topologySrc: source.place(['topology']),
      actors: raw.actors,
      places: Object.fromEntries(Object.keys(raw.actors).map((name) => [name, source.place(['actors', name])])),
      steps: script,
      expectations,
      limit: raw.limit === undefined ? DEFAULT_LIMIT : time(raw.limit),
    },
  };
}
