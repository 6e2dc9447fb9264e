/**
 * Reads `*.experiment.yaml`: all faults at once, each with its place, what was expected and how to mend it. What its
 * `with` does to the topology is checked where the topology is read; those faults have their places in this file too.
 * @module
 */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { LabError } from '../base/error.js';
import { time } from '../scenario/description/fields.js';
import { DEFAULT_LIMIT, fileJsonSchema, expectationsSchema, readExpectations, readShape, readSteps, scriptSchema } from '../scenario/flow-grammar.js';
import type { FlowSpec } from '../scenario/flow.js';
import { Faults } from '../topology/source/faults.js';
import { overridesAt } from '../topology/source/overrides/override.js';
import type { Override } from '../topology/source/overrides/override.js';
import { YamlSource } from '../topology/source/yaml-source.js';
import { CHECKS } from '../verify/checks/table.js';
import { VARIANTS } from './experiment.js';
import type { ExperimentSpec, Variant, VariantName } from './experiment.js';

const changes = z.record(z.string(), z.unknown()).describe('changes of the topology: a mapping from what is changed to its new value').optional();
const variant = z.strictObject({ title: z.string().min(1), with: changes, expect: expectationsSchema(CHECKS) });

const experimentSchema = z.strictObject({
  experiment: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: 'an id in lower case with hyphens' }),
  title: z.string().min(1),
  symptom: z.string().min(1),
  source: z.string().min(1),
  topology: z.string().min(1),
  with: changes,
  ...scriptSchema(),
  broken: variant,
  cured: variant,
});
type RawExperiment = z.output<typeof experimentSchema>;

/** JSON Schema of `*.experiment.yaml`, draft 2020-12. */
export function experimentJsonSchema(): object {
  return fileJsonSchema(experimentSchema, 'callpath experiment (*.experiment.yaml)');
}

export type ExperimentResult = { readonly ok: true; readonly experiment: ExperimentSpec } | { readonly ok: false; readonly errors: readonly LabError[] };

/** Pure; `file` is only for places and for resolving paths. Codes: YAML_SYNTAX, EXPERIMENT_SCHEMA, FLOW_ACTOR. */
export function parseExperiment(text: string, file: string): ExperimentResult {
  const source = new YamlSource(text, file, 'EXPERIMENT_SCHEMA');
  const faults = new Faults(source);
  const raw = source.usable ? readShape(experimentSchema, source, faults, 'EXPERIMENT_SCHEMA') : undefined;
  if (raw === undefined) return { ok: false, errors: faults.sorted() };
  const script = scriptOf(raw, file, faults);
  const variants = VARIANTS.map((name) => variantOf(name, raw, script, file, faults));
  if (faults.count > 0 || source.errors.length > 0) return { ok: false, errors: faults.sorted() };
  const { experiment: id, title, symptom } = raw;
  const { topology, topologySrc } = script;
  return { ok: true, experiment: { id, title, symptom: symptom.trim(), source: raw.source, file, topology, topologySrc, variants } };
}

/** What both variants have in common. */
type ScriptPart = Omit<FlowSpec, 'id' | 'title' | 'expectations'>;

function scriptOf(raw: RawExperiment, file: string, faults: Faults): ScriptPart {
  const { source } = faults;
  return {
    file,
    source: raw.source,
    deployment: null,
    topology: resolve(dirname(file), raw.topology),
    topologySrc: source.place(['topology']),
    actors: raw.actors,
    places: Object.fromEntries(Object.keys(raw.actors).map((name) => [name, source.place(['actors', name])])),
    steps: readSteps(raw.steps, ['steps'], raw.actors, faults),
    limit: raw.limit === undefined ? DEFAULT_LIMIT : time(raw.limit),
  };
}

function variantOf(name: VariantName, raw: RawExperiment, script: ScriptPart, file: string, faults: Faults): Variant {
  const { title, expect } = raw[name];
  const expectations = readExpectations(expect, [name, 'expect'], raw.actors, CHECKS, faults);
  const changed = (mapping: RawExperiment['with'], ...path: readonly string[]): readonly Override[] =>
    mapping === undefined ? [] : overridesAt(mapping, [...path, 'with'], faults.source, dirname(file));
  return {
    name,
    title,
    flow: { ...script, id: `${raw.experiment}.${name}`, title: `${name}: ${title}`, expectations },
    overrides: [...changed(raw.with), ...changed(raw[name].with, name)],
  };
}
