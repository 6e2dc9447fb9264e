import { describe, expect, it } from 'vitest';
import { HandMade, PLAN, tcp } from '../analysis/ledger.testkit.js';
import { observe } from '../analysis/legs.js';
import type { Observation } from '../analysis/legs.js';
import { LabError } from '../base/error.js';
import { millis } from '../base/time.js';
import { EMPTY_BASELINE, compareBaseline, formatBaseline, parseBaseline, pathsOf } from './baseline.js';

const baseline = { ...EMPTY_BASELINE, flows: { f: { 'audio/a-b': { label: 'local', there: ['l1'], back: ['l1'] } } } };

describe('baseline files', () => {
  it('read back what was written', () => {
    expect(parseBaseline(formatBaseline(baseline), 'b.json')).toEqual(baseline);
  });

  it.each(['', '{', '[]', '{"format":"callpath-baseline-2","flows":{}}', '{"format":"callpath-baseline-1","flows":{"f":{"l":{"label":1}}}}'])(
    'refuse %j with a code',
    (text) => {
      let error: unknown;
      try {
        parseBaseline(text, 'b.json');
      } catch (caught) {
        error = caught;
      }
      expect(LabError.is(error) && error.code).toBe('BASELINE_INVALID');
    },
  );
});

const THERE = 'bob lan rt ce msee ms-lan online-fe';
const BACK = 'online-fe ms-lan msee ce rt lan bob';

function run(there: string, back: string, over: readonly string[] = []): Observation {
  const lab = new HandMade();
  lab.send({ way: there, over, at: millis(0), frame: tcp('bob', 40000, 'online-fe', 443) });
  lab.send({ way: back, over, at: millis(9), frame: tcp('online-fe', 443, 'bob', 40000) });
  return observe(lab.ledger(), PLAN);
}

describe('a run against its baseline', () => {
  const stored = { ...EMPTY_BASELINE, flows: { f: pathsOf(run(THERE, BACK), PLAN) } };
  const compared = (observation: Observation): string[] =>
    compareBaseline(stored, 'f', observation, PLAN).map(({ status, check, observed }) => `${status} ${check}: ${observed}`);

  it('is the same over the other circuit of the group', () => {
    expect(compared(run(THERE, BACK, ['er-secondary']))).toEqual([
      'pass baseline/signalling/bob-online-fe: ExpressRoute: bob--lan, er, msee--ms-lan, online-fe--ms-lan, rt--ce, rt--lan',
    ]);
  });

  it('names the leg that moved, with both paths and its packets', () => {
    const moved = run(THERE, BACK.replace('msee ce', 'msee isp ce'));
    const [finding] = compareBaseline(stored, 'f', moved, PLAN);
    expect(finding).toMatchObject({
      status: 'fail',
      subject: 'signalling/bob-online-fe path',
      expected: 'ExpressRoute: bob--lan, er, msee--ms-lan, online-fe--ms-lan, rt--ce, rt--lan',
    });
    expect(finding?.observed).toBe(
      'ExpressRoute and Internet: bob--lan, er, msee--ms-lan, online-fe--ms-lan, rt--ce, rt--lan; back by bob--lan, ce--isp, isp--msee, msee--ms-lan, online-fe--ms-lan, rt--ce, rt--lan',
    );
    expect(finding?.evidence).toMatchObject({ packets: [1, 2], total: 2 });
    expect(finding?.evidence.links).toContain('ce--isp');
  });

  it('misses a leg that is gone, and one that is new', () => {
    const lab = new HandMade();
    lab.send({ way: 'alice lan rt dc-fe', at: millis(0), frame: tcp('alice', 40000, 'dc-fe', 5061) });
    expect(compared(observe(lab.ledger(), PLAN))).toEqual([
      'fail baseline/signalling/alice-dc-fe: local: alice--lan, dc-fe--rt, rt--lan; back by nothing',
      'fail baseline/signalling/bob-online-fe: no such leg',
    ]);
  });

  it('fails for a flow that was never stored', () => {
    expect(compareBaseline(stored, 'g', run(THERE, BACK), PLAN)).toMatchObject([{ status: 'fail', check: 'baseline/g' }]);
  });
});
