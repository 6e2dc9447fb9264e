/** The tracker's own rules (nf_conntrack_core, and the protocols that it judges itself), with the packet in hand. */
import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { DROP } from '../../base/drop.js';
import { type Nanos, seconds } from '../../base/time.js';
import { ipPacket, tcpPacket, udpPacket } from '../../../test/support/router/frames.js';
import { type RouterSpec, type SimRouter, simRouter } from '../../../test/support/router/router.js';
import { ACK_FLAG as ACK, SYN } from '../../wire/tcp.js';
import { CT_STATE, CT_STATUS } from './connection.js';
import type { Entry } from './entry.js';
import { resolveSettings } from './settings.js';
import { TCP } from './tcp/states.js';
import { passed, stateOf, tracked } from './tracked.testkit.js';

const A = '10.0.1.1';
const B = '10.0.2.1';
const THERE = udpPacket({ from: A, to: B });
const BACK = udpPacket({ from: B, to: A, sport: 9, dport: 5000 });
const SYN_TO_B = tcpPacket({ from: A, to: B, flags: SYN, seq: 100 });

const router = (conntrack: RouterSpec['conntrack'] = {}): SimRouter => simRouter({ conntrack });
const first = (r: SimRouter): Entry => must(r.tracker.table.list()[0], 'entry');

/** Seconds until the oldest entry is forgotten, and whether it is assured. */
function left(r: SimRouter): string {
  const { expires, status } = first(r);
  return `${(expires - r.scheduler.now) / seconds(1)}${(status & CT_STATUS.ASSURED) === 0 ? '' : ' assured'}`;
}

/** A UDP datagram whose length field says so. */
function datagram(says: number, payload = 8): Uint8Array {
  const b = new Uint8Array(8 + payload);
  b.set([19, 136, 0, 9, 0, says]);
  return ipPacket(A, B, 17, b);
}

describe('UDP', () => {
  test('its times are settings; it is a stream when it is answered and more than 2 s old', () => {
    const r = router({ nf_conntrack_udp_timeout: 20, nf_conntrack_udp_timeout_stream: 90 });
    const words: string[] = [];
    for (const [at, packet] of [
      [0, THERE],
      [seconds(1.5), THERE],
      [seconds(1.5), BACK],
      [seconds(2), THERE],
      [seconds(2) + 1, BACK],
    ] as const) {
      r.at(at as Nanos);
      passed(r, packet);
      words.push(left(r));
    }
    expect(words).toEqual(['20', '20', '20', '20', '90 assured']);
  });

  test('without an answer it is none, however old', () => {
    const r = router();
    for (const at of [0, 10, 20]) {
      r.at(seconds(at));
      passed(r, THERE);
    }
    expect(left(r)).toBe('30');
  });

  test.each([
    ['shorter than it says', datagram(17), 'invalid malformed'],
    ['that says less than a header', datagram(7), 'invalid malformed'],
    ['longer than it says', datagram(15), 'new'],
    ['without payload', datagram(8, 0), 'new'],
    ['cut in its ports', ipPacket(A, B, 17, new Uint8Array(3)), 'invalid malformed'],
    ['cut in its header', ipPacket(A, B, 17, new Uint8Array(7)), 'invalid malformed'],
  ])('a datagram %s', (_what, packet, state) => {
    expect(stateOf(router(), packet)).toBe(state);
  });
});

describe('checksums are verified of what arrives', () => {
  const V6 = { from: '2001:db8:1::1', to: '2001:db8:2::1' };
  test.each([
    ['UDP', udpPacket({ from: A, to: B, badChecksum: true })],
    ['UDP over IPv6', udpPacket({ ...V6, badChecksum: true })],
    ['TCP', tcpPacket({ from: A, to: B, flags: SYN, seq: 1, badChecksum: true })],
    ['TCP over IPv6', tcpPacket({ ...V6, flags: SYN, seq: 1, badChecksum: true })],
  ])('of %s: not of what the node sends, not with nf_conntrack_checksum=0', (_what, packet) => {
    expect([stateOf(router(), packet), stateOf(router(), packet, false), stateOf(router({ nf_conntrack_checksum: 0 }), packet)]).toEqual([
      'invalid checksum',
      'new',
      'new',
    ]);
  });

  test.each([
    ['UDP', udpPacket({ ...V6 })],
    ['TCP', tcpPacket({ ...V6, flags: SYN, seq: 1 })],
  ])('a good one of %s over IPv6', (_what, packet) => {
    expect(stateOf(router(), packet)).toBe('new');
  });
});

describe('TCP', () => {
  /** Data offset in words. */
  const header = (words: number, n = 20): Uint8Array =>
    ipPacket(
      A,
      B,
      6,
      Uint8Array.from({ length: n }, (_, i) => (i === 12 ? words << 4 : i === 13 ? SYN : 0)),
    );

  test.each([
    ['less than a header', header(5, 19)],
    ['a header that says less than 20 octets', header(4)],
    ['a header longer than the segment', header(6)],
  ])('%s', (_what, packet) => {
    expect(stateOf(router(), packet)).toBe('invalid malformed');
  });
});

describe('other protocols', () => {
  test('GRE is a stream when it is answered', () => {
    const r = router({ nf_conntrack_gre_timeout: 25, nf_conntrack_gre_timeout_stream: 75 });
    const there = ipPacket(A, B, 47, new Uint8Array(8));
    const back = ipPacket(B, A, 47, new Uint8Array(8));
    expect([there, there, back, there, back].map((packet) => (passed(r, packet), left(r)))).toEqual(['25', '25', '25', '75 assured', '75 assured']);
  });

  test.each([
    ['nf_conntrack_icmp_timeout', ipPacket(A, B, 1, Uint8Array.of(8, 0, 0xf7, 0xff, 0, 0, 0, 0))],
    ['nf_conntrack_icmpv6_timeout', ipPacket('2001:db8:1::1', '2001:db8:2::1', 58, Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 0))],
    ['nf_conntrack_generic_timeout', ipPacket(A, B, 50, new Uint8Array(8))],
  ])('%s', (name, packet) => {
    const r = router({ [name]: 17, nf_conntrack_checksum: 0 });
    passed(r, packet);
    expect(left(r)).toBe('17');
  });

  test('without transport header to be found: invalid', () => {
    const later = THERE.slice();
    later[7] = 1;
    const r = router();
    expect(stateOf(r, later)).toBe('invalid malformed');
    expect(r.tracker.counters()).toMatchObject({ invalid: 1, error: 0 });
  });
});

test('a setting that Linux does not have is a mistake of ours', () => {
  expect(() => resolveSettings({ nf_conntrack_sctp: 1 } as never)).toThrow('a sysctl of connection tracking: nf_conntrack_sctp');
});

describe('an entry', () => {
  test('is in the table once its first packet has come through, and is counted on from 1', () => {
    const r = router();
    const p = tracked(r, THERE);
    expect([r.tracker.of(p)?.id, r.tracker.entries().length]).toEqual([1, 0]);
    expect(r.tracker.confirm(p)).toBe(0);
    expect(r.tracker.entries()).toEqual([r.tracker.of(p)]);
    expect(passed(r, SYN_TO_B).ct).toMatchObject({ id: 2, tcpState: 'SYN_SENT' });
    expect(r.tracker.of(p)?.tcpState).toBeNull();
  });

  test('is looked for once per packet: what is tracked or marked already stays as it is', () => {
    const r = router();
    const p = passed(r, THERE);
    passed(r, BACK);
    expect([r.tracker.track(p, 4, true), p.ctinfo]).toEqual([0, CT_STATE.NEW]);
    r.tracker.notrack(p);
    expect(p.ctinfo).toBe(CT_STATE.NEW);
    p.ct = null;
    r.tracker.notrack(p);
    r.tracker.track(p, 4, true);
    expect([p.ct, p.ctinfo]).toEqual([null, CT_STATE.UNTRACKED]);
  });

  test('is not confirmed by an answer, nor by what is invalid', () => {
    const r = router();
    const p = passed(r, THERE);
    const back = tracked(r, BACK);
    r.tracker.flush();
    expect([r.tracker.confirm(back), r.tracker.confirm(p), r.tracker.entries().length]).toEqual([0, 0, 0]);
    const invalid = tracked(r, datagram(7));
    expect([r.tracker.confirm(invalid), invalid.ct]).toEqual([0, null]);
  });

  test('is forgotten when the table is looked at after its time', () => {
    const r = router();
    passed(r, THERE);
    r.at(seconds(30));
    expect(r.tracker.entries()).toEqual([]);
  });
});

describe('two packets of which neither has come through yet', () => {
  /** Lets the second go through while the first is on its way; what became of the first. */
  function overtaken(r: SimRouter, packet: Uint8Array, second: Uint8Array, change: (entry: Entry, winner: Entry) => void = () => undefined): string {
    let done = false;
    const run = (p: Parameters<SimRouter['tracker']['of']>[0]): number => {
      if (!done) change(r.tracker.of(p) as Entry, passed(r, second).ct as Entry);
      done = true;
      return 0;
    };
    r.node.install({ point: 'prerouting', priority: 0, family: 0, run });
    return r.send('in', packet).length > 0 ? 'passed' : (r.drops.at(-1) ?? '');
  }

  test('of one UDP flow are one entry', () => {
    const r = router();
    expect(overtaken(r, THERE, THERE)).toBe('passed');
    expect(r.tracker.entries().map(({ id }) => id)).toEqual([2]);
    expect(r.tracker.counters()).toMatchObject({ clash_resolve: 1, drop: 0, insert_failed: 0 });
  });

  test('of a UDP flow, one from each side, too', () => {
    const r = router();
    expect(overtaken(r, THERE, BACK)).toBe('passed');
    expect(r.tracker.entries().map(({ id }) => id)).toEqual([2]);
  });

  test('of one TCP connection: the later is dropped', () => {
    const r = router();
    expect(overtaken(r, SYN_TO_B, SYN_TO_B)).toBe('at=router stage=postrouting ct=new kind=clash');
    expect(r.tracker.counters()).toMatchObject({ clash_resolve: 0, drop: 1, insert_failed: 1 });
  });

  test('of two flows whose answers would look alike: the later is dropped', () => {
    const other = udpPacket({ from: '10.0.1.2', to: B });
    expect(
      overtaken(router(), THERE, other, (entry, winner) => {
        entry.reply.set(winner.reply);
      }),
    ).toBe('at=router stage=postrouting ct=new kind=clash');
  });

  test.each([CT_STATUS.SNAT, CT_STATUS.DNAT, CT_STATUS.SRC_NAT_DONE])('where it was to be translated (status %i), nothing was free', (status) => {
    const r = router();
    const other = udpPacket({ from: '10.0.1.2', to: B });
    const change = (entry: Entry, winner: Entry): void => {
      entry.reply.set(winner.reply);
      entry.status |= status;
    };
    expect(overtaken(r, THERE, other, change)).toBe('at=router stage=postrouting ct=new kind=no-free-tuple');
  });

  test('and one whose entry was taken away before: it is dropped where it goes in or out', () => {
    const r = router();
    const p = tracked(r, THERE);
    r.tracker.table.remove(p.ct as Entry);
    expect(r.tracker.confirm(p)).toBe(DROP.CT_INVALID);
    expect(r.tracker.counters()).toMatchObject({ insert_failed: 1, drop: 0 });
    r.node.install({ point: 'prerouting', priority: 0, family: 0, run: (q) => (r.tracker.table.remove(q.ct as Entry), 0) });
    r.send('in', udpPacket({ from: A, to: '10.0.1.254' }));
    expect(r.drops).toEqual(['at=router stage=input ct=new kind=clash']);
  });
});

test('whether a tuple is taken: by another flow, not by the entry that asks nor by one of the same flow', () => {
  const r = router();
  const mine = passed(r, THERE).ct as Entry;
  const other = passed(r, udpPacket({ from: '10.0.1.2', to: B })).ct as Entry;
  const again = tracked(r, THERE).ct as Entry;
  const { tracker } = r;
  expect([tracker.taken(other.reply, mine), tracker.taken(mine.reply, mine), tracker.taken(again.reply, again)]).toEqual([true, false, false]);
  tracker.table.remove(other);
  expect(tracker.taken(other.reply, mine)).toBe(false);
  expect(tracker.counters()).toMatchObject({ found: 1 });
});

test("counters have conntrack(8)'s names", () => {
  const names = ['found', 'invalid', 'insert', 'insert_failed', 'drop', 'early_drop', 'error', 'search_restart', 'clash_resolve', 'chaintoolong'];
  const counters = router().tracker.counters();
  expect(counters).toEqual(Object.fromEntries(names.map((name) => [name, 0])));
});

describe('a node that answers by a reset of its own (nf_ct_set_closing)', () => {
  test('closes the connection', () => {
    const r = router();
    passed(r, SYN_TO_B);
    r.tracker.reset(tracked(r, SYN_TO_B));
    expect([first(r).tcpState, left(r)]).toEqual(['CLOSE', '10']);
    r.at(seconds(4));
    r.tracker.reset(tracked(r, tcpPacket({ from: A, to: B, flags: ACK, seq: 101 })));
    expect(left(r)).toBe('10');
  });

  test('once: what is closed is not kept alive', () => {
    const r = router();
    const p = passed(r, SYN_TO_B);
    r.at(seconds(1));
    r.tracker.reset(p);
    r.at(seconds(4));
    r.tracker.reset(p);
    expect(left(r)).toBe('7');
  });

  test('but nothing that is not in the table, is not TCP, or is invalid', () => {
    const r = router();
    const fresh = tracked(r, SYN_TO_B);
    r.tracker.reset(fresh);
    expect(r.tracker.of(fresh)?.tcpState).toBe('SYN_SENT');
    r.tracker.reset(passed(r, THERE));
    expect(left(r)).toBe('30');
    r.tracker.reset(tracked(r, datagram(7)));
  });
});

describe('families', () => {
  const V6 = udpPacket({ from: '2001:db8:1::1', to: '2001:db8:2::1' });
  /** How many packets of both families get an entry when they go through. */
  const looked = (r: SimRouter): string[] => {
    const seen: string[] = [];
    const undo = r.node.install({ point: 'forward', priority: 0, family: 0, run: (p) => (seen.push(p.ctinfo === 0 ? 'no' : 'yes'), 0) });
    r.send('in', THERE);
    r.send('in', V6);
    undo();
    return [...seen, [...r.node.defragments].sort().join()];
  };

  test('only those that are asked for are tracked, and put together from fragments', () => {
    const r = router();
    const { tracker } = r;
    const words = [looked(r)];
    for (const families of [[4], [6], [6], [], [4, 6]] as const) {
      tracker.watch(new Set(families));
      words.push(looked(r));
    }
    tracker.close();
    words.push(looked(r));
    expect(words).toEqual([
      ['yes', 'yes', '4,6'],
      ['yes', 'no', '4'],
      ['no', 'yes', '6'],
      ['no', 'yes', '6'],
      ['no', 'no', ''],
      ['yes', 'yes', '4,6'],
      ['no', 'no', ''],
    ]);
  });

  test('entries of one that is not watched any more stay until their time is over', () => {
    const r = router();
    r.send('in', THERE);
    r.tracker.close();
    expect(r.tracker.entries()).toHaveLength(1);
  });
});

describe('a full table', () => {
  const flow = (sport: number): Uint8Array => udpPacket({ from: A, to: B, sport });
  const FULL = (max: number): string => `at=router stage=prerouting ct=new kind=nf_conntrack_max:${max}`;

  /** TCP connections that are assured, of which the oldest are closing. */
  function filled(max: number, closing: number): SimRouter {
    const r = router({ nf_conntrack_max: max, nf_conntrack_tcp_timeout_syn_sent: 1000 });
    for (let sport = 1; sport <= max; sport++) {
      passed(r, tcpPacket({ from: A, to: B, sport, flags: SYN, seq: 100 }));
      const entry = must(r.tracker.table.list().at(-1), 'entry');
      entry.status |= CT_STATUS.ASSURED;
      if (sport <= closing) must(entry.tcp, 'TCP').state = TCP.TIME_WAIT;
    }
    return r;
  }

  test('0 means no limit', () => {
    const r = router({ nf_conntrack_max: 0 });
    expect([1, 2, 3].map((sport) => r.send('in', flow(sport)).length)).toEqual([1, 1, 1]);
  });

  test('as many as are said find room, and one more where one gives way or is over', () => {
    const r = router({ nf_conntrack_max: 2 });
    for (const sport of [1, 2]) passed(r, flow(sport));
    for (const entry of r.tracker.table.list()) entry.status |= CT_STATUS.ASSURED;
    expect(r.send('in', flow(3))).toEqual([]);
    expect(r.drops).toEqual([FULL(2)]);
    r.at(seconds(30));
    expect(r.send('in', flow(3))).toHaveLength(1);
    expect(r.tracker.counters()).toMatchObject({ drop: 1, early_drop: 0 });
  });

  test('what the node itself sends is dropped at output', () => {
    const r = filled(1, 0);
    const socket = r.node.udp.bind(must(r.node.book.parse('10.0.2.254'), 'address'), 5000, () => undefined);
    socket.send(new Uint8Array(4), 0, 4, must(r.node.book.parse(B), 'address'), 9);
    expect(r.drops).toEqual(['at=router stage=output ct=new kind=nf_conntrack_max:1']);
  });

  test('for a minute: what is closing goes then, the oldest first, until it is less than 95 % full', () => {
    const r = filled(100, 20);
    const news = (at: number, sport: number): number => {
      r.at(seconds(at));
      return r.send('in', flow(sport)).length;
    };
    expect([news(1, 1001), news(30, 1002), news(60.999, 1003), news(61, 1004)]).toEqual([0, 0, 0, 1]);
    expect(r.tracker.entries().map((entry) => entry.original.sport)).toEqual([...Array.from({ length: 94 }, (_, i) => i + 7), 1004]);
    // conntrack(8) counts only those that gave way to a packet.
    expect(r.tracker.counters()).toMatchObject({ drop: 3, early_drop: 0 });
    expect(r.drops).toEqual(Array(3).fill(FULL(100)));
  });

  test('and then for a minute again', () => {
    const r = filled(100, 12);
    const full = (at: number): boolean => {
      r.at(seconds(at));
      const p = tracked(r, tcpPacket({ from: A, to: B, sport: 2000 + r.tracker.table.count + at, flags: SYN, seq: 1 }));
      if (p.ct !== null) (p.ct as Entry).status |= CT_STATUS.ASSURED;
      r.tracker.confirm(p);
      return p.ct === null;
    };
    expect([full(0), full(60)]).toEqual([true, false]);
    while (r.tracker.table.count < 100) full(60);
    expect([full(61), full(120), full(121)]).toEqual([true, true, false]);
  });

  test('a table of less than a hundred has no 95 % (nf_conntrack_max / 100 * 95): nothing goes', () => {
    const r = filled(50, 20);
    for (const at of [1, 61, 119]) {
      r.at(seconds(at));
      expect(r.send('in', flow(1000 + at))).toEqual([]);
    }
    expect(r.tracker.entries()).toHaveLength(50);
  });
});
