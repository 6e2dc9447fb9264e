import { describe, expect, it } from 'vitest';
import type { HandMade } from '../../analysis/ledger.testkit.js';
import { DROP } from '../../base/drop.js';
import { CALLER_CALLEE, SRC, relay, speak, verdict } from './check.testkit.js';
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
});
