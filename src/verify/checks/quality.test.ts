import { describe, expect, it } from 'vitest';
import { type HandMade, rtp, udp } from '../../analysis/ledger.testkit.js';
import { DROP } from '../../base/drop.js';
import type { Nanos } from '../../base/time.js';
import { CALLER_CALLEE, SRC, at, relay, speak, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

const quality = (loss: number | null, delay: Nanos | null = null, jitter: Nanos | null = null): Expectation => ({
  expect: 'quality',
  between: CALLER_CALLEE,
  loss,
  delay,
  jitter,
  src: SRC,
});

describe('quality', () => {
  const both = (lab: HandMade): void => {
    speak(lab, 0, 'alice lan bob', 1);
    speak(lab, 1, 'bob lan alice', 2);
  };

  it('within its bounds, the worse direction counting', () => {
    const bounds = quality(0.1, at(5), at(1));
    expect(verdict(bounds, both)).toBe('pass: loss 0.00%, delay 2ms, jitter 0');
    const run = (lab: HandMade): void => {
      both(lab);
      // Three more of alice, the first of them 8 ms late, the others lost: 2 of 6.
      lab.send({ way: 'alice lan bob', at: at(60), frame: udp('alice', 50000, 'bob', 50000, rtp(1, 3)), delays: [at(1), at(9)] });
      for (const k of [4, 5]) lab.send({ way: 'alice lan', at: at(k * 20), frame: udp('alice', 50000, 'bob', 50000, rtp(1, k)), lost: DROP.LINK_LOSS });
    };
    // Mean of 2, 2, 2 and 10 ms; jitter a sixteenth of the 8 ms step.
    expect(verdict(bounds, run)).toBe('fail: loss 33.33%, delay 4ms, jitter 500us');
    expect(verdict(quality(0.4, at(5), at(1)), run)).toBe('pass: loss 33.33%, delay 4ms, jitter 500us');
    expect(verdict(quality(0.4, at(4), at(1)), run)).toMatch(/^fail/);
    expect(verdict(quality(0.4, at(5), at(0.5)), run)).toMatch(/^fail/);
    expect(verdict(bounds, () => undefined)).toBe('unproved: no packet');
  });

  it('is end to end: behind a relay the loss of both legs and the time of both', () => {
    const run = (lab: HandMade): void => {
      relay(lab, 'alice', 1, 10, (k) => k === 4);
      relay(lab, 'bob', 2, 10);
    };
    // 1 of 10 lost on the second leg; six links of 1 ms to the relay, six from it.
    expect(verdict(quality(0.2, at(13), at(1)), run)).toBe('pass: loss 10.00%, delay 12ms, jitter 0');
    expect(verdict(quality(0.1, at(13), at(1)), run)).toBe('fail: loss 10.00%, delay 12ms, jitter 0');
    expect(verdict(quality(0.2, at(12), at(1)), run)).toMatch(/^fail/);
  });

  it('knows no jitter where nobody told the clock rate', () => {
    const run = (lab: HandMade): void => {
      relay(lab, 'alice', 1, 3, () => false, 96);
      relay(lab, 'bob', 2);
    };
    expect(verdict(quality(0.1, at(13), at(1)), run)).toBe('unproved: jitter unknown: nobody told the clock rate of payload type 96');
    expect(verdict(quality(0.1, at(13)), run)).toBe('pass: loss 0.00%, delay 12ms');
    const told = (lab: HandMade): void => {
      lab.event('alice', at(0), 'media-started', { ssrc: '1', 'payload-type': '96', 'clock-rate': '8000' });
      run(lab);
    };
    expect(verdict(quality(0.1, at(13), at(1)), told)).toBe('pass: loss 0.00%, delay 12ms, jitter 0');
  });

  it('of one side only proves nothing', () => {
    const run = (lab: HandMade): void => {
      speak(lab, 0, 'alice lan bob', 1);
      speak(lab, 1, 'bob lan', 2, 3, { lost: DROP.LINK_LOSS });
    };
    expect(verdict(quality(0.99), run)).toBe('unproved: nothing of bob reaches alice (link-loss at bob--lan)');
  });
});
