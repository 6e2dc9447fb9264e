import { describe, expect, it } from 'vitest';
import { type HandMade, tcp } from '../../analysis/ledger.testkit.js';
import { DROP } from '../../base/drop.js';
import { SRC, at, judged, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

type WhyExpected = Extract<Expectation, { expect: 'why' }>;

describe('why', () => {
  const any: WhyExpected = {
    expect: 'why',
    nodes: ['callee', 'online-fe'],
    medium: null,
    partsAt: null,
    meetsAt: null,
    stateAt: [],
    droppedAt: [],
    by: null,
    rule: null,
    says: null,
    src: SRC,
  };
  const all: WhyExpected = {
    ...any,
    medium: 'signalling',
    partsAt: 'msee',
    droppedAt: ['isp'],
    by: 'firewall-rule',
    rule: 'edge.nft:12',
    says: 'no session',
  };
  /** Out by the circuit, back by the Internet, where a rule ends it. */
  const astray = (lab: HandMade): void => {
    lab.send({ way: 'bob lan rt ce msee ms-lan online-fe', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });
    const why = { chain: 'inet/filter/arriving', rule: '1', src: 'lab/rules/edge.nft:12', says: 'no session here', ct: 'invalid' };
    lab.send({ way: 'online-fe ms-lan msee isp', at: at(9), frame: tcp('online-fe', 443, 'bob', 40000), dropped: DROP.FIREWALL_RULE, why });
  };

  it('passes when it broke so, and says how', () => {
    const found = judged(all, astray);
    expect(`${found.status}: ${found.observed}`).toMatch(/^pass: dropped at isp by firewall-rule lab\/rules\/edge\.nft:12 "no session here"; parts at msee/);
    expect(found.expected).toBe('dropped at isp by firewall-rule edge.nft:12 "no session"; parts at msee');
    expect(found.evidence).toMatchObject({ packets: [2], total: 1 });
  });

  it.each<[string, Partial<WhyExpected>]>([
    ['dropped elsewhere', { droppedAt: ['ce', 'rt'] }],
    ['by something else', { by: 'firewall-policy' }],
    ['by a rule of another line', { rule: 'edge.nft:13' }],
    ['by a rule of another file', { rule: 'other.nft' }],
    ['by a rule that says something else', { says: 'no relay range' }],
    ['parting elsewhere', { partsAt: 'ce' }],
    ['with its state elsewhere', { stateAt: ['ce'] }],
  ])('fails when it was expected %s', (_, other) => {
    expect(verdict({ ...all, ...other }, astray)).toMatch(/^fail: dropped at isp by firewall-rule/);
  });

  it('fails when nothing was dropped, and proves nothing without a packet', () => {
    expect(
      verdict(any, (lab) => {
        lab.send({ way: 'bob lan rt ce msee ms-lan online-fe', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });
      }),
    ).toBe('fail: nothing was dropped');
    expect(verdict(all, () => undefined)).toBe('unproved: no packet');
    expect(verdict({ ...all, medium: 'audio' }, astray)).toBe('unproved: no packet');
  });

  it('of one end looks at all that it talked with', () => {
    expect(verdict({ ...all, nodes: ['online-fe'] }, astray)).toMatch(/^pass/);
    expect(verdict({ ...all, nodes: ['stun'] }, astray)).toBe('unproved: no packet');
  });
});
