import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.js';
import { seconds } from '../../../base/time.js';
import { PlannedGatherer } from '../planned-gatherer.testkit.js';
import { at, base, candidate, kinds, Scripted } from '../scripted-peer.testkit.js';

/** So many streams of one component; the peer named so many candidates in each, all of different foundations. */
function streams(counts: readonly (number | null)[]): Scripted {
  const one = Scripted.gathered({
    controlling: false,
    streams: counts.map(() => 1),
    bases: counts.map((_, stream) => base(`192.0.2.1 ${50_000 + stream}`, { stream })),
  });
  for (const [stream, count] of counts.entries()) {
    if (count === null) continue;
    one.remote(
      Array.from({ length: count }, (_, i) => candidate(`192.0.2.${i + 2} ${50_000 + stream}`, { foundation: `${stream}x${i}`, priority: 1000 - i })),
      { stream },
    );
  }
  return one;
}
/** `stream:number of the candidate`, in the order of their checks. */
const order = (one: Scripted): string[] => one.checks().map((c) => `${c.base.stream}:${c.to.address.slice(-1)}`);

describe('6.1.4.2: one check every Ta, over all streams', () => {
  it('the streams take turns', () => {
    const one = streams([3, 3]);
    one.until(250);
    expect(one.checks().map((c) => c.at)).toEqual([0, 50, 100, 150, 200, 250]);
    expect(order(one)).toEqual(['0:2', '1:2', '0:3', '1:3', '0:4', '1:4']);
  });

  it('one that has nothing to check is passed over, and the turn goes on behind the one that had', () => {
    const one = streams([4, 1, 4]);
    one.until(400);
    expect(order(one)).toEqual(['0:2', '1:2', '2:2', '0:3', '2:3', '0:4', '2:4', '0:5', '2:5']);
  });

  it('one that the peer has not described yet waits for that', () => {
    const one = streams([2, null, 2]);
    one.until(150);
    expect(order(one)).toEqual(['0:2', '2:2', '0:3', '2:3']);
    one.remote([candidate('192.0.2.9 50001', { foundation: 'late' })], { stream: 1 });
    one.until(200);
    expect(order(one).slice(4)).toEqual(['1:9']);
  });

  it('one that is decided takes no more turns', () => {
    const one = streams([3, 3]);
    one.ask('192.0.2.2', { nominate: true });
    one.until(50);
    one.answer(one.check('192.0.2.2 50000'));
    expect(one.agent.listState(0)).toBe('completed');
    one.until(200);
    expect(order(one)).toEqual(['0:2', '1:2', '1:3', '1:4']);
  });

  it('a triggered check goes first in its own stream, not before the turn of another', () => {
    const one = streams([3, 3]);
    one.ask('192.0.2.4');
    one.until(150);
    expect(order(one)).toEqual(['0:2', '1:2', '0:4', '1:3']);
  });

  it('when nothing is left to be checked there is no timer but those of checks and the PAC', () => {
    const one = streams([1]);
    one.refuse(one.check(), 500, 'Server Error');
    expect(one.agent.deadline).toBe(39.5e9);
  });
});

describe('candidates that come late', () => {
  const relayed = base('203.0.113.9 49152', { localPreference: 7 });
  const relay = { type: 'relay', base: relayed, address: relayed.address, learnedFrom: at('203.0.113.9 3478'), related: at('198.51.100.1 4000') } as const;

  it('one of ours is paired with all of the peer', () => {
    const one = Scripted.gathered({ gatherers: [new PlannedGatherer({ opensPaths: true, after: 300, finds: [relay] })] });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.3', { foundation: '3', priority: 5 })]);
    one.until(400);
    expect(one.list().pairs.map((p) => p.text)).toContain('relay udp 203.0.113.9:49152 > host udp 192.0.2.2:50000');
    expect(one.list().pairs).toHaveLength(4);
    expect(one.checks().filter((c) => c.base === relayed)).toHaveLength(2);
  });

  it('before the description of the peer it waits for that', () => {
    const one = Scripted.gathered({ gatherers: [new PlannedGatherer({ opensPaths: true, after: 300, finds: [relay] })] });
    one.in({ kind: 'remote-candidate', stream: 0, candidate: candidate('192.0.2.2') });
    one.until(400);
    expect(one.list().pairs).toEqual([]);
    one.remote([]);
    expect(one.list().pairs).toHaveLength(2);
  });

  it('after the decision it is paired with nobody', () => {
    const one = Scripted.gathered({ controlling: false, gatherers: [new PlannedGatherer({ opensPaths: true, after: 300, finds: [relay] })] });
    one.remote([candidate('192.0.2.2')]);
    one.ask('192.0.2.2', { nominate: true });
    one.until(50);
    one.answer(one.check());
    one.until(400);
    expect(one.agent.localCandidates).toHaveLength(2);
    expect(one.list().pairs).toHaveLength(1);
  });

  it('RFC 8838: one of the peer is paired at once; before its description it is kept for that', () => {
    const one = Scripted.gathered();
    one.in({ kind: 'remote-candidate', stream: 0, candidate: candidate('192.0.2.2') });
    expect([one.list().pairs.length, one.list().remoteCandidates.length]).toEqual([0, 1]);
    one.remote([], { complete: false });
    expect(one.list().pairs).toHaveLength(1);
    expect(kinds(one.in({ kind: 'remote-candidate', stream: 0, candidate: candidate('192.0.2.3', { foundation: '3' }) }))).toEqual(['pair 2 waiting']);
  });

  it('RFC 8838: one of the peer that comes after the decision is not even kept', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([candidate('192.0.2.2')]);
    one.ask('192.0.2.2', { nominate: true });
    one.until(50);
    one.answer(one.check());
    one.in({ kind: 'remote-candidate', stream: 0, candidate: candidate('192.0.2.3') });
    expect(one.list().remoteCandidates).toHaveLength(1);
  });

  it('a description that comes again adds what is new in it, and may say that it is complete now', () => {
    const one = Scripted.gathered();
    const [a, b] = [candidate('192.0.2.2'), candidate('192.0.2.3', { foundation: '3', priority: 5 })];
    one.remote([a], { complete: false });
    expect(one.list().remoteEnded).toBe(false);
    one.remote([a, b]);
    expect(one.list()).toMatchObject({ remoteEnded: true, remoteCandidates: { length: 2 }, pairs: { length: 2 } });
    // RFC 8838 section 13: what has ended does not begin again.
    one.remote([a, b], { complete: false });
    expect(one.list().remoteEnded).toBe(true);
  });

  it('candidates of one address differ by component and by transport', () => {
    const one = Scripted.gathered({ streams: [2] });
    one.remote([
      candidate('192.0.2.2'),
      candidate('192.0.2.2', { component: 2 }),
      candidate('192.0.2.2', { transport: 'tcp', tcpType: 'passive' }),
      candidate('192.0.2.2', { foundation: 'again' }),
      candidate('192.0.2.2 50001'),
    ]);
    expect(one.list().remoteCandidates).toEqual([
      'candidate:1 1 UDP 2130706431 192.0.2.2 50000 typ host',
      'candidate:1 2 UDP 2130706431 192.0.2.2 50000 typ host',
      'candidate:1 1 TCP 2130706431 192.0.2.2 50000 typ host tcptype passive',
      'candidate:1 1 UDP 2130706431 192.0.2.2 50001 typ host',
    ]);
  });
});

describe('6.1.1: a lite peer', () => {
  it('makes us control, with the reason; not a second time', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([candidate('192.0.2.2')], { lite: true });
    one.remote([candidate('192.0.2.2')], { lite: true });
    expect(one.outputs('role').map((r) => [r.controlling, r.why])).toEqual([[true, 'the peer is lite (RFC 8445 6.1.1)']]);
  });

  it('a full peer leaves the roles as they are', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([candidate('192.0.2.2')]);
    expect([one.agent.controlling, one.outputs('role')]).toEqual([false, []]);
  });
});

describe('ICMP errors', () => {
  it('are noted at the pair that they are about', () => {
    const one = Scripted.gathered({ bases: [base('192.0.2.1'), base('192.0.2.11', { localPreference: 65534 })] });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.2 50001', { foundation: '2', priority: 5 })]);
    one.in({ kind: 'network-error', base: must(one.bases[1], 'base'), to: at('192.0.2.2'), error: 'host-unreachable' });
    one.in({ kind: 'network-error', base: must(one.bases[1], 'base'), to: at('192.0.2.99'), error: 'host-unreachable' });
    const noted = one.list().pairs.filter((p) => p.history.some((h) => h.why === 'ICMP host-unreachable came back'));
    expect(noted.map((p) => p.text)).toEqual(['host udp 192.0.2.11:50000 > host udp 192.0.2.2:50000']);
  });
});

describe('RFC 7675: consent of each selected pair', () => {
  it('every component has its own', () => {
    const one = Scripted.gathered({ controlling: false, streams: [2], bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 })] });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.2 50001', { component: 2 })]);
    one.ask('192.0.2.2', { nominate: true });
    one.ask('192.0.2.2 50001', { nominate: true }, one.bases[1]);
    one.until(50);
    one.answer(one.check('192.0.2.2'));
    one.until(100);
    one.answer(one.check('192.0.2.2 50001'));
    expect(one.agent.snapshot().consents.map((c) => c.pair)).toEqual([1, 2]);
    one.until(7000);
    const asked = one.checks().filter((c) => c.at > 1000);
    expect(new Set(asked.map((c) => c.base.component))).toEqual(new Set([1, 2]));
    for (const check of asked) one.answer(check);
    expect(one.agent.snapshot().consents.map((c) => c.answered)).toEqual([1, 1]);
  });

  it('is asked of the pair that was checked, though a discovered one is selected', () => {
    const one = Scripted.gathered({ controlling: false, settings: { consentInterval: seconds(1) } });
    one.remote([candidate('192.0.2.2')]);
    one.answer(one.check(), { mapped: '198.51.100.7 4000' });
    one.ask('192.0.2.2', { nominate: true });
    expect(one.agent.selected(0, 1)?.pair).toBe(2);
    one.until(1500);
    expect(one.agent.snapshot().consents.map((c) => [c.pair, c.sent])).toEqual([[1, 1]]);
  });
});
