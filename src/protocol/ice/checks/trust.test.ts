import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.js';
import { IceNet, messages, pairOf } from '../two-agents.testkit.js';

describe('what must not be believed', () => {
  it('7.2.5.2.1: an answer from elsewhere fails the pair', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    net.input(a, { kind: 'gather' });
    net.input(b, { kind: 'gather' });
    net.describe(b, a);
    const request = must(net.crossings[0], 'request');
    // The peer answers rightly, but the answer arrives from another address.
    net.input(b, { kind: 'datagram', base: must(b.bases[0], 'base'), from: must(a.bases[0], 'base').address, bytes: request.bytes });
    const answer = must(net.crossings.at(-1), 'answer');
    net.input(a, { kind: 'datagram', base: must(a.bases[0], 'base'), from: { address: '192.0.2.66', port: 50000, family: 4 }, bytes: answer.bytes });
    expect(pairOf(a, '192.0.2.2')).toMatchObject({ state: 'failed', why: expect.stringContaining('not symmetric') });
  });

  it('6.1.2.5: requests from ever more addresses are answered, but make no more than 100 pairs', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    for (const peer of [a, b]) net.input(peer, { kind: 'gather' });
    net.describe(b, a);
    net.describe(a, b);
    const request = must(net.crossings[0], 'request');
    const before = net.crossings.length;
    for (let port = 1; port <= 150; port++) {
      net.input(b, { kind: 'datagram', base: must(b.bases[0], 'base'), from: { address: '192.0.2.66', port, family: 4 }, bytes: request.bytes });
    }
    expect(net.crossings.length - before).toBeGreaterThanOrEqual(150);
    expect(b.pairs()).toHaveLength(100);
    expect(b.outputs('discard').map((d) => d.out.why)).toEqual(Array<string>(51).fill('ice-too-many-pairs'));
  });

  it('requests and answers with wrong integrity change nothing', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    for (const p of [a, b]) net.input(p, { kind: 'gather' });
    net.input(a, { kind: 'remote', stream: 0, ufrag: b.agent.credentials.ufrag, pwd: 'x'.repeat(24), candidates: b.agent.localCandidates });
    net.input(b, { kind: 'remote', stream: 0, ufrag: a.agent.credentials.ufrag, pwd: 'y'.repeat(24), candidates: a.agent.localCandidates });
    net.run(150_000);
    expect([a.agent.listState(0), b.agent.listState(0)]).toEqual(['failed', 'failed']);
    expect(
      messages(net)
        .map((r) => r.code)
        .filter((c) => c > 0)[0],
    ).toBe(401);
    expect(pairOf(a, '192.0.2.2').history.some((h) => h.why.includes('401 Unauthorized'))).toBe(true);
    expect(pairOf(a, '192.0.2.2').requestsReceived).toBe(0);
  });

  it('a stray answer and a broken fingerprint are discarded with their reason', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    net.connect(a, b);
    net.run(1000);
    const answer = must(
      messages(net).find((r) => ((r.bytes[0] ?? 0) & 1) === 1),
      'answer',
    );
    const base = must(a.bases[0], 'base');
    net.input(a, { kind: 'datagram', base, from: base.address, bytes: answer.bytes });
    const bent = answer.bytes.slice();
    bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1;
    net.input(a, { kind: 'datagram', base, from: base.address, bytes: bent });
    expect(
      a
        .outputs('discard')
        .slice(-2)
        .map((d) => d.out.why),
    ).toEqual(['stun-no-transaction', 'stun-fingerprint']);
  });
});
