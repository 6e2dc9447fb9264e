/**
 * Expectations of what goes wrong: a run in which it does, one in which it does not, and one with nothing to judge.
 */
import { describe, expect, it } from 'vitest';
import { HandMade, PLAN, rtp, tcp, udp } from '../analysis/ledger.testkit.js';
import { observe } from '../analysis/legs.js';
import { DROP } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import { millis, seconds } from '../base/time.js';
import type { Expectation, FlowSpec, Step, WhyExpectation } from '../scenario/flow.js';
import { verifyFlow } from './expectations.js';
import type { Finding } from './finding.js';

const at = (ms: number): Nanos => millis(ms);
const SRC = { file: 'f.flow.yaml', line: 10, column: 5 };
const STEPS: readonly Step[] = [
  { do: 'sign-in', actors: ['callee'], src: SRC },
  { do: 'message', from: 'callee', to: 'caller', text: 'hi', src: SRC },
];

function judged(expectation: Expectation, play: (lab: HandMade) => void): Finding {
  const flow: FlowSpec = {
    id: 'f',
    title: 't',
    file: SRC.file,
    source: 's',
    deployment: null,
    topology: 't.lab.yaml',
    limit: millis(60_000),
    places: {},
    topologySrc: SRC,
    actors: { caller: 'alice', callee: 'bob' },
    steps: STEPS,
    expectations: [expectation],
  };
  const lab = new HandMade();
  play(lab);
  const ledger = lab.ledger();
  return verifyFlow({ flow, plan: PLAN, ledger, observation: observe(ledger, PLAN) })[0]!;
}

const verdict = (expectation: Expectation, play: (lab: HandMade) => void): string => {
  const { status, observed } = judged(expectation, play);
  return `${status}: ${observed}`;
};

const step = (lab: HandMade, name: string, ok: boolean, says = ''): void => {
  lab.event(null, at(50), 'step', { step: name, ok: ok ? 'yes' : 'no', since: '0', ...(says !== '' && { says }) });
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
});

describe('silence', () => {
  const silence: Expectation = { expect: 'silence', from: 'callee', to: 'caller', longer: seconds(1), src: SRC };
  /** A packet every 20 ms of bob's; those in the stretch are dropped by the bridge's neighbour. */
  const speak = (lab: HandMade, count: number, lost: (k: number) => boolean): void => {
    for (let k = 0; k < count; k++)
      lab.send({ way: 'bob lan alice', at: at(k * 20), frame: udp('bob', 50000, 'alice', 50000, rtp(7, k)), ...(lost(k) && { lost: DROP.LINK_LOSS }) });
  };

  it('passes when nothing arrived for longer, though it was sent', () => {
    const found = judged(silence, (lab) => {
      speak(lab, 200, (k) => k >= 100 && k < 160);
    });
    expect(`${found.status}: ${found.observed}`).toBe('pass: 1.18s: 60 packets of bob from 2.0 s on, none arrived');
    expect(found.evidence.total).toBe(60);
  });

  it('fails when something arrived in between, or all did', () => {
    expect(
      verdict(silence, (lab) => {
        speak(lab, 200, (k) => k >= 100 && k < 160 && k !== 130);
      }),
    ).toMatch(/^fail: 580ms: 30 packets of bob/);
    expect(
      verdict(silence, (lab) => {
        speak(lab, 20, () => false);
      }),
    ).toBe('fail: everything that bob said arrived');
  });

  it('is not proved by a pause: who says nothing is not lost', () => {
    expect(
      verdict(silence, (lab) => {
        for (const k of [0, 1, 2, 3]) lab.send({ way: 'bob lan alice', at: at(k * 9000), frame: udp('bob', 50000, 'alice', 50000, rtp(7, k)) });
      }),
    ).toBe('fail: everything that bob said arrived');
    expect(verdict(silence, () => undefined)).toBe('unproved: no packet');
  });
});

describe('why', () => {
  const any: WhyExpectation = {
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
  const all: WhyExpectation = {
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

  it.each<[string, Partial<WhyExpectation>]>([
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
