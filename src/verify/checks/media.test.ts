import { describe, expect, it } from 'vitest';
import { type HandMade, rtp, udp } from '../../analysis/ledger.testkit.js';
import { DROP } from '../../base/drop.js';
import type { PathLabel } from '../path-check.js';
import { CALLER_CALLEE, SRC, at, judged, relay, speak, verdict } from './check.testkit.js';
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

  describe('of a call', () => {
    const call = (lab: HandMade, from: number, to: number | null, by = 'alice', peer = 'bob'): void => {
      lab.event(by, at(from), 'call-answered', { peer: `${peer}@contoso.example` });
      if (to !== null) lab.event(by, at(to), 'call-ended', { peer: `${peer}@contoso.example` });
    };
    /** A packet now and then, from before the call to after it. */
    const throughout = (lab: HandMade, from: string, to: string, ssrc: number): void => {
      for (const k of [0, 1, 2]) lab.send({ way: `${from} lan ${to}`, at: at(k * 1500), frame: udp(from, 50000, to, 50000, rtp(ssrc, k)) });
    };
    /** Alice throughout; bob at these times, three packets in 40 ms each. */
    const bobAt =
      (...times: readonly number[]) =>
      (lab: HandMade): void => {
        throughout(lab, 'alice', 'bob', 1);
        times.forEach((ms, i) => speak(lab, ms, 'bob lan alice', 20 + i));
      };
    const NOT = 'fail: local, call 1: nothing of bob reaches alice';

    it.each<[string, readonly number[], string]>([
      ['said during it', [1200], 'pass: local'],
      ['that ended before it was answered', [959], NOT],
      ['that ended as it was answered', [960], 'pass: local'],
      ['that began as it ended', [2000], 'pass: local'],
      ['that began after it', [2001], NOT],
      ['before and after it only', [0, 2400], NOT],
      ['at any of several times', [0, 1500, 2400], 'pass: local'],
    ])('is what was heard of a stream %s', (_, times, wanted) => {
      const run = (lab: HandMade): void => {
        bobAt(...times)(lab);
        call(lab, 1000, 2000);
      };
      expect(verdict(media('local'), run)).toBe(wanted);
    });

    it('goes on through it, where a stream began before and ends after', () => {
      const run = (lab: HandMade): void => {
        throughout(lab, 'alice', 'bob', 1);
        throughout(lab, 'bob', 'alice', 2);
        call(lab, 1000, 2000);
      };
      expect(verdict(media('local'), run)).toBe('pass: local');
    });

    it('is none of a stream of which nothing arrived', () => {
      const run = (lab: HandMade): void => {
        bobAt(0)(lab);
        speak(lab, 1200, 'bob lan', 30, 3, { lost: DROP.LINK_LOSS });
        call(lab, 1000, 2000);
      };
      expect(verdict(media('local'), run)).toBe(NOT);
    });

    it('that nobody ended goes on to the end of the run', () => {
      expect(verdict(media('local'), (lab) => (bobAt(2400)(lab), call(lab, 1000, null)))).toBe('pass: local');
    });

    it('is asked for whoever called, in both directions, by numbers of calls', () => {
      const run = (lab: HandMade): void => {
        bobAt(0)(lab);
        call(lab, 0, 500);
        call(lab, 5000, 6000, 'bob', 'alice');
      };
      expect(verdict(media('local'), run)).toBe('fail: local, call 2: nothing of alice reaches bob, call 2: nothing of bob reaches alice');
    });

    it('with somebody else is not asked for', () => {
      const run = (lab: HandMade): void => {
        bobAt(0)(lab);
        call(lab, 5000, 6000, 'alice', 'dave');
        call(lab, 5000, 6000, 'dave', 'bob');
        call(lab, 5000, 6000, 'bob', 'dave');
      };
      expect(verdict(media('local'), run)).toBe('pass: local');
    });
  });

  it('crosses the sites of both ends of each link; a node without a site goes by its name', () => {
    const far = (lab: HandMade): void => {
      speak(lab, 0, 'alice lan rt branch dave', 1);
      speak(lab, 1, 'dave branch rt lan alice', 2);
    };
    const withDave = (sites: readonly string[]): Expectation => media('local', sites, ['caller', 'third']);
    expect(verdict(withDave(['hq', 'branch']), far)).toBe('pass: local, by hq and branch only');
    expect(verdict(withDave(['hq']), far)).toBe('fail: local, through branch');
    expect(verdict(withDave([]), far)).toBe('fail: local, through hq and branch');
    // One direction through another site is enough.
    const detour = (lab: HandMade): void => {
      speak(lab, 0, 'alice lan bob', 1);
      speak(lab, 1, 'bob lan rt branch rt lan alice', 2);
    };
    expect(verdict(media('local', ['hq']), detour)).toBe('fail: local, through branch');
  });

  it('says why there is none', () => {
    const found = judged(media('local'), (lab) => lab.event(null, at(90), 'step', { step: 'call', ok: 'no', says: '480' }));
    expect(found).toMatchObject({ status: 'unproved', observed: 'no packet', evidence: { packets: [], total: 0, links: [], why: 'step call: 480' } });
    const passed = judged(media('local'), (lab) => (both(lab), lab.event(null, at(90), 'step', { step: 'mute', ok: 'no', says: '480' })));
    expect(passed).toMatchObject({ status: 'pass', evidence: { packets: [1, 4, 2, 5, 3, 6], total: 6 } });
    expect(passed.evidence).not.toHaveProperty('why');
  });
});
