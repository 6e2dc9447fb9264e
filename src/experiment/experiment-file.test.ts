import { describe, expect, it } from 'vitest';
import { parseExperiment } from './experiment-file.js';

const GOOD = `experiment: an-experiment
title: An experiment
symptom: nobody can call
source: a document
topology: ../../topologies/x.lab.yaml
with: { link.a--b: up }
actors: { caller: alice, callee: bob }
steps:
  - sign-in: [caller, callee]
  - call: { from: caller, to: callee, for: 5s }
  - mute: [caller]
broken:
  title: a link is down
  with: { link.er: down }
  expect:
    - fails: { step: call, says: '408' }
    - silence: { from: callee, to: caller, for: '> 5s' }
cured:
  title: it is up
  expect:
    - signed-in: [caller]
`;

/** Faults as `line:column CODE message`. */
function faults(text: string): string[] {
  const result = parseExperiment(text, 'lab/experiments/a.experiment.yaml');
  return result.ok ? [] : result.errors.map((e) => `${e.where?.line ?? 0}:${e.where?.column ?? 0} ${e.code} ${e.message}`);
}

describe('experiment files', () => {
  it('give two scripts that differ in topology and expectations', () => {
    const result = parseExperiment(GOOD, '/lab/experiments/a.experiment.yaml');
    if (!result.ok) throw new Error(faults(GOOD).join('\n'));
    const { experiment } = result;
    expect(experiment).toMatchObject({ id: 'an-experiment', symptom: 'nobody can call', topology: '/topologies/x.lab.yaml' });
    const [broken, cured] = experiment.variants;
    expect(broken).toMatchObject({
      name: 'broken',
      flow: {
        id: 'an-experiment.broken',
        title: 'broken: a link is down',
        steps: [{ do: 'sign-in' }, { do: 'call', talk: 5e9 }, { do: 'mute', actors: ['caller'], src: { line: 11 } }],
        expectations: [
          { expect: 'fails', step: 'call', says: '408', src: { line: 16 } },
          { expect: 'silence', from: 'callee', longer: 5e9 },
        ],
      },
    });
    expect(cured?.flow).toMatchObject({ id: 'an-experiment.cured', expectations: [{ expect: 'signed-in', of: 'caller' }] });
    const changes = (overrides: typeof broken extends undefined ? never : NonNullable<typeof broken>['overrides']): unknown[] =>
      overrides.map(({ target, value, places }) => [target, value, places.place([]).line]);
    expect(changes(broken?.overrides ?? [])).toEqual([
      ['link.a--b', 'up', 6],
      ['link.er', 'down', 14],
    ]);
    expect(changes(cured?.overrides ?? [])).toEqual([['link.a--b', 'up', 6]]);
  });

  it.each([
    ['broken:', 'brocken:', /^12:1 EXPERIMENT_SCHEMA unknown key "brocken"$/],
    ['symptom: nobody can call\n', '', /EXPERIMENT_SCHEMA "symptom" is missing/],
    ['to: callee, for: 5s', 'to: calle, for: 5s', /^10:5 FLOW_ACTOR "calle" is no actor of this flow$/],
    ['step: call, says', 'step: dance, says', /^16:22 EXPERIMENT_SCHEMA /],
    ["for: '> 5s'", "for: '< 5s'", /^17:49 EXPERIMENT_SCHEMA /],
    ['from: callee, to: caller, for', 'from: nobody, to: caller, for', /^17:7 FLOW_ACTOR/],
    ['with: { link.er: down }', 'with: [link.er]', /^14:9 EXPERIMENT_SCHEMA "with" is a list$/],
    ['experiment: an-experiment', 'experiment: An Experiment', /^1:13 EXPERIMENT_SCHEMA /],
    ['title: it is up', 'title: it is up\n  title: twice', /EXPERIMENT_SCHEMA the same key stands twice/],
  ])('%s as %s is told with its place', (from, to, fault) => {
    expect(GOOD).toContain(from);
    const found = faults(GOOD.replace(from, to));
    expect(
      found.some((text) => fault.test(text)),
      found.join('\n'),
    ).toBe(true);
  });

  it.each(['', '[]', 'experiment: 1', ': : :', 'experiment: *x', '"', '{', 'a\n\tb'])('refuse %j without a crash', (text) => {
    expect(faults(text).length).toBeGreaterThan(0);
  });
});
