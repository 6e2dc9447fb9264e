import { describe, expect, it } from 'vitest';
import { millis } from '../../../base/time.js';
import type { CandidateType, IceBase } from './candidate.js';
import { LocalCandidates } from './local-candidates.js';
import { Pacer } from './pacer.js';

describe('local candidates', () => {
  const at = (address: string, component = 1): IceBase => ({
    stream: 0,
    component,
    transport: 'udp',
    address: { address, port: 5000 + component, family: 4 },
    localPreference: 65535,
  });
  const server = (address: string) => ({ address, port: 3478, family: 4 }) as const;

  it('5.1.1.3: same type, base address, server and transport share a foundation, anything else does not', () => {
    const set = new LocalCandidates();
    const [rtp, rtcp, other] = [at('10.0.0.1'), at('10.0.0.1', 2), at('10.0.0.2')];
    const host = set.add({ type: 'host', base: rtp, address: rtp.address, learnedFrom: null }).candidate;
    expect(set.add({ type: 'host', base: rtcp, address: rtcp.address, learnedFrom: null }).candidate.foundation).toBe(host.foundation);
    const srflx = (base: IceBase, from: string, port: number) =>
      set.add({ type: 'srflx', base, address: { address: '198.51.100.1', port, family: 4 }, learnedFrom: server(from) }).candidate;
    const foundations = [
      host,
      set.add({ type: 'host', base: other, address: other.address, learnedFrom: null }).candidate,
      srflx(rtp, '203.0.113.1', 1),
      srflx(rtp, '203.0.113.2', 2),
      srflx(other, '203.0.113.1', 3),
    ].map((c) => c.foundation);
    expect(new Set(foundations).size).toBe(5);
    expect(srflx(rtcp, '203.0.113.1', 4).foundation).toBe(foundations[2]);
  });

  it('5.1.3: a reflexive candidate equal to its base is redundant', () => {
    const set = new LocalCandidates();
    const base = at('192.0.2.1');
    set.add({ type: 'host', base, address: base.address, learnedFrom: null });
    expect(set.add({ type: 'srflx', base, address: base.address, learnedFrom: server('203.0.113.1') })).toMatchObject({
      fresh: false,
      candidate: { type: 'host' },
    });
  });

  it('5.1.2.1: two reflexive candidates of one component have different priorities', () => {
    const set = new LocalCandidates();
    const base = at('10.0.0.1');
    const one = set.add({ type: 'srflx', base, address: { address: '198.51.100.1', port: 1, family: 4 }, learnedFrom: server('203.0.113.1') }).candidate;
    const two = set.add({ type: 'srflx', base, address: { address: '198.51.100.1', port: 2, family: 4 }, learnedFrom: server('203.0.113.2') }).candidate;
    expect(two.priority).toBeLessThan(one.priority);
  });

  it.each<[string, Partial<IceBase>, string, string | null, CandidateType, boolean]>([
    ['the component and the addresses behind it', { component: 2, address: server('10.0.0.1') }, '198.51.100.9', '203.0.113.1', 'srflx', true],
    ['another base', { address: server('10.0.0.2') }, '198.51.100.1', '203.0.113.1', 'srflx', false],
    ['another server', {}, '198.51.100.1', '203.0.113.2', 'srflx', false],
    ['no server', {}, '198.51.100.1', null, 'srflx', false],
    ['another type', {}, '198.51.100.1', '203.0.113.1', 'relay', false],
    ['another transport', { transport: 'tcp' }, '198.51.100.1', '203.0.113.1', 'srflx', false],
    ['another kind of TCP', { transport: 'tcp', tcpType: 'so' }, '198.51.100.1', '203.0.113.1', 'srflx', false],
  ])('5.1.1.3: foundations of two that differ by %s', (_what, more, address, from, type, same) => {
    const set = new LocalCandidates();
    const add = (b: IceBase, a: string, f: string | null, t: CandidateType) =>
      set.add({ type: t, base: b, address: { address: a, port: set.all.length + 1, family: 4 }, learnedFrom: f === null ? null : server(f) }).candidate
        .foundation;
    const first = add(at('10.0.0.1'), '198.51.100.1', '203.0.113.1', 'srflx');
    // Among the others, one that differs from all.
    add(at('10.0.0.1'), '198.51.100.1', '203.0.113.1', 'prflx');
    add({ ...at('10.0.0.1'), transport: 'tcp', tcpType: 'active' }, '198.51.100.1', '203.0.113.1', 'srflx');
    const then = add({ ...at('10.0.0.1'), ...more }, address, from, type);
    expect([first, then === first, new Set(set.all.map((c) => c.foundation)).size]).toEqual(['1', same, same ? 3 : 4]);
  });

  it('is all that a line tells, and what stays at home: the base and who gave it', () => {
    const set = new LocalCandidates();
    const [udp, tcp] = [at('10.0.0.1'), { ...at('10.0.0.1'), transport: 'tcp', tcpType: 'so' } as const];
    const mapped = { address: '198.51.100.1', port: 1, family: 4 } as const;
    expect(set.add({ type: 'host', base: udp, address: udp.address, learnedFrom: null }).candidate).toStrictEqual({
      foundation: '1',
      component: 1,
      transport: 'udp',
      priority: 2130706431,
      address: udp.address,
      type: 'host',
      base: udp,
      learnedFrom: '',
    });
    expect(set.add({ type: 'srflx', base: tcp, address: mapped, learnedFrom: server('203.0.113.1'), related: tcp.address, priority: 77 })).toStrictEqual({
      fresh: true,
      candidate: {
        foundation: '2',
        component: 1,
        transport: 'tcp',
        tcpType: 'so',
        priority: 77,
        address: mapped,
        type: 'srflx',
        related: tcp.address,
        base: tcp,
        learnedFrom: '203.0.113.1:3478',
      },
    });
  });

  it('5.1.3: equal addresses of different bases are both kept', () => {
    const set = new LocalCandidates();
    const mapped = { address: '198.51.100.1', port: 1, family: 4 } as const;
    const add = (b: IceBase) => set.add({ type: 'srflx', base: b, address: mapped, learnedFrom: server('203.0.113.1') }).fresh;
    expect([add(at('10.0.0.1')), add(at('10.0.0.2')), set.all.length]).toEqual([true, true, 2]);
  });

  it('5.1.2.1: priorities are unique in a component of a stream, among those of a type, and never below local preference 0', () => {
    const set = new LocalCandidates();
    const low = { ...at('10.0.0.1'), localPreference: 1 };
    const add = (b: IceBase, type: CandidateType) =>
      set.add({ type, base: b, address: { address: '198.51.100.1', port: set.all.length + 1, family: 4 }, learnedFrom: server('203.0.113.1') }).candidate
        .priority;
    const value = (type: number, preference: number, component: number): number => type * 2 ** 24 + preference * 256 + 256 - component;
    expect([add(low, 'srflx'), add(low, 'srflx'), add(low, 'srflx')]).toEqual([value(100, 1, 1), value(100, 0, 1), value(100, 0, 1)]);
    expect([add(low, 'relay'), add({ ...low, component: 2 }, 'srflx'), add({ ...low, stream: 1 }, 'srflx')]).toEqual([
      value(0, 1, 1),
      value(100, 1, 2),
      value(100, 1, 1),
    ]);
  });

  it('a mapped address is looked for in its stream, component and transport, first behind its own base', () => {
    const set = new LocalCandidates();
    const [one, two] = [at('10.0.0.1'), at('10.0.0.2')];
    const mapped = { address: '198.51.100.1', port: 1, family: 4 } as const;
    const add = (base: IceBase, address = mapped) => set.add({ type: 'srflx', base, address, learnedFrom: server('203.0.113.1') }).candidate;
    add({ ...one, stream: 1 });
    add({ ...one, component: 2 });
    add({ ...one, transport: 'tcp', tcpType: 'so' });
    expect(set.find(one, mapped)).toBeUndefined();
    const first = add(one);
    expect(set.find(two, mapped)).toBe(first);
    const second = add(two);
    expect([set.find(one, mapped), set.find(two, mapped), set.find(one, { ...mapped, port: 2 })]).toEqual([first, second, undefined]);
  });

  it('the candidate that is a base itself is the host or the relayed one', () => {
    const set = new LocalCandidates();
    const [host, relayed] = [at('10.0.0.1'), at('203.0.113.9')];
    const mapped = { address: '198.51.100.1', port: 1, family: 4 } as const;
    set.add({ type: 'srflx', base: host, address: mapped, learnedFrom: server('203.0.113.1') });
    expect(set.ofBase(host)).toBeUndefined();
    const own = set.add({ type: 'host', base: host, address: host.address, learnedFrom: null }).candidate;
    const relay = set.add({ type: 'relay', base: relayed, address: relayed.address, learnedFrom: server('203.0.113.1') }).candidate;
    expect([set.ofBase(host), set.ofBase(relayed), set.ofBase(at('10.0.0.1'))]).toEqual([own, relay, undefined]);
  });
});

describe('14.2: the pacing', () => {
  it('one slot every Ta, 50 ms if nothing else is said, from the moment that one is taken', () => {
    const pacer = new Pacer();
    expect([pacer.ta, pacer.free, pacer.take(millis(70)), pacer.free, pacer.take(millis(119)), pacer.free, pacer.take(millis(120))]).toEqual([
      millis(50),
      0,
      true,
      millis(120),
      false,
      millis(120),
      true,
    ]);
    expect(new Pacer(millis(5)).ta).toBe(millis(5));
  });
});
