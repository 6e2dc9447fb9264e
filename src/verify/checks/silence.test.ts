import { describe, expect, it } from 'vitest';
import { type HandMade, rtp, udp } from '../../analysis/ledger.testkit.js';
import { DROP } from '../../base/drop.js';
import type { Nanos } from '../../base/time.js';
import { seconds } from '../../base/time.js';
import { SRC, at, judged, relay, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

describe('silence', () => {
  const silence: Expectation = { expect: 'silence', from: 'callee', to: 'caller', longer: seconds(1), src: SRC };
  /** A packet every 20 ms of bob's; those in the stretch are dropped by the bridge's neighbour. */
  const voice = (lab: HandMade, count: number, lost: (k: number) => boolean): void => {
    for (let k = 0; k < count; k++)
      lab.send({ way: 'bob lan alice', at: at(k * 20), frame: udp('bob', 50000, 'alice', 50000, rtp(7, k)), ...(lost(k) && { lost: DROP.LINK_LOSS }) });
  };

  it('passes when nothing arrived for longer, though it was sent', () => {
    const found = judged(silence, (lab) => {
      voice(lab, 200, (k) => k >= 100 && k < 160);
    });
    expect(`${found.status}: ${found.observed}`).toBe('pass: 1.18s: 60 packets of bob from 2.0 s on, none arrived');
    expect(found.evidence.total).toBe(60);
  });

  it('fails when something arrived in between, or all did', () => {
    expect(
      verdict(silence, (lab) => {
        voice(lab, 200, (k) => k >= 100 && k < 160 && k !== 130);
      }),
    ).toMatch(/^fail: 580ms: 30 packets of bob/);
    expect(
      verdict(silence, (lab) => {
        voice(lab, 20, () => false);
      }),
    ).toBe('fail: everything that bob said arrived');
  });

  it('behind a relay is what the listener does not hear, though the relay does', () => {
    expect(verdict(silence, (lab) => relay(lab, 'bob', 7, 200, (k) => k >= 100 && k < 160))).toBe('pass: 1.18s: 60 packets of bob from 2.0 s on, none arrived');
  });

  it('is not proved by a pause: who says nothing is not lost', () => {
    expect(
      verdict(silence, (lab) => {
        for (const k of [0, 1, 2, 3]) lab.send({ way: 'bob lan alice', at: at(k * 9000), frame: udp('bob', 50000, 'alice', 50000, rtp(7, k)) });
      }),
    ).toBe('fail: everything that bob said arrived');
    expect(verdict(silence, () => undefined)).toBe('unproved: no packet');
  });

  it('must be longer than the bound, from its first packet to its last', () => {
    // 51 packets, 20 ms each: a second between the first and the last of them; the bound of a second is not exceeded.
    expect(verdict(silence, (lab) => voice(lab, 60, (k) => k >= 5 && k < 56))).toBe('fail: 1s: 51 packets of bob from 0.1 s on, none arrived');
    expect(verdict({ ...silence, longer: (seconds(1) - 1) as Nanos }, (lab) => voice(lab, 60, (k) => k >= 5 && k < 56))).toMatch(/^pass: 1s/);
  });

  it('is of one direction: what the other says does not count', () => {
    const run = (lab: HandMade): void => {
      voice(lab, 3, () => false);
      for (let k = 0; k < 3; k++) lab.send({ way: 'alice lan', at: at(k * 1000), frame: udp('alice', 50000, 'bob', 50000, rtp(8, k)), lost: DROP.LINK_LOSS });
      for (let k = 0; k < 3; k++) lab.send({ way: 'bob lan rt', at: at(k * 1000), frame: udp('bob', 50000, 'dave', 50000, rtp(9, k)), lost: DROP.LINK_LOSS });
    };
    expect(verdict(silence, run)).toBe('fail: everything that bob said arrived');
    expect(verdict({ ...silence, from: 'caller', to: 'callee' }, run)).toBe('pass: 2s: 3 packets of alice from 0.0 s on, none arrived');
  });

  it('names its own packets, ten at most, over the links of the media', () => {
    const found = judged(silence, (lab) => voice(lab, 20, (k) => k >= 4 && k < 16));
    expect(found.evidence).toMatchObject({ packets: [5, 6, 7, 8, 9, 10, 11, 12, 13, 14], total: 12, links: ['bob--lan', 'alice--lan'] });
  });

  it('is told to the millisecond', () => {
    const run = (lab: HandMade): void => {
      for (const [k, time] of [0, 1_234_567_890].entries())
        lab.send({ way: 'bob lan', at: time as Nanos, frame: udp('bob', 50000, 'alice', 50000, rtp(7, k)), lost: DROP.LINK_LOSS });
    };
    expect(verdict(silence, run)).toBe('pass: 1.235s: 2 packets of bob from 0.0 s on, none arrived');
  });

  it('says why there is nothing to judge', () => {
    const found = judged(silence, (lab) => lab.event(null, at(90), 'step', { step: 'call', ok: 'no', says: '480' }));
    expect(found.evidence).toEqual({ packets: [], total: 0, links: [], cause: 'step call: 480', why: 'step call: 480' });
  });
});
