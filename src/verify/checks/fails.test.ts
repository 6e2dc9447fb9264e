import { describe, expect, it } from 'vitest';
import { type HandMade, tcp } from '../../analysis/ledger.testkit.js';
import { SRC, at, judged, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

const step = (lab: HandMade, name: string, ok: boolean, says = ''): void => {
  lab.event(null, at(50), 'step', { step: name, of: 'bob', ok: ok ? 'yes' : 'no', since: '0', ...(says !== '' && { says }) });
};

describe('fails', () => {
  const fails: Expectation = { expect: 'fails', step: 'message', says: '408', src: SRC };
  const asks = (lab: HandMade): unknown => lab.send({ way: 'bob lan rt ce msee ms-lan online-fe', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });

  it('passes when the script ended at that step, with those words', () => {
    const found = judged(fails, (lab) => {
      asks(lab);
      step(lab, 'sign-in', true);
      step(lab, 'message', false, 'SIP_TIMEOUT 408');
    });
    expect(found).toMatchObject({ status: 'pass', check: 'fails/message', observed: 'message refused: SIP_TIMEOUT 408' });
    expect(found.evidence).toMatchObject({ packets: [1], total: 1 });
  });

  it('fails when it ended at another, by other words, or not at all', () => {
    expect(
      verdict(fails, (lab) => {
        asks(lab);
        step(lab, 'sign-in', false, 'DNS_TIMEOUT 408');
      }),
    ).toBe('fail: sign-in refused: DNS_TIMEOUT 408');
    expect(
      verdict(fails, (lab) => {
        asks(lab);
        step(lab, 'sign-in', true);
        step(lab, 'message', false, '404');
      }),
    ).toBe('fail: message refused: 404');
    expect(
      verdict(fails, (lab) => {
        asks(lab);
        step(lab, 'sign-in', true);
        step(lab, 'message', true, '200');
      }),
    ).toBe('fail: every step was done');
  });

  it('proves nothing without a packet', () => {
    expect(
      verdict(fails, (lab) => {
        step(lab, 'sign-in', true);
        step(lab, 'message', false, '408');
      }),
    ).toBe('unproved: message refused: 408, but no packet');
  });
});
