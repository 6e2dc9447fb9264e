import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import type { LinkId } from '../../base/brand.js';
import { millis, seconds } from '../../base/time.js';
import { NO_IMPAIRMENT } from '../../topology/impairment.js';
import { setU16 } from '../../wire/bytes.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment from '../../wire/ipv6-fragment.js';
import { testNet, type TestNet } from '../testing.js';
import { fragment4, fragment6 } from './fragment.js';

const IP = ethernet.HEADER;
const PAIRS = [
  ['10.0.1.1', '10.0.2.1'],
  ['2001:db8:1::1', '2001:db8:2::1'],
] as const;

/** a - r - b, the second link as wide as said. */
function net2(mtu: number, options: { defragments?: boolean; seed?: number } = {}): TestNet {
  return testNet({
    seed: options.seed ?? 1,
    nodes: { a: {}, r: { forwards: true, defragments: options.defragments ?? false }, b: {} },
    links: [
      { a: ['a', '10.0.1.1/24 2001:db8:1::1/64'], b: ['r', '10.0.1.254/24 2001:db8:1::fe/64'] },
      { a: ['r', '10.0.2.254/24 2001:db8:2::fe/64'], b: ['b', '10.0.2.1/24 2001:db8:2::1/64'], mtu },
    ],
    routes: {
      a: [
        { prefix: '0.0.0.0/0', via: '10.0.1.254' },
        { prefix: '::/0', via: '2001:db8:1::fe' },
      ],
      b: [
        { prefix: '0.0.0.0/0', via: '10.0.2.254' },
        { prefix: '::/0', via: '2001:db8:2::fe' },
      ],
    },
  });
}

const pattern = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

function listen(net: TestNet, to: string): Uint8Array[] {
  const got: Uint8Array[] = [];
  net.node('b').udp.bind(net.addr(to), 9, (b, o, n) => got.push(b.slice(o, o + n)));
  return got;
}

function say(net: TestNet, from: string, to: string, bytes: Uint8Array): void {
  net
    .node('a')
    .udp.bind(net.addr(from), 0, () => undefined)
    .send(bytes, 0, bytes.length, net.addr(to), 9);
}

describe('fragmentation', () => {
  test('a router cuts an IPv4 datagram at multiples of eight; the parts are new packets caused by the whole (RFC 791 2.3)', () => {
    const net = net2(600);
    const got = listen(net, '10.0.2.1');
    say(net, '10.0.1.1', '10.0.2.1', pattern(1400));
    net.run();
    expect(got).toEqual([pattern(1400)]);
    const parts = net.received(1, 1);
    // 600 - 20 = 580, so 576 octets each; 1408 of UDP in all
    expect(parts.map((f) => [ipv4.totalLength(f, IP), ipv4.fragmentOffset(f, IP), ipv4.moreFragments(f, IP), ipv4.ttl(f, IP)])).toEqual([
      [596, 0, true, 63],
      [596, 576, true, 63],
      [276, 1152, false, 63],
    ]);
    expect(new Set(parts.map((f) => ipv4.identification(f, IP))).size).toBe(1);
    expect(parts.every((f) => ipv4.checksumOk(f, IP))).toBe(true);
    expect(net.seen.filter((s) => s.kind === 'sent' && s.at === '1:0').map((s) => [s.id, s.cause])).toEqual([
      [2, 1],
      [3, 1],
      [4, 1],
    ]);
    expect(net.drops()).toEqual([]);
    expect(net.pool.live).toBe(0);
  });

  test('an IPv6 datagram is cut by its sender alone (RFC 8200 4.5)', () => {
    const net = net2(1500);
    const got = listen(net, '2001:db8:2::1');
    say(net, '2001:db8:1::1', '2001:db8:2::1', pattern(3000));
    net.run();
    expect(got).toEqual([pattern(3000)]);
    const at = IP + ipv6.HEADER;
    // 1500 - 40 - 8 = 1452, so 1448 octets each; 3008 of UDP in all
    expect(
      net
        .received(0, 1)
        .map((f) => [
          ipv6.payloadLength(f, IP),
          ipv6.nextHeader(f, IP),
          fragment.nextHeader(f, at),
          fragment.fragmentOffset(f, at),
          fragment.moreFragments(f, at),
        ]),
    ).toEqual([
      [1456, 44, 17, 0, true],
      [1456, 44, 17, 1448, true],
      [120, 44, 17, 2896, false],
    ]);
    const narrow = net2(1280);
    listen(narrow, '2001:db8:2::1');
    say(narrow, '2001:db8:1::1', '2001:db8:2::1', pattern(1400));
    narrow.run();
    expect(narrow.drops()).toEqual([{ node: 'r', drop: 'mtu-df', decision: 'at=r stage=forward' }]);
    // ... and after Packet Too Big it does.
    say(narrow, '2001:db8:1::1', '2001:db8:2::1', pattern(1400));
    narrow.run();
    expect(narrow.received(1, 1).length).toBe(2);
  });

  test('options: only those with the copied flag stand in later fragments (RFC 791 3.1)', () => {
    const net = net2(1500);
    const p = net.pool.take(IP + 28 + 100);
    p.buf.fill(1, p.off, p.off + p.len);
    setU16(p.buf, p.off + 12, 0x0800);
    const o = p.off + IP;
    ipv4.emit(
      {
        dscp: 0,
        ecn: 0,
        identification: 5,
        dontFragment: false,
        moreFragments: false,
        fragmentOffset: 0,
        ttl: 64,
        protocol: 17,
        src: 0x0a000101,
        dst: 0x0a000201,
        options: new Uint8Array(8),
        payload: new Uint8Array(100),
      },
      p.buf,
      o,
    );
    // record route (7, not copied), then router alert (148, copied)
    p.buf.set([7, 4, 4, 0, 148, 4, 0, 0], o + 20);
    const parts = fragment4(p, 28 + 48, net.pool);
    expect(parts.map((f) => [...f.buf.subarray(f.off + IP + 20, f.off + IP + 28)])).toEqual([
      [7, 4, 4, 0, 148, 4, 0, 0],
      [1, 1, 1, 1, 148, 4, 0, 0],
      [1, 1, 1, 1, 148, 4, 0, 0],
    ]);
    expect(parts.every((f) => ipv4.check(f.buf, f.off + IP, f.len - IP) === 0 && ipv4.checksumOk(f.buf, f.off + IP))).toBe(true);
  });

  test('hop-by-hop headers are repeated, destination options are cut with the rest', () => {
    const net = net2(1500);
    const chainOf = [60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0]; // hop-by-hop, then destination options
    const payload = Uint8Array.of(...chainOf, ...pattern(100));
    const p = net.pool.take(IP + 40 + payload.length);
    setU16(p.buf, p.off + 12, 0x86dd);
    ipv6.emit({ dscp: 0, ecn: 0, flowLabel: 0, nextHeader: 0, hopLimit: 9, src: new Uint8Array(16), dst: new Uint8Array(16), payload }, p.buf, p.off + IP);
    const parts = fragment6(p, 40 + 8 + 8 + 64, net.pool, 77);
    expect(parts.map((f) => [...f.buf.subarray(f.off + IP + 40, f.off + IP + 57)].map(Number))).toEqual([
      [44, 0, 1, 4, 0, 0, 0, 0, 60, 0, 0, 1, 0, 0, 0, 77, 17],
      [44, 0, 1, 4, 0, 0, 0, 0, 60, 0, 0, 64, 0, 0, 0, 77, pattern(100)[56]],
    ]);
  });
});

describe('reassembly', () => {
  test.each(PAIRS)('any length from %s comes whole or not at all, whatever order, duplication or loss does to the parts', (from, to) => {
    fc.assert(
      fc.property(fc.integer({ min: 1453, max: 6000 }), fc.nat(0xffffff), fc.constantFrom(0, 0.15), (size, seed, loss) => {
        const net = net2(1500, { seed });
        const got = listen(net, to);
        net.fabric.control.set(1 as LinkId, 0, {
          ...NO_IMPAIRMENT,
          delay: millis(20),
          jitter: millis(15),
          duplicate: 0.3,
          loss: loss === 0 ? null : { model: 'random', probability: loss },
        });
        say(net, from, to, pattern(size));
        net.run();
        // Each part may come twice, so the whole may: that is a duplicated datagram, as UDP knows it.
        expect(got.length).toBeLessThanOrEqual(2);
        if (loss === 0) expect(got.length).toBeGreaterThanOrEqual(1);
        for (const bytes of got) expect(bytes).toEqual(pattern(size));
        expect(net.pool.live).toBe(0);
        expect(net.scheduler.pending).toBe(0);
        expect(net.node('b').reassembly.pending).toBe(0);
        // Every packet there was has ended, once.
        const ended = net.seen
          .filter((s) => s.kind === 'ended')
          .map((s) => s.id)
          .sort((x, y) => x - y);
        expect(ended).toEqual(Array.from({ length: net.pool.taken }, (_, i) => i + 1));
      }),
      { seed: 5, numRuns: 60 },
    );
  });

  test.each([
    [...PAIRS[0], 30, 11],
    [...PAIRS[1], 60, 3],
  ] as const)('from %s: what stays incomplete is dropped and told after the timeout', (from, to, timeout, type) => {
    const net = net2(1500);
    const got = listen(net, to);
    // The last part is lost: the first fills the link's queue.
    net.fabric.control.set(1 as LinkId, 0, { ...NO_IMPAIRMENT, rate: 1_000_000, limit: 2 });
    const errors: string[] = [];
    const socket = net.node('a').udp.bind(net.addr(from), 0, () => undefined);
    socket.onError = (error) => errors.push(`${error} ${Math.floor(net.scheduler.now / 1e9)}`);
    socket.send(pattern(4000), 0, 4000, net.addr(to), 9);
    net.run(seconds(timeout - 1));
    expect(net.node('b').reassembly.pending).toBe(1);
    net.run();
    expect(got).toEqual([]);
    expect(net.drops()).toEqual([0, 1].map(() => ({ node: 'b', drop: 'reassembly-timeout', decision: 'at=b stage=input kind=timeout' })));
    expect(errors).toEqual([`host-unreachable ${timeout}`]);
    const report = must(net.received(0, 0)[0], 'report');
    expect([...report.subarray(from.includes(':') ? IP + 40 : IP + 20).subarray(0, 2)]).toEqual([type, 1]);
  });

  test('what is delivered names the first fragment as its cause: that one crossed the link', () => {
    const net = net2(1500);
    let cause = 0;
    net.node('b').udp.bind(net.addr('10.0.2.1'), 9, (_b, _o, _n, _f, _p, c) => (cause = c));
    say(net, '10.0.1.1', '10.0.2.1', pattern(2000));
    net.run();
    expect(net.seen.filter((s) => s.kind === 'received' && s.at === '1:1')[0]?.id).toBe(cause);
  });

  /** Fragments put on the link by hand: [offset, length, more]. */
  function fragments(net: TestNet, family: 4 | 6, parts: readonly (readonly [number, number, boolean])[]): void {
    for (const [offset, length, more] of parts) {
      const header = family === 4 ? 20 : 48;
      const p = net.pool.take(IP + header + length);
      const o = p.off + IP;
      p.buf.set([2, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 3], p.off);
      const data = new Uint8Array(length).fill(1);
      if (family === 4) {
        setU16(p.buf, o - 2, 0x0800);
        ipv4.emit(
          {
            dscp: 0,
            ecn: 0,
            identification: 5,
            dontFragment: false,
            moreFragments: more,
            fragmentOffset: offset,
            ttl: 64,
            protocol: 17,
            src: 0x0a000101,
            dst: 0x0a000201,
            options: new Uint8Array(0),
            payload: data,
          },
          p.buf,
          o,
        );
      } else {
        setU16(p.buf, o - 2, 0x86dd);
        const ends = { src: net.book.bytes(net.addr('2001:db8:1::1')), dst: net.book.bytes(net.addr('2001:db8:2::1')) };
        ipv6.emit({ dscp: 0, ecn: 0, flowLabel: 0, nextHeader: 44, hopLimit: 64, ...ends, payload: new Uint8Array(8 + length) }, p.buf, o);
        fragment.emit({ nextHeader: 17, fragmentOffset: offset, moreFragments: more, identification: 5, payload: data }, p.buf, o + 40);
      }
      net.fabric.end(1 as LinkId, 0).send(p);
      net.run(net.scheduler.now);
    }
  }
  const kinds = (net: TestNet): (string | undefined)[] => net.drops().map((d) => `${d.drop} ${d.decision.split('kind=')[1] ?? ''}`);

  test.each([4, 6] as const)('IPv%i: overlapping fragments end the datagram (RFC 5722), and what comes of it later begins another', (family) => {
    const net = net2(1500);
    fragments(net, family, [
      [0, 16, true],
      [8, 16, true],
      [24, 8, false],
    ]);
    expect(kinds(net)).toEqual(['reassembly-timeout overlap', 'reassembly-timeout overlap']);
    net.run();
    expect(kinds(net).slice(2)).toEqual(['reassembly-timeout timeout']);
    expect(net.received(1, 0)).toEqual([]);
    expect(net.pool.live).toBe(0);
  });

  test.each([4, 6] as const)('IPv%i: a part that came before ends alone', (family) => {
    const net = net2(1500);
    fragments(net, family, [
      [0, 16, true],
      [0, 16, true],
      [8, 8, true],
      [16, 8, false],
    ]);
    expect(kinds(net).slice(0, 2)).toEqual(['reassembly-timeout duplicate', 'reassembly-timeout duplicate']);
    // Whole now: 24 octets of ones are no UDP datagram that fits.
    expect(net.drops()[2]?.drop).toBe('malformed');
  });

  test.each<[string, (readonly [number, number, boolean])[]]>([
    [
      'two different last parts',
      [
        [16, 8, false],
        [24, 8, false],
      ],
    ],
    [
      'a part after the last',
      [
        [16, 8, false],
        [24, 8, true],
      ],
    ],
    [
      'a last part before others',
      [
        [16, 8, true],
        [8, 8, false],
      ],
    ],
  ])('%s are refused', (_what, parts) => {
    for (const family of [4, 6] as const) {
      const net = net2(1500);
      fragments(net, family, parts);
      expect(kinds(net)).toEqual(['reassembly-timeout overlap', 'reassembly-timeout overlap']);
    }
  });

  test.each<[string, readonly [number, number, boolean]]>([
    ['an end past 65535', [65528, 16, false]],
    ['an empty part', [8, 0, false]],
  ])('%s is malformed', (_what, part) => {
    for (const family of [4, 6] as const) {
      const net = net2(1500);
      fragments(net, family, [part]);
      // Where the sender is told of it, nobody there wants to know.
      expect(kinds(net).filter((kind) => kind !== 'no-listener icmp-error')).toEqual(['malformed fragment']);
    }
  });

  test('IPv4: of a part that is no multiple of eight the rest is taken off, as Linux does', () => {
    const net = net2(1500);
    fragments(net, 4, [
      [0, 13, true],
      [8, 8, false],
    ]);
    // Whole now: 16 octets of ones are no UDP datagram that fits.
    expect(net.drops().map((d) => d.drop)).toEqual(['malformed']);
  });

  test('a first part without the whole transport header is told of (RFC 7112)', () => {
    const net = net2(1500);
    fragments(net, 6, [[0, 0, true]]);
    net.run();
    const report = must(net.received(1, 0)[0], 'report');
    expect([...report.subarray(IP + 40, IP + 42), ...report.subarray(IP + 44, IP + 48)]).toEqual([4, 3, 0, 0, 0, 0]);
  });

  test('IPv6 points at the fault (RFC 8200 4.5)', () => {
    const net = net2(1500);
    fragments(net, 6, [[0, 13, true]]);
    net.run();
    const report = must(net.received(1, 0)[0], 'report');
    expect([...report.subarray(IP + 40, IP + 42), ...report.subarray(IP + 44, IP + 48)]).toEqual([4, 0, 0, 0, 0, 4]);
  });

  test('an atomic IPv6 fragment is a whole packet (RFC 6946)', () => {
    const net = net2(1500);
    fragments(net, 6, [
      [0, 16, true],
      [0, 8, false],
    ]);
    expect(net.node('b').reassembly.pending).toBe(1);
    expect(net.drops()[0]?.drop).toBe('malformed');
  });

  test('memory is bounded: beyond four mebibytes new parts are dropped', () => {
    const net = net2(1500);
    for (let id = 0; id < 3200; id++) {
      const p = net.pool.take(IP + 1500);
      p.buf.set([2, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 3, 8, 0], p.off);
      ipv4.emit(
        {
          dscp: 0,
          ecn: 0,
          identification: id,
          dontFragment: false,
          moreFragments: true,
          fragmentOffset: 0,
          ttl: 64,
          protocol: 17,
          src: 0x0a000101,
          dst: 0x0a000201,
          options: new Uint8Array(0),
          payload: new Uint8Array(1480),
        },
        p.buf,
        p.off + IP,
      );
      net.fabric.end(1 as LinkId, 0).send(p);
      net.run(net.scheduler.now);
    }
    // 4 MiB / 1514 octets a frame
    expect(net.node('b').reassembly.pending).toBe(2770);
    expect(kinds(net)).toEqual(new Array(430).fill('reassembly-timeout limit'));
  });
});

test.each(PAIRS)('a router that tracks connections reassembles from %s before its hooks and cuts anew', (from, to) => {
  const net = net2(1500, { defragments: true });
  const sizes: number[] = [];
  net.node('r').install({ point: 'prerouting', priority: 0, family: 0, run: (p) => (sizes.push(p.len), 0) });
  const got = listen(net, to);
  say(net, from, to, pattern(3000));
  net.run();
  expect(sizes).toEqual([IP + (from.includes(':') ? 40 : 20) + 3008]);
  expect(net.received(1, 1).length).toBe(3);
  expect(got).toEqual([pattern(3000)]);
  expect(net.drops()).toEqual([]);
});
