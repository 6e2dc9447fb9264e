import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import { millis } from '../../base/time.js';
import { emitStun } from '../stun/codec.js';
import { shortTermKey } from '../stun/integrity.js';
import { textOf } from '../stun/message.js';
import { PlannedGatherer } from './planned-gatherer.testkit.js';
import { at, base, candidate, kinds, PEER, Scripted } from './scripted-peer.testkit.js';

const cause = 5 as Cause;

describe('what an agent is made of', () => {
  it.each([
    ['a component that its stream has not', [1], { component: 2 }],
    ['component 0', [1], { component: 0 }],
    ['a stream that there is not', [1], { stream: 1 }],
  ])('a base of %s is a fault of the caller', (_case, streams, more) => {
    expect(() => new Scripted({ streams, bases: [base('192.0.2.1', more)] })).toThrow('every base belongs to a component of a stream');
  });

  it('asked for a stream that there is not, it says which', () => {
    const one = new Scripted();
    expect(() => one.agent.listState(3)).toThrow('stream 3');
    expect(() => one.agent.selected(3, 1)).toThrow('stream 3');
    expect(() => one.in({ kind: 'end-of-candidates', stream: 3 })).toThrow('stream 3');
  });

  it('before anything happened it gathers, has credentials and a role, and no timer', () => {
    const one = new Scripted({ controlling: false });
    expect([one.agent.gathering, one.agent.controlling, one.agent.deadline, one.agent.listState(0), one.agent.selected(0, 1)]).toEqual([
      true,
      false,
      Infinity,
      'running',
      null,
    ]);
    expect(one.agent.snapshot()).toEqual({
      controlling: false,
      ufrag: one.agent.credentials.ufrag,
      restarts: 0,
      gathering: true,
      localCandidates: [],
      gatherers: [],
      lists: [{ stream: 0, state: 'running', why: '', remoteCandidates: [], remoteEnded: false, pairs: [], pruned: [] }],
      consents: [],
    });
  });

  it('a tick before its start starts nothing', () => {
    const one = new Scripted();
    expect(one.late(1000)).toEqual([]);
    expect(one.agent.gathering).toBe(true);
  });
});

describe('gathering', () => {
  it('host candidates at once, in the order of the bases; done when the last gatherer is', () => {
    const plans = [new PlannedGatherer({ opensPaths: false, after: 100 }), new PlannedGatherer({ opensPaths: true, after: 300 })];
    const one = new Scripted({ bases: [base('192.0.2.1'), base('192.0.2.11', { localPreference: 65534 })], gatherers: plans });
    const outs = one.in({ kind: 'gather' });
    expect(kinds(outs)).toEqual(['candidate', 'candidate', 'send', 'send']);
    expect(one.outputs('candidate').map((c) => [c.candidate.type, c.candidate.address.address, c.candidate.learnedFrom])).toEqual([
      ['host', '192.0.2.1', ''],
      ['host', '192.0.2.11', ''],
    ]);
    one.until(250);
    expect([one.agent.gathering, plans.map((p) => p.calls)]).toEqual([true, [['start', 'tick 100'], ['start']]]);
    expect(kinds(one.until(1000))).toEqual(['gathered']);
    expect(plans.map((p) => p.calls)).toEqual([
      ['start', 'tick 100'],
      ['start', 'tick 300'],
    ]);
    expect(one.agent.snapshot().gatherers).toEqual([
      { name: 'planned', done: true, notes: [{ at: millis(100), base: '192.0.2.1:50000', what: 'done as planned' }] },
      { name: 'planned', done: true, notes: [{ at: millis(300), base: '192.0.2.1:50000', what: 'done as planned' }] },
    ]);
  });

  it('5.1.3: what is found twice is told once', () => {
    const host = base('192.0.2.1');
    const mapped = { type: 'srflx', base: host, address: at('198.51.100.1 4000'), learnedFrom: at('203.0.113.1 3478'), related: host.address } as const;
    const same = { ...mapped, learnedFrom: at('203.0.113.2 3478') };
    const gatherers = [
      new PlannedGatherer({ opensPaths: false, after: 100, finds: [mapped] }),
      new PlannedGatherer({ opensPaths: false, after: 200, finds: [same] }),
    ];
    const one = Scripted.gathered({ bases: [host], gatherers });
    one.until(500);
    expect(one.outputs('candidate').map((c) => c.candidate.type)).toEqual(['host', 'srflx']);
    expect(one.agent.snapshot().localCandidates).toEqual([
      { line: 'candidate:1 1 UDP 2130706431 192.0.2.1 50000 typ host', stream: 0, learnedFrom: '' },
      { line: 'candidate:2 1 UDP 1694498815 198.51.100.1 4000 typ srflx raddr 192.0.2.1 rport 50000', stream: 0, learnedFrom: '203.0.113.1:3478' },
    ]);
  });

  it('8.3: once all is decided the gatherers are told what is in use, once', () => {
    const plan = new PlannedGatherer({ opensPaths: false, after: 100 });
    const one = Scripted.gathered({
      controlling: false,
      gatherers: [plan],
      streams: [2],
      bases: [base('192.0.2.1'), base('192.0.2.11 50001', { component: 2 })],
    });
    one.remote([candidate('192.0.2.2', { foundation: 'a' }), candidate('192.0.2.2 50001', { foundation: 'b', component: 2 })]);
    one.ask('192.0.2.2', { nominate: true });
    one.ask('192.0.2.2 50001', { nominate: true }, one.bases[1]);
    one.until(50);
    one.answer(one.check('192.0.2.2'));
    const released = () => plan.calls.filter((c) => c.startsWith('release'));
    one.until(100);
    expect(released()).toEqual([]);
    one.answer(one.check('192.0.2.2 50001'));
    one.until(20_000);
    expect(released()).toEqual(['release 192.0.2.1:50000 192.0.2.11:50001']);
  });

  it('8.3: one stream that is decided is not all', () => {
    const plan = new PlannedGatherer({ opensPaths: false, after: 100 });
    const one = Scripted.gathered({
      controlling: false,
      gatherers: [plan],
      streams: [1, 1],
      bases: [base('192.0.2.1'), base('192.0.2.1 50100', { stream: 1 })],
    });
    one.remote([candidate('192.0.2.2')]);
    one.ask('192.0.2.2', { nominate: true });
    one.until(50);
    one.answer(one.check());
    one.until(20_000);
    expect([one.agent.listState(0), plan.calls.filter((c) => c.startsWith('release'))]).toEqual(['completed', []]);
  });

  it('9: a restart begins it anew, and tells what is in use anew', () => {
    const plan = new PlannedGatherer({ opensPaths: false, after: 100 });
    const one = Scripted.gathered({ controlling: false, gatherers: [plan] });
    const settle = (): void => {
      one.remote([candidate('192.0.2.2')]);
      one.ask('192.0.2.2', { nominate: true });
      one.until(one.now / 1e6 + 60);
      one.answer(one.check());
    };
    settle();
    one.until(200);
    const outs = one.in({ kind: 'restart' });
    expect(kinds(outs)).toEqual(['restarted', 'candidate', 'send']);
    expect(one.agent.gathering).toBe(true);
    one.until(400);
    settle();
    expect(plan.calls.filter((c) => !c.startsWith('receive'))).toEqual([
      'start',
      'release 192.0.2.1:50000',
      'tick 100',
      'start',
      'tick 300',
      'release 192.0.2.1:50000',
    ]);
    expect(one.outputs('gathered').map((g) => g.at)).toEqual([100, 300]);
  });

  it('errors go to the gatherers too', () => {
    const plan = new PlannedGatherer({ opensPaths: false, after: 100 });
    const one = Scripted.gathered({ gatherers: [plan] });
    one.in({ kind: 'network-error', base: must(one.bases[0], 'base'), to: at('203.0.113.1 3478'), error: 'port-unreachable' });
    expect(plan.calls).toEqual(['start', 'fault 203.0.113.1:3478 port-unreachable']);
  });
});

describe('a datagram', () => {
  const host = base('192.0.2.1');
  const gathered = (gatherers: readonly PlannedGatherer[] = []): Scripted => {
    const one = Scripted.gathered({ controlling: false, bases: [host], gatherers });
    one.remote([candidate('192.0.2.2')]);
    return one;
  };
  const from = (one: Scripted, bytes: Uint8Array, address = '192.0.2.2') => one.in({ kind: 'datagram', base: host, from: at(address), bytes, cause });
  const stun = (kind: 'request' | 'indication' | 'success', method: number): Uint8Array =>
    emitStun({ class: kind, method, transaction: '0'.repeat(24), attributes: [] }, { fingerprint: true });

  it.each([
    ['that is no STUN', 'stun-malformed', Uint8Array.of(0x80, 0, 0, 0)],
    ['whose fingerprint is wrong', 'stun-fingerprint', stun('request', 1).with(27, stun('request', 1).at(27) === 0 ? 1 : 0)],
    ['of another method', 'stun-method', stun('request', 3)],
    ['that answers nothing', 'stun-no-transaction', stun('success', 1)],
  ])('%s: dropped, with the reason and the cause', (_case, why, bytes) => {
    expect(from(gathered(), bytes)).toEqual([{ kind: 'discard', why, cause }]);
  });

  it('without a cause has none', () => {
    const one = gathered();
    expect(one.in({ kind: 'datagram', base: host, from: at('192.0.2.2'), bytes: Uint8Array.of(0x80) })).toEqual([
      { kind: 'discard', why: 'stun-malformed', cause: NO_CAUSE },
    ]);
  });

  it('RFC 8445 11: a Binding indication is a keepalive: nothing to answer, nothing to tell', () => {
    expect(from(gathered(), stun('indication', 1))).toEqual([]);
  });

  it('RFC 8445 7.1: FINGERPRINT is not asked for', () => {
    const one = gathered();
    const message = {
      class: 'request',
      method: 1,
      transaction: '0'.repeat(24),
      attributes: [{ name: 'username', text: `${one.agent.credentials.ufrag}:peer` }],
    } as const;
    const outs = from(one, emitStun(message, { integrity: shortTermKey(one.agent.credentials.pwd) }));
    expect(one.reply(outs).class).toBe('success');
  });

  it('that a gatherer takes goes no further; the first that takes it is the last that is asked', () => {
    const plans = ['203.0.113.8:3478', '203.0.113.9:3478', '203.0.113.9:3478'].map((server) => new PlannedGatherer({ opensPaths: false, after: 100, server }));
    const one = gathered(plans);
    expect(from(one, stun('success', 1), '203.0.113.9 3478')).toEqual([]);
    expect(plans.map((p) => p.calls.filter((c) => c.startsWith('receive')))).toEqual([['receive success'], ['receive success'], []]);
    expect(kinds(from(one, stun('success', 1)))).toEqual(['discard']);
  });
});

describe('9: restarts', () => {
  /** Its pair was selected at 50 ms. */
  const settled = (): Scripted => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([candidate('192.0.2.2')]);
    one.ask('192.0.2.2', { nominate: true });
    one.until(50);
    one.answer(one.check());
    return one;
  };
  const again = { ufrag: 'peer2', pwd: 'the-new-password-of-the-peer' };

  it('asked for: other credentials, the same role, all candidates again, no pairs', () => {
    const one = settled();
    const before = one.agent.credentials;
    const outs = one.in({ kind: 'restart' });
    expect(outs[0]).toEqual({ kind: 'restarted', ...one.agent.credentials, why: 'asked for' });
    expect([one.agent.credentials.ufrag === before.ufrag, one.agent.credentials.pwd === before.pwd]).toEqual([false, false]);
    expect(one.outputs('candidate').map((c) => [c.at, c.candidate.type])).toEqual([
      [0, 'host'],
      [50, 'host'],
    ]);
    expect(one.agent.snapshot()).toMatchObject({ restarts: 1, controlling: false, lists: [{ state: 'running', pairs: [], remoteCandidates: [] }] });
    // Ids of pairs go on: those of both sessions are told apart.
    one.remote([candidate('192.0.2.2')], again);
    expect(one.list().pairs.map((p) => p.id)).toEqual([2]);
  });

  it.each([
    ['fragment', { ufrag: 'other' }, 1],
    ['password', { pwd: 'another-password-of-it' }, 1],
    ['nothing', {}, 0],
  ])('the peer restarts when its credentials are other ones: %s', (_what, more, restarts) => {
    const one = settled();
    one.remote([candidate('192.0.2.2')], { ...PEER, ...more });
    expect(one.outputs('restarted').map((r) => r.why)).toEqual(Array<string>(restarts).fill('the peer has new credentials'));
    expect(one.agent.listState(0)).toBe(restarts === 0 ? 'completed' : 'running');
  });

  it('a description that says nothing new leaves a decided stream alone', () => {
    const one = settled();
    expect(one.remote([candidate('192.0.2.2'), candidate('192.0.2.3')])).toEqual([]);
    expect(one.list().remoteCandidates).toHaveLength(1);
  });

  it('until the new session has its pair the old one answers, keeps its consent and is told in the snapshot', () => {
    const one = settled();
    const old = one.agent.credentials;
    one.in({ kind: 'restart' });
    expect(one.agent.snapshot().consents).toHaveLength(1);
    const username = `${old.ufrag}:peer`;
    const answer = one.reply(one.ask('192.0.2.2', { username, pwd: old.pwd }));
    expect(answer.class).toBe('success');
    one.until(7000);
    const asked = one.check();
    expect(textOf(asked.packet, 'username')).toBe(`peer:${old.ufrag}`);
    expect(one.answer(asked)).toEqual([]);
    expect(must(one.agent.snapshot().consents[0], 'consent').answered).toBe(1);
    // Its checks in the meantime go by the new credentials.
    expect(one.reply(one.ask('192.0.2.2', { username: 'nobody:peer' })).attributes[0]).toEqual({ name: 'error-code', code: 401, reason: 'Unauthorized' });

    one.remote([candidate('192.0.2.2')], again);
    one.ask('192.0.2.2', { nominate: true });
    one.until(7100);
    one.answer(one.check(), { pwd: again.pwd });
    expect(one.outputs('completed')).toHaveLength(2);
    expect(one.agent.snapshot().consents).toHaveLength(1);
    // Now the old one is gone.
    const refused = one.reply(one.ask('192.0.2.2', { username, pwd: old.pwd }));
    expect(refused.attributes[0]).toEqual({ name: 'error-code', code: 401, reason: 'Unauthorized' });
  });

  it('the consent of the old session can expire while the new one finds nothing', () => {
    const one = settled();
    one.in({ kind: 'restart' });
    one.until(40_000);
    expect(one.outputs('consent-expired').map((c) => [c.at, c.pair])).toEqual([[30_050, 1]]);
  });

  it('ICMP errors are noted in both sessions', () => {
    const one = settled();
    one.in({ kind: 'restart' });
    one.remote([candidate('192.0.2.2')], again);
    one.in({ kind: 'network-error', base: must(one.bases[0], 'base'), to: at('192.0.2.2'), error: 'host-unreachable' });
    expect(one.story(2).at(-1)).toContain('ICMP host-unreachable came back');
  });

  it('a session that never had a pair is not kept: its checks are answered by nobody', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([candidate('192.0.2.2')]);
    const [check, old] = [one.check(), one.agent.credentials];
    one.in({ kind: 'restart' });
    expect(kinds(one.answer(check))).toEqual(['discard']);
    expect(one.reply(one.ask('192.0.2.2', { username: `${old.ufrag}:peer`, pwd: old.pwd })).class).toBe('error');
  });

  it('after two restarts the pair that still carries data is the one of the first session', () => {
    const one = settled();
    const old = one.agent.credentials;
    one.in({ kind: 'restart' });
    one.in({ kind: 'restart' });
    expect(one.agent.snapshot()).toMatchObject({ restarts: 2, consents: [{ pair: 1 }] });
    expect(one.reply(one.ask('192.0.2.2', { username: `${old.ufrag}:peer`, pwd: old.pwd })).class).toBe('success');
  });
});
