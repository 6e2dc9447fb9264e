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

  it('at each of other homes once; another user, or an event of another name, does not count', () => {
    expect(
      verdict(signedIn, (lab) => {
        for (const home of ['dc-fe', 'edge', 'dc-fe']) lab.event(home, at(40), 'signed-in', { user: 'bob@contoso.example', home });
        lab.event('online-fe', at(41), 'signed-in', { user: 'alice@contoso.example', home: 'online-fe' });
        lab.event('online-fe', at(42), 'signed-out', { user: 'bob@contoso.example', home: 'online-fe' });
      }),
    ).toBe('fail: at dc-fe, edge');
  });

  it('at home in the end, by way of another', () => {
    expect(
      verdict(signedIn, (lab) => {
        lab.event('dc-fe', at(5), 'signed-in', { user: 'bob@contoso.example', home: 'dc-fe' });
        signIn(lab);
      }),
    ).toBe('pass: at home, online-fe');
  });

  it('of one who is no user is nowhere', () => {
    expect(verdict({ ...signedIn, of: 'edge' }, (lab) => talk(lab, 20, BY_CIRCUIT))).toBe('fail: not signed in');
  });

  it('began with the discovery of the server: the last before it, at this client', () => {
    const found = (lab: HandMade, ms: number, node = 'bob'): void => lab.event(node, at(ms), 'sign-in-server', { user: 'bob@contoso.example' });
    const signed = (lab: HandMade): void => lab.event('online-fe', at(40), 'signed-in', { user: 'bob@contoso.example' });
    const PROVED = 'pass: at home, online-fe';
    const NOT = 'unproved: at home, online-fe, but no packet of signalling/bob-online-fe';
    const run =
      (...servers: readonly (readonly [number, string?])[]) =>
      (lab: HandMade): void => {
        talk(lab, 20, BY_CIRCUIT);
        for (const [ms, node] of servers) found(lab, ms, node);
        signed(lab);
      };
    expect(verdict(signedIn, run([10]))).toBe(PROVED);
    expect(verdict(signedIn, run([10], [30]))).toBe(NOT);
    expect(verdict(signedIn, run([10], [40]))).toBe(NOT);
    expect(verdict(signedIn, run([10], [41]))).toBe(PROVED);
    expect(verdict(signedIn, run([10], [30, 'alice']))).toBe(PROVED);
    // Without a discovery it is the step in which it happened.
    const step = (since: number) => (lab: HandMade) => {
      run()(lab);
      lab.event(null, at(45), 'step', { step: 'sign-in', of: 'bob', ok: 'yes', since: String(at(since)) });
    };
    expect(verdict(signedIn, step(15))).toBe(PROVED);
    expect(verdict(signedIn, step(30))).toBe(NOT);
  });

  it('is not proved by what was said to another front end', () => {
    expect(
      verdict(signedIn, (lab) => {
        talk(lab, 20, 'bob lan rt dc-fe');
        lab.event('online-fe', at(40), 'signed-in', { user: 'bob@contoso.example' });
      }),
    ).toBe('unproved: at home, online-fe, but no packet');
  });
});
