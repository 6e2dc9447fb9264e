import { describe, expect, it } from 'vitest';
import { type HandMade, STUN, addressOf, rtp, tcp, udp } from '../../analysis/ledger.testkit.js';
import { ipv4Frame } from '../../capture/testing/small-lab.js';
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

  /** The same, past firewalls that let the first packet in and hold its state. */
  const stateful = (lab: HandMade): void => {
    const NEW = { chain: 'inet/filter/forward', rule: '3', ct: 'new' };
    const decided = { ce: NEW, rt: NEW };
    lab.send({ way: 'bob lan rt ce msee ms-lan online-fe', at: at(0), decided, frame: tcp('bob', 40000, 'online-fe', 443) });
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

  it('has the facts of the flow in its words, and how it came about in its evidence', () => {
    const found = judged(any, (lab) => {
      stateful(lab);
    });
    expect(found.status).toBe('pass');
    expect(found.observed).toBe('dropped at isp by firewall-rule lab/rules/edge.nft:12 "no session here"; parts at msee; meets at ce; state at rt and ce');
    expect(found.evidence).toMatchObject({ packets: [2], total: 1, links: ['online-fe--ms-lan', 'msee--ms-lan', 'isp--msee'] });
    expect(found.evidence.why).toMatch(/^online-fe > bob: the packet was dropped at isp/);
  });

  it.each<[string, Partial<WhyExpected>]>([
    ['the state at one of its holders', { stateAt: ['isp', 'rt'] }],
    ['the place where they meet', { meetsAt: 'ce' }],
    ['one of the places of the drop', { droppedAt: ['ce', 'isp'] }],
    ['the rule by its file', { rule: 'edge.nft' }],
    ['the rule by its file and line', { rule: 'edge.nft:12' }],
    ['the rule by its path', { rule: 'rules/edge.nft' }],
    ['the rule by its whole path', { rule: 'lab/rules/edge.nft:12' }],
    ['a part of the comment', { says: 'session' }],
    ['the reason', { by: 'firewall-rule' }],
  ])('is met by %s', (_, part) => {
    expect(verdict({ ...any, ...part }, stateful)).toMatch(/^pass/);
  });

  it.each<[string, Partial<WhyExpected>]>([
    ['another meeting place', { meetsAt: 'rt' }],
    ['the state at who has none', { stateAt: ['isp', 'msee'] }],
    ['a file whose name ends like it', { rule: 'ge.nft' }],
    ['a line of which its line is the beginning', { rule: 'edge.nft:1' }],
    ['a line that begins like it', { rule: 'edge.nft:120' }],
  ])('is not met by %s', (_, part) => {
    expect(verdict({ ...any, ...part }, stateful)).toMatch(/^fail/);
  });

  it('of a drop without a rule knows neither rule nor comment', () => {
    const noRoute = (lab: HandMade): void => {
      lab.send({ way: 'bob lan rt', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443), dropped: DROP.NO_ROUTE });
    };
    expect(verdict(any, noRoute)).toBe('pass: dropped at rt by no-route');
    expect(verdict({ ...any, rule: 'edge.nft' }, noRoute)).toBe('fail: dropped at rt by no-route');
    expect(verdict({ ...any, says: 'x' }, noRoute)).toBe('fail: dropped at rt by no-route');
    expect(verdict({ ...any, partsAt: 'rt' }, noRoute)).toBe('fail: dropped at rt by no-route');
    expect(verdict({ ...any, stateAt: ['rt'] }, noRoute)).toBe('fail: dropped at rt by no-route');
    // A policy stands in no line that is known.
    const policy = (lab: HandMade): void => {
      const why = { chain: 'inet/filter/forward', rule: 'policy' };
      lab.send({ way: 'bob lan rt', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443), dropped: DROP.FIREWALL_POLICY, why });
    };
    expect(verdict({ ...any, by: 'firewall-policy' }, policy)).toBe('pass: dropped at rt by firewall-policy');
    expect(verdict({ ...any, rule: 'edge.nft' }, policy)).toBe('fail: dropped at rt by firewall-policy');
  });

  it('of packets that another node took for itself', () => {
    const taken = (lab: HandMade): void => {
      lab.send({ way: 'bob lan rt ce msee ms-lan online-fe', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });
      lab.send({ way: 'online-fe ms-lan msee ce', at: at(9), frame: tcp('online-fe', 443, 'bob', 40000) });
    };
    expect(verdict({ ...any, takenBy: ['ce'] }, taken)).toBe('pass: taken by ce for itself');
    expect(verdict({ ...any, takenBy: ['rt'] }, taken)).toBe('fail: taken by ce for itself');
    expect(verdict({ ...any, takenBy: ['isp'] }, stateful)).toMatch(/^fail/);
  });

  it('of ICMP errors that died on their way, with the rule that ended them', () => {
    const died = (lab: HandMade): void => {
      const cause = lab.send({ way: 'bob lan rt ce', at: at(0), frame: udp('bob', 40000, 'online-fe', 443, STUN), dropped: DROP.MTU_DF });
      const error = ipv4Frame(addressOf('ce'), addressOf('bob'), 1, Uint8Array.of(3, 4, 0, 0, 0, 0, 5, 0, ...new Uint8Array(28)));
      const why = { chain: 'inet/filter/forward', rule: '1', src: 'lab/rules/edge.nft:4', says: 'no ICMP' };
      lab.send({ way: 'ce rt', at: at(1), frame: error, cause, dropped: DROP.FIREWALL_RULE, why });
    };
    expect(verdict({ ...any, droppedAt: ['ce'], errorDiedAt: ['rt'], rule: 'edge.nft:4', says: 'no ICMP' }, died)).toBe(
      'pass: dropped at ce; the ICMP error died at rt by firewall-rule lab/rules/edge.nft:4 "no ICMP"',
    );
    expect(verdict({ ...any, errorDiedAt: ['ce'] }, died)).toMatch(/^fail/);
    expect(verdict({ ...any, errorDiedAt: ['rt'], by: 'mtu-df' }, died)).toMatch(/^fail/);
    expect(verdict({ ...any, by: 'mtu-df' }, died)).toMatch(/^pass: dropped at ce by mtu-df/);
  });

  it('by a sentence, also of a flow that nothing was dropped of', () => {
    expect(verdict({ ...any, tells: 'it is an answer, yet isp knows no connection' }, stateful)).toMatch(/^pass: .*"it is an answer, yet isp knows/);
    expect(verdict({ ...any, tells: 'its TTL has run out' }, stateful)).toMatch(/^fail/);
    const fine = (lab: HandMade): void => {
      const decided = { ce: { route: '203.0.113.0/24', dev: 'er1' } };
      lab.send({ way: 'bob lan rt ce msee ms-lan online-fe', at: at(0), decided, frame: tcp('bob', 40000, 'online-fe', 443) });
    };
    expect(verdict({ ...any, tells: 'ce: route 203.0.113.0/24 dev er1' }, fine)).toMatch(/^pass/);
    expect(verdict({ ...any, tells: 'ce: route 10.0.0.0/8' }, fine)).toBe('fail: nothing was dropped');
  });

  it('of several that were dropped tells the one that comes nearest to what was expected', () => {
    const run = (lab: HandMade): void => {
      lab.send({ way: 'bob lan', at: at(0), frame: tcp('bob', 40001, 'online-fe', 443), lost: DROP.LINK_LOSS });
      lab.send({ way: 'bob lan rt', at: at(1), frame: tcp('bob', 40002, 'online-fe', 443), dropped: DROP.NO_ROUTE });
      lab.send({ way: 'bob lan rt ce', at: at(2), frame: tcp('bob', 40003, 'online-fe', 443), dropped: DROP.BLACKHOLE });
    };
    expect(verdict({ ...any, by: 'no-route' }, run)).toBe('pass: dropped at rt by no-route');
    expect(verdict({ ...any, droppedAt: ['bob--lan'] }, run)).toBe('pass: dropped at bob--lan by link-loss');
    expect(verdict({ ...any, droppedAt: ['ce'], by: 'no-route', says: 'x' }, run)).toBe('fail: dropped at rt by no-route');
    expect(judged({ ...any, by: 'blackhole' }, run)).toMatchObject({ status: 'pass', evidence: { packets: [3], total: 1 } });
  });

  it('is about flows between both ends, of the medium', () => {
    const media = (lab: HandMade): void => {
      for (const k of [1, 2]) lab.send({ way: 'bob lan', at: at(k), frame: udp('bob', 50000, 'alice', 50000, rtp(7, k)), lost: DROP.LINK_LOSS });
      lab.send({ way: 'alice lan', at: at(5), frame: udp('alice', 50004, 'bob', 50004, STUN), lost: DROP.LINK_DOWN });
      lab.send({ way: 'dave branch', at: at(6), frame: udp('dave', 50000, 'bob', 50000, STUN), lost: DROP.LINK_QUEUE });
      lab.event('alice', at(0), 'media-started', { ssrc: '9', 'payload-type': '96', codec: 'VP8', 'clock-rate': '90000', workload: 'video' });
      for (const k of [1, 2]) lab.send({ way: 'alice lan', at: at(10 + k), frame: udp('alice', 50002, 'bob', 50002, rtp(9, k, 0, 96)), lost: DROP.MTU_DF });
    };
    const between = { ...any, nodes: ['caller', 'callee'] };
    expect(verdict({ ...between, medium: 'audio', by: 'link-loss' }, media)).toBe('pass: dropped at bob--lan by link-loss');
    expect(verdict({ ...between, medium: 'audio', by: 'link-down' }, media)).toBe('fail: dropped at bob--lan by link-loss');
    expect(verdict({ ...between, medium: 'stun' }, media)).toBe('pass: dropped at alice--lan by link-down');
    expect(verdict({ ...between, by: 'link-queue-overflow' }, media)).toMatch(/^fail/);
    expect(verdict({ ...between, nodes: ['callee'], by: 'link-queue-overflow' }, media)).toBe('pass: dropped at dave--branch by link-queue-overflow');
    expect(verdict({ ...between, medium: 'dns' }, media)).toBe('unproved: no packet');
    // What is told to be video is no audio.
    expect(verdict({ ...between, medium: 'audio', by: 'mtu-df' }, media)).toMatch(/^fail/);
    expect(verdict({ ...between, by: 'mtu-df' }, media)).toBe('pass: dropped at alice--lan by mtu-df');
  });

  it('says why there is nothing to judge', () => {
    const found = judged(any, (lab) => lab.event(null, at(90), 'step', { step: 'sign-in', ok: 'no', says: 'DNS_TIMEOUT' }));
    expect(found.evidence).toEqual({ packets: [], total: 0, links: [], cause: 'step sign-in: DNS_TIMEOUT', why: 'step sign-in: DNS_TIMEOUT' });
    const fine = judged(any, (lab) => {
      lab.send({ way: 'bob lan rt ce msee ms-lan online-fe', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });
    });
    expect(fine).toMatchObject({ status: 'fail', evidence: { packets: [1], total: 1 } });
  });
});
