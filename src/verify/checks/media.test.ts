import { describe, expect, it } from 'vitest';
import type { HandMade } from '../../analysis/ledger.testkit.js';
import { DROP } from '../../base/drop.js';
import type { PathLabel } from '../path-check.js';
import { CALLER_CALLEE, SRC, at, relay, speak, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

const media = (is: PathLabel, sites: readonly string[] | null = null, between = CALLER_CALLEE): Expectation => ({
  expect: 'media',
  between,
  is,
  sites,
  src: SRC,
});

describe('media', () => {
  const both = (lab: HandMade): void => {
    speak(lab, 0, 'alice lan bob', 1);
    speak(lab, 1, 'bob lan alice', 2);
  };

  it('local, and by one site only', () => {
    expect(verdict(media('local', ['hq']), both)).toBe('pass: local, by hq only');
    expect(verdict(media('local', ['branch']), both)).toBe('fail: local, through hq');
    expect(verdict(media('Internet'), both)).toBe('fail: local: alice--lan, bob--lan');
    expect(verdict(media('local', null, ['caller', 'third']), both)).toBe('unproved: no packet');
  });

  it('of one side only is no media', () => {
    const run = (lab: HandMade): void => {
      speak(lab, 0, 'alice lan bob', 1);
      speak(lab, 1, 'bob lan', 2, 3, { lost: DROP.LINK_LOSS });
    };
    expect(verdict(media('local'), run)).toBe('fail: local, nothing of bob reaches alice (link-loss at bob--lan)');
  });

  it('is what the listener hears, by whatever relay', () => {
    const byRelay = (lab: HandMade): void => {
      relay(lab, 'alice', 1);
      relay(lab, 'bob', 2);
    };
    expect(verdict(media('ExpressRoute'), byRelay)).toBe('pass: ExpressRoute');
    expect(verdict(media('local'), byRelay)).toBe('fail: ExpressRoute: er-primary');
    expect(verdict(media('ExpressRoute', ['hq']), byRelay)).toBe('fail: ExpressRoute, through msee and ms-lan and edge');
    // The relay heard bob, and alice did not.
    const deaf = (lab: HandMade): void => {
      relay(lab, 'alice', 1);
      relay(lab, 'bob', 2, 3, () => true);
    };
    expect(verdict(media('ExpressRoute'), deaf)).toBe('fail: ExpressRoute, nothing of bob reaches alice (link-loss at alice--lan)');
    // Media with the relay alone is no media of the two.
    expect(verdict(media('ExpressRoute'), (lab) => speak(lab, 0, 'alice lan rt ce msee ms-lan edge', 1))).toBe('unproved: no packet');
  });

  it('of each call: one does not stand for the other', () => {
    const call = (lab: HandMade, from: number, to: number): void => {
      lab.event('alice', at(from), 'call-answered', { peer: 'bob@contoso.example' });
      lab.event('alice', at(to), 'call-ended', { peer: 'bob@contoso.example' });
    };
    const expectation = media('local');
    const twice = (second: boolean) => (lab: HandMade) => {
      both(lab);
      call(lab, 0, 500);
      speak(lab, 1000, 'alice lan bob', 3);
      if (second) speak(lab, 1000, 'bob lan alice', 4);
      call(lab, 1000, 1500);
    };
    expect(verdict(expectation, twice(true))).toBe('pass: local');
    expect(verdict(expectation, twice(false))).toBe('fail: local, call 2: nothing of bob reaches alice');
  });
});
