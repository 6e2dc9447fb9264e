import { describe, expect, it } from 'vitest';
import { type HandMade, rtp, udp } from '../../analysis/ledger.testkit.js';
import { DROP } from '../../base/drop.js';
import { CALLER_CALLEE, SRC, at, judged, relay, speak, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

const symmetric: Expectation = { expect: 'symmetric', between: CALLER_CALLEE, src: SRC };

describe('symmetric', () => {
  const both = (lab: HandMade): void => {
    speak(lab, 0, 'alice lan bob', 1);
    speak(lab, 1, 'bob lan alice', 2);
  };
  const astray = (lab: HandMade): void => {
    speak(lab, 0, 'alice lan rt lan bob', 1);
    speak(lab, 1, 'bob lan alice', 2);
  };

  it('the same links both ways', () => {
    expect(verdict(symmetric, both)).toBe('pass: same links both ways');
    expect(verdict(symmetric, astray)).toBe('fail: only alice > bob: rt--lan');
    expect(verdict(symmetric, () => undefined)).toBe('unproved: no packet');
  });

  it('by a relay one way only is not', () => {
    const both = (lab: HandMade): void => {
      relay(lab, 'alice', 1);
      relay(lab, 'bob', 2);
    };
    const one = (lab: HandMade): void => {
      relay(lab, 'alice', 1);
      speak(lab, 1, 'bob lan alice', 2);
    };
    expect(verdict(symmetric, both)).toBe('pass: same links both ways');
    expect(verdict(symmetric, one)).toBe('fail: only alice > bob: rt--lan, rt--ce, er, msee--ms-lan, edge--ms-lan');
  });

  it('of one side only proves nothing', () => {
    const run = (lab: HandMade): void => {
      speak(lab, 0, 'alice lan bob', 1);
      speak(lab, 1, 'bob lan', 2, 3, { lost: DROP.LINK_LOSS });
    };
    expect(verdict(symmetric, run)).toBe('unproved: nothing of bob reaches alice (link-loss at bob--lan)');
  });

  it('says what each direction has alone, from who comes first by name', () => {
    const run = (lab: HandMade): void => {
      speak(lab, 0, 'alice lan rt lan bob', 1);
      speak(lab, 1, 'bob lan rt branch rt lan alice', 2);
    };
    const words = 'fail: only bob > alice: branch--rt';
    expect(verdict(symmetric, run)).toBe(words);
    expect(verdict({ ...symmetric, between: ['callee', 'caller'] }, run)).toBe(words);
    const apart = (lab: HandMade): void => {
      speak(lab, 0, 'alice lan rt ce rt lan bob', 1);
      speak(lab, 1, 'bob lan rt branch rt lan alice', 2);
    };
    expect(verdict(symmetric, apart)).toBe('fail: only alice > bob: rt--ce; only bob > alice: branch--rt');
  });

  it('is of groups: either circuit is the same, in whatever order', () => {
    const run = (lab: HandMade): void => {
      const [a, b] = ['alice lan rt ce msee ce rt lan bob', 'bob lan rt ce msee ce rt lan alice'];
      for (const k of [1, 2]) {
        lab.send({ way: a, at: at(k * 20), frame: udp('alice', 50000, 'bob', 50000, rtp(1, k)) });
        lab.send({ way: b, over: ['er-secondary'], at: at(k * 20 + 10), frame: udp('bob', 50000, 'alice', 50000, rtp(2, k)) });
      }
    };
    expect(judged(symmetric, run)).toMatchObject({ status: 'pass', evidence: { packets: [1, 2, 3, 4], total: 4 } });
  });

  it('says why there is nothing to judge', () => {
    const found = judged(symmetric, (lab) => lab.event(null, at(90), 'step', { step: 'call', ok: 'no', says: '480' }));
    expect(found).toMatchObject({ status: 'unproved', evidence: { packets: [], total: 0, why: 'step call: 480' } });
  });
});
