import { describe, expect, it } from 'vitest';
import { checkIntegrity } from '../../stun/codec.js';
import { shortTermKey } from '../../stun/integrity.js';
import { base, candidate, Scripted } from '../scripted-peer.testkit.js';

/** One address here, one there, the first check under way. */
function started(controlling: boolean): Scripted {
  const one = Scripted.gathered({ controlling });
  one.remote([candidate('192.0.2.2')]);
  return one;
}

describe('7.3.1.1: the roles', () => {
  const [less, more] = ['0'.repeat(16), 'f'.repeat(16)];

  it.each<[string, boolean, (own: string) => readonly ['ice-controlling' | 'ice-controlled', string] | null, boolean, boolean]>([
    ['we control, the peer too, ours is the larger', true, () => ['ice-controlling', less], false, true],
    ['we control, the peer too, both are equal', true, (own) => ['ice-controlling', own], false, true],
    ['we control, the peer too, ours is the smaller', true, () => ['ice-controlling', more], true, false],
    ['both are controlled, ours is the larger', false, () => ['ice-controlled', less], true, true],
    ['both are controlled, both are equal', false, (own) => ['ice-controlled', own], true, true],
    ['both are controlled, ours is the smaller', false, () => ['ice-controlled', more], false, false],
    ['we control, the peer does not', true, () => ['ice-controlled', more], true, true],
    ['the peer controls, we do not', false, () => ['ice-controlling', less], true, false],
    ['we control, the peer names no role', true, () => null, true, true],
    ['we do not control, the peer names no role', false, () => null, true, false],
  ])('%s', (_case, controlling, role, taken, then) => {
    const one = started(controlling);
    const own = one.tieBreaker;
    const outs = one.ask('192.0.2.2', { role: role(own) });
    const reply = one.reply(outs);
    expect([reply.class, one.agent.controlling]).toEqual([taken ? 'success' : 'error', then]);
    // The answer is signed in either case: the peer has proved itself.
    expect(checkIntegrity(reply, shortTermKey(one.agent.credentials.pwd))).toBe(true);
    expect(one.pair(1).requestsReceived).toBe(taken ? 1 : 0);
    if (!taken) expect(reply.attributes).toEqual([{ name: 'error-code', code: 487, reason: 'Role Conflict' }]);
    expect(one.outputs('role')).toHaveLength(controlling === then ? 0 : 1);
    // Who switches by a request keeps its tie-breaker; 7.2.5.1 alone changes it.
    one.until(600);
    expect(one.tieBreaker).toBe(own);
  });

  it('the reason is told', () => {
    const one = started(true);
    one.ask('192.0.2.2', { role: ['ice-controlling', more] });
    const other = started(false);
    other.ask('192.0.2.2', { role: ['ice-controlled', less] });
    expect([...one.outputs('role'), ...other.outputs('role')].map((r) => [r.controlling, r.why])).toEqual([
      [false, 'role conflict: the peer controls too and has the larger tie-breaker'],
      [true, 'role conflict: both were controlled and our tie-breaker is the larger'],
    ]);
  });

  it('7.2.5.1: a 487 to our check: the other role, another tie-breaker, the pair is checked again', () => {
    const one = started(true);
    const own = one.tieBreaker;
    const check = one.check();
    one.refuse(check, 487, 'Role Conflict');
    expect(one.outputs('role').map((r) => [r.controlling, r.why])).toEqual([[false, 'role conflict: 487 to the check of pair 1']]);
    one.until(50);
    expect(one.story(1).slice(2)).toEqual(['waiting: 487 Role Conflict: checked again in the other role', 'in-progress: check started']);
    expect(one.check().packet.attributes.map((a) => a.name)).toEqual(['username', 'ice-controlled', 'priority']);
    expect(one.tieBreaker).not.toBe(own);
  });

  it('7.2.5.1: a 487 that comes when the role has been switched already changes nothing but checks again', () => {
    const one = started(true);
    const [check, own] = [one.check(), one.tieBreaker];
    one.ask('192.0.2.2', { role: ['ice-controlling', more] });
    one.refuse(check, 487, 'Role Conflict');
    expect([one.agent.controlling, one.outputs('role').length]).toEqual([false, 1]);
    one.until(50);
    expect(one.tieBreaker).toBe(own);
    expect(one.story(1)).toContain('waiting: 487 Role Conflict: checked again in the other role');
  });

  it('7.2.5.1: a 487 after the stream is decided starts no check', () => {
    const one = started(false);
    const first = one.check();
    one.ask('192.0.2.2', { nominate: true });
    one.until(50);
    one.answer(one.check());
    expect(one.list().state).toBe('completed');
    one.refuse(first, 487, 'Role Conflict');
    expect(one.pair(1).state).toBe('succeeded');
    one.until(3000);
    expect(one.checks()).toHaveLength(2);
  });

  it('7.2.5.1: a 487 after the decision revives no other pair either', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.3', { foundation: '3', priority: 5 })]);
    const first = one.check();
    one.ask('192.0.2.3', { nominate: true });
    one.until(50);
    one.answer(one.check());
    one.refuse(first, 487, 'Role Conflict');
    expect(one.pair(1).state).toBe('in-progress');
  });

  it('7.2.5.1: a 487 to the nominating check: the pair stays valid, and it is for the peer to nominate it', () => {
    const one = started(true);
    one.answer(one.check());
    one.until(50);
    one.refuse(one.check(), 487, 'Role Conflict');
    one.until(5000);
    expect([one.agent.controlling, one.list().state, one.pair(1).state, one.checks().length]).toEqual([false, 'running', 'succeeded', 2]);
    one.ask('192.0.2.2', { nominate: true });
    expect(one.agent.selected(0, 1)?.pair).toBe(1);
  });

  it('a role that is lost takes its open nomination along: its silence does not fail the stream', () => {
    const one = started(true);
    one.answer(one.check());
    one.until(50);
    const nomination = one.check();
    expect(nomination.nominates).toBe(true);
    one.ask('192.0.2.2', { role: ['ice-controlling', more] });
    one.until(60_000);
    expect([one.list().state, one.pair(1).state, one.pair(1).valid]).toEqual(['running', 'succeeded', true]);
    // It is the peer's turn now.
    one.ask('192.0.2.2', { role: ['ice-controlling', more], nominate: true });
    expect(one.outputs('selected').map((s) => s.pair)).toEqual([1]);
  });

  it('a role that is lost takes its open nomination along: its success selects nothing', () => {
    const one = started(true);
    one.answer(one.check());
    one.until(50);
    const nomination = one.check();
    one.ask('192.0.2.2', { role: ['ice-controlling', more] });
    one.answer(nomination);
    expect([one.list().state, one.pair(1).nominated]).toEqual(['running', false]);
  });

  it('a nomination that is queued when the role is lost is not sent', () => {
    const one = started(true);
    one.answer(one.check());
    one.ask('192.0.2.2', { role: ['ice-controlling', more] });
    one.until(5000);
    expect(one.checks()).toHaveLength(1);
  });

  it('6.1.2.3: the pairs are ranked anew when the role is another, discovered ones too', () => {
    const one = Scripted.gathered({ controlling: true, bases: [base('192.0.2.1'), base('192.0.2.11', { localPreference: 65534 })] });
    one.remote([candidate('192.0.2.2', { priority: 2130706175 })]);
    one.answer(one.check(), { mapped: '198.51.100.7 4000' });
    // G 2130706431, D 2130706175 and the other way round: 2^32 * MIN + 2 * MAX + (G > D).
    const ranks = () => one.list().pairs.map((p) => [p.id, p.priority]);
    const [low, high, reflexive] = [2130706175n, 2130706431n, 1862270975n];
    const rank = (g: bigint, d: bigint): string => String((g < d ? g : d) * (1n << 32n) + 2n * (g > d ? g : d) + (g > d ? 1n : 0n));
    expect(ranks()).toEqual([
      [1, rank(high, low)],
      [2, rank(low, low)],
      [3, rank(reflexive, low)],
    ]);
    one.ask('192.0.2.2', { role: ['ice-controlling', more] });
    expect(ranks()).toEqual([
      [1, rank(low, high)],
      [2, rank(low, low)],
      [3, rank(low, reflexive)],
    ]);
  });

  it('6.1.2.3: the order of the list follows the new ranks', () => {
    const one = Scripted.gathered({ controlling: true, bases: [base('192.0.2.1', { localPreference: 2 }), base('192.0.2.11', { localPreference: 1 })] });
    const [high, low] = [126 * 2 ** 24 + 2 * 256 + 255, 126 * 2 ** 24 + 256 + 255];
    one.remote([candidate('192.0.2.2', { priority: high }), candidate('192.0.2.3', { priority: low })]);
    const order = () => one.list().pairs.map((p) => p.text.replaceAll(/host udp 192\.0\.2\.|:50000/g, ''));
    const before = order();
    one.ask('192.0.2.2', { role: ['ice-controlling', more] });
    // The middle two differ in the last bit alone: G > D.
    expect([before, order()]).toEqual([
      ['1 > 2', '1 > 3', '11 > 2', '11 > 3'],
      ['1 > 2', '11 > 2', '1 > 3', '11 > 3'],
    ]);
  });
});
