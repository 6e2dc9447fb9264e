import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.js';
import { millis, seconds } from '../../../base/time.js';
import { isMalformedStun, parseStun } from '../../stun/codec.js';
import { hexOf } from '../../stun/message.js';
import { IceNet, selectedText, symmetric, type Peer } from '../two-agents.testkit.js';

interface Two {
  readonly net: IceNet;
  readonly a: Peer;
  readonly b: Peer;
}

/** Both have gathered, neither knows of the other. */
function two(
  options: {
    readonly components?: number;
    readonly seed?: number;
    readonly roles?: readonly [boolean, boolean];
    readonly addresses?: readonly (readonly string[])[];
  } = {},
): Two {
  const net = new IceNet({ seed: options.seed ?? 1 });
  const streams = [options.components ?? 1];
  const [first, second] = options.roles ?? [true, false];
  const a = net.add('a', { addresses: options.addresses?.[0] ?? ['192.0.2.1'], options: { controlling: first, streams } });
  const b = net.add('b', { addresses: options.addresses?.[1] ?? ['192.0.2.2'], options: { controlling: second, streams } });
  for (const p of [a, b]) net.input(p, { kind: 'gather' });
  return { net, a, b };
}

const whys = (peer: Peer, index = 0): string[] => must(peer.pairs()[index], 'pair').history.map((h) => h.why);

describe('states of pairs', () => {
  it('7.2.5.3.3: a success thaws what is frozen for the same foundation', () => {
    const { net, a, b } = two({ components: 2 });
    // The peer only answers, so nothing is triggered.
    net.describe(b, a, { lite: true });
    net.run(30);
    expect(must(a.pairs()[1], 'pair').history.map((h) => [h.state, h.why])).toEqual([
      ['frozen', 'foundation 1:1 is tried by pair 1 first'],
      ['waiting', 'pair 1 of the same foundation succeeded'],
    ]);
  });

  it('RFC 8838 12, rule 2: a late pair of a foundation that has succeeded waits, it is not frozen', () => {
    const { net, a, b } = two({ components: 2 });
    const [rtp, rtcp] = b.agent.localCandidates;
    net.input(a, { kind: 'remote', stream: 0, ...b.agent.credentials, candidates: [must(rtp, 'RTP')], complete: false });
    net.run(100);
    net.input(a, { kind: 'remote-candidate', stream: 0, candidate: must(rtcp, 'RTCP') });
    const late = must(
      a.pairs().find((p) => p.component === 2),
      'pair',
    );
    expect(must(late.history[0], 'note')).toMatchObject({ state: 'waiting', why: 'a pair of foundation 1:1 has succeeded' });
  });

  it('7.3.1.4: a request that comes while our check is under way makes a new one at once, whose cause it is', () => {
    const { net, a, b } = two();
    net.blocked = (from, _to, now) => from === '192.0.2.1' && now < millis(100);
    net.describe(b, a);
    net.run(150);
    net.describe(a, b);
    net.run(40);
    const sent = net.crossings.filter((c) => c.from === '192.0.2.1:50000' && c.bytes[0] === 0).map((c) => [c.at, c.fate]);
    // Without the trigger the next would be due at 500 ms.
    expect(sent).toEqual([
      [0, 'blocked'],
      [160, 'delivered'],
    ]);
    expect(whys(a)).toContain('request came while our check was under way: triggered check');
    net.run(300);
    expect(symmetric(a, b)).toBe(true);
  });

  it('7.3.1.4: a request that comes after our check has failed revives the pair', () => {
    const { net, a, b } = two();
    net.blocked = () => true;
    net.input(a, { kind: 'remote', stream: 0, ...b.agent.credentials, candidates: b.agent.localCandidates, complete: false });
    net.run(45_000);
    expect(must(a.pairs()[0], 'pair').state).toBe('failed');
    net.blocked = () => false;
    net.describe(a, b);
    net.run(200);
    expect(whys(a)).toContain('request came after our check had failed: triggered check');
    net.run(4000);
    expect(symmetric(a, b)).toBe(true);
  });

  it('a peer-reflexive candidate that the peer names later becomes what it says', () => {
    const { net, a, b } = two();
    net.input(a, { kind: 'remote', stream: 0, ...b.agent.credentials, candidates: [], complete: false });
    net.describe(a, b);
    net.run(100);
    expect(must(a.pairs()[0], 'pair').remote).toContain('typ prflx');
    net.input(a, { kind: 'remote-candidate', stream: 0, candidate: must(b.agent.localCandidates[0], 'candidate') });
    expect(a.pairs()).toHaveLength(1);
    expect(must(a.pairs()[0], 'pair')).toMatchObject({ remote: expect.stringContaining('typ host'), foundation: '1:1' });
    net.input(a, { kind: 'end-of-candidates', stream: 0 });
    net.run(200);
    expect(must(a.agent.selected(0, 1), 'selected').remote.type).toBe('host');
  });
});

describe('roles', () => {
  const both = (): Two => {
    for (let seed = 1; seed < 20; seed++) {
      const t = two({ seed, roles: [true, true], addresses: [['192.0.2.1'], ['192.0.2.2', '2001:db8::2']] });
      // b asks first, so it is b that gets the 487 if its tie-breaker is the smaller.
      t.net.describe(t.a, t.b);
      t.net.after(seconds(1), () => t.net.describe(t.b, t.a));
      t.net.run(5000);
      if (!t.b.agent.controlling) return t;
    }
    throw new Error('no seed gives b the smaller tie-breaker');
  };

  it('7.2.5.1: after a 487 the tie-breaker is another', () => {
    const { net, b } = both();
    const values = net.crossings.flatMap((c) => {
      const p = parseStun(c.bytes, 0, c.bytes.length);
      return isMalformedStun(p) || c.from !== '192.0.2.2:50000' ? [] : [[hexOf(p, 'ice-controlling'), hexOf(p, 'ice-controlled')]];
    });
    const before = values.flatMap(([controlling]) => controlling ?? []);
    const after = values.flatMap(([, controlled]) => controlled ?? []);
    expect([new Set(before).size, new Set(after).size]).toEqual([1, 1]);
    expect(after[0]).not.toBe(before[0]);
    expect(b.outputs('role').map((r) => r.out.why)).toEqual([expect.stringContaining('487')]);
  });

  it('6.1.2.3: after a switch of roles both sides give a pair the same priority', () => {
    const { a, b } = both();
    const [x, y] = [must(a.pairs()[0], 'pair'), must(b.pairs()[0], 'pair')];
    // 65535 against 65534 for the local preference: the order of G and D shows.
    expect(must(a.agent.localCandidates[0], 'candidate').priority).not.toBe(must(b.agent.localCandidates[0], 'candidate').priority);
    expect(x.priority).toBe(y.priority);
  });
});

describe('RFC 8863', () => {
  it('4: without a single pair it fails when the PAC timer has run out, not before', () => {
    const { net, a } = two();
    net.input(a, { kind: 'remote', stream: 0, ufrag: 'abcd', pwd: 'x'.repeat(22), candidates: [] });
    net.run(39_499);
    expect(a.agent.listState(0)).toBe('running');
    net.run(1);
    expect(a.outputs('failed').map((f) => [f.at, f.out.why])).toEqual([[39_500, 'component 1: no pair succeeded']]);
  });

  it('1: until then the checks of the peer may save the call', () => {
    const { net, a, b } = two();
    net.input(a, { kind: 'remote', stream: 0, ...b.agent.credentials, candidates: [] });
    net.after(seconds(30), () => net.describe(a, b));
    net.run(31_000);
    expect(selectedText(a)).toBe('192.0.2.1:50000 as 192.0.2.1:50000 > 192.0.2.2:50000');
  });
});
