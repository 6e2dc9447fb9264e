import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.js';
import { NO_CAUSE, type Cause } from '../../../base/brand.js';
import { millis } from '../../../base/time.js';
import { checkFingerprint, checkIntegrity } from '../../stun/codec.js';
import { shortTermKey } from '../../stun/integrity.js';
import { at, base, candidate, kinds, PEER, Scripted } from '../scripted-peer.testkit.js';

/** One address here, one there, the first check under way. */
function started(options: ConstructorParameters<typeof Scripted>[0] = {}): Scripted {
  const one = Scripted.gathered(options);
  one.remote([candidate('192.0.2.2')]);
  return one;
}

describe('the request', () => {
  it.each([
    ['ice-controlling', true],
    ['ice-controlled', false],
  ] as const)('7.1: USERNAME, %s with 64 bits, PRIORITY of a peer-reflexive candidate; signed with the password of the peer', (role, controlling) => {
    const one = started({ controlling, streams: [2], bases: [base('192.0.2.1', { component: 1, localPreference: 40_000 })] });
    const { packet } = one.check();
    expect(packet.attributes).toEqual([
      { name: 'username', text: `peer:${one.agent.credentials.ufrag}` },
      { name: role, hex: expect.stringMatching(/^[0-9a-f]{16}$/) },
      // 2^24 * 110 + 2^8 * 40000 + (256 - 1)
      { name: 'priority', value: 1855734015 },
    ]);
    expect(checkIntegrity(packet, shortTermKey(PEER.pwd))).toBe(true);
    expect(checkFingerprint(packet)).toBe('right');
  });

  it('8.1.1: the nominating check has USE-CANDIDATE last, and a transaction of its own', () => {
    const one = started();
    const first = one.check();
    one.answer(first);
    one.until(50);
    expect(one.check().packet.attributes.map((a) => a.name)).toEqual(['username', 'ice-controlling', 'priority', 'use-candidate']);
    expect(one.check().packet.transaction).not.toBe(first.packet.transaction);
    expect(one.story(1).at(-1)).toBe('succeeded: nominating check');
  });

  it('the cause of a triggered check goes with its first transmission only', () => {
    const one = started();
    one.ask('192.0.2.3', { cause: 77 as Cause });
    one.until(1000);
    expect(
      one
        .checks()
        .filter((c) => c.to.address === '192.0.2.3')
        .map((c) => [c.at, c.cause]),
    ).toEqual([
      [50, 77],
      [550, NO_CAUSE],
    ]);
    expect(one.story(2)).toEqual([
      'waiting: request from 192.0.2.3:50000, which nobody had named: peer-reflexive',
      'waiting: request came: triggered check',
      'in-progress: triggered check started',
    ]);
    expect(one.story(1)).toEqual(['waiting: first of foundation 1:1', 'in-progress: check started']);
  });
});

describe('the timer', () => {
  const times = (one: Scripted, address = '192.0.2.2') =>
    one
      .checks()
      .filter((c) => c.to.address === address)
      .map((c) => c.at);

  it('14.3 and RFC 8863 1: 7 requests, given up 39.5 s after the first, with a line that says so', () => {
    const one = started();
    one.until(60_000);
    expect(times(one)).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(one.pair(1)).toMatchObject({ state: 'failed', requestsSent: 7, firstSentAt: 0, answeredAt: null, rtt: null });
    expect(one.pair(1).history.at(-1)).toEqual({ at: millis(39_500), state: 'failed', why: 'no answer to 7 requests in 39.5s' });
  });

  it('14.3: Ta * N * (waiting + in progress); what is frozen, failed or off the list does not count as either', () => {
    const bases = [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 }), base('192.0.2.1 50002', { component: 3 })];
    const one = Scripted.gathered({ ta: millis(500), streams: [3], bases });
    one.remote([1, 2, 3].map((component) => candidate(`192.0.2.2 5000${component - 1}`, { component })));
    // Three pairs, one of them waiting: 1.5 s. Then the second of them, the first having failed: 1.5 s again.
    one.until(1500);
    expect(times(one)).toEqual([0, 1500]);
    one.refuse(one.check(), 500, 'Server Error');
    one.until(3000);
    expect(one.checks().map((c) => [c.base.component, c.at])).toEqual([
      [1, 0],
      [1, 1500],
      [2, 1500],
      [2, 3000],
    ]);
  });

  it('14.3: pairs that were taken off the list count no more', () => {
    const one = Scripted.gathered({ controlling: false, ta: millis(500), streams: [2], bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 })] });
    one.remote([
      candidate('192.0.2.2', { foundation: 'a' }),
      candidate('192.0.2.3', { foundation: 'b', priority: 9 }),
      candidate('192.0.2.4 50001', { foundation: 'c', component: 2, priority: 5 }),
    ]);
    one.ask('192.0.2.2', { nominate: true });
    one.answer(one.check());
    // The second is off the list: 2 pairs, one of them waiting: 500 ms * 2 * 1.
    one.until(2000);
    expect(times(one, '192.0.2.4')).toEqual([500, 1500]);
  });

  it('RFC 8863: however long the list makes the RTO, a check is given up after 39.5 s', () => {
    const one = Scripted.gathered();
    one.remote(Array.from({ length: 20 }, (_, i) => candidate(`192.0.2.${i + 2}`, { foundation: `${i}`, priority: 1000 - i })));
    one.until(60_000);
    // 50 ms * 20 * 20 = 20 s.
    expect(times(one)).toEqual([0, 20_000]);
    expect(one.pair(1).history.at(-1)).toEqual({ at: millis(39_500), state: 'failed', why: 'no answer to 2 requests in 39.5s' });
  });
});

describe('the answer', () => {
  it('7.2.5.3: the pair has succeeded; the round trip is from the last transmission', () => {
    const one = started();
    one.until(520);
    const outs = one.answer(one.check());
    expect(kinds(outs)).toEqual(['pair 1 succeeded', 'send']);
    expect(one.pair(1)).toMatchObject({ valid: true, rtt: millis(20), answeredAt: millis(520) });
    expect(one.story(1)).toContain('succeeded: answered after 20ms');
  });

  it('7.2.5.2.1: from another address, or at another socket, it fails the check', () => {
    const other = base('192.0.2.11', { localPreference: 65534 });
    const one = started({ bases: [base('192.0.2.1'), other] });
    expect(kinds(one.answer(one.check(), { from: at('192.0.2.2 50002') }))).toEqual(['pair 1 failed']);
    expect(one.story(1).at(-1)).toBe('failed: answer from 192.0.2.2:50002 to 192.0.2.1:50000: not symmetric (RFC 8445 7.2.5.2.1)');
    one.until(50);
    one.answer(one.check(), { base: must(one.bases[0], 'base') });
    expect(one.story(2).at(-1)).toBe('failed: answer from 192.0.2.2:50000 to 192.0.2.1:50000: not symmetric (RFC 8445 7.2.5.2.1)');
  });

  it('7.2.5.2.3: an error fails the check, and says which', () => {
    const one = started();
    one.refuse(one.check(), 420, 'Unknown Attribute');
    expect(one.story(1).at(-1)).toBe('failed: answered with 420 Unknown Attribute');
    expect(one.until(39_000)).toEqual([]);
  });

  it('a success without XOR-MAPPED-ADDRESS fails the check', () => {
    const one = started();
    one.answer(one.check(), { attributes: [] });
    expect(one.story(1).at(-1)).toBe('failed: answer without XOR-MAPPED-ADDRESS');
  });

  it('RFC 8489 6.3.4: an error answer that names no error fails the check, whatever else it says', () => {
    const one = started();
    one.answer(one.check(), { class: 'error' });
    expect(one.story(1).at(-1)).toBe('failed: answered with an error that has no code');
  });

  it.each(['success', 'error'] as const)('RFC 8489 6.3.3 and 6.3.4: a %s with attributes that must be understood and are not fails the check', (kind) => {
    const one = started();
    const odd = [0x0042, 0x7ffe].map((code) => ({ name: 'unknown', code, bytes: new Uint8Array(4) }) as const);
    const optional = { name: 'unknown', code: 0xc057, bytes: new Uint8Array(4) } as const;
    const outs = one.answer(one.check(), { class: kind, attributes: [{ name: 'xor-mapped-address', address: at('192.0.2.1') }, optional, ...odd] });
    expect(kinds(outs)).toEqual(['pair 1 failed']);
    expect(one.story(1).at(-1)).toBe('failed: answer with unknown attributes 0x0042, 0x7ffe');
  });

  it('RFC 8489 9.1.4: what is not signed with the password is as if it had not come, and the story says so', () => {
    const one = started();
    const check = one.check();
    expect(one.answer(check, { pwd: 'guessed' })).toEqual([]);
    one.answer(check, { pwd: 'guessed', class: 'error', attributes: [{ name: 'error-code', code: 401, reason: 'Unauthorized' }] });
    expect(one.story(1).slice(2)).toEqual([
      'in-progress: ignored an answer without right integrity',
      'in-progress: ignored an answer without right integrity (401 Unauthorized)',
    ]);
    expect(one.pair(1).state).toBe('in-progress');
    one.answer(check);
    expect(one.pair(1).state).toBe('succeeded');
  });

  it('a second answer to the same check belongs to nothing', () => {
    const one = started();
    one.answer(one.check());
    const [first] = one.checks();
    expect(one.answer(must(first, 'check'))).toEqual([{ kind: 'discard', why: 'stun-no-transaction', cause: NO_CAUSE }]);
  });

  it('7.2.5.3.1: a mapped address that is no candidate becomes one, with the priority that the check carried', () => {
    const one = started();
    one.until(30);
    one.answer(one.check(), { mapped: '198.51.100.7 4000' });
    expect(one.list().pairs.map((p) => [p.id, p.local, p.valid, p.producedBy])).toEqual([
      [1, 'candidate:1 1 UDP 2130706431 192.0.2.1 50000 typ host', false, 1],
      [2, 'candidate:2 1 UDP 1862270975 198.51.100.7 4000 typ prflx raddr 192.0.2.1 rport 50000', true, 1],
    ]);
    expect(one.story(1).slice(2, 4)).toEqual([
      'in-progress: discovered the peer-reflexive candidate 198.51.100.7:4000',
      'succeeded: answered after 30ms; the peer sees us as 198.51.100.7:4000, valid pair 2',
    ]);
    expect(one.story(2)[0]).toBe('succeeded: valid by the check of pair 1');
    expect(one.agent.snapshot().localCandidates.at(-1)).toMatchObject({ stream: 0, learnedFrom: '192.0.2.2:50000' });
    // It is not signalled (section 7.2.5.3.1: "not necessary to pair").
    expect(one.agent.localCandidates.map((c) => c.type)).toEqual(['host']);
    expect(one.outputs('candidate')).toHaveLength(1);
  });

  it('7.2.5.3.2: the nominating check finds the same valid pair again, and that one is selected', () => {
    const one = started();
    one.answer(one.check(), { mapped: '198.51.100.7 4000' });
    one.until(50);
    one.answer(one.check(), { mapped: '198.51.100.7 4000' });
    expect(one.list().pairs.map((p) => [p.id, p.nominated, p.selected])).toEqual([
      [1, false, false],
      [2, true, true],
    ]);
    expect(one.outputs('selected').map((s) => [s.pair, s.local.type, s.base.address.address])).toEqual([[2, 'prflx', '192.0.2.1']]);
    expect(one.story(1).filter((s) => s.includes('discovered'))).toHaveLength(1);
    expect(one.story(2).filter((s) => s.includes('valid by'))).toHaveLength(1);
  });

  it('7.2.5.3.1: two peers behind one mapping: the second finds the candidate that the first discovered', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.3', { foundation: '2', priority: 5 })]);
    one.answer(one.check('192.0.2.2'), { mapped: '198.51.100.7 4000' });
    one.until(50);
    one.answer(one.check('192.0.2.3'), { mapped: '198.51.100.7 4000' });
    expect(one.list().pairs.map((p) => [p.id, p.text, p.valid])).toEqual([
      [1, 'host udp 192.0.2.1:50000 > host udp 192.0.2.2:50000', false],
      [2, 'host udp 192.0.2.1:50000 > host udp 192.0.2.3:50000', false],
      [3, 'prflx udp 198.51.100.7:4000 > host udp 192.0.2.2:50000', true],
      [4, 'prflx udp 198.51.100.7:4000 > host udp 192.0.2.3:50000', true],
    ]);
    expect(one.story(2).some((s) => s.includes('discovered'))).toBe(false);
  });

  it('7.2.5.3.2: a mapped address that is another candidate of ours makes the pair of that one valid', () => {
    const one = Scripted.gathered({ controlling: false, bases: [base('192.0.2.1'), base('192.0.2.11', { localPreference: 65534 })] });
    one.remote([candidate('192.0.2.2')]);
    one.answer(one.check(), { mapped: '192.0.2.11' });
    expect(one.list().pairs.map((p) => [p.id, p.state, p.valid])).toEqual([
      [1, 'succeeded', false],
      [2, 'succeeded', true],
    ]);
    expect(one.story(2)).toEqual(['waiting: first of foundation 2:1', 'succeeded: valid by the check of pair 1']);
  });
});

describe('7.3.1.4: an old check and a new one of the same pair', () => {
  const both = (): { one: Scripted; old: ReturnType<Scripted['check']>; young: ReturnType<Scripted['check']> } => {
    const one = started();
    one.until(100);
    one.ask('192.0.2.2');
    const [old, young] = one.checks();
    return { one, old: must(old, 'check'), young: must(young, 'check') };
  };

  it('the old one is not sent again, and its silence decides nothing', () => {
    const { one, old, young } = both();
    one.until(39_550);
    const of = (s: typeof old): number[] =>
      one
        .checks()
        .filter((c) => c.packet.transaction === s.packet.transaction)
        .map((c) => c.at);
    expect([of(old), of(young).slice(0, 3)]).toEqual([[0], [100, 600, 1600]]);
    // Given up after 16 RTO (Rm) without an answer.
    expect(one.pair(1).state).toBe('in-progress');
    one.until(39_600);
    expect(one.story(1).at(-1)).toBe('failed: no answer to 7 requests in 39.5s');
  });

  it('an error to the old one decides nothing either', () => {
    const { one, old } = both();
    one.refuse(old, 500, 'Server Error');
    expect(one.pair(1).state).toBe('in-progress');
  });

  it('an answer to the old one still counts, and ends the new one', () => {
    const { one, old, young } = both();
    one.answer(old);
    expect(one.pair(1)).toMatchObject({ state: 'succeeded', rtt: millis(100) });
    one.until(1000);
    expect(one.checks().filter((c) => c.packet.transaction === young.packet.transaction)).toHaveLength(1);
    // That too was an answer to us; it tells nothing new.
    const before = one.story(1).length;
    one.answer(young);
    expect(one.story(1)).toHaveLength(before);
  });

  it('a late answer to the old one does not stop the nominating check', () => {
    const { one, old, young } = both();
    one.answer(young);
    one.until(150);
    expect(one.check().nominates).toBe(true);
    one.answer(old);
    one.until(700);
    expect(
      one
        .checks()
        .filter((c) => c.nominates)
        .map((c) => c.at),
    ).toEqual([150, 650]);
  });
});

describe('the nominating check', () => {
  it('8.1.1: refused, it fails the pair and the stream: another pair must not be nominated', () => {
    const one = Scripted.gathered();
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.3', { foundation: '2', priority: 5 })]);
    one.answer(one.check());
    one.until(100);
    one.answer(one.check('192.0.2.3'));
    const outs = one.refuse(one.check('192.0.2.2'), 400, 'Bad Request');
    expect(kinds(outs)).toEqual(['pair 1 failed', 'failed']);
    expect(one.story(1).at(-1)).toBe('failed: nominating check failed: answered with 400 Bad Request');
    expect(one.list()).toMatchObject({ state: 'failed', why: 'the nominating check of pair 1 failed: answered with 400 Bad Request' });
    expect([one.pair(1), one.pair(2)].map((p) => [p.valid, p.nominated])).toEqual([
      [false, false],
      [true, false],
    ]);
    expect(one.until(120_000)).toEqual([]);
  });

  it('the valid pair that it stood for is not valid any more', () => {
    const one = started();
    one.answer(one.check(), { mapped: '198.51.100.7 4000' });
    one.until(50);
    one.refuse(one.check(), 500, 'Server Error');
    expect(one.list().pairs.map((p) => [p.id, p.valid])).toEqual([
      [1, false],
      [2, false],
    ]);
  });

  it('two that end at once, of two components, fail the stream once, with the first reason', () => {
    const one = Scripted.gathered({ streams: [2], bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 })] });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.2 50001', { component: 2 })]);
    one.answer(one.check());
    one.until(50);
    one.until(100);
    one.answer(one.check('192.0.2.2 50001').nominates ? one.check() : one.check('192.0.2.2 50001'));
    one.until(200);
    expect(one.checks().filter((c) => c.nominates)).toHaveLength(2);
    // The process slept: both are overdue.
    one.late(100_000);
    one.late(200_000);
    expect(one.outputs('failed').map((f) => f.why)).toEqual(['the nominating check of pair 1 failed: no answer to 1 requests in 99.95s']);
  });

  it('with the stream, the checks of its other pairs end; their answers belong to nothing', () => {
    const one = Scripted.gathered({ streams: [2], bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 })] });
    one.remote([candidate('192.0.2.2', { foundation: 'a' }), candidate('192.0.2.2 50001', { foundation: 'b', component: 2 })]);
    one.answer(one.check());
    one.until(200);
    const other = one.check('192.0.2.2 50001');
    one.refuse(one.check('192.0.2.2'), 400, 'Bad Request');
    expect(one.answer(other)).toEqual([{ kind: 'discard', why: 'stun-no-transaction', cause: NO_CAUSE }]);
    expect(one.until(60_000)).toEqual([]);
  });
});
