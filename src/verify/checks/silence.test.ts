import { describe, expect, it } from 'vitest';
import { type HandMade, rtp, udp } from '../../analysis/ledger.testkit.js';
import { DROP } from '../../base/drop.js';
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
});
