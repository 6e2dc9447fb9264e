import { describe, expect, it } from 'vitest';
import type { Candidate, IceBase } from '../candidates/candidate.js';
import { PlannedGatherer } from '../planned-gatherer.testkit.js';
import { at, base, candidate, kinds, Scripted } from '../scripted-peer.testkit.js';

describe('which candidates make a pair', () => {
  const tcp = (tcpType: 'active' | 'passive' | 'so') => ({ transport: 'tcp', tcpType }) as const;

  it.each<[string, number, IceBase, Candidate]>([
    ['6.1.2.2: same component, same family', 1, base('192.0.2.1'), candidate('192.0.2.2')],
    ['6.1.2.2: another component', 0, base('192.0.2.1', { component: 2 }), candidate('192.0.2.2')],
    ['6.1.2.2: another family', 0, base('192.0.2.1'), candidate('2001:db8::2')],
    ['6.1.2.2: two link-local addresses', 1, base('fe80::1'), candidate('fe80::2')],
    ['6.1.2.2: a link-local address with a global one of the peer', 0, base('fe80::1'), candidate('2001:db8::2')],
    ['6.1.2.2: a global address with a link-local one of the peer', 0, base('2001:db8::1'), candidate('fe80::2')],
    ['another transport', 0, base('192.0.2.1', tcp('active')), candidate('192.0.2.2')],
    ['another transport of the peer', 0, base('192.0.2.1'), candidate('192.0.2.2', tcp('passive'))],
    ['RFC 6544 6.2: active with passive', 1, base('192.0.2.1', tcp('active')), candidate('192.0.2.2', tcp('passive'))],
    ['RFC 6544 6.2: active with active', 0, base('192.0.2.1', tcp('active')), candidate('192.0.2.2', tcp('active'))],
    ['RFC 6544 6.2: active with so', 0, base('192.0.2.1', tcp('active')), candidate('192.0.2.2', tcp('so'))],
    ['RFC 6544 6.2: so with so', 1, base('192.0.2.1', tcp('so')), candidate('192.0.2.2', tcp('so'))],
    ['RFC 6544 6.2: so with passive', 0, base('192.0.2.1', tcp('so')), candidate('192.0.2.2', tcp('passive'))],
    ['RFC 6544 6.2: who is passive does not ask', 0, base('192.0.2.1', tcp('passive')), candidate('192.0.2.2', tcp('active'))],
    ['RFC 6544 6.2: passive with passive', 0, base('192.0.2.1', tcp('passive')), candidate('192.0.2.2', tcp('passive'))],
  ])('%s: %i', (_rule, pairs, local, remote) => {
    const one = Scripted.gathered({ streams: [2], bases: [local] });
    one.remote([remote]);
    expect(one.list().pairs).toHaveLength(pairs);
    // What never fitted is not told as pruned.
    expect(one.list().pruned).toEqual([]);
  });

  it('6.1.2: a stream has pairs of its own candidates only', () => {
    const one = Scripted.gathered({ streams: [1, 1], bases: [base('192.0.2.1'), base('192.0.2.1 50100', { stream: 1 })] });
    one.remote([candidate('192.0.2.2')]);
    expect([one.list(0).pairs.map((p) => p.text), one.list(1).pairs]).toEqual([['host udp 192.0.2.1:50000 > host udp 192.0.2.2:50000'], []]);
  });

  it('a candidate that the peer names twice makes one pair, and the list says why', () => {
    const one = Scripted.gathered();
    one.remote([candidate('192.0.2.2')], { complete: false });
    one.in({ kind: 'remote-candidate', stream: 0, candidate: candidate('192.0.2.2', { foundation: '2' }) });
    expect(one.list().pairs).toHaveLength(1);
    expect(one.list().pruned).toEqual([
      {
        at: 0,
        local: 'host udp 192.0.2.1:50000',
        remote: 'host udp 192.0.2.2:50000',
        why: 'redundant: leaves from the same base to the same address as pair 1 (RFC 8445 6.1.2.4)',
      },
    ]);
  });
});

describe('order and number', () => {
  const three = [
    candidate('192.0.2.2 50001', { priority: 100 }),
    candidate('192.0.2.2 50003', { priority: 300 }),
    candidate('192.0.2.2 50002', { priority: 200 }),
  ];

  it('6.1.2.3: highest priority first, whatever order the candidates came in', () => {
    const one = Scripted.gathered();
    const outs = one.remote(three);
    expect(one.list().pairs.map((p) => p.id)).toEqual([2, 3, 1]);
    expect(kinds(outs).slice(0, 3)).toEqual(['pair 2 waiting', 'pair 3 frozen', 'pair 1 frozen']);
  });

  it('of equal priority the older goes first', () => {
    const one = Scripted.gathered({ settings: { maxPairs: 2 } });
    one.remote([1, 2, 3].map((n) => candidate(`192.0.2.2 5000${n}`, { priority: 100 })));
    // The same when one of them must go.
    expect(one.list().pairs.map((p) => p.id)).toEqual([1, 2]);
  });

  it('6.1.2.5: the lowest goes when there are too many, of all streams together', () => {
    const one = Scripted.gathered({ settings: { maxPairs: 3 }, streams: [1, 1], bases: [base('192.0.2.1'), base('192.0.2.1 50100', { stream: 1 })] });
    one.remote(three);
    expect(one.list(0).pruned).toEqual([]);
    one.remote([candidate('192.0.2.2 50100', { priority: 250 })], { stream: 1 });
    expect([one.list(0).pairs.map((p) => p.id), one.list(1).pairs.map((p) => p.id)]).toEqual([[2, 3], [4]]);
    expect(one.list(0).pruned).toEqual([
      { at: 0, local: 'host udp 192.0.2.1:50000', remote: 'host udp 192.0.2.2:50001', why: 'more than 3 pairs (RFC 8445 6.1.2.5)' },
    ]);
    expect(one.list(1).pruned).toEqual([]);
  });

  it('6.1.2.4: a reflexive candidate is checked from its base, even if the pair of that had to go', () => {
    const host = base('192.0.2.1');
    const mapped = { type: 'srflx', base: host, address: at('198.51.100.1 4000'), learnedFrom: at('203.0.113.1 3478'), related: host.address } as const;
    const one = Scripted.gathered({
      settings: { maxPairs: 1 },
      bases: [host],
      gatherers: [new PlannedGatherer({ opensPaths: false, after: 100, finds: [mapped] })],
    });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.3', { priority: 5 })]);
    one.until(200);
    expect(one.list().pairs).toHaveLength(1);
    expect(one.list().pruned.map((p) => [p.at / 1e6, p.local, p.remote, p.why])).toEqual([
      [0, 'host udp 192.0.2.1:50000', 'host udp 192.0.2.3:50000', 'more than 1 pairs (RFC 8445 6.1.2.5)'],
      [100, 'srflx udp 198.51.100.1:4000', 'host udp 192.0.2.2:50000', 'redundant: leaves from the same base to the same address as pair 1 (RFC 8445 6.1.2.4)'],
      [100, 'srflx udp 198.51.100.1:4000', 'host udp 192.0.2.3:50000', 'reflexive: checked from its base (RFC 8445 6.1.2.4)'],
    ]);
  });

  it('6.1.2.5: a pair whose check is due or under way stays, be it the lowest', () => {
    const one = Scripted.gathered({ settings: { maxPairs: 1 } });
    one.remote([candidate('192.0.2.2', { priority: 1 })], { complete: false });
    const outs = one.in({ kind: 'remote-candidate', stream: 0, candidate: candidate('192.0.2.3') });
    expect(one.list().pairs.map((p) => [p.id, p.state])).toEqual([[1, 'in-progress']]);
    expect(one.list().pruned.map((p) => p.remote)).toEqual(['host udp 192.0.2.3:50000']);
    // What went never was: no state of it is told.
    expect(kinds(outs)).toEqual([]);
  });
});

describe('6.1.2.6: what is tried first', () => {
  const states = (one: Scripted, stream = 0): [number, string][] => one.list(stream).pairs.map((p) => [p.id, p.history[0]?.why ?? '']);

  it('the lowest component of a foundation, though another has the higher priority', () => {
    const one = Scripted.gathered({ streams: [2], bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 })] });
    one.remote([candidate('192.0.2.2 50001', { component: 2, priority: 900 }), candidate('192.0.2.2', { priority: 800 })]);
    expect(states(one)).toEqual([
      [2, 'foundation 1:1 is tried by pair 1 first'],
      [1, 'first of foundation 1:1'],
    ]);
  });

  it('of one component that of the highest priority, of equal ones the older', () => {
    const one = Scripted.gathered();
    one.remote([
      candidate('192.0.2.2 50001', { priority: 100 }),
      candidate('192.0.2.2 50002', { priority: 200 }),
      candidate('192.0.2.2 50003', { priority: 200 }),
    ]);
    expect(states(one)).toEqual([
      [2, 'first of foundation 1:1'],
      [3, 'foundation 1:1 is tried by pair 2 first'],
      [1, 'foundation 1:1 is tried by pair 2 first'],
    ]);
  });

  it('one of each foundation, over all streams', () => {
    const one = Scripted.gathered({ streams: [1, 1], bases: [base('192.0.2.1'), base('192.0.2.1 50100', { stream: 1 })] });
    one.remote([candidate('192.0.2.2')]);
    one.remote([candidate('192.0.2.2 50100'), candidate('192.0.2.3 50100', { foundation: '2', priority: 5 })], { stream: 1 });
    expect([states(one, 0), states(one, 1)]).toEqual([
      [[1, 'first of foundation 1:1']],
      [
        [2, 'foundation 1:1 is tried by pair 1 first'],
        [3, 'first of foundation 1:2'],
      ],
    ]);
  });

  it('RFC 8838 12: a late pair waits when it would have been the first, and is frozen when not', () => {
    const one = Scripted.gathered({ streams: [2], bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 })] });
    one.remote([candidate('192.0.2.2 50001', { component: 2 })], { complete: false });
    one.in({ kind: 'remote-candidate', stream: 0, candidate: candidate('192.0.2.2', { priority: 500 }) });
    one.in({ kind: 'remote-candidate', stream: 0, candidate: candidate('192.0.2.2 50002', { priority: 400 }) });
    expect([1, 2, 3].map((id) => one.story(id)[0])).toEqual([
      'waiting: first of foundation 1:1',
      'waiting: first of foundation 1:1',
      'frozen: foundation 1:1 is tried by pair 2 first',
    ]);
  });

  it('RFC 8838 12: a late pair waits when its foundation has succeeded in another stream', () => {
    const one = Scripted.gathered({ streams: [1, 1], bases: [base('192.0.2.1'), base('192.0.2.1 50100', { stream: 1 })] });
    one.remote([candidate('192.0.2.2')]);
    one.answer(one.check());
    one.remote([candidate('192.0.2.2 50100'), candidate('192.0.2.3', { foundation: '2' }), candidate('192.0.2.3 50003', { foundation: '2' })], { stream: 1 });
    expect([2, 3, 4].map((id) => one.story(id)[0])).toEqual([
      'waiting: a pair of foundation 1:1 has succeeded',
      'waiting: first of foundation 1:2',
      'frozen: foundation 1:2 is tried by pair 3 first',
    ]);
  });
});

describe('thawing', () => {
  const A = ['192.0.2.1', '192.0.2.1 50001'] as const;
  const B = ['192.0.2.11', '192.0.2.11 50001'] as const;
  /** Two components, two addresses: pairs 1 and 2 of foundation 1:1, 3 and 4 of 2:1. */
  const two = (controlling = false): Scripted => {
    const lower = { localPreference: 65534 };
    const one = Scripted.gathered({
      controlling,
      streams: [2],
      bases: [base(A[0]), base(A[1], { component: 2 }), base(B[0], lower), base(B[1], { component: 2, ...lower })],
    });
    one.remote([candidate('192.0.2.2'), candidate('192.0.2.2 50001', { component: 2 })], { complete: false });
    return one;
  };
  const state = (one: Scripted) => [1, 2, 3, 4].map((id) => one.pair(id).state);

  it('7.2.5.3.3: a success thaws its own foundation and no other', () => {
    const one = two();
    expect(state(one)).toEqual(['in-progress', 'frozen', 'waiting', 'frozen']);
    one.answer(one.check());
    expect(state(one)).toEqual(['succeeded', 'waiting', 'waiting', 'frozen']);
    expect(one.story(2)).toEqual(['frozen: foundation 1:1 is tried by pair 1 first', 'waiting: pair 1 of the same foundation succeeded']);
  });

  it('7.2.5.3.3: in the other streams too', () => {
    const one = Scripted.gathered({ streams: [1, 1], bases: [base('192.0.2.1'), base('192.0.2.1 50100', { stream: 1 })] });
    one.remote([candidate('192.0.2.2')]);
    one.remote([candidate('192.0.2.2 50100')], { stream: 1 });
    expect(one.pair(2).state).toBe('frozen');
    one.answer(one.check());
    expect(one.story(2)).toEqual(['frozen: foundation 1:1 is tried by pair 1 first', 'waiting: pair 1 of the same foundation succeeded']);
  });

  it('7.2.5.3.3: a foundation is thawed by its first success, and a failure thaws nothing that is still tried', () => {
    const one = two();
    one.until(50);
    one.refuse(one.checks()[0] ?? one.check(), 500, 'Server Error');
    // 1:1 is tried by nobody, but 2:1 is and nothing else waits: pair 2 is the next, pair 4 has to wait for pair 3.
    one.until(100);
    expect(state(one)).toEqual(['failed', 'in-progress', 'in-progress', 'frozen']);
    expect(one.story(2)).toEqual([
      'frozen: foundation 1:1 is tried by pair 1 first',
      'waiting: nobody tries foundation 1:1 any more',
      'in-progress: check started',
    ]);
  });

  it('6.1.4.2: of a foundation that nobody tries one pair thaws, not all, at the next slot of the pacing', () => {
    const bases = [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 }), base('192.0.2.1 50002', { component: 3 })];
    const one = Scripted.gathered({ streams: [3], bases });
    one.remote([1, 2, 3].map((component) => candidate(`192.0.2.2 5000${component}`, { component })));
    one.until(20);
    one.refuse(one.check(), 500, 'Server Error');
    expect([1, 2, 3].map((id) => one.pair(id).state)).toEqual(['failed', 'frozen', 'frozen']);
    one.until(60);
    expect([1, 2, 3].map((id) => one.pair(id).state)).toEqual(['failed', 'in-progress', 'frozen']);
    expect(one.checks().map((c) => c.at)).toEqual([0, 50]);
  });

  it('6.1.4.2: a pair of another stream that is being tried keeps its foundation frozen', () => {
    const one = Scripted.gathered({ streams: [1, 1], bases: [base('192.0.2.1'), base('192.0.2.1 50100', { stream: 1 })] });
    one.remote([candidate('192.0.2.2')]);
    one.remote([candidate('192.0.2.2 50100')], { stream: 1 });
    one.until(5000);
    expect([one.pair(1).state, one.pair(2).state]).toEqual(['in-progress', 'frozen']);
    one.refuse(one.check(), 500, 'Server Error');
    expect([one.pair(1).state, one.pair(2).state]).toEqual(['failed', 'in-progress']);
  });

  it('6.1.4.2: so does one that waits for its turn in another stream', () => {
    const one = Scripted.gathered({ streams: [1, 1], bases: [base('192.0.2.1'), base('192.0.2.1 50100', { stream: 1 })] });
    one.remote([candidate('192.0.2.2', { foundation: 'a' }), candidate('192.0.2.3', { foundation: 'f', priority: 5 })]);
    one.remote([candidate('192.0.2.3 50100', { foundation: 'f', priority: 4 })], { stream: 1 });
    // The second slot belongs to the second stream, which has nothing that may go.
    one.until(50);
    expect([1, 2, 3].map((id) => one.pair(id).state)).toEqual(['in-progress', 'in-progress', 'frozen']);
  });

  it('8.1.2: what was taken off the list neither thaws nor is waited for', () => {
    const one = two();
    // The second component is decided by pair 4, before anything else is known.
    one.ask('192.0.2.2 50001', { nominate: true }, one.bases[3]);
    one.until(50);
    one.answer(one.check('192.0.2.2 50001'));
    expect(one.agent.selected(0, 2)?.pair).toBe(4);
    const off = ['frozen: foundation 1:1 is tried by pair 1 first', 'frozen: taken off the list: pair 4 is selected (RFC 8445 8.1.2)'];
    expect(one.story(2)).toEqual(off);
    one.answer(one.checks()[0] ?? one.check());
    expect(one.pair(1).state).toBe('succeeded');
    expect(one.story(2)).toEqual(off);
    one.until(3000);
    expect(one.checks().some((c) => c.base === one.bases[1])).toBe(false);
  });

  it('8.1.2: a waiting pair that was taken off the list holds its foundation back no more', () => {
    const one = Scripted.gathered({
      controlling: false,
      streams: [1, 1],
      bases: [base('192.0.2.1'), base('192.0.2.1 50100', { stream: 1 })],
    });
    one.remote([candidate('192.0.2.3', { foundation: 'g' }), candidate('192.0.2.2', { foundation: 'f', priority: 5 })]);
    one.ask('192.0.2.3', { nominate: true });
    one.answer(one.check('192.0.2.3'));
    expect(one.story(2)).toEqual(['waiting: first of foundation 1:f', 'waiting: taken off the list: pair 1 is selected (RFC 8445 8.1.2)']);
    one.remote([candidate('192.0.2.2 50100', { foundation: 'f', priority: 4 })], { stream: 1 });
    one.until(50);
    expect(one.story(3)).toEqual([
      'frozen: foundation 1:f is tried by pair 2 first',
      'waiting: nobody tries foundation 1:f any more',
      'in-progress: check started',
    ]);
  });
});
