import { describe, expect, it } from 'vitest';
import { HandMade, PLAN, STUN, rtp, tcp, udp } from '../analysis/ledger.testkit.js';
import { observe } from '../analysis/legs.js';
import type { Observation } from '../analysis/legs.js';
import { LabError } from '../base/error.js';
import { millis } from '../base/time.js';
import { EMPTY_BASELINE, compareBaseline, formatBaseline, parseBaseline, pathsOf } from './baseline.js';
import type { Baseline } from './baseline.js';

const baseline = { ...EMPTY_BASELINE, flows: { f: { 'audio/a-b': { label: 'local', there: ['l1'], back: ['l1'] } } } };

describe('baseline files', () => {
  it('read back what was written', () => {
    expect(parseBaseline(formatBaseline(baseline), 'b.json')).toEqual(baseline);
  });

  it('are sorted by flow, legible, and end with a line end', () => {
    const two: Baseline = { ...EMPTY_BASELINE, flows: { b: {}, c: {}, a: baseline.flows.f } };
    expect(formatBaseline(two)).toBe(`{
  "format": "callpath-baseline-1",
  "flows": {
    "a": {
      "audio/a-b": {
        "label": "local",
        "there": [
          "l1"
        ],
        "back": [
          "l1"
        ]
      }
    },
    "b": {},
    "c": {}
  }
}
`);
    expect(EMPTY_BASELINE).toEqual({ format: 'callpath-baseline-1', flows: {} });
  });

  const refused = (text: string): LabError => {
    try {
      parseBaseline(text, 'b.json');
    } catch (error) {
      if (LabError.is(error)) return error;
    }
    return expect.fail('not refused');
  };

  it.each(['', '{'])('refuse %j: no JSON', (text) => {
    const error = refused(text);
    expect(error.code).toBe('BASELINE_INVALID');
    expect(error.message).toMatch(/^b\.json is no JSON$/);
    expect(error.where).toEqual({ file: 'b.json', line: 1, column: 1 });
    expect(error.cause).toBeInstanceOf(SyntaxError);
  });

  it.each([
    ['[]', /^b\.json: the whole is an empty list$/],
    ['{"format":"callpath-baseline-2","flows":{}}', /^b\.json: format /],
    ['{"format":"callpath-baseline-1","flows":{},"more":1}', /^b\.json: more unknown key "more"$/],
    ['{"format":"callpath-baseline-1","flows":{"f":{"l":{"label":1,"there":[],"back":[]}}}}', /^b\.json: flows\.f\.l\.label /],
    ['{"format":"callpath-baseline-1","flows":{"f":{"l":{"label":"local","there":[2],"back":[]}}}}', /^b\.json: flows\.f\.l\.there\.0 /],
  ])('refuse %s, and say how to make it anew', (text, message) => {
    const error = refused(text);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({
      code: 'BASELINE_INVALID',
      where: { file: 'b.json', line: 1, column: 1 },
      expected: 'a file made by callpath run --write-baseline',
      hint: 'make it anew: callpath run --write-baseline FILE',
    });
  });
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

  it('has a leg that vanished without evidence, and one that appeared with its own', () => {
    const lab = new HandMade();
    lab.send({ way: 'alice lan rt dc-fe', at: millis(0), frame: tcp('alice', 40000, 'dc-fe', 5061) });
    expect(compareBaseline(stored, 'f', observe(lab.ledger(), PLAN), PLAN)).toMatchObject([
      { expected: 'no such leg', subject: 'signalling/alice-dc-fe path', evidence: { packets: [1], total: 1 }, src: null },
      { observed: 'no such leg', evidence: { packets: [], total: 0, links: [] }, src: null },
    ]);
  });

  it('is what was stored only if the way back is, too', () => {
    const moved = run(THERE, BACK.replace('msee ce', 'msee isp ce'));
    const again = { ...EMPTY_BASELINE, flows: { f: pathsOf(moved, PLAN) } };
    expect(compareBaseline(again, 'f', moved, PLAN).map(({ status }) => status)).toEqual(['pass']);
    const [found] = compareBaseline(again, 'f', run(THERE, BACK), PLAN);
    expect(found?.expected).toMatch(/; back by bob--lan, ce--isp, isp--msee,/);
    expect(found?.status).toBe('fail');
  });

  it('fails for a flow that was never stored', () => {
    expect(compareBaseline(stored, 'g', run(THERE, BACK), PLAN)).toEqual([
      {
        status: 'fail',
        check: 'baseline/g',
        subject: 'g',
        expected: 'paths in the baseline',
        observed: 'the baseline does not have this flow',
        evidence: { packets: [], total: 0, links: [] },
        src: null,
      },
    ]);
  });
});

describe('paths of a run', () => {
  it('are those of signalling and audio, by the names of the legs; groups sorted', () => {
    const lab = new HandMade();
    lab.send({ way: THERE, at: millis(0), frame: tcp('bob', 40000, 'online-fe', 443) });
    lab.send({ way: 'alice lan bob', at: millis(1), frame: udp('alice', 50000, 'bob', 50000, STUN) });
    lab.send({ way: 'alice lan rt dns', at: millis(2), frame: udp('alice', 5353, 'dns', 53, new Uint8Array(20)) });
    for (const k of [1, 2]) lab.send({ way: 'bob lan alice', at: millis(20 * k), frame: udp('bob', 50000, 'alice', 50000, rtp(7, k)) });
    lab.send({ way: 'alice lan rt dc-fe', at: millis(90), frame: tcp('alice', 40000, 'dc-fe', 5061) });
    const paths = pathsOf(observe(lab.ledger(), PLAN), PLAN);
    expect(Object.keys(paths)).toEqual(['audio/alice-bob', 'signalling/alice-dc-fe', 'signalling/bob-online-fe']);
    expect(paths['audio/alice-bob']).toEqual({ label: 'local', there: [], back: ['alice--lan', 'bob--lan'] });
    expect(paths['signalling/alice-dc-fe']).toEqual({ label: 'local', there: ['alice--lan', 'dc-fe--rt', 'rt--lan'], back: [] });
    expect(paths['signalling/bob-online-fe']?.there).toEqual(['bob--lan', 'er', 'msee--ms-lan', 'online-fe--ms-lan', 'rt--ce', 'rt--lan']);
  });
});
