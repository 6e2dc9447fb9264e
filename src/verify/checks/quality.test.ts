import { describe, expect, it } from 'vitest';
import { type HandMade, rtp, udp } from '../../analysis/ledger.testkit.js';
import { DROP } from '../../base/drop.js';
import type { Nanos } from '../../base/time.js';
import { CALLER_CALLEE, SRC, at, judged, relay, speak, verdict } from './check.testkit.js';
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

  it('of what is meant to be bad is above its bounds', () => {
    const bad = (loss: number | null, delay: Nanos | null, jitter: Nanos | null, below: Nanos | null = null): Expectation => ({
      expect: 'quality',
      between: CALLER_CALLEE,
      ...{ loss: null, delay: below, jitter: null, src: SRC },
      above: { loss, delay, jitter },
    });
    const run = (lab: HandMade): void => {
      both(lab);
      for (const k of [3, 4, 5]) lab.send({ way: 'alice lan', at: at(k * 20), frame: udp('alice', 50000, 'bob', 50000, rtp(1, k)), lost: DROP.LINK_LOSS });
    };
    // 3 of 6; the others take 2 ms.
    expect(judged(bad(0.4, null, null), run)).toMatchObject({ status: 'pass', expected: 'loss > 40%', observed: 'loss 50.00%' });
    expect(verdict(bad(0.5, null, null), run)).toBe('fail: loss 50.00%');
    expect(verdict(bad(null, at(1), null), run)).toBe('pass: delay 2ms');
    expect(verdict(bad(null, at(2), null), run)).toBe('fail: delay 2ms');
    expect(verdict(bad(null, null, at(0)), run)).toBe('fail: jitter 0');
    expect(judged(bad(0.4, null, null, at(3)), run)).toMatchObject({ status: 'pass', expected: 'delay < 3ms, loss > 40%' });
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

  it.each<[string, Expectation, string]>([
    ['its loss', quality(1 / 3), 'fail: loss 33.33%'],
    ['its loss, a little above', quality(0.334), 'pass: loss 33.33%'],
    ['its delay', quality(null, at(4)), 'fail: delay 4ms'],
    ['its delay, a little above', quality(null, (at(4) + 1) as Nanos), 'pass: delay 4ms'],
    ['its jitter', quality(null, null, at(0.5)), 'fail: jitter 500us'],
    ['its jitter, a little above', quality(null, null, (at(0.5) + 1) as Nanos), 'pass: jitter 500us'],
  ])('must stay below the bound: %s', (_, expectation, wanted) => {
    const run = (lab: HandMade): void => {
      both(lab);
      // Of alice six: four arrive, after 2, 2, 2 and 10 ms; the estimate of jitter is a sixteenth of 8 ms (RFC 3550 section 6.4.1).
      lab.send({ way: 'alice lan bob', at: at(60), frame: udp('alice', 50000, 'bob', 50000, rtp(1, 3)), delays: [at(1), at(9)] });
      for (const k of [4, 5]) lab.send({ way: 'alice lan', at: at(k * 20), frame: udp('alice', 50000, 'bob', 50000, rtp(1, k)), lost: DROP.LINK_LOSS });
    };
    expect(verdict(expectation, run)).toBe(wanted);
  });

  it('is of the worse direction, whichever that is', () => {
    const run = (lab: HandMade): void => {
      speak(lab, 0, 'alice lan bob', 1);
      // Bob's come 5 ms later than alice's, the third 24 ms late, the fourth never.
      for (const k of [0, 1, 2])
        lab.send({ way: 'bob lan alice', at: at(k * 20), frame: udp('bob', 50000, 'alice', 50000, rtp(2, k)), delays: [at(1), at(k === 2 ? 30 : 6)] });
      lab.send({ way: 'bob lan', at: at(60), frame: udp('bob', 50000, 'alice', 50000, rtp(2, 3)), lost: DROP.LINK_LOSS });
    };
    // (7 + 7 + 31) / 3 = 15 ms; 24 / 16 = 1.5 ms.
    expect(verdict(quality(0.25, at(15), at(1.5)), run)).toBe('fail: loss 25.00%, delay 15ms, jitter 1.5ms');
    expect(verdict(quality(0.26, at(15.1), at(1.6)), run)).toBe('pass: loss 25.00%, delay 15ms, jitter 1.5ms');
  });

  it('counts what arrived nowhere and was not lost neither way: refused, and under way at the end', () => {
    const run = (lab: HandMade): void => {
      both(lab);
      lab.send({ way: 'alice lan bob', at: at(80), frame: udp('alice', 50000, 'bob', 50000, rtp(1, 4)), flying: true });
    };
    expect(verdict(quality(0.01), run)).toBe('pass: loss 0.00%');
  });

  it('shows the packets of both, whatever it comes to', () => {
    const evidence = { packets: [1, 4, 2, 5, 3, 6], total: 6, links: ['alice--lan', 'bob--lan'] };
    expect(judged(quality(0.1), both)).toMatchObject({ status: 'pass', evidence });
    expect(judged(quality(0), both)).toMatchObject({ status: 'fail', observed: 'loss 0.00%', evidence });
    const unknown = (lab: HandMade): void => {
      for (const [from, to] of [
        ['alice', 'bob'],
        ['bob', 'alice'],
      ] as const)
        for (const k of [1, 2]) lab.send({ way: `${from} lan ${to}`, at: at(k), frame: udp(from, 50000, to, 50000, rtp(9, k, k * 160, 97)) });
    };
    expect(judged(quality(null, null, at(1)), unknown)).toMatchObject({ status: 'unproved', evidence: { total: 4 } });
  });

  it('tells times to the microsecond', () => {
    const run = (lab: HandMade): void => {
      for (const [from, to, ssrc] of [
        ['alice', 'bob', 1],
        ['bob', 'alice', 2],
      ] as const)
        for (const k of [1, 2])
          lab.send({ way: `${from} lan ${to}`, at: at(k * 20), frame: udp(from, 50000, to, 50000, rtp(ssrc, k)), delays: [at(1), 1_234_567 as Nanos] });
    };
    expect(verdict(quality(null, at(3), at(1)), run)).toBe('pass: delay 2.235ms, jitter 0');
  });

  it('says why there is nothing to judge', () => {
    const found = judged(quality(0.1), (lab) => lab.event(null, at(90), 'step', { step: 'call', ok: 'no', says: '480' }));
    expect(found).toMatchObject({ status: 'unproved', observed: 'no packet', evidence: { total: 0, why: 'step call: 480' } });
  });
});
