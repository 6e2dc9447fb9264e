import { describe, expect, it } from 'vitest';
import { type HandMade, tcp } from '../../analysis/ledger.testkit.js';
import { DROP } from '../../base/drop.js';
import { BY_CIRCUIT, SRC, at, judged, talk, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

const signedIn: Expectation = { expect: 'signed-in', of: 'callee', src: SRC };

describe('signed-in', () => {
  const signIn = (lab: HandMade, home = 'online-fe'): void => {
    lab.event('bob', at(10), 'sign-in-server', { user: 'bob@contoso.example' });
    talk(lab, 20, BY_CIRCUIT);
    lab.event(home, at(40), 'signed-in', { user: 'bob@contoso.example', home });
  };

  it('signed in: at home, with the packets that did it', () => {
    const found = judged(signedIn, (lab) => {
      talk(lab, 0, BY_CIRCUIT);
      signIn(lab);
      talk(lab, 50, BY_CIRCUIT);
    });
    expect(found).toMatchObject({ status: 'pass', observed: 'at home, online-fe', evidence: { packets: [3, 4], total: 2 } });
    expect(found.evidence.links).toContain('er-primary');
  });

  it('signed in elsewhere, or not at all, and what the step said', () => {
    expect(verdict(signedIn, (lab) => signIn(lab, 'dc-fe'))).toBe('fail: at dc-fe');
    const found = judged(signedIn, (lab) => {
      lab.send({ way: 'bob lan rt', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443), dropped: DROP.NO_ROUTE });
      lab.event(null, at(90), 'step', { step: 'sign-in', ok: 'no', says: 'NET_TIMEOUT', since: '0' });
    });
    expect(`${found.status}: ${found.observed}`).toBe('fail: not signed in');
    expect(found.evidence).toMatchObject({ total: 1, why: 'step sign-in: NET_TIMEOUT; 1 × no-route at rt' });
  });

  it('a word without a packet proves nothing', () => {
    expect(
      verdict(signedIn, (lab) => {
        lab.event('online-fe', at(40), 'signed-in', { user: 'bob@contoso.example', home: 'online-fe' });
      }),
    ).toBe('unproved: at home, online-fe, but no packet');
  });
});
