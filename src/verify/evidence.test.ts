import { describe, expect, it } from 'vitest';
import { HandMade, PLAN, tcp } from '../analysis/ledger.testkit.js';
import { observe } from '../analysis/legs.js';
import { DROP } from '../base/drop.js';
import { at, back } from './checks/check.testkit.js';
import { endingWords, legEvidence, linkNames, silences } from './evidence.js';
import type { Evidence } from './finding.js';

const WAY = 'bob lan rt ce msee ms-lan online-fe';
const out = (lab: HandMade, ms: number, more: object = {}): number => lab.send({ way: WAY, at: at(ms), frame: tcp('bob', 40000, 'online-fe', 443), ...more });
const home = (lab: HandMade, ms: number, more: object = {}): number =>
  lab.send({ way: back(WAY), at: at(ms), frame: tcp('online-fe', 443, 'bob', 40000), ...more });

function evidence(play: (lab: HandMade) => void): Evidence {
  const lab = new HandMade();
  play(lab);
  const observation = observe(lab.ledger(), PLAN);
  return legEvidence(observation.legs, observation, PLAN);
}

describe('the evidence of legs', () => {
  it('has the first packets of both directions, in turns, ten at most', () => {
    expect(
      evidence((lab) => {
        for (let k = 0; k < 8; k++) out(lab, k);
        for (let k = 0; k < 3; k++) home(lab, 20 + k);
      }),
    ).toMatchObject({ packets: [1, 9, 2, 10, 3, 11, 4, 5, 6, 7], total: 11 });
  });

  it('counts all legs, and has each link once, in the order of crossing', () => {
    const found = evidence((lab) => {
      out(lab, 0);
      lab.send({ way: 'alice lan rt dc-fe', at: at(1), frame: tcp('alice', 40000, 'dc-fe', 5061) });
      lab.send({ way: 'dc-fe rt lan alice', at: at(9), frame: tcp('dc-fe', 5061, 'alice', 40000) });
    });
    expect(found).toEqual({
      packets: [1, 2, 3],
      total: 3,
      links: ['bob--lan', 'rt--lan', 'rt--ce', 'er-primary', 'msee--ms-lan', 'online-fe--ms-lan', 'alice--lan', 'dc-fe--rt'],
    });
    expect(evidence(() => undefined)).toEqual({ packets: [], total: 0, links: [] });
    expect(linkNames([], PLAN)).toEqual([]);
  });

  it('says what became of those that did not arrive, of both directions, but of none under way', () => {
    const found = evidence((lab) => {
      out(lab, 0, { way: 'bob lan rt', dropped: DROP.NO_ROUTE });
      for (const k of [1, 2]) out(lab, k, { way: 'bob lan', lost: DROP.LINK_LOSS });
      home(lab, 5, { way: 'online-fe ms-lan', lost: DROP.LINK_DOWN });
      out(lab, 9, { flying: true });
      home(lab, 10);
    });
    expect(found.why).toBe('2 × link-loss at bob--lan, 1 × no-route at rt, 1 × link-down at online-fe--ms-lan');
    expect(evidence((lab) => out(lab, 9, { flying: true }))).not.toHaveProperty('why');
  });
});

describe('an ending in words', () => {
  const RULE = { stage: 'forward', chain: 'inet/filter/forward', rule: '7', src: 'fw1.nft:12' };
  const words = (play: (lab: HandMade) => void): readonly string[] => {
    const lab = new HandMade();
    play(lab);
    const { legs, drops } = observe(lab.ledger(), PLAN);
    return legs.flatMap(({ there, back: home }) => [...there.endings, ...home.endings]).map((ending) => endingWords(ending, drops));
  };
  const dropped = (lab: HandMade, ms: number, why?: Readonly<Record<string, string>>): number =>
    out(lab, ms, { way: 'bob lan rt ce', dropped: DROP.FIREWALL_RULE, ...(why !== undefined && { why }) });

  it('is how many, why, where, and the decision without its place', () => {
    expect(words((lab) => dropped(lab, 0, RULE))).toEqual(['1 × firewall-rule at ce (chain=inet/filter/forward rule=7 src=fw1.nft:12)']);
    expect(words((lab) => dropped(lab, 0))).toEqual(['1 × firewall-rule at ce']);
    expect(words((lab) => out(lab, 0, { way: 'bob lan', lost: DROP.LINK_LOSS }))).toEqual(['1 × link-loss at bob--lan']);
  });

  it('has all that the decision says, but where it was', () => {
    const why = { at: 'ce', stage: 'forward', nat: '10.0.1.9>192.0.2.1', ct: 'new' };
    expect(words((lab) => out(lab, 0, { way: 'bob lan rt ce', dropped: DROP.NAT_POOL, why }))).toEqual([
      '1 × nat-pool-exhausted at ce (nat=10.0.1.9>192.0.2.1 ct=new)',
    ]);
  });

  it('goes by the decision about these packets, not about others there', () => {
    const others = (lab: HandMade): void => {
      for (const k of [0, 1, 2])
        lab.send({ way: 'dave branch rt ce', at: at(k), frame: tcp('dave', 40000, 'stun', 80), dropped: DROP.FIREWALL_RULE, why: { ...RULE, rule: '9' } });
      for (const k of [3, 4]) lab.send({ way: 'dave branch rt ce', at: at(k), frame: tcp('dave', 40001, 'stun', 80), dropped: DROP.FIREWALL_RULE, why: RULE });
      dropped(lab, 20, RULE);
    };
    expect(words(others)).toContain('1 × firewall-rule at ce (chain=inet/filter/forward rule=7 src=fw1.nft:12)');
  });
});

describe('silences', () => {
  const heard = (play: (lab: HandMade) => void): readonly string[] => {
    const lab = new HandMade();
    play(lab);
    return silences(observe(lab.ledger(), PLAN).legs);
  };

  it('are of who was never heard, with why, in both directions', () => {
    expect(heard((lab) => (out(lab, 0), home(lab, 9)))).toEqual([]);
    expect(heard((lab) => out(lab, 0))).toEqual(['nothing of online-fe reaches bob']);
    expect(heard((lab) => home(lab, 0))).toEqual(['nothing of bob reaches online-fe']);
    expect(heard((lab) => out(lab, 0, { way: 'bob lan', lost: DROP.LINK_LOSS }))).toEqual([
      'nothing of bob reaches online-fe (link-loss at bob--lan)',
      'nothing of online-fe reaches bob',
    ]);
  });

  it('need one packet to be broken', () => {
    expect(heard((lab) => (out(lab, 0, { way: 'bob lan', lost: DROP.LINK_LOSS }), out(lab, 1), home(lab, 9)))).toEqual([]);
  });
});
