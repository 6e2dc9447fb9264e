import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { formatDuration, millis } from '../base/time.js';
import type { LabError } from '../base/error.js';
import { parseFlow } from './flow-file.js';
import { lateTimes, stepsOf } from './script-tree.js';
import type { ScriptItem, StepList } from './script-tree.js';
import type { ExpectationTable } from './description/expectation-kind.js';
import { z } from 'zod';

/** Something to expect: who judges it stands above this floor. */
const ANY: ExpectationTable = [{ key: 'any', schema: z.literal(true), form: 'true', doc: 'anything', read: () => [{}], actors: () => [] }];
const HEAD = { flow: 'f', title: 't', source: 's', deployment: 'hybrid', topology: 't.lab.yaml', actors: { a: 'alice' }, expect: [{ any: true }] };

type Written = Readonly<Record<string, unknown>>;

function parsed(steps: readonly Written[]): { readonly steps: StepList | null; readonly errors: readonly LabError[] } {
  const result = parseFlow(stringify({ ...HEAD, steps }), 'f.flow.yaml', ANY);
  return result.ok ? { steps: result.flow.steps, errors: [] } : { steps: null, errors: result.errors };
}

/** A script as a file has it. A branch of one item is written without its list, as `together` allows. */
function written(list: StepList): readonly Written[] {
  const one = (item: ScriptItem): Written => {
    if (item.do === 'at') return { at: formatDuration(item.time), ...one(item.item) };
    if (item.do === 'together') return { together: item.branches.map((branch) => (branch.length === 1 ? one(branch[0]!) : branch.map(one))) };
    if (item.do === 'wait') return { wait: formatDuration(item.time) };
    if (item.do === 'sign-in') return { 'sign-in': item.actors };
    throw new Error(item.do);
  };
  return list.map(one);
}

const duration = fc.integer({ min: 1, max: 5_000 }).map((ms) => formatDuration(millis(ms)));
const leaf: fc.Arbitrary<Written> = fc.oneof(
  duration.map((time) => ({ wait: time })),
  fc.constant({ 'sign-in': ['a'] }),
);
const { list } = fc.letrec<{ item: Written; list: readonly Written[] }>((tie) => ({
  item: fc
    .tuple(
      fc.option(duration, { nil: null }),
      fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        leaf,
        fc
          .array(fc.oneof(tie('item'), fc.array(tie('item'), { minLength: 2, maxLength: 3 })), { minLength: 1, maxLength: 3 })
          .map((together) => ({ together })),
      ),
    )
    .map(([at, item]): Written => (at === null ? item : { at, ...item })),
  list: fc.array(tie('item'), { minLength: 1, maxLength: 4 }),
}));

/** How long a list takes at least, by the text alone. Null: it comes too late to a time. */
function ends(all: readonly Written[]): number | null {
  let end = 0;
  for (const item of all) {
    if (typeof item['at'] === 'string') {
      const time = millisOf(item['at']);
      if (time < end) return null;
      end = time;
    }
    const branches = (item['together'] ?? []) as readonly (Written | readonly Written[])[];
    const inner = branches.map((branch) => ends(Array.isArray(branch) ? (branch as readonly Written[]) : [branch as Written]));
    if (inner.includes(null)) return null;
    end += Math.max(0, ...inner.map(Number), typeof item['wait'] === 'string' ? millisOf(item['wait']) : 0);
  }
  return end;
}

function millisOf(text: string): number {
  return Math.round(parseFloat(text) * (text.endsWith('ms') ? 1 : 1000));
}

describe('a script', () => {
  it('of any shape is read, and printed back as it was; a time that is over is the only fault', () => {
    let late = 0;
    fc.assert(
      fc.property(list, (steps) => {
        const read = parsed(steps);
        if (ends(steps) === null) {
          late++;
          expect(read.errors.length).toBeGreaterThan(0);
          expect(read.errors.every(({ code, message }) => code === 'FLOW_STEP' && message.startsWith('"at: '))).toBe(true);
        } else {
          expect(read.errors).toEqual([]);
          expect(written(read.steps!)).toEqual(steps);
        }
      }),
      { numRuns: 300 },
    );
    expect(late).toBeGreaterThan(10);
  });

  it('gives its steps in the order of the file', () => {
    const { steps } = parsed([
      { wait: '1s' },
      { together: [{ wait: '2s' }, [{ wait: '3s' }, { at: '4s', together: [{ wait: '5s' }] }]] },
      { at: '20s', wait: '6s' },
    ]);
    expect(stepsOf(steps!).map((step) => (step.do === 'wait' ? step.time / 1e9 : 0))).toEqual([1, 2, 3, 5, 6]);
    expect(lateTimes(steps!)).toEqual([]);
  });

  it('that comes too late to a time says so at the time', () => {
    const text =
      'flow: f\ntitle: t\nsource: s\ndeployment: hybrid\ntopology: t\nactors: { a: alice }\nexpect: [{ any: true }]\nsteps:\n  - wait: 5s\n  - at: 3s\n    wait: 1s\n';
    const result = parseFlow(text, 'f.flow.yaml', ANY);
    expect(result.ok ? [] : result.errors.map(({ code, where, message }) => `${where?.line}:${where?.column} ${code} ${message}`)).toEqual([
      '10:9 FLOW_STEP "at: 3s" is over when the list comes to it: what stands before takes 5s at least',
    ]);
  });

  it.each<[Written, string]>([
    [{ at: '5s' }, 'item 1 of "steps" does not say what it is'],
    [{ at: '5s', wait: '1s', 'sign-in': ['a'] }, '"wait" can\'t stand beside "at", "sign-in"'],
    [{ together: [] }, '"together" is an empty list'],
    [{ together: [[{ wat: '1s' }]] }, 'unknown key "wat"'],
    [{ together: [{ 'sign-in': ['b'] }] }, '"b" is no actor of this flow'],
    [{ at: 5, wait: '1s' }, '"at" is a number 5'],
  ])('%j is refused', (item, message) => {
    expect(parsed([item]).errors.map((error) => error.message)).toEqual([message]);
  });
});
