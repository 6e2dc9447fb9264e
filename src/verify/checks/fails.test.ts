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

  const refusals =
    (...all: readonly Readonly<Record<string, string>>[]) =>
    (lab: HandMade): void => {
      asks(lab);
      lab.send({ way: 'alice lan bob', at: at(1), frame: tcp('alice', 40000, 'bob', 80) });
      for (const fields of all) lab.event(null, at(50), 'step', { ok: 'no', since: '0', ...fields });
    };

  it('is met by any of several refusals', () => {
    const run = refusals({ step: 'call', says: '486', of: 'alice' }, { step: 'message', says: '404' }, { step: 'message', says: 'SIP 408', of: 'online-fe' });
    expect(verdict(fails, run)).toBe('pass: message refused: SIP 408');
    expect(verdict({ ...fails, says: '480' }, run)).toBe('fail: call refused: 486');
    // The words count only of the step that was meant.
    expect(verdict({ ...fails, says: '486' }, run)).toBe('fail: call refused: 486');
    expect(verdict({ ...fails, says: null }, run)).toBe('unproved: message refused: 404, but no packet');
  });

  it('needs no words where none are given, and shows what was sent by those who took the step', () => {
    const nobody: Expectation = { ...fails, says: null };
    expect(judged(nobody, refusals({ step: 'message', of: 'dave bob' }))).toMatchObject({
      status: 'pass',
      observed: 'message refused',
      evidence: { packets: [1, 2], total: 2 },
    });
    expect(judged(nobody, refusals({ step: 'message', of: 'online-fe' }))).toMatchObject({ status: 'pass', evidence: { packets: [1], total: 1 } });
    expect(verdict(nobody, refusals({ step: 'message', of: 'dave' }))).toBe('unproved: message refused, but no packet');
    expect(verdict(fails, refusals({ step: 'message', of: 'bob' }))).toBe('fail: message refused');
    expect(verdict(nobody, refusals({ of: 'bob', says: '500' }))).toBe('fail: ? refused: 500');
  });

  it('says why the run ended, where no step was refused', () => {
    const found = judged(fails, (lab) => {
      step(lab, 'message', true, '200');
      lab.event(null, at(90), 'ended-early', { says: 'LAB_STALLED' });
    });
    expect(found).toMatchObject({
      status: 'fail',
      observed: 'the run ended early: LAB_STALLED',
      evidence: { total: 0, why: 'the run ended early: LAB_STALLED' },
    });
  });
});
