import { describe, expect, it } from 'vitest';
import { type HandMade, tcp } from '../analysis/ledger.testkit.js';
import { DROP } from '../base/drop.js';
import { SRC, at, judged } from './checks/check.testkit.js';
import type { Expectation } from './checks/table.js';

const signalling: Expectation = { expect: 'signalling', of: 'callee', is: 'ExpressRoute', src: SRC };
const signedIn: Expectation = { expect: 'signed-in', of: 'callee', src: SRC };

describe('why something did not come about', () => {
  const refused = (lab: HandMade, ms: number, fields: Readonly<Record<string, string>>): void => lab.event(null, at(ms), 'step', { ok: 'no', ...fields });
  const why = (play: (lab: HandMade) => void): string | undefined => judged(signalling, play).evidence.why;

  it('is what the last refused step said, and that the run ended early', () => {
    expect(why((lab) => refused(lab, 90, { step: 'sign-in', says: 'DNS_TIMEOUT' }))).toBe('step sign-in: DNS_TIMEOUT');
    expect(
      why((lab) => {
        refused(lab, 90, { step: 'sign-in', says: 'DNS_TIMEOUT' });
        refused(lab, 95, { step: 'call', says: '404 Not Found' });
        lab.event(null, at(96), 'step', { step: 'hang-up', ok: 'yes', says: 'done' });
        lab.event('alice', at(97), 'other', { step: 'mute', ok: 'no', says: 'none of this' });
      }),
    ).toBe('step call: 404 Not Found');
    expect(why((lab) => lab.event(null, at(99), 'ended-early', { says: 'LAB_STALLED' }))).toBe('the run ended early: LAB_STALLED');
    expect(
      why((lab) => {
        lab.event(null, at(98), 'ended-early', { says: 'the first' });
        lab.event(null, at(99), 'ended-early', { says: 'LAB_TIME_LIMIT' });
        refused(lab, 90, { step: 'call', says: '480' });
      }),
    ).toBe('step call: 480; the run ended early: LAB_TIME_LIMIT');
  });

  it('has words also for those who did not say', () => {
    expect(why((lab) => refused(lab, 90, {}))).toBe('step ?: failed');
    expect(why((lab) => lab.event(null, at(99), 'ended-early'))).toBe('the run ended early: ?');
  });

  it('goes before what became of the packets, and is nothing where all went well', () => {
    const lost = (lab: HandMade): void => {
      lab.send({ way: 'bob lan rt', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443), dropped: DROP.NO_ROUTE });
    };
    expect(judged(signedIn, lost).evidence.why).toBe('1 × no-route at rt');
    expect(judged(signedIn, (lab) => (lost(lab), lab.event(null, at(99), 'ended-early', { says: 'LAB_STALLED' }))).evidence.why).toBe(
      'the run ended early: LAB_STALLED; 1 × no-route at rt',
    );
    expect(judged(signalling, () => undefined).evidence).toEqual({ packets: [], total: 0, links: [] });
  });
});
