/**
 * Reads `*.flow.yaml`: all faults at once, each with its place, what was expected and how to mend it.
 * @module
 */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { LabError, SourceRef } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import { parseDuration, seconds } from '../base/time.js';
import { Faults } from '../topology/source/faults.js';
import { didYouMean, listed } from '../topology/source/suggest.js';
import { YamlSource } from '../topology/source/yaml-source.js';
import { readIssues } from '../topology/source/zod-issues.js';
import { INTERNET_ONLY, PATH_LABELS } from './flow.js';
import type { Expectation, FlowSpec, Step } from './flow.js';

const actor = z.string().min(1);
/** Lab time is exact up to here: 104 days in nanoseconds. */
const LONGEST = Number.MAX_SAFE_INTEGER;
const duration = z.string().refine((text) => (parseDuration(text) ?? Infinity) <= LONGEST, { error: 'a duration such as 4s or 250ms, of at most 2501h' });
const pair = z.tuple([actor, actor]);
const bound = (unit: string): z.ZodString => z.string().regex(new RegExp(`^<\\s*\\d+(\\.\\d+)?\\s*(${unit})$`), { error: `an upper bound such as "< 1${unit.split('|')[0] ?? ''}"` });

const stepSchema = z.union([
  z.strictObject({ 'sign-in': z.array(actor).min(1) }),
  z.strictObject({ 'sign-out': z.array(actor).min(1) }),
  z.strictObject({ message: z.strictObject({ from: actor, to: actor, text: z.string().min(1) }) }),
  z.strictObject({ call: z.strictObject({ from: actor, to: actor, for: duration }) }),
  z.strictObject({ 'hang-up': actor }),
  z.strictObject({ wait: duration }),
  z.strictObject({ link: z.strictObject({ name: z.string(), set: z.string() }) }),
]);

const label = z.enum(PATH_LABELS);

const expectSchema = z.union([
  z.strictObject({ 'signed-in': z.array(actor).min(1) }),
  z.strictObject({ signalling: z.union([z.strictObject({ of: actor, is: label }), z.strictObject({ between: z.tuple([z.string().min(1), z.string().min(1)]), is: label })]) }),
  z.strictObject({ 'internet-only': z.array(z.enum(INTERNET_ONLY)).min(1) }),
  z.strictObject({ message: z.strictObject({ from: actor, to: actor }) }),
  z.strictObject({ call: z.strictObject({ from: actor, to: actor }) }),
  z.strictObject({ media: z.strictObject({ between: pair, is: label, sites: z.array(z.string()).optional() }) }),
  z.strictObject({ ice: z.strictObject({ between: pair, candidates: z.string().regex(/^(host|srflx|prflx|relay)\/(host|srflx|prflx|relay)$/, { error: 'two candidate types such as host/host' }) }) }),
  z.strictObject({ symmetric: z.strictObject({ between: pair }) }),
  z.strictObject({ quality: z.strictObject({ between: pair, loss: bound('%').optional(), delay: bound('ms|us|s').optional(), jitter: bound('ms|us|s').optional() }) }),
]);

const flowSchema = z.strictObject({
  flow: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: 'an id in lower case with hyphens' }),
  title: z.string().min(1),
  source: z.string().min(1),
  deployment: z.enum(['online', 'hybrid', 'cloud-connector']),
  topology: z.string().min(1),
  actors: z.record(z.string(), z.string()),
  steps: z.array(stepSchema).min(1),
  expect: z.array(expectSchema).min(1),
  limit: duration.optional(),
});

/** One entry of a flow's `expect`, as people write it. */
export type ExpectationText = z.input<typeof expectSchema>;
type RawStep = z.infer<typeof stepSchema>;
type RawExpectation = z.infer<typeof expectSchema>;

const DEFAULT_LIMIT = seconds(600);

export type FlowResult = { readonly ok: true; readonly flow: FlowSpec } | { readonly ok: false; readonly errors: readonly LabError[] };

/** Pure; `file` is only for places and for resolving the topology's path. */
export function parseFlow(text: string, file: string): FlowResult {
  const source = new YamlSource(text, file);
  const faults = new Faults(source);
  if (!source.usable) return { ok: false, errors: faults.sorted() };
  const result = flowSchema.safeParse(source.value);
  if (!result.success) {
    for (const trouble of readIssues(result.error.issues, source.value, z.toJSONSchema(flowSchema, { io: 'input' }))) {
      const { path, message, expected, hint, onKey } = trouble;
      faults.add('FLOW_SCHEMA', path, message, { ...(expected !== undefined && { expected }), ...(hint !== undefined && { hint }), on: onKey ? 'key' : 'value' });
    }
    return { ok: false, errors: faults.sorted() };
  }
  const raw = result.data;
  const steps = raw.steps.flatMap((step, i) => readStep(step, source.place(['steps', i])));
  const expectations = raw.expect.flatMap((expectation, i) => readExpectation(expectation, source.place(['expect', i])));
  steps.forEach((step, i) => {
    checkActors(actorsOf(step), raw.actors, ['steps', i], faults);
  });
  raw.expect.forEach((expectation, i) => {
    // One entry of the file may be several expectations: each fault is told once.
    const names = new Set(readExpectation(expectation, source.place(['expect', i])).flatMap(actorsOf));
    checkActors([...names], raw.actors, ['expect', i], faults);
  });
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
      steps,
      expectations,
      limit: raw.limit === undefined ? DEFAULT_LIMIT : time(raw.limit),
    },
  };
}

function time(text: string): Nanos {
  return parseDuration(text) ?? seconds(0);
}

function checkActors(names: readonly string[], actors: Readonly<Record<string, string>>, path: readonly (string | number)[], faults: Faults): void {
  for (const name of names) {
    if (Object.hasOwn(actors, name)) continue;
    faults.add('FLOW_ACTOR', path, `"${name}" is no actor of this flow`, { expected: `one of: ${listed(Object.keys(actors))}`, ...didYouMean(name, Object.keys(actors)) });
  }
}

function actorsOf(thing: Step | Expectation): readonly string[] {
  if ('actors' in thing) return thing.actors;
  if ('between' in thing) return thing.between;
  if ('from' in thing) return [thing.from, thing.to];
  if ('of' in thing) return [thing.of];
  return 'actor' in thing ? [thing.actor] : [];
}

function readStep(raw: RawStep, src: SourceRef): Step[] {
  if ('sign-in' in raw) return [{ do: 'sign-in', actors: raw['sign-in'], src }];
  if ('sign-out' in raw) return [{ do: 'sign-out', actors: raw['sign-out'], src }];
  if ('message' in raw) return [{ do: 'message', ...raw.message, src }];
  if ('call' in raw) return [{ do: 'call', from: raw.call.from, to: raw.call.to, talk: time(raw.call.for), src }];
  if ('hang-up' in raw) return [{ do: 'hang-up', actor: raw['hang-up'], src }];
  if ('wait' in raw) return [{ do: 'wait', time: time(raw.wait), src }];
  return [{ do: 'link', link: raw.link.name, set: raw.link.set, src }];
}

function upper(text: string | undefined): string | null {
  return text === undefined ? null : text.replace(/^<\s*/, '');
}

function readExpectation(raw: RawExpectation, src: SourceRef): Expectation[] {
  if ('signed-in' in raw) return raw['signed-in'].map((of) => ({ expect: 'signed-in', of, src }));
  if ('signalling' in raw) {
    const { signalling } = raw;
    return 'of' in signalling ? [{ expect: 'signalling', ...signalling, src }] : [{ expect: 'servers', nodes: signalling.between, is: signalling.is, src }];
  }
  if ('internet-only' in raw) return raw['internet-only'].map((traffic) => ({ expect: 'internet-only', traffic, src }));
  if ('message' in raw) return [{ expect: 'message', ...raw.message, src }];
  if ('call' in raw) return [{ expect: 'call', ...raw.call, src }];
  if ('media' in raw) return [{ expect: 'media', between: raw.media.between, is: raw.media.is, sites: raw.media.sites ?? null, src }];
  if ('symmetric' in raw) return [{ expect: 'symmetric', between: raw.symmetric.between, src }];
  if ('ice' in raw) {
    const [local = '', remote = ''] = raw.ice.candidates.split('/');
    return [{ expect: 'ice', between: raw.ice.between, local, remote, src }];
  }
  const { between, loss, delay, jitter } = raw.quality;
  const bounds = { loss: upper(loss), delay: upper(delay), jitter: upper(jitter) };
  return [
    {
      expect: 'quality',
      between,
      loss: bounds.loss === null ? null : Number(bounds.loss.replace(/\s*%$/, '')) / 100,
      delay: bounds.delay === null ? null : time(bounds.delay),
      jitter: bounds.jitter === null ? null : time(bounds.jitter),
      src,
    },
  ];
}
