import { describe, expect, it } from 'vitest';
import { type HandMade, tcp } from '../../analysis/ledger.testkit.js';
import { DROP } from '../../base/drop.js';
import type { PathLabel } from '../path-check.js';
import { BY_CIRCUIT, BY_INTERNET, SRC, at, back, judged, talk, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

const ofActor = (of: string, is: PathLabel): Expectation => ({ expect: 'signalling', of, is, src: SRC });

describe('signalling', () => {
  const expectation = ofActor('callee', 'ExpressRoute');

  it('passes with its packets and links', () => {
    const found = judged(expectation, (lab) => {
      talk(lab, 0, BY_CIRCUIT);
    });
    expect(found).toMatchObject({
      status: 'pass',
      check: 'signalling/bob',
      expected: 'ExpressRoute',
      observed: 'ExpressRoute',
      src: { file: 'f.flow.yaml', line: 10 },
    });
    expect(found.evidence).toEqual({ packets: [1, 2], total: 2, links: ['bob--lan', 'rt--lan', 'rt--ce', 'er-primary', 'msee--ms-lan', 'online-fe--ms-lan'] });
  });

  it('either link of the circuit is the circuit', () => {
    expect(
      verdict(expectation, (lab) => {
        lab.send({ way: BY_CIRCUIT, over: ['er-secondary'], at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });
        lab.send({ way: back(BY_CIRCUIT), at: at(9), frame: tcp('online-fe', 443, 'bob', 40000) });
      }),
    ).toBe('pass: ExpressRoute');
  });

  it('names the links that were crossed instead, and where the ways part', () => {
    const found = judged(expectation, (lab) => {
      talk(lab, 0, BY_INTERNET);
    });
    expect(`${found.status}: ${found.observed}`).toBe('fail: Internet: ce--isp, isp--msee (instead of er)');
    expect(found.evidence.why).toBe('parts at ce: ce--isp instead of er; parts at msee: isp--msee instead of er');
  });

  it('says which way it went astray when the other is as documented', () => {
    expect(
      verdict(expectation, (lab) => {
        talk(lab, 0, BY_CIRCUIT, back(BY_INTERNET));
      }),
    ).toBe('fail: ExpressRoute and Internet: back by isp--msee, ce--isp (instead of er)');
  });

  it('fails by one packet of many', () => {
    expect(
      verdict(expectation, (lab) => {
        for (let k = 0; k < 9; k++) talk(lab, k * 10, BY_CIRCUIT);
        talk(lab, 100, BY_INTERNET, back(BY_CIRCUIT));
      }),
    ).toBe('fail: ExpressRoute and Internet: out by ce--isp, isp--msee (instead of er)');
  });

  it('fails when one side is never heard, whatever the links', () => {
    const found = judged(expectation, (lab) => {
      lab.send({ way: BY_CIRCUIT, at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });
      lab.send({
        way: 'online-fe ms-lan msee ce',
        at: at(8),
        frame: tcp('online-fe', 443, 'bob', 40000),
        dropped: DROP.CT_INVALID,
        why: { ct: 'invalid', src: 'ce.nft:4' },
      });
    });
    expect(`${found.status}: ${found.observed}`).toBe('fail: ExpressRoute, nothing of online-fe reaches bob (conntrack-invalid at ce)');
    expect(found.evidence.why).toBe('1 × conntrack-invalid at ce (ct=invalid src=ce.nft:4)');
  });

  it('documented local, observed ExpressRoute', () => {
    expect(
      verdict(ofActor('callee', 'local'), (lab) => {
        talk(lab, 0, BY_CIRCUIT);
      }),
    ).toBe('fail: ExpressRoute: er-primary');
  });

  it('is the leg to the home: a front end that only redirects proves nothing', () => {
    expect(
      verdict(ofActor('callee', 'local'), (lab) => {
        talk(lab, 0, 'bob lan rt dc-fe');
      }),
    ).toBe('unproved: no packet');
  });

  it('between servers', () => {
    const way = 'dc-fe rt ce msee ms-lan online-fe';
    const servers = (is: PathLabel): Expectation => ({ expect: 'signalling', between: ['dc-fe', 'online-fe'], is, src: SRC });
    const run = (lab: HandMade): void => {
      talk(lab, 0, way);
    };
    expect(verdict(servers('ExpressRoute'), run)).toBe('pass: ExpressRoute');
    expect(verdict(servers('Internet'), run)).toBe('fail: ExpressRoute: er-primary (instead of ce--isp, isp--msee)');
    expect(verdict(servers('ExpressRoute'), () => undefined)).toBe('unproved: no packet');
  });

  it('says why there is none, and only then', () => {
    const refused = (lab: HandMade): void => lab.event(null, at(90), 'step', { step: 'sign-in', ok: 'no', says: 'DNS_TIMEOUT' });
    expect(judged(expectation, refused).evidence.why).toBe('step sign-in: DNS_TIMEOUT');
    const passed = judged(expectation, (lab) => (talk(lab, 0, BY_CIRCUIT), refused(lab)));
    expect(passed.status).toBe('pass');
    expect(passed.evidence).not.toHaveProperty('why');
  });

  it('of one who is no user is with nobody', () => {
    expect(verdict(ofActor('stun', 'local'), (lab) => talk(lab, 0, BY_CIRCUIT))).toBe('unproved: no packet');
  });
});
