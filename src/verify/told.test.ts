import { describe, expect, it } from 'vitest';
import { type HandMade, STUN, tcp, udp } from '../analysis/ledger.testkit.js';
import type { Nanos } from '../base/time.js';
import type { StepList } from '../scenario/flow.js';
import { BY_CIRCUIT, CALL, SRC, at, judged, talk, verdict } from './checks/check.testkit.js';
import type { Expectation } from './checks/table.js';

const called = (from: string, to: string): Expectation => ({ expect: 'call', from, to, src: SRC });
const wrote = (from: string, to: string): Expectation => ({ expect: 'message', from, to, src: SRC });

const HOMES = 'dc-fe rt ce msee ms-lan online-fe';
/** A packet each way on every leg from alice to bob: the sender's home, the other's home, the other. */
function legs(lab: HandMade, ms: number): void {
  talk(lab, ms, 'alice lan rt dc-fe');
  talk(lab, ms + 2, HOMES);
  talk(lab, ms + 4, BY_CIRCUIT);
}
function answered(lab: HandMade, ms: number, peer = 'bob@contoso.example', node = 'alice'): void {
  lab.event(node, at(ms), 'call-answered', { peer });
}
function step(lab: HandMade, from: number, to: number, of = 'alice bob'): void {
  lab.event(null, at(to), 'step', { step: 'call', of, ok: 'yes', since: String(at(from)) });
}

describe('how often it must have been told', () => {
  const once = (lab: HandMade): void => {
    legs(lab, 100);
    answered(lab, 130);
  };
  const others: StepList = [
    { ...CALL, from: 'callee', to: 'caller' },
    { ...CALL, to: 'third' },
    { ...CALL, from: 'third' },
    { do: 'message', from: 'caller', to: 'callee', text: 'hi', src: SRC },
  ];

  it('is as often as the flow has such steps of the two, wherever they stand in it', () => {
    expect(verdict(called('caller', 'callee'), once, [CALL, ...others])).toBe('pass: answered');
    const nested: StepList = [CALL, { do: 'together', branches: [[{ do: 'at', time: at(5), item: CALL, src: SRC }], others], src: SRC }];
    expect(judged(called('caller', 'callee'), once, nested).observed).toBe('answered 1 of 2 times');
  });

  it('and once where the flow has none', () => {
    expect(verdict(called('caller', 'callee'), once, [])).toBe('pass: answered');
    expect(verdict(called('caller', 'callee'), (lab) => legs(lab, 100), [])).toBe('fail: not answered');
  });

  it('by the node that it is about, of the other', () => {
    const by =
      (node: string, peer: string) =>
      (lab: HandMade): void => {
        legs(lab, 100);
        answered(lab, 130, peer, node);
      };
    expect(verdict(called('caller', 'callee'), by('dave', 'bob@contoso.example'))).toBe('fail: not answered');
    expect(verdict(called('caller', 'callee'), by('alice', 'dave@contoso.example'))).toBe('fail: not answered');
  });

  it('what did not come about shows the signalling of both, and nothing else', () => {
    const found = judged(called('caller', 'callee'), (lab) => {
      lab.send({ way: 'alice lan bob', at: at(0), frame: udp('alice', 50000, 'bob', 50000, STUN) });
      talk(lab, 10, 'alice lan rt dc-fe');
      talk(lab, 20, BY_CIRCUIT);
      talk(lab, 30, 'dave branch rt dc-fe');
      talk(lab, 40, HOMES);
      lab.event(null, at(90), 'step', { step: 'call', ok: 'no', says: '480', since: '0' });
    });
    expect(found).toMatchObject({ status: 'fail', observed: 'not answered' });
    expect(found.evidence).toEqual({
      packets: [2, 3, 4, 5],
      total: 4,
      links: ['alice--lan', 'rt--lan', 'dc-fe--rt', 'bob--lan', 'rt--ce', 'er-primary', 'msee--ms-lan', 'online-fe--ms-lan'],
      cause: 'step call: 480',
      why: 'step call: 480',
    });
  });
});

describe('the packets that prove it', () => {
  it('are of each leg: the first ten in their order, and how many there were', () => {
    const found = judged(called('caller', 'callee'), (lab) => {
      for (let k = 0; k < 3; k++) talk(lab, 10 * k, BY_CIRCUIT);
      for (let k = 0; k < 2; k++) talk(lab, 10 * k + 3, HOMES);
      for (let k = 0; k < 6; k++) talk(lab, 10 * k + 6, 'alice lan rt dc-fe');
      answered(lab, 100);
    });
    expect(found.status).toBe('pass');
    expect(found.evidence).toEqual({
      packets: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      total: 22,
      links: ['alice--lan', 'rt--lan', 'dc-fe--rt', 'rt--ce', 'er-primary', 'msee--ms-lan', 'online-fe--ms-lan', 'bob--lan'],
    });
  });

  it('of a leg with more than ten do not hide those of another', () => {
    const found = judged(called('caller', 'third'), (lab) => {
      for (let k = 0; k < 8; k++) talk(lab, k, 'alice lan rt dc-fe');
      lab.send({ way: 'dave branch rt dc-fe', at: at(20), frame: tcp('dave', 40000, 'dc-fe', 443) });
      answered(lab, 30, 'dave@contoso.example');
    });
    expect(found.evidence).toMatchObject({ packets: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], total: 17 });
  });

  it('of two users at one home: no leg between homes', () => {
    const run = (lab: HandMade): void => {
      talk(lab, 10, 'alice lan rt dc-fe');
      talk(lab, 20, 'dave branch rt dc-fe');
      answered(lab, 30, 'dave@contoso.example');
    };
    expect(verdict(called('caller', 'third'), run)).toBe('pass: answered');
  });

  it.each([
    ['the first', [HOMES, BY_CIRCUIT], 'signalling/alice-dc-fe'],
    ['the one between the homes', ['alice lan rt dc-fe', BY_CIRCUIT], 'signalling/dc-fe-online-fe'],
    ['the last', ['alice lan rt dc-fe', HOMES], 'signalling/bob-online-fe'],
  ])('are missed on %s leg', (_, ways, missing) => {
    const found = judged(called('caller', 'callee'), (lab) => {
      ways.forEach((way, i) => talk(lab, 10 + i, way));
      answered(lab, 30);
      lab.event(null, at(90), 'ended-early', { says: 'LAB_TIME_LIMIT' });
    });
    expect(found).toMatchObject({ status: 'unproved', observed: `answered, but no packet of ${missing}` });
    expect(found.evidence).toEqual({
      packets: [],
      total: 0,
      links: [],
      cause: 'the run ended early: LAB_TIME_LIMIT',
      why: 'the run ended early: LAB_TIME_LIMIT',
    });
  });

  it('are asked for of a message from who wrote to who read', () => {
    const read = (lab: HandMade): void => lab.event('bob', at(30), 'message-received', { peer: 'alice@contoso.example' });
    expect(verdict(wrote('caller', 'callee'), (lab) => (legs(lab, 10), read(lab)))).toBe('pass: delivered');
    expect(verdict(wrote('caller', 'callee'), read)).toBe('unproved: delivered, but no packet of signalling/alice-dc-fe');
  });

  it('cannot be told of one who is no user', () => {
    const nameless = (event: string, node: string) => (lab: HandMade) => {
      legs(lab, 10);
      lab.event(node, at(30), event);
    };
    expect(verdict(called('caller', 'stun'), nameless('call-answered', 'alice'))).toBe('unproved: answered, but no packet of alice and stun');
    expect(verdict(wrote('stun', 'callee'), nameless('message-received', 'bob'))).toBe('unproved: delivered, but no packet of stun and bob');
    expect(verdict(called('caller', 'stun'), (lab) => legs(lab, 10))).toBe('fail: not answered');
  });
});

describe('the time that it fell into', () => {
  /** One answer at 130 ms; packets at some other time. */
  const run =
    (packets: readonly number[], ...steps: readonly (readonly [number, number, string?])[]) =>
    (lab: HandMade): void => {
      for (const ms of packets) legs(lab, ms);
      answered(lab, 130);
      for (const [from, to, of] of steps) step(lab, from, to, of);
    };
  const expectation = called('caller', 'callee');
  const PROVED = 'pass: answered';
  const NOT = 'unproved: answered, but no packet of signalling/alice-dc-fe';

  it.each<[string, readonly number[], readonly (readonly [number, number, string?])[], string]>([
    ['a packet in its step', [100], [[100, 150]], PROVED],
    ['one before its step', [50], [[100, 150]], NOT],
    ['one after it was told', [131], [[100, 150]], NOT],
    ['told as its step ends', [50], [[100, 130]], NOT],
    ['told as its step begins', [50], [[130, 150]], NOT],
    ['a step that was over before', [50], [[100, 129]], PROVED],
    ['a step that began later', [50], [[131, 150]], PROVED],
    ['outside of all steps', [0], [], PROVED],
    [
      'of steps side by side its own',
      [60],
      [
        [50, 200, 'dave'],
        [100, 150, 'dave alice'],
      ],
      NOT,
    ],
    [
      'of steps side by side its own, in whatever order they end',
      [60],
      [
        [100, 150, 'dave'],
        [50, 200, 'alice'],
      ],
      PROVED,
    ],
    [
      'of steps side by side none its own',
      [60],
      [
        [100, 150, 'dave'],
        [50, 200, 'edge'],
      ],
      NOT,
    ],
    ['of a step whose nodes are not told', [60], [[50, 200, '']], PROVED],
  ])('%s', (_, packets, steps, wanted) => {
    expect(verdict(expectation, run(packets, ...steps))).toBe(wanted);
  });

  it('a step that does not say when it began is none', () => {
    const said = (lab: HandMade): void => {
      legs(lab, 0);
      answered(lab, 130);
      lab.event(null, at(150), 'step', { step: 'call', ok: 'yes' });
    };
    expect(verdict(expectation, said)).toBe(PROVED);
  });

  it('is one for each time: packets of the first call are none of the second', () => {
    const twice =
      (second: boolean) =>
      (lab: HandMade): void => {
        legs(lab, 100);
        answered(lab, 130);
        step(lab, 100, 150);
        if (second) legs(lab, 300);
        answered(lab, 330);
        step(lab, 300, 350);
      };
    expect(judged(expectation, twice(true), [CALL, CALL]).evidence.total).toBe(12);
    expect(verdict(expectation, twice(true), [CALL, CALL])).toBe(PROVED);
    expect(verdict(expectation, twice(false), [CALL, CALL])).toBe(NOT);
  });
});

describe('a packet at the very time', () => {
  // The event at 130 ms; a packet at its time, and one a nanosecond later.
  it.each([
    [0, 'pass: answered'],
    [1, 'unproved: answered, but no packet of signalling/alice-dc-fe'],
  ])('%i ns after it was told', (later, wanted) => {
    const when = (at(130) + later) as Nanos;
    const run = (lab: HandMade): void => {
      lab.send({ way: HOMES, at: at(110), frame: tcp('dc-fe', 40000, 'online-fe', 443) });
      lab.send({ way: BY_CIRCUIT, at: at(115), frame: tcp('bob', 40000, 'online-fe', 443) });
      lab.send({ way: 'alice lan rt dc-fe', at: when, frame: tcp('alice', 40000, 'dc-fe', 443) });
      answered(lab, 130);
    };
    expect(verdict(called('caller', 'callee'), run)).toBe(wanted);
  });
});
