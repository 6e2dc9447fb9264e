/**
 * Steps and expectations as files have them: their shapes, and what they mean. Flow files and experiments share them.
 * @module
 */
import { z } from 'zod';
import { DROP_NAMES } from '../base/drop.js';
import type { ErrorCode, SourceRef } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import { parseDuration, seconds } from '../base/time.js';
import type { Faults } from '../topology/source/faults.js';
import type { Path, Source } from '../topology/source/source.js';
import { didYouMean, listed } from '../topology/source/suggest.js';
import { readIssues } from '../topology/source/zod-issues.js';
import { FAILING_STEPS, INTERNET_ONLY, PATH_LABELS, WHY_MEDIA } from './flow.js';
import type { Expectation, Step } from './flow.js';

const actor = z.string().min(1);
/** Lab time is exact up to here: 104 days in nanoseconds. */
const LONGEST = Number.MAX_SAFE_INTEGER;
const duration = z.string().refine((text) => (parseDuration(text) ?? Infinity) <= LONGEST, { error: 'a duration such as 4s or 250ms, of at most 2501h' });
const pair = z.tuple([actor, actor]);
const bound = (unit: string): z.ZodString =>
  z.string().regex(new RegExp(`^<\\s*\\d+(\\.\\d+)?\\s*(${unit})$`), { error: `an upper bound such as "< 1${unit.split('|')[0] ?? ''}"` });

const stepSchema = z.union([
  z.strictObject({ 'sign-in': z.array(actor).min(1) }),
  z.strictObject({ 'sign-out': z.array(actor).min(1) }),
  z.strictObject({ message: z.strictObject({ from: actor, to: actor, text: z.string().min(1) }) }),
  z.strictObject({ call: z.strictObject({ from: actor, to: actor, for: duration }) }),
  z.strictObject({ 'hang-up': actor }),
  z.strictObject({ mute: z.array(actor).min(1) }),
  z.strictObject({ unmute: z.array(actor).min(1) }),
  z.strictObject({ wait: duration }),
  z.strictObject({ link: z.strictObject({ name: z.string(), set: z.string() }) }),
]);

const label = z.enum(PATH_LABELS);
const name = z.string().min(1);
const names = z.union([name, z.array(name).min(1)]);

const expectSchema = z.union([
  z.strictObject({ 'signed-in': z.array(actor).min(1) }),
  z.strictObject({ signalling: z.union([z.strictObject({ of: actor, is: label }), z.strictObject({ between: z.tuple([name, name]), is: label })]) }),
  z.strictObject({ 'internet-only': z.array(z.enum(INTERNET_ONLY)).min(1) }),
  z.strictObject({ message: z.strictObject({ from: actor, to: actor }) }),
  z.strictObject({ call: z.strictObject({ from: actor, to: actor }) }),
  z.strictObject({ media: z.strictObject({ between: pair, is: label, sites: z.array(z.string()).optional() }) }),
  z.strictObject({
    ice: z.strictObject({
      between: pair,
      candidates: z.string().regex(/^(host|srflx|prflx|relay)\/(host|srflx|prflx|relay)$/, { error: 'two candidate types such as host/host' }),
    }),
  }),
  z.strictObject({ symmetric: z.strictObject({ between: pair }) }),
  z.strictObject({
    quality: z.strictObject({ between: pair, loss: bound('%').optional(), delay: bound('ms|us|s').optional(), jitter: bound('ms|us|s').optional() }),
  }),
  z.strictObject({ fails: z.strictObject({ step: z.enum(FAILING_STEPS), says: z.string().min(1).optional() }) }),
  z.strictObject({
    silence: z.strictObject({ from: actor, to: actor, for: z.string().regex(/^>\s*\d+(\.\d+)?\s*(ms|s|m)$/, { error: 'a lower bound such as "> 5s"' }) }),
  }),
  z.strictObject({
    why: z
      .strictObject({
        between: z.tuple([name, name]).optional(),
        of: name.optional(),
        medium: z.enum(WHY_MEDIA).optional(),
        'parts-at': z.string().optional(),
        'meets-at': z.string().optional(),
        'state-at': names.optional(),
        'dropped-at': names.optional(),
        by: z.enum(DROP_NAMES).exclude(['none']).optional(),
        rule: z
          .string()
          .regex(/^[^:]+(:\d+)?$/, { error: 'a rule file, or FILE:LINE' })
          .optional(),
        says: z.string().min(1).optional(),
      })
      .refine((why) => (why.between === undefined) !== (why.of === undefined), { error: 'either between: [NODE, NODE] or of: NODE' })
      .refine((why) => Object.keys(why).some((key) => !['between', 'of', 'medium'].includes(key)), {
        error: 'at least one of parts-at, meets-at, state-at, dropped-at, by, rule, says',
      }),
  }),
]);

/** Keys that every script has. */
export const scriptSchema = {
  actors: z.record(z.string(), z.string()),
  steps: z.array(stepSchema).min(1),
  limit: duration.optional(),
};
export const expectationsSchema = z.array(expectSchema).min(1);

export type RawStep = z.infer<typeof stepSchema>;
/** One entry of `expect`, as people write it. */
export type ExpectationText = z.input<typeof expectSchema>;
export type RawExpectation = z.infer<typeof expectSchema>;

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

/** Steps at a path of a file. Faults: FLOW_ACTOR. */
export function readSteps(raw: readonly RawStep[], path: Path, actors: Readonly<Record<string, string>>, faults: Faults): readonly Step[] {
  return raw.flatMap((one, i) => {
    const steps = readStep(one, faults.source.place([...path, i]));
    checkActors(steps.flatMap(actorsOf), actors, [...path, i], faults);
    return steps;
  });
}

/** Expectations at a path of a file. Faults: FLOW_ACTOR. */
export function readExpectations(raw: readonly RawExpectation[], path: Path, actors: Readonly<Record<string, string>>, faults: Faults): readonly Expectation[] {
  return raw.flatMap((one, i) => {
    const expectations = readExpectation(one, faults.source.place([...path, i]));
    // One entry of the file may be several expectations: each fault is told once.
    checkActors([...new Set(expectations.flatMap(actorsOf))], actors, [...path, i], faults);
    return expectations;
  });
}

/** Of a text that is a duration. */
export function time(text: string): Nanos {
  return parseDuration(text) ?? seconds(0);
}

function checkActors(names: readonly string[], actors: Readonly<Record<string, string>>, path: readonly (string | number)[], faults: Faults): void {
  for (const name of names) {
    if (Object.hasOwn(actors, name)) continue;
    faults.add('FLOW_ACTOR', path, `"${name}" is no actor of this flow`, {
      expected: `one of: ${listed(Object.keys(actors))}`,
      ...didYouMean(name, Object.keys(actors)),
    });
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
  if ('mute' in raw) return [{ do: 'mute', actors: raw.mute, src }];
  if ('unmute' in raw) return [{ do: 'unmute', actors: raw.unmute, src }];
  if ('hang-up' in raw) return [{ do: 'hang-up', actor: raw['hang-up'], src }];
  if ('wait' in raw) return [{ do: 'wait', time: time(raw.wait), src }];
  return [{ do: 'link', link: raw.link.name, set: raw.link.set, src }];
}

function upper(text: string | undefined): string | null {
  return text === undefined ? null : text.replace(/^<\s*/, '');
}

function readWhy(raw: Extract<RawExpectation, { why: unknown }>['why'], src: SourceRef): Expectation {
  const text = (key: 'parts-at' | 'meets-at' | 'rule' | 'says'): string | null => raw[key] ?? null;
  return {
    expect: 'why',
    nodes: raw.between ?? [raw.of ?? ''],
    medium: raw.medium ?? null,
    partsAt: text('parts-at'),
    meetsAt: text('meets-at'),
    stateAt: [raw['state-at'] ?? []].flat(),
    droppedAt: [raw['dropped-at'] ?? []].flat(),
    by: raw.by ?? null,
    rule: text('rule'),
    says: text('says'),
    src,
  };
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
  if ('fails' in raw) return [{ expect: 'fails', step: raw.fails.step, says: raw.fails.says ?? null, src }];
  if ('silence' in raw)
    return [{ expect: 'silence', from: raw.silence.from, to: raw.silence.to, longer: time(raw.silence.for.replace(/^>\s*/, '').replace(/\s/g, '')), src }];
  if ('why' in raw) return [readWhy(raw.why, src)];
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
