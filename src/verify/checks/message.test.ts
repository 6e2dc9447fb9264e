import { describe, expect, it } from 'vitest';
import type { HandMade } from '../../analysis/ledger.testkit.js';
import type { Step } from '../../scenario/flow.js';
import { BY_CIRCUIT, SRC, at, talk, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

const told = (from: string, to: string): Expectation => ({ expect: 'message', from, to, src: SRC });

describe('message', () => {
  const legs = (lab: HandMade, ms: number): void => {
    talk(lab, ms, 'alice lan rt dc-fe');
    talk(lab, ms + 5, 'dc-fe rt ce msee ms-lan online-fe');
    talk(lab, ms + 10, BY_CIRCUIT);
  };
  const run = (lab: HandMade): void => {
    legs(lab, 100);
    lab.event('bob', at(130), 'message-received', { peer: 'alice@contoso.example' });
    lab.event(null, at(150), 'step', { step: 'message', ok: 'yes', since: String(at(100)) });
  };

  it('is delivered over every leg from one to the other', () => {
    expect(verdict(told('caller', 'callee'), run)).toBe('pass: delivered');
    expect(verdict(told('third', 'callee'), run)).toBe('fail: not delivered');
    expect(verdict(told('callee', 'caller'), run)).toBe('fail: not delivered');
  });

  it('of two both must be', () => {
    const wrote: Step = { do: 'message', from: 'caller', to: 'callee', text: 'hi', src: SRC };
    expect(verdict(told('caller', 'callee'), run, [wrote, wrote])).toBe('fail: delivered 1 of 2 times');
  });

  it('without a packet of each leg proves nothing', () => {
    const alone = (lab: HandMade): void => {
      talk(lab, 100, BY_CIRCUIT);
      lab.event('bob', at(130), 'message-received', { peer: 'alice@contoso.example' });
    };
    expect(verdict(told('caller', 'callee'), alone)).toBe('unproved: delivered, but no packet of signalling/alice-dc-fe');
  });
});
