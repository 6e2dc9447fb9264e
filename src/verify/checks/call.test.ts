import { describe, expect, it } from 'vitest';
import type { HandMade } from '../../analysis/ledger.testkit.js';
import { BY_CIRCUIT, CALL, SRC, at, judged, talk, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

const told = (from: string, to: string): Expectation => ({ expect: 'call', from, to, src: SRC });

describe('call', () => {
  const legs = (lab: HandMade, ms: number): void => {
    talk(lab, ms, 'alice lan rt dc-fe');
    talk(lab, ms + 5, 'dc-fe rt ce msee ms-lan online-fe');
    talk(lab, ms + 10, BY_CIRCUIT);
  };
  const step = (lab: HandMade, name: string, from: number, to: number): void =>
    lab.event(null, at(to), 'step', { step: name, ok: 'yes', since: String(at(from)) });

  it('is answered over every leg from one to the other', () => {
    const run = (lab: HandMade): void => {
      legs(lab, 100);
      lab.event('alice', at(130), 'call-answered', { peer: 'bob@contoso.example' });
      step(lab, 'call', 100, 150);
    };
    expect(verdict(told('caller', 'callee'), run)).toBe('pass: answered');
    expect(verdict(told('callee', 'caller'), run)).toBe('fail: not answered');
    expect(judged(told('caller', 'callee'), run).evidence).toMatchObject({ packets: [1, 2, 3, 4, 5, 6], total: 6 });
  });

  it('packets of another time or of one leg only are no evidence', () => {
    const answered = (lab: HandMade): void => {
      lab.event('alice', at(130), 'call-answered', { peer: 'bob@contoso.example' });
      step(lab, 'call', 100, 150);
    };
    expect(verdict(told('caller', 'callee'), (lab) => (legs(lab, 0), answered(lab)))).toBe('unproved: answered, but no packet of signalling/alice-dc-fe');
    expect(verdict(told('caller', 'callee'), (lab) => (talk(lab, 100, 'alice lan rt dc-fe'), answered(lab)))).toBe(
      'unproved: answered, but no packet of signalling/dc-fe-online-fe',
    );
  });

  it('of two calls both must be answered', () => {
    const run = (lab: HandMade): void => {
      legs(lab, 100);
      lab.event('alice', at(130), 'call-answered', { peer: 'bob@contoso.example' });
      step(lab, 'call', 100, 150);
    };
    expect(verdict(told('caller', 'callee'), run, [CALL, CALL])).toBe('fail: answered 1 of 2 times');
  });
});
