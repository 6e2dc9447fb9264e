import { describe, expect, it } from 'vitest';
import { HandMade, PLAN, tcp, udp } from '../analysis/ledger.testkit.js';
import { observe } from '../analysis/legs.js';
import { DROP } from '../base/drop.js';
import { BY_CIRCUIT, BY_INTERNET, at, back, talk } from './checks/check.testkit.js';
import type { Verdict } from './finding.js';
import { type PathLabel, judgePath } from './path-check.js';

/** All legs of a run, judged as one path. */
function judge(is: PathLabel, play: (lab: HandMade) => void): Verdict {
  const lab = new HandMade();
  play(lab);
  const observation = observe(lab.ledger(), PLAN);
  return judgePath(observation.legs, is, observation, PLAN);
}
function words(is: PathLabel, play: (lab: HandMade) => void): string {
  const { status, observed } = judge(is, play);
  return `${status}: ${observed}`;
}

const LOCAL = 'alice lan rt dc-fe';

describe('the path of legs', () => {
  it.each<[PathLabel, string]>([
    ['local', LOCAL],
    ['ExpressRoute', BY_CIRCUIT],
    ['Internet', BY_INTERNET],
  ])('is as documented: %s', (is, way) => {
    const found = judge(is, (lab) => talk(lab, 0, way));
    expect(found).toMatchObject({ status: 'pass', observed: is, evidence: { packets: [1, 2], total: 2 } });
    expect(found.evidence).not.toHaveProperty('why');
  });

  it('is not proved where nothing was sent', () => {
    expect(judge('local', () => undefined)).toEqual({ status: 'unproved', observed: 'no packet', evidence: { packets: [], total: 0, links: [] } });
  });

  it('of several has the word of each, once', () => {
    const run = (lab: HandMade): void => {
      talk(lab, 0, LOCAL);
      talk(lab, 10, 'dave branch rt dc-fe');
      talk(lab, 20, BY_CIRCUIT);
    };
    expect(words('ExpressRoute', run)).toBe('fail: local and ExpressRoute: alice--lan, rt--lan, dc-fe--rt, dave--branch, branch--rt');
  });
});

describe('links that should not be there', () => {
  it('are those of the other segment', () => {
    expect(words('local', (lab) => talk(lab, 0, BY_INTERNET))).toBe('fail: Internet: ce--isp, isp--msee');
    expect(words('local', (lab) => talk(lab, 0, BY_CIRCUIT))).toBe('fail: ExpressRoute: er-primary');
    expect(words('Internet', (lab) => talk(lab, 0, BY_CIRCUIT, back(BY_INTERNET)))).toBe(
      'fail: ExpressRoute and Internet: out by er-primary (instead of ce--isp)',
    );
    // Out by the Internet although home by the circuit, and the other way round.
    expect(words('ExpressRoute', (lab) => talk(lab, 0, BY_INTERNET, back(BY_CIRCUIT)))).toBe(
      'fail: ExpressRoute and Internet: out by ce--isp, isp--msee (instead of er)',
    );
    expect(words('ExpressRoute', (lab) => talk(lab, 0, BY_CIRCUIT, back(BY_INTERNET)))).toBe(
      'fail: ExpressRoute and Internet: back by isp--msee, ce--isp (instead of er)',
    );
  });

  it('are all, where there is nothing of either segment', () => {
    expect(words('Internet', (lab) => talk(lab, 0, LOCAL))).toBe('fail: local: alice--lan, rt--lan, dc-fe--rt');
  });

  it('are told apart by direction, also where they are as many', () => {
    const run = (lab: HandMade): void => {
      lab.send({ way: 'dns rt ce isp public-dns', at: at(0), frame: udp('dns', 5353, 'public-dns', 53, new Uint8Array(20)) });
      lab.send({ way: 'public-dns isp msee', at: at(9), frame: udp('public-dns', 53, 'dns', 5353, new Uint8Array(20)), dropped: DROP.NO_ROUTE });
    };
    expect(words('local', run)).toBe(
      'fail: Internet: out by ce--isp, public-dns--isp; back by public-dns--isp, isp--msee, nothing of public-dns reaches dns (no-route at msee)',
    );
  });

  it('of different ways out and home are told apart', () => {
    const run = (lab: HandMade): void => {
      lab.send({ way: 'bob lan rt ce isp msee ms-lan online-fe', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });
      lab.send({ way: 'online-fe ms-lan msee isp', at: at(9), frame: tcp('online-fe', 443, 'bob', 40000), dropped: DROP.NO_ROUTE });
    };
    const found = judge('local', run);
    expect(`${found.status}: ${found.observed}`).toBe(
      'fail: Internet: out by ce--isp, isp--msee; back by isp--msee, nothing of online-fe reaches bob (no-route at isp)',
    );
    expect(found.evidence.why).toBe('1 × no-route at isp');
  });
});

describe('where the way parts from the documented one', () => {
  it('is the first node at a link of it, seen from the sender, in each direction', () => {
    expect(judge('ExpressRoute', (lab) => talk(lab, 0, BY_INTERNET)).evidence.why).toBe(
      'parts at ce: ce--isp instead of er; parts at msee: isp--msee instead of er',
    );
    expect(judge('ExpressRoute', (lab) => talk(lab, 0, BY_INTERNET, back(BY_CIRCUIT))).evidence.why).toBe('parts at ce: ce--isp instead of er');
    expect(judge('ExpressRoute', (lab) => talk(lab, 0, BY_CIRCUIT, back(BY_INTERNET))).evidence.why).toBe('parts at msee: isp--msee instead of er');
    expect(judge('Internet', (lab) => talk(lab, 0, BY_CIRCUIT)).evidence.why).toBe(
      'parts at ce: er-primary instead of ce--isp; parts at msee: er-primary instead of isp--msee',
    );
  });

  it('is nowhere, when no node of the way stands at such a link, or the word asks for none', () => {
    const found = judge('ExpressRoute', (lab) => talk(lab, 0, LOCAL));
    expect(`${found.status}: ${found.observed}`).toBe('fail: local: alice--lan, rt--lan, dc-fe--rt');
    expect(found.evidence).not.toHaveProperty('why');
    expect(judge('local', (lab) => talk(lab, 0, BY_INTERNET)).evidence).not.toHaveProperty('why');
  });

  it('can be the very first node, and the very last link', () => {
    const found = judge('ExpressRoute', (lab) => lab.send({ way: 'ce isp', at: at(0), frame: tcp('ce', 40000, 'dc-fe', 443), dropped: DROP.NO_ROUTE }));
    expect(found.evidence.why).toBe('parts at ce: ce--isp instead of er; 1 × no-route at isp');
  });

  it('is told once, however many legs and packets part there, before what was lost', () => {
    const found = judge('ExpressRoute', (lab) => {
      talk(lab, 0, BY_INTERNET, back(BY_CIRCUIT));
      talk(lab, 10, 'alice lan rt ce isp msee ms-lan online-fe', 'online-fe ms-lan msee ce rt lan alice');
      lab.send({ way: 'bob lan', at: at(20), frame: tcp('bob', 40000, 'online-fe', 443), lost: DROP.LINK_LOSS });
    });
    expect(found.evidence.why).toBe('parts at ce: ce--isp instead of er; 1 × link-loss at bob--lan');
    expect(found.observed).toBe('ExpressRoute and Internet: out by ce--isp, isp--msee (instead of er)');
  });

  it('is that of the way most used, of several that missed', () => {
    const found = judge('Internet', (lab) => {
      lab.send({ way: BY_CIRCUIT, at: at(0), over: ['er-secondary'], frame: tcp('bob', 40000, 'online-fe', 443) });
      for (const k of [1, 2]) lab.send({ way: BY_CIRCUIT, at: at(k), frame: tcp('bob', 40000, 'online-fe', 443) });
      lab.send({ way: back(BY_INTERNET), at: at(9), frame: tcp('online-fe', 443, 'bob', 40000) });
    });
    expect(found.evidence.why).toBe('parts at ce: er-primary instead of ce--isp');
  });

  it('is not asked where the label is right and somebody is silent', () => {
    const found = judge('ExpressRoute', (lab) => {
      lab.send({ way: 'bob lan rt ce rt', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443), dropped: DROP.TTL });
      lab.send({ way: back(BY_CIRCUIT), at: at(9), frame: tcp('online-fe', 443, 'bob', 40000) });
    });
    expect(found).toMatchObject({ status: 'fail', observed: 'ExpressRoute, nothing of bob reaches online-fe (ttl at rt)' });
    expect(found.evidence.why).toBe('1 × ttl at rt');
  });
});
