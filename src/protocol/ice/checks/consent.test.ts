import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.js';
import { NO_CAUSE } from '../../../base/brand.js';
import { randomRoot, type Rng } from '../../../base/rng.js';
import { millis, seconds } from '../../../base/time.js';
import { checkFingerprint, checkIntegrity, emitStun } from '../../stun/codec.js';
import { shortTermKey } from '../../stun/integrity.js';
import { at, base, candidate, PEER, Scripted, type Answer } from '../scripted-peer.testkit.js';

/** Numbers of which the fractions are always the same one. */
function steady(fraction: number): Rng {
  const rest = randomRoot(3).stream('rest');
  return {
    u32: () => rest.u32(),
    float: () => fraction,
    below: (n) => rest.below(n),
    fill: (b, o, n) => {
      rest.fill(b, o, n);
    },
  };
}

/** A controlled agent whose pair was selected at 1 s. */
function selected(fraction = 0.5, settings: ConstructorParameters<typeof Scripted>[0] = {}): Scripted {
  const one = Scripted.gathered({ controlling: false, random: steady(fraction), bases: [base('192.0.2.1'), base('192.0.2.11')], ...settings });
  one.remote([candidate('192.0.2.2')]);
  one.answer(one.check());
  one.until(1000);
  one.ask('192.0.2.2', { nominate: true });
  return one;
}
const asked = (one: Scripted) => one.checks().filter((c) => c.at > 1000);
const consent = (one: Scripted) => must(one.agent.snapshot().consents[0], 'consent');

describe('RFC 7675 5.1: the checks', () => {
  it.each([
    [0, [5000, 9000, 13_000]],
    [0.5, [6000, 11_000, 16_000]],
    [1 - 2 ** -32, [7000, 13_000, 19_000]],
  ])('go every 5 s, spread from 0.8 to 1.2 of that (%d), and are never sent again', (fraction, times) => {
    const one = selected(fraction);
    one.until(20_000);
    expect(
      asked(one)
        .map((c) => c.at)
        .slice(0, 3),
    ).toEqual(times);
    expect(new Set(asked(one).map((c) => c.packet.transaction)).size).toBe(asked(one).length);
    expect(consent(one)).toMatchObject({ pair: 1, sent: asked(one).length, answered: 0, expired: false, rtt: null, lastAnswerAt: seconds(1) });
  });

  it('are Binding requests with the credentials and the role, without a nomination', () => {
    const one = selected();
    one.until(6000);
    const { packet, base: from, to, cause } = one.check();
    expect([packet.class, packet.method, from, to, cause]).toEqual(['request', 1, one.bases[0], at('192.0.2.2'), NO_CAUSE]);
    expect(packet.attributes.map((a) => a.name)).toEqual(['username', 'ice-controlled', 'priority']);
    expect(checkIntegrity(packet, shortTermKey(PEER.pwd))).toBe(true);
  });

  it('an answer renews the consent from the moment it comes, to whichever check it is', () => {
    const one = selected();
    one.until(12_500);
    const [first, second] = asked(one);
    one.answer(must(first, 'check'));
    expect(consent(one)).toMatchObject({ sent: 2, answered: 1, lastAnswerAt: millis(12_500), rtt: millis(6500) });
    // What was asked before it is settled.
    expect(one.answer(must(second, 'check'))).toEqual([{ kind: 'discard', why: 'stun-no-transaction', cause: NO_CAUSE }]);
    one.until(60_000);
    expect(one.outputs('consent-expired').map((c) => c.at)).toEqual([42_500]);
  });

  it('30 s without one: it expires, the story tells, and all is silence', () => {
    const one = selected();
    one.until(120_000);
    expect(one.outputs('consent-expired')).toEqual([{ kind: 'consent-expired', stream: 0, component: 1, pair: 1, at: 31_000 }]);
    expect(one.story(1).at(-1)).toBe('succeeded: consent expired: no answer to 5 checks in 30 s');
    expect(asked(one).map((c) => c.at)).toEqual([6000, 11_000, 16_000, 21_000, 26_000]);
    // A late answer does not bring it back.
    one.answer(must(asked(one)[4], 'check'));
    expect(consent(one).expired).toBe(true);
    expect(one.until(200_000)).toEqual([]);
    expect(one.agent.deadline).toBe(Infinity);
  });

  it('interval and timeout can be set', () => {
    const one = selected(0.5, { settings: { consentInterval: seconds(2), consentTimeout: seconds(5) } });
    one.until(20_000);
    expect(asked(one).map((c) => c.at)).toEqual([3000, 5000]);
    expect(one.outputs('consent-expired').map((c) => c.at)).toEqual([6000]);
    expect(one.story(1).at(-1)).toBe('succeeded: consent expired: no answer to 2 checks in 5 s');
  });
});

describe('RFC 7675 5.1: what is no answer', () => {
  const mapped = { name: 'xor-mapped-address', address: at('192.0.2.1') } as const;
  it.each<[string, (one: Scripted) => Answer]>([
    ['signed with another password', () => ({ pwd: 'guessed' })],
    ['from another address', () => ({ from: at('192.0.2.3') })],
    ['at another socket', (one) => ({ base: must(one.bases[1], 'base') })],
    ['an error', () => ({ class: 'error', attributes: [{ name: 'error-code', code: 400, reason: 'Bad Request' }] })],
    ['with what must be understood and is not', () => ({ attributes: [mapped, { name: 'unknown', code: 0x7ffe, bytes: new Uint8Array(0) }] })],
  ])('%s', (_case, how) => {
    const one = selected();
    one.until(6000);
    expect(one.answer(one.check(), how(one))).toEqual([]);
    expect(consent(one).answered).toBe(0);
    expect(one.story(1).at(-1)).toBe('succeeded: ignored an answer to a consent check: not a signed success from the peer');
    one.answer(one.check());
    expect(consent(one).answered).toBe(1);
  });

  it('to no check of ours', () => {
    const one = selected();
    one.until(6000);
    const bytes = emitStun({ class: 'success', method: 1, transaction: '0'.repeat(24), attributes: [mapped] }, { integrity: shortTermKey(PEER.pwd) });
    expect(one.in({ kind: 'datagram', base: must(one.bases[0], 'base'), from: at('192.0.2.2'), bytes })).toEqual([
      { kind: 'discard', why: 'stun-no-transaction', cause: NO_CAUSE },
    ]);
    expect(consent(one).answered).toBe(0);
  });
});

describe('RFC 8445 11: keepalives where consent is off', () => {
  it.each([
    [{}, 15_000],
    [{ keepalive: seconds(20) }, 20_000],
  ])('every Tr, without an end (%j)', (setting, tr) => {
    const one = selected(0.5, { settings: { consent: false, ...setting } });
    one.until(100_000);
    const sent = one.sent().filter((s) => s.at > 1000);
    expect(sent.map((s) => s.at)).toEqual(Array.from({ length: Math.floor(99_000 / tr) }, (_, i) => 1000 + (i + 1) * tr));
    expect(one.outputs('consent-expired')).toEqual([]);
    const { packet, to } = must(sent[0], 'keepalive');
    expect([packet.class, packet.method, packet.attributes, packet.integrityAt, to]).toEqual(['indication', 1, [], -1, at('192.0.2.2')]);
    expect(checkFingerprint(packet)).toBe('right');
    expect(consent(one)).toMatchObject({ sent: sent.length, answered: 0, expired: false });
  });

  it('nothing that comes is an answer to one', () => {
    const one = selected(0.5, { settings: { consent: false } });
    one.until(16_000);
    const sent = must(one.sent().at(-1), 'keepalive');
    expect(one.answer(sent)).toEqual([{ kind: 'discard', why: 'stun-no-transaction', cause: NO_CAUSE }]);
  });
});
