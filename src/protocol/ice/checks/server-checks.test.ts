import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.js';
import { NO_CAUSE, type Cause } from '../../../base/brand.js';
import { millis } from '../../../base/time.js';
import { checkFingerprint, checkIntegrity } from '../../stun/codec.js';
import { shortTermKey } from '../../stun/integrity.js';
import { at, base, candidate, kinds, Scripted, type Ask } from '../scripted-peer.testkit.js';

/** One address here, one there, the first check under way. */
function started(controlling = false): Scripted {
  const one = Scripted.gathered({ controlling });
  one.remote([candidate('192.0.2.2')]);
  return one;
}

describe('the answer to a check', () => {
  it('RFC 8489 9.1.3 and RFC 8445 7.3: where it came from, signed with our password, back the way it came, by its cause', () => {
    const one = started();
    const outs = one.ask('192.0.2.2 50007', { cause: 9 as Cause });
    const sent = must(one.sent(outs)[0], 'answer');
    expect(sent.packet).toMatchObject({ class: 'success', method: 1, transaction: '1'.padStart(24, '0') });
    expect(sent.packet.attributes).toEqual([{ name: 'xor-mapped-address', address: at('192.0.2.2 50007') }]);
    expect(checkIntegrity(sent.packet, shortTermKey(one.agent.credentials.pwd))).toBe(true);
    expect(checkFingerprint(sent.packet)).toBe('right');
    expect([sent.to, sent.base, sent.cause]).toEqual([at('192.0.2.2 50007'), one.bases[0], 9]);
  });

  const odd = [0x0042, 0x7ffe];
  it.each<[string, number, string, boolean, Ask]>([
    ['RFC 8489 9.1.3: no integrity', 400, 'Bad Request', false, { pwd: null }],
    ['RFC 8489 9.1.3: no user name', 400, 'Bad Request', false, { username: null }],
    ['RFC 8445 7.2.2: a user name without the colon', 400, 'Bad Request', false, { username: 'peer' }],
    ['RFC 8489 9.1.3: the user name of somebody else', 401, 'Unauthorized', false, { username: 'else:peer' }],
    ['RFC 8489 9.1.3: another password', 401, 'Unauthorized', false, { pwd: 'guessed' }],
    [
      'RFC 8489 6.3.1: what must be understood and is not',
      420,
      'Unknown Attribute',
      true,
      { attributes: odd.map((code) => ({ name: 'unknown', code, bytes: new Uint8Array(4) })) },
    ],
  ])('%s: %i', (_rule, code, reason, signed, how) => {
    const one = started();
    const outs = one.ask('192.0.2.2', { ...how, cause: 9 as Cause });
    const sent = must(one.sent(outs)[0], 'answer');
    expect(kinds(outs)).toEqual(['send']);
    expect([sent.packet.class, sent.packet.transaction, sent.to, sent.base, sent.cause]).toEqual([
      'error',
      '1'.padStart(24, '0'),
      at('192.0.2.2'),
      one.bases[0],
      9,
    ]);
    const types = code === 420 ? [{ name: 'unknown-attributes', types: odd }] : [];
    expect(sent.packet.attributes).toEqual([{ name: 'error-code', code, reason }, ...types]);
    expect(checkIntegrity(sent.packet, shortTermKey(one.agent.credentials.pwd))).toBe(signed);
    expect(sent.packet.integrityAt >= 0).toBe(signed);
    expect(checkFingerprint(sent.packet)).toBe('right');
    expect(one.pair(1).requestsReceived).toBe(0);
  });

  it('a stream that has failed answers no more: it would keep the consent of the peer alive', () => {
    const one = started(true);
    one.answer(one.check());
    one.until(50);
    one.refuse(one.check(), 400, 'Bad Request');
    expect(one.ask('192.0.2.2', { cause: 9 as Cause })).toEqual([{ kind: 'discard', why: 'ice-failed', cause: 9 }]);
  });
});

describe('7.3.1.3: who asks and was not named', () => {
  it('becomes a peer-reflexive candidate with the priority of its check and a foundation of its own', () => {
    const one = started();
    one.ask('198.51.100.7 4000', { priority: 1862270975 });
    const [, line = ''] = one.list().remoteCandidates;
    expect(line).toMatch(/^candidate:prflx[0-9a-z]{1,7} 1 UDP 1862270975 198\.51\.100\.7 4000 typ prflx$/);
    expect(one.pair(2)).toMatchObject({ remote: line, requestsReceived: 1 });
    expect(one.story(2)[0]).toBe('waiting: request from 198.51.100.7:4000, which nobody had named: peer-reflexive');
    one.ask('198.51.100.7 4001');
    expect(one.pair(3).foundation).not.toBe(one.pair(2).foundation);
    // The same once more is the same pair.
    one.ask('198.51.100.7 4000');
    expect([one.list().pairs.length, one.list().remoteCandidates.length, one.pair(2).requestsReceived]).toEqual([3, 3, 2]);
  });

  it('6.1.2.3: takes the place in the list that its priority gives it', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([candidate('192.0.2.2', { priority: 5 })]);
    one.ask('198.51.100.7 4000', { priority: 9 });
    one.ask('198.51.100.7 4001', { priority: 2 });
    expect(one.list().pairs.map((p) => p.id)).toEqual([2, 1, 3]);
  });

  it('a check without PRIORITY counts as the least', () => {
    const one = started();
    one.ask('198.51.100.7 4000', { priority: null });
    expect(one.list().remoteCandidates.at(-1)).toContain(' UDP 1 198.51.100.7 4000 ');
  });

  it('one that was named but had no pair is no peer-reflexive one', () => {
    const one = Scripted.gathered({ controlling: false, bases: [base('2001:db8::1')] });
    one.remote([candidate('fe80::2')]);
    one.ask('fe80::2');
    expect(one.story(1)[0]).toBe('waiting: request from [fe80::2]:50000, which had no pair yet');
    expect(one.list().remoteCandidates).toHaveLength(1);
  });

  it('the same address in the other component, or by the other transport, is another candidate', () => {
    const bases = [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 }), base('192.0.2.1 50002', { transport: 'tcp', tcpType: 'passive' })];
    const one = Scripted.gathered({ controlling: false, streams: [2], bases });
    one.remote([candidate('192.0.2.2')]);
    one.ask('192.0.2.2', {}, bases[1]);
    one.ask('192.0.2.2', {}, bases[2]);
    expect(one.list().remoteCandidates.slice(1)).toEqual([
      expect.stringMatching(/^candidate:prflx\w+ 2 UDP 1862270975 192.0.2.2 50000 typ prflx$/),
      expect.stringMatching(/^candidate:prflx\w+ 1 TCP 1862270975 192.0.2.2 50000 typ prflx tcptype active$/),
    ]);
  });

  it.each([
    ['passive', 'active'],
    ['active', 'passive'],
    ['so', 'so'],
  ] as const)('RFC 6544 7.2: who asks our %s candidate is %s', (ours, theirs) => {
    const one = Scripted.gathered({ controlling: false, bases: [base('192.0.2.1', { transport: 'tcp', tcpType: ours })] });
    one.remote([]);
    one.ask('192.0.2.2');
    expect(one.list().remoteCandidates[0]).toMatch(new RegExp(`^candidate:prflx\\w+ 1 TCP 1862270975 192.0.2.2 50000 typ prflx tcptype ${theirs}$`));
  });

  it.each([true, false])('once the peer names it, its own words count, for the pair that it discovered too (we control: %s)', (controlling) => {
    const one = Scripted.gathered({ controlling });
    one.remote([candidate('192.0.2.3', { foundation: '3', priority: 2000000000 })], { complete: false });
    one.ask('192.0.2.2', { priority: 5 });
    one.until(50);
    one.answer(one.check('192.0.2.2'), { mapped: '198.51.100.7 4000' });
    expect(one.list().pairs.map((p) => [p.id, p.remote.includes('typ prflx')])).toEqual([
      [1, false],
      [2, true],
      [3, true],
    ]);
    one.in({ kind: 'remote-candidate', stream: 0, candidate: candidate('192.0.2.2', { foundation: '9', priority: 2100000000 }) });
    // Now the highest of the list: 2^32 * MIN(G, D) + 2 * MAX(G, D) + (G > D).
    const rank = (local: bigint, remote: bigint): string => {
      const [g, d] = controlling ? [local, remote] : [remote, local];
      return String((g < d ? g : d) * (1n << 32n) + 2n * (g > d ? g : d) + (g > d ? 1n : 0n));
    };
    expect(one.list().pairs.map((p) => [p.id, p.foundation, p.priority, p.remote])).toEqual([
      [2, '1:9', rank(2130706431n, 2100000000n), 'candidate:9 1 UDP 2100000000 192.0.2.2 50000 typ host'],
      [1, '1:3', rank(2130706431n, 2000000000n), 'candidate:3 1 UDP 2000000000 192.0.2.3 50000 typ host'],
      [3, '2:9', rank(1862270975n, 2100000000n), 'candidate:9 1 UDP 2100000000 192.0.2.2 50000 typ host'],
    ]);
    expect(one.story(2).at(-1)).toBe('succeeded: the peer has now named the candidate that was peer-reflexive');
    expect(one.list().remoteCandidates).toEqual([
      'candidate:3 1 UDP 2000000000 192.0.2.3 50000 typ host',
      'candidate:9 1 UDP 2100000000 192.0.2.2 50000 typ host',
    ]);
    // Of the reflexive candidate of ours there is no pair to be checked (6.1.2.4), of the host one there is already.
    expect(one.list().pruned.map((p) => p.local)).toEqual(['prflx udp 198.51.100.7:4000']);
    // The answers to later checks find the same valid pair.
    one.ask('192.0.2.2', { nominate: true });
    one.in({ kind: 'end-of-candidates', stream: 0 });
    one.until(3500);
    if (controlling) one.answer(one.check('192.0.2.2'), { mapped: '198.51.100.7 4000' });
    expect(one.outputs('selected').map((s) => [s.pair, s.remote.type])).toEqual([[3, 'host']]);
  });

  it('a peer that names a candidate as peer-reflexive itself adds nothing', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([], { complete: false });
    one.ask('192.0.2.2', { priority: 5 });
    const foundation = one.pair(1).foundation;
    one.in({ kind: 'remote-candidate', stream: 0, candidate: candidate('192.0.2.2', { type: 'prflx', foundation: '9' }) });
    expect([one.pair(1).foundation, one.list().pruned.length]).toEqual([foundation, 1]);
  });

  it('a decided stream makes no more pairs', () => {
    const one = started();
    one.ask('192.0.2.2', { nominate: true });
    one.until(50);
    one.answer(one.check());
    expect(kinds(one.ask('198.51.100.7 4000', { nominate: true }))).toEqual(['send']);
    expect(one.list().pairs).toHaveLength(1);
  });
});

describe('7.3.1.4: what a request triggers', () => {
  it('of a waiting pair its turn, once however often it is asked; before those that only wait', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([2, 3, 4, 5].map((n) => candidate(`192.0.2.${n}`, { foundation: `${n}`, priority: 100 - n })));
    one.ask('192.0.2.5');
    one.ask('192.0.2.4');
    one.ask('192.0.2.5');
    one.until(200);
    expect(one.checks().map((c) => [c.at, c.to.address])).toEqual([
      [0, '192.0.2.2'],
      [50, '192.0.2.5'],
      [100, '192.0.2.4'],
      [150, '192.0.2.3'],
    ]);
    expect(one.story(4)).toEqual(['waiting: first of foundation 1:5', 'waiting: request came: triggered check', 'in-progress: check started']);
    expect(one.pair(4).requestsReceived).toBe(2);
  });

  it('of a frozen pair that it need not wait for its foundation', () => {
    const one = Scripted.gathered({ controlling: false, streams: [2], bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 })] });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.2 50001', { component: 2 })]);
    one.ask('192.0.2.2 50001', {}, one.bases[1]);
    one.until(50);
    expect(one.story(2)).toEqual(['frozen: foundation 1:1 is tried by pair 1 first', 'waiting: request came: triggered check', 'in-progress: check started']);
  });

  it('of a pair that has succeeded nothing', () => {
    const one = started();
    one.answer(one.check());
    one.ask('192.0.2.2');
    one.until(5000);
    expect(one.checks()).toHaveLength(1);
    expect(one.pair(1).requestsReceived).toBe(1);
  });

  it('of a pair that has failed another check, and of one under way too', () => {
    const one = started();
    one.refuse(one.check(), 500, 'Server Error');
    one.ask('192.0.2.2');
    one.until(50);
    one.ask('192.0.2.2');
    one.until(100);
    expect(one.story(1).slice(2)).toEqual([
      'failed: answered with 500 Server Error',
      'waiting: request came after our check had failed: triggered check',
      'in-progress: check started',
      'waiting: request came while our check was under way: triggered check',
      'in-progress: check started',
    ]);
  });

  it('only of its own pair: the checks of others go on', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.3', { foundation: '3', priority: 5 })]);
    one.until(60);
    one.ask('192.0.2.3');
    one.until(700);
    expect(one.checks().map((c) => [c.at, c.to.address])).toEqual([
      [0, '192.0.2.2'],
      [50, '192.0.2.3'],
      [100, '192.0.2.3'],
      [500, '192.0.2.2'],
      [600, '192.0.2.3'],
    ]);
  });

  it('8.1.2: of a pair that was taken off the list nothing', () => {
    const one = Scripted.gathered({ controlling: false, streams: [2], bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 })] });
    one.remote([candidate('192.0.2.2', { foundation: 'a' }), candidate('192.0.2.3', { foundation: 'b', priority: 5 })]);
    one.ask('192.0.2.2', { nominate: true });
    one.answer(one.check());
    one.ask('192.0.2.3');
    one.until(3000);
    expect(one.pair(2)).toMatchObject({ removed: true, requestsReceived: 1, requestsSent: 0 });
    expect(one.story(2).at(-1)).toBe('waiting: taken off the list: pair 1 is selected (RFC 8445 8.1.2)');
  });

  it('of a pair that failed before the stream was decided nothing either', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.3', { foundation: 'b', priority: 5 })]);
    one.refuse(one.check(), 500, 'Server Error');
    one.ask('192.0.2.3', { nominate: true });
    one.until(50);
    one.answer(one.check());
    one.ask('192.0.2.2');
    expect(one.pair(1)).toMatchObject({ state: 'failed', requestsReceived: 1 });
  });

  it('what asked a pair that had succeeded is not the cause of its nomination', () => {
    const one = Scripted.gathered();
    one.remote([candidate('192.0.2.2')], { complete: false });
    one.answer(one.check());
    one.ask('192.0.2.2', { cause: 9 as Cause });
    one.in({ kind: 'end-of-candidates', stream: 0 });
    one.until(100);
    expect([one.check().nominates, one.check().cause]).toEqual([true, NO_CAUSE]);
  });

  it('a check that was answered before its triggered successor went makes that one needless', () => {
    const one = started();
    const first = one.check();
    one.ask('192.0.2.2');
    expect(one.pair(1).state).toBe('waiting');
    one.answer(first);
    one.until(3000);
    expect(one.checks()).toHaveLength(1);
  });

  it('before the agent has a candidate there: answered, and dropped with its reason', () => {
    const one = new Scripted({ controlling: false });
    one.remote([candidate('192.0.2.2')]);
    const outs = one.ask('192.0.2.2', { cause: 9 as Cause });
    expect(kinds(outs)).toEqual(['send', 'discard']);
    expect(outs[1]).toEqual({ kind: 'discard', why: 'ice-no-candidate-at-base', cause: 9 });
  });

  it('7.3: before the description of the peer it is answered, and triggers when that comes, cause and nomination and all', () => {
    const one = Scripted.gathered({ controlling: false });
    expect(kinds(one.ask('192.0.2.2', { cause: 9 as Cause, nominate: true }))).toEqual(['send']);
    one.ask('198.51.100.7 4000', { priority: 77 });
    one.remote([candidate('192.0.2.2')]);
    expect(one.check().cause).toBe(9);
    expect(one.list().remoteCandidates[1]).toMatch(/ UDP 77 198\.51\.100\.7 4000 typ prflx$/);
    one.answer(one.check());
    expect(one.outputs('selected').map((s) => s.pair)).toEqual([1]);
    // They trigger once.
    one.remote([candidate('192.0.2.2')]);
    expect(one.pair(1).requestsReceived).toBe(1);
  });
});

describe('7.3.1.5: the peer nominates', () => {
  it('a pair that has succeeded is selected at once', () => {
    const one = started();
    one.answer(one.check());
    one.until(20);
    const outs = one.ask('192.0.2.2', { nominate: true });
    expect(kinds(outs)).toEqual(['send', 'pair 1 succeeded', 'selected', 'completed']);
    expect(one.pair(1).history.slice(-2)).toEqual([
      { at: millis(20), state: 'succeeded', why: 'nominated by the peer' },
      { at: millis(20), state: 'succeeded', why: 'selected for component 1' },
    ]);
  });

  it('a pair whose check is under way is selected when that succeeds; it is said once', () => {
    const one = started();
    one.ask('192.0.2.2', { nominate: true });
    one.ask('192.0.2.2', { nominate: true });
    expect(one.agent.selected(0, 1)).toBeNull();
    one.until(50);
    one.answer(one.check());
    expect(one.agent.selected(0, 1)?.pair).toBe(1);
    expect(one.story(1).filter((s) => s.includes('nominated'))).toEqual(['waiting: nominated by the peer, waits for our own check']);
  });

  it('its valid pair is selected where the check discovered one', () => {
    const one = started();
    one.answer(one.check(), { mapped: '198.51.100.7 4000' });
    one.ask('192.0.2.2', { nominate: true });
    expect(one.outputs('selected').map((s) => [s.pair, s.local.address.address])).toEqual([[2, '198.51.100.7']]);
    expect(one.list().pairs.map((p) => [p.id, p.nominated])).toEqual([
      [1, false],
      [2, true],
    ]);
  });

  it('but not while we control', () => {
    const one = Scripted.gathered({ controlling: true });
    one.remote([candidate('192.0.2.2')], { complete: false });
    one.answer(one.check());
    one.ask('192.0.2.2', { nominate: true });
    expect([one.agent.selected(0, 1), one.pair(1).nominated]).toEqual([null, false]);
    expect(one.story(1).some((s) => s.includes('nominated'))).toBe(false);
  });

  it('and no other pair than the one that was asked', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.3', { foundation: '3', priority: 5 })]);
    one.answer(one.check());
    one.until(50);
    one.answer(one.check());
    one.ask('192.0.2.3', { nominate: true });
    expect(one.list().pairs.map((p) => [p.id, p.nominated, p.selected])).toEqual([
      [1, false, false],
      [2, true, true],
    ]);
  });
});
