import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { millis } from '../../base/time.js';
import { IceNet, messages, pairOf, selectedText, STUN4, STUN6, symmetric, type NatSpec } from './two-agents.testkit.js';

const CONE = { mapping: 'endpoint-independent', filtering: 'address-dependent' } as const;
const natA: NatSpec = { address: '198.51.100.1', ...CONE };
const natB: NatSpec = { address: '198.51.100.2', ...CONE };

describe('two agents on one network', () => {
  it('RFC 8445 8.1.1: the controlling one nominates after the checks, both select the same pair', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    net.connect(a, b);
    net.run(1000);
    expect(selectedText(a)).toBe('192.0.2.1:50000 as 192.0.2.1:50000 > 192.0.2.2:50000');
    expect(selectedText(b)).toBe('192.0.2.2:50000 as 192.0.2.2:50000 > 192.0.2.1:50000');
    expect([a.agent.listState(0), b.agent.listState(0)]).toEqual(['completed', 'completed']);
    const nominations = messages(net).filter((r) => r.nominates);
    expect(nominations.map((n) => n.from)).toEqual(['192.0.2.1:50000']);
    expect(must(nominations[0], 'nomination').at).toBeGreaterThan(
      must(
        a.outputs('pair').find((p) => p.out.state === 'succeeded'),
        'success',
      ).at - 1,
    );
  });

  it('two components, both families: each component gets its pair, IPv6 first', () => {
    const net = new IceNet();
    const spec = { streams: [2] };
    const a = net.add('a', { addresses: ['192.0.2.1', '2001:db8:1::1'], stun: [STUN4, STUN6], options: { controlling: true, ...spec } });
    const b = net.add('b', { addresses: ['192.0.2.2', '2001:db8:2::1'], stun: [STUN4, STUN6], options: { controlling: false, ...spec } });
    net.connect(a, b);
    net.run(5000);
    expect(selectedText(a)).toBe('[2001:db8:1::1]:50000 as [2001:db8:1::1]:50000 > [2001:db8:2::1]:50000');
    expect(selectedText(a, 2)).toBe('[2001:db8:1::1]:50001 as [2001:db8:1::1]:50001 > [2001:db8:2::1]:50001');
    expect(symmetric(a, b, 1) && symmetric(a, b, 2)).toBe(true);
    // Families never mix, components never mix.
    expect(a.pairs()).toHaveLength(4);
    // Redundant: the mapped address is the host's own (RFC 8445 5.1.3).
    expect(a.agent.localCandidates.map((c) => c.type)).toEqual(['host', 'host', 'host', 'host']);
  });

  it('RFC 8445 6.1.2.6: of a foundation the first component is tried first, the second thaws with its success', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true, streams: [2] } });
    const b = net.add('b', { addresses: ['192.0.2.2'], options: { controlling: false, streams: [2] } });
    net.connect(a, b);
    net.run(1);
    expect(a.pairs().map((p) => [p.component, p.state])).toEqual([
      [1, 'in-progress'],
      [2, 'frozen'],
    ]);
    net.until(() => must(a.pairs()[1], 'pair').state !== 'frozen', 2000);
    expect(must(a.pairs()[1], 'pair').why).toMatch(/same foundation succeeded|request came/);
  });

  it('RFC 8445 14.2: transactions start Ta = 50 ms apart', () => {
    const net = new IceNet({ blocked: () => true });
    const a = net.add('a', { addresses: ['192.0.2.1', '192.0.2.11'], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2', '192.0.2.12'] });
    net.connect(a, b);
    net.run(400);
    const starts = a
      .outputs('pair')
      .filter((p) => p.out.state === 'in-progress')
      .map((p) => p.at);
    expect(starts).toEqual([0, 50, 100, 150]);
  });

  it('RFC 8445 14.3: RTO = Ta * N * (Waiting + In-Progress), at least 500 ms', () => {
    const four = new IceNet({ blocked: () => true });
    const a = four.add('a', { addresses: ['192.0.2.1', '192.0.2.11'], options: { controlling: true } });
    const b = four.add('b', { addresses: ['192.0.2.2', '192.0.2.12'] });
    four.connect(a, b);
    four.run(5000);
    // 4 pairs of 4 foundations, all waiting or in progress: 50 ms * 4 * 4 = 800 ms.
    const first = must(
      four.crossings.find((c) => c.from === '192.0.2.1:50000'),
      'request',
    );
    const sends = four.crossings.filter((c) => c.from === first.from && c.to === first.to).map((c) => c.at);
    expect(sends).toEqual([0, 800, 2400]);
  });
});

describe('NAT', () => {
  it('5.1.1.2: server-reflexive candidates; both behind endpoint-independent NATs meet there', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['10.0.0.1'], site: 'a', nat: natA, stun: [STUN4], options: { controlling: true } });
    const b = net.add('b', { addresses: ['10.0.0.1'], site: 'b', nat: natB, stun: [STUN4] });
    net.connect(a, b);
    net.run(10_000);
    expect(a.agent.localCandidates.map((c) => [c.type, c.address.address, c.related?.address])).toEqual([
      ['host', '10.0.0.1', undefined],
      ['srflx', '198.51.100.1', '10.0.0.1'],
    ]);
    expect(symmetric(a, b)).toBe(true);
    expect(must(a.agent.selected(0, 1), 'selected').local.type).toBe('srflx');
    // The host pair had no chance and would outrank: so it took the 3 s after the first success.
    const selectedAt = must(a.outputs('selected')[0], 'selected').at;
    const firstValid = Math.min(
      ...a
        .outputs('pair')
        .filter((p) => p.out.state === 'succeeded')
        .map((p) => p.at),
    );
    expect(selectedAt - firstValid).toBeGreaterThanOrEqual(3000);
    expect(selectedAt - firstValid).toBeLessThan(3200);
  });

  it('6.1.2.4: pairs of reflexive candidates are pruned, and the snapshot says why', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['10.0.0.1'], site: 'a', nat: natA, stun: [STUN4], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    net.connect(a, b);
    net.run(100);
    const list = must(a.agent.snapshot().lists[0], 'list');
    expect(list.pairs.filter((p) => p.id === p.producedBy)).toHaveLength(1);
    expect(list.pruned.map((p) => p.why)).toEqual([expect.stringContaining('6.1.2.4')]);
  });

  it('7.3.1.3 and 7.2.5.3.1: without STUN servers the NAT shows as peer-reflexive on both sides', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['10.0.0.1'], site: 'a', nat: natA, options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    net.connect(a, b);
    net.run(10_000);
    expect(must(a.agent.selected(0, 1), 'selected').local).toMatchObject({ type: 'prflx', related: { address: '10.0.0.1' } });
    expect(must(b.agent.selected(0, 1), 'selected').remote).toMatchObject({ type: 'prflx', address: { address: '198.51.100.1' } });
    expect(symmetric(a, b)).toBe(true);
    // PRIORITY of the check becomes the candidate's priority: type preference 110.
    expect(must(b.agent.selected(0, 1), 'selected').remote.priority).toBe(110 * 2 ** 24 + 65535 * 256 + 255);
    expect(pairOf(b, 'prflx udp 198.51.100.1').history[0]?.why).toContain('peer-reflexive');
  });

  it('a symmetric NAT against an endpoint-independent one still works, by a peer-reflexive candidate', () => {
    const net = new IceNet();
    const a = net.add('a', {
      addresses: ['10.0.0.1'],
      site: 'a',
      nat: { ...natA, mapping: 'address-and-port-dependent' },
      stun: [STUN4],
      options: { controlling: true },
    });
    const b = net.add('b', { addresses: ['10.0.0.1'], site: 'b', nat: natB, stun: [STUN4] });
    net.connect(a, b);
    net.run(10_000);
    expect(symmetric(a, b)).toBe(true);
    expect(must(b.agent.selected(0, 1), 'selected').remote.type).toBe('prflx');
  });

  it('two symmetric NATs that filter: fails after the PAC timer, not before, with the reason of each pair', () => {
    const net = new IceNet();
    const symmetricNat = { mapping: 'address-and-port-dependent', filtering: 'address-dependent' } as const;
    const a = net.add('a', {
      addresses: ['10.0.0.1'],
      site: 'a',
      nat: { address: '198.51.100.1', ...symmetricNat },
      stun: [STUN4],
      options: { controlling: true },
    });
    const b = net.add('b', { addresses: ['10.0.0.1'], site: 'b', nat: { address: '198.51.100.2', ...symmetricNat }, stun: [STUN4] });
    net.connect(a, b);
    const start = net.now / 1e6;
    net.run(120_000);
    for (const peer of [a, b]) {
      const failed = must(peer.outputs('failed')[0], 'failed');
      expect(failed.out.why).toBe('component 1: no pair succeeded');
      expect(failed.at - start).toBeGreaterThanOrEqual(39_500);
      expect(failed.at - start).toBeLessThan(80_000);
      for (const pair of peer.pairs()) expect(pair.why).toMatch(/no answer to \d requests/);
    }
  });

  it('5.1.1.4: the mapping is kept alive until a pair is selected', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['10.0.0.1'], site: 'a', nat: natA, stun: [STUN4], options: { controlling: true } });
    net.input(a, { kind: 'gather' });
    net.run(40_000);
    expect(net.crossings.filter((c) => c.to === '203.0.113.1:3478').map((c) => Math.round(c.at / 1000))).toEqual([0, 15, 30]);
  });

  it('a STUN server that does not answer ends gathering after 39.5 s, with a note', () => {
    const net = new IceNet({ blocked: (_f, to) => to === STUN4.address });
    const a = net.add('a', { addresses: ['10.0.0.1'], stun: [STUN4], options: { controlling: true } });
    net.input(a, { kind: 'gather' });
    net.run(39_000);
    expect(a.agent.gathering).toBe(true);
    net.run(1000);
    expect(a.agent.gathering).toBe(false);
    expect(must(a.agent.snapshot().gatherers[0], 'gatherer').notes.map((n) => n.what)).toEqual(['no answer to 7 requests']);
  });
});

describe('blocked ways', () => {
  it('RFC 8489 6.2.1: a hard ICMP error ends gathering at that server at once, any other does not', () => {
    const net = new IceNet({ blocked: (_f, to) => to === STUN4.address });
    const a = net.add('a', { addresses: ['192.0.2.1'], stun: [STUN4], options: { controlling: true } });
    net.input(a, { kind: 'gather' });
    net.run(100);
    const base = must(a.bases[0], 'base');
    net.input(a, { kind: 'network-error', base, to: STUN4, error: 'ttl-exceeded' });
    net.input(a, { kind: 'network-error', base, to: STUN6, error: 'port-unreachable' });
    expect(a.agent.gathering).toBe(true);
    net.input(a, { kind: 'network-error', base, to: STUN4, error: 'port-unreachable' });
    expect(a.agent.gathering).toBe(false);
    expect(must(a.agent.snapshot().gatherers[0], 'gatherer').notes.map((n) => n.what)).toEqual(['ICMP port-unreachable']);
    net.run(60_000);
    expect(net.crossings).toHaveLength(1);
  });

  it('a silent STUN server delays no nomination: reflexive candidates open no way of their own', () => {
    const net = new IceNet({ blocked: (_f, to) => to === STUN4.address });
    const a = net.add('a', { addresses: ['192.0.2.1'], stun: [STUN4], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    for (const p of [a, b]) net.input(p, { kind: 'gather' });
    net.describe(a, b);
    net.describe(b, a);
    net.run(500);
    expect(a.agent.gathering).toBe(true);
    expect(symmetric(a, b)).toBe(true);
  });

  const spec = (blocked: (f: string, t: string) => boolean) => {
    const net = new IceNet({ blocked });
    const a = net.add('a', { addresses: ['192.0.2.1', '2001:db8:1::1'], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2', '2001:db8:2::1'] });
    return { net, a, b };
  };

  it('IPv6 blocked: IPv4 is selected 3 s after its success, and the IPv6 pair says how often it asked', () => {
    const { net, a, b } = spec((f) => f.includes(':'));
    net.connect(a, b);
    net.run(60_000);
    expect(selectedText(a)).toContain('192.0.2.1:50000 > 192.0.2.2:50000');
    expect(symmetric(a, b)).toBe(true);
    expect(pairOf(a, '[2001:db8:1::1]').state).toBe('failed');
    expect(
      pairOf(a, '[2001:db8:1::1]')
        .history.map((h) => h.why)
        .join('; '),
    ).toContain('no more requests');
  });

  it('one direction blocked is as good as both: answers do not come', () => {
    const { net, a, b } = spec((f, t) => f === '2001:db8:1::1' || t === '2001:db8:1::1' || f === '192.0.2.2');
    net.connect(a, b);
    net.run(200_000);
    expect([a.agent.listState(0), b.agent.listState(0)]).toEqual(['failed', 'failed']);
    expect(pairOf(b, '192.0.2.2').requestsReceived).toBeGreaterThan(0);
  });

  it('an ICMP error is noted at the pair and kills nothing', () => {
    const { net, a, b } = spec((f) => f.includes(':'));
    net.connect(a, b);
    net.run(10);
    const base = must(a.bases[0], 'base');
    net.input(a, { kind: 'network-error', base, to: must(b.bases[0], 'base').address, error: 'port-unreachable' });
    net.run(6000);
    expect(pairOf(a, '192.0.2.1').history.map((h) => h.why)).toContain('ICMP port-unreachable came back');
    expect(symmetric(a, b)).toBe(true);
  });
});

describe('7.3.1.1 role conflict', () => {
  it.each([
    ['both controlling', true],
    ['both controlled', false],
  ])('%s: 487 or a switch settles it', (_name, controlling) => {
    for (let seed = 1; seed <= 6; seed++) {
      const net = new IceNet({ seed });
      const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling } });
      const b = net.add('b', { addresses: ['192.0.2.2'], options: { controlling } });
      net.connect(a, b);
      net.run(5000);
      expect([a.agent.controlling, b.agent.controlling].sort()).toEqual([false, true]);
      expect(symmetric(a, b)).toBe(true);
      expect(a.outputs('role').length + b.outputs('role').length).toBe(1);
    }
  });

  it('the answer 487 is what tells the loser when its own request comes first', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const net = new IceNet({ seed });
      const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true } });
      const b = net.add('b', { addresses: ['192.0.2.2'], options: { controlling: true } });
      net.connect(a, b, millis(0), millis(300));
      net.run(5000);
      expect(symmetric(a, b)).toBe(true);
      const codes = messages(net)
        .map((r) => r.code)
        .filter((c) => c > 0);
      if (!b.agent.controlling && b.outputs('role')[0]?.out.why.includes('487') === true) {
        expect(codes).toContain(487);
        return;
      }
    }
    throw new Error('no seed gave the peer the smaller tie-breaker');
  });

  it('6.1.1: a lite peer never controls', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: false } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    for (const p of [a, b]) net.input(p, { kind: 'gather' });
    net.describe(b, a, { lite: true });
    expect(a.agent.controlling).toBe(true);
  });
});

describe('limits and lite peers', () => {
  it('6.1.2.5: 100 pairs at most; those of the lowest priority go, and are listed', () => {
    const net = new IceNet({ blocked: () => true });
    const many = (n: number) => Array.from({ length: 11 }, (_, i) => `192.0.2.${n + i}`);
    const a = net.add('a', { addresses: many(1), options: { controlling: true } });
    const b = net.add('b', { addresses: many(101) });
    net.connect(a, b);
    net.run(1);
    const list = must(a.agent.snapshot().lists[0], 'list');
    expect(list.pairs).toHaveLength(100);
    expect(list.pruned).toHaveLength(21);
    expect(list.pruned.every((p) => p.why.includes('6.1.2.5'))).toBe(true);
    expect(list.pruned.some((p) => p.local === 'host udp 192.0.2.11:50000' && p.remote === 'host udp 192.0.2.111:50000')).toBe(true);
  });

  it('2.5 and 8.2: a lite peer answers, never asks, and takes what is nominated', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: false } });
    const lite = net.add('lite', { addresses: ['192.0.2.2'] });
    for (const p of [a, lite]) net.input(p, { kind: 'gather' });
    // The peer is never told of a: so it can only answer, as a lite agent does.
    net.describe(lite, a, { lite: true });
    net.run(1000);
    expect(selectedText(a)).toContain('> 192.0.2.2:50000');
    expect(a.agent.controlling).toBe(true);
    expect(messages(net).filter((r) => r.from === '192.0.2.2:50000' && ((r.bytes[0] ?? 0) & 1) === 0)).toEqual([]);
    net.run(60_000);
    expect(a.outputs('consent-expired')).toEqual([]);
  });
});

describe('signalling', () => {
  it('7.3: checks that come before the answer are answered and acted upon later', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    net.connect(a, b, millis(0), millis(700));
    net.run(699);
    expect(pairOf(b, '192.0.2.2').state).toBe('succeeded');
    expect(a.pairs()).toEqual([]);
    net.run(500);
    expect(symmetric(a, b)).toBe(true);
    // Described by then, so it is no peer-reflexive candidate.
    expect(must(a.agent.selected(0, 1), 'selected').remote.type).toBe('host');
  });

  it('RFC 8838: candidates that trickle in, then end-of-candidates', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    for (const p of [a, b]) net.input(p, { kind: 'gather' });
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      net.input(to, { kind: 'remote', stream: 0, ...from.agent.credentials, candidates: [], complete: false });
    }
    net.run(200);
    expect(a.pairs()).toEqual([]);
    net.input(a, { kind: 'remote-candidate', stream: 0, candidate: must(b.agent.localCandidates[0], 'candidate') });
    net.run(500);
    // More may come: no nomination yet, though no pending pair outranks this one.
    expect(selectedText(a)).toBe('-');
    net.input(a, { kind: 'end-of-candidates', stream: 0 });
    net.run(200);
    expect(symmetric(a, b)).toBe(true);
  });

  it('9: a restart has new credentials, keeps the old pair until the new one is selected, and the roles', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    net.connect(a, b);
    net.run(12_000);
    const before = a.agent.credentials;
    net.input(a, { kind: 'restart' });
    expect(a.agent.credentials).not.toEqual(before);
    // While the offer travels, the old session asks for consent and answers the peer's consent checks.
    const from = net.crossings.length;
    net.run(40_000);
    expect([...a.outputs('consent-expired'), ...b.outputs('consent-expired')]).toEqual([]);
    expect(net.crossings.slice(from).filter((c) => c.from === '192.0.2.1:50000' && c.bytes[0] === 0).length).toBeGreaterThan(5);
    net.describe(a, b);
    net.describe(b, a);
    net.run(2000);
    expect(b.outputs('restarted').map((r) => r.out.why)).toEqual(['the peer has new credentials']);
    expect(symmetric(a, b)).toBe(true);
    expect([a.agent.controlling, a.agent.snapshot().restarts, b.agent.snapshot().restarts]).toEqual([true, 1, 1]);
    expect(a.outputs('completed')).toHaveLength(2);
    net.run(60_000);
    expect([...a.outputs('consent-expired'), ...b.outputs('consent-expired')]).toEqual([]);
  });

  it('two streams share the pacing and the foundations (6.1.4.2, 7.2.5.3.3)', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true, streams: [2, 1] } });
    const b = net.add('b', { addresses: ['192.0.2.2'], options: { controlling: false, streams: [2, 1] } });
    net.connect(a, b);
    net.run(3000);
    for (const [stream, component] of [
      [0, 1],
      [0, 2],
      [1, 1],
    ] as const)
      expect(symmetric(a, b, component, stream)).toBe(true);
    expect(
      a
        .outputs('completed')
        .map((c) => c.out.stream)
        .sort(),
    ).toEqual([0, 1]);
  });
});
