import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../base/assert.js';
import type { LinkId } from '../base/brand.js';
import { setU16, u16 } from '../wire/bytes.js';
import * as ethernet from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { testNet, type TestNet, type TestNodeSpec } from './testing.js';
import { EPHEMERAL } from './udp-layer.js';

const IP = ethernet.HEADER;

function pair(a: TestNodeSpec = {}): TestNet {
  return testNet({ nodes: { a, b: {} }, links: [{ a: ['a', '10.0.0.1/24 10.0.0.3/24 2001:db8::1/64'], b: ['b', '10.0.0.2/24 2001:db8::2/64'] }] });
}

/** Sends one datagram from a to b:9 by hand, after `change`; `at` is where UDP begins. */
function tampered(net: TestNet, v6: boolean, change: (frame: Uint8Array, at: number) => void): void {
  net
    .node('a')
    .udp.bind(net.addr(v6 ? '2001:db8::1' : '10.0.0.1'), 4000, () => undefined)
    .send(Uint8Array.of(1, 2, 3), 0, 3, net.addr(v6 ? '2001:db8::2' : '10.0.0.2'), 9);
  const frame = must(net.seen[0], 'frame').bytes.slice();
  net.run();
  net.seen.length = 0;
  change(frame, IP + (v6 ? 40 : 20));
  const p = net.pool.take(frame.length);
  p.buf.set(frame, p.off);
  net.fabric.end(0 as LinkId, 0).send(p);
  net.run();
}

describe('bind', () => {
  test('one socket per address and port; another address is another socket', () => {
    const net = pair();
    const { udp } = net.node('a');
    const first = udp.bind(net.addr('10.0.0.1'), 5060, () => undefined);
    udp.bind(net.addr('10.0.0.3'), 5060, () => undefined);
    udp.bind(net.addr('2001:db8::1'), 5060, () => undefined);
    const again = (): unknown => udp.bind(net.addr('10.0.0.1'), 5060, () => undefined);
    expect(again).toThrow(expect.objectContaining({ code: 'NET_ADDRESS_IN_USE' }));
    first.close();
    first.close();
    expect(again).not.toThrow();
  });

  test("an address of somebody else is refused, with the node's own", () => {
    const net = pair();
    expect(() => net.node('a').udp.bind(net.addr('10.0.0.2'), 0, () => undefined)).toThrow(
      expect.objectContaining({ code: 'NET_ADDRESS_NOT_MINE', expected: 'one of 10.0.0.1, 10.0.0.3, 2001:db8::1' }),
    );
  });

  test('port 0 is drawn from the range of Linux, the same with the same seed, until none is left', () => {
    const net = pair();
    const { udp } = net.node('a');
    const count = EPHEMERAL.LAST - EPHEMERAL.FIRST + 1;
    const ports = Array.from({ length: count }, () => udp.bind(net.addr('10.0.0.1'), 0, () => undefined).port);
    expect(new Set(ports).size).toBe(count);
    expect(Math.min(...ports)).toBe(32768);
    expect(Math.max(...ports)).toBe(60999);
    expect(() => udp.bind(net.addr('10.0.0.1'), 0, () => undefined)).toThrow(expect.objectContaining({ code: 'NET_ADDRESS_IN_USE' }));
    expect(
      pair()
        .node('a')
        .udp.bind(net.addr('10.0.0.1'), 0, () => undefined).port,
    ).toBe(ports[0]);
  });
});

describe('datagrams', () => {
  test.each([
    ['10.0.0.1', '10.0.0.2'],
    ['2001:db8::1', '2001:db8::2'],
  ])('any bytes of any length arrive from %s as they were sent', (from, to) => {
    const net = pair();
    let got: Uint8Array | null = null;
    net.node('b').udp.bind(net.addr(to), 9, (b, o, n) => (got = b.slice(o, o + n)));
    const socket = net.node('a').udp.bind(net.addr(from), 0, () => undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1452 }), fc.nat(3), (bytes, off) => {
        const buf = Uint8Array.of(...new Uint8Array(off), ...bytes, 9, 9);
        socket.send(buf, off, bytes.length, net.addr(to), 9);
        net.run();
        expect(got).toEqual(bytes);
      }),
      { seed: 6, numRuns: 60 },
    );
    expect(net.drops()).toEqual([]);
  });

  test('a checksum that comes out zero is sent as 0xffff (RFC 768)', () => {
    const net = pair();
    net.node('b').udp.bind(net.addr('10.0.0.2'), 9, () => undefined);
    const socket = net.node('a').udp.bind(net.addr('10.0.0.1'), 4000, () => undefined);
    // What makes the sum of pseudo-header, header and data 0xffff: the complement of the checksum of two zero octets.
    socket.send(new Uint8Array(2), 0, 2, net.addr('10.0.0.2'), 9);
    const plain = u16(must(net.seen[0], 'frame').bytes, IP + 26);
    socket.send(Uint8Array.of(plain >> 8, plain & 0xff), 0, 2, net.addr('10.0.0.2'), 9);
    net.run();
    expect(net.received(0, 1).map((f) => u16(f, IP + 26))).toEqual([plain, 0xffff]);
    expect(net.drops()).toEqual([]);
  });

  test.each<[string, boolean, (f: Uint8Array, at: number) => void, string | null]>([
    ['a changed octet', false, (f, at) => void (f[at + 8]! ^= 1), 'checksum'],
    ['a changed address that the IP header checksum agrees with', false, (f) => ((f[IP + 15] = 3), ipv4.fillChecksum(f, IP)), 'checksum'],
    ['no checksum in IPv4', false, (f, at) => setU16(f, at + 6, 0), null],
    ['a changed octet in IPv6', true, (f, at) => void (f[at + 8]! ^= 1), 'checksum'],
    ['no checksum in IPv6 (RFC 8200 8.1)', true, (f, at) => setU16(f, at + 6, 0), 'checksum'],
    ['a length below eight', false, (f, at) => setU16(f, at + 4, 7), 'malformed'],
    ['a length past the datagram', false, (f, at) => setU16(f, at + 4, 12), 'malformed'],
  ])('%s', (_what, v6, change, drop) => {
    const net = pair();
    let got = 0;
    net.node('b').udp.bind(net.addr(v6 ? '2001:db8::2' : '10.0.0.2'), 9, () => got++);
    tampered(net, v6, change);
    // The first one, untouched, has arrived too.
    expect(got).toBe(drop === null ? 2 : 1);
    expect(net.drops().map((d) => d.drop)).toEqual(drop === null ? [] : [drop]);
  });

  test('the longest datagram is 65507 octets in IPv4; what is longer is too big', () => {
    const net = pair();
    const lengths: number[] = [];
    net.node('b').udp.bind(net.addr('10.0.0.2'), 9, (_b, _o, n) => lengths.push(n));
    const socket = net.node('a').udp.bind(net.addr('10.0.0.1'), 0, () => undefined);
    const errors: string[] = [];
    socket.onError = (error) => errors.push(error);
    socket.send(new Uint8Array(65508), 0, 65508, net.addr('10.0.0.2'), 9);
    socket.send(new Uint8Array(65507), 0, 65507, net.addr('10.0.0.2'), 9);
    socket.send(new Uint8Array(1), 0, 1, net.addr('2001:db8::2'), 9);
    net.run();
    expect(lengths).toEqual([65507]);
    expect(errors).toEqual(['too-big', 'host-unreachable']);
  });

  test('a closed port answers port unreachable to the socket that sent, and to no other', () => {
    for (const [from, to] of [
      ['10.0.0.1', '10.0.0.2'],
      ['2001:db8::1', '2001:db8::2'],
    ] as const) {
      const net = pair();
      const errors: string[] = [];
      const bind = (name: string): ReturnType<TestNet['node']>['udp'] extends infer U ? (U extends { bind(...a: never[]): infer S } ? S : never) : never => {
        const socket = net.node('a').udp.bind(net.addr(from), 0, () => undefined);
        socket.onError = (error, peer, port) => errors.push(`${name} ${error} ${net.book.text(peer)} ${port}`);
        return socket;
      };
      bind('other');
      bind('sender').send(new Uint8Array(1), 0, 1, net.addr(to), 77);
      net.run();
      expect(errors).toEqual([`sender port-unreachable ${to} 77`]);
      expect(net.drops()).toEqual([{ node: 'b', drop: 'no-listener', decision: 'at=b stage=input' }]);
    }
  });

  test('nobody to send it by: the packet is dropped with no-route and the socket learns of it', () => {
    const net = pair();
    const socket = net.node('a').udp.bind(net.addr('10.0.0.1'), 0, () => undefined);
    const errors: string[] = [];
    socket.onError = (error) => errors.push(error);
    socket.send(new Uint8Array(1), 0, 1, net.addr('192.0.2.1'), 9);
    expect(errors).toEqual([]);
    net.run();
    expect(errors).toEqual(['host-unreachable']);
    expect(net.drops()).toEqual([{ node: 'a', drop: 'no-route', decision: 'at=a stage=route' }]);
  });
});

describe('marks', () => {
  const dscp = [
    { protocol: 'udp', from: 50000, to: 50019, dscp: 46 },
    { protocol: 'tcp', from: 1, to: 65535, dscp: 8 },
    { protocol: 'udp', from: 50010, to: 50039, dscp: 34 },
  ] as const;
  test.each([
    [50000, undefined, 46],
    [50019, undefined, 46],
    [50020, undefined, 34],
    [5060, undefined, 0],
    [50000, 10, 10],
    [50000, 0, 0],
  ])('port %i, asked for %s: DSCP %i in both families', (port, asked, expected) => {
    const net = pair({ dscp });
    for (const [from, to] of [
      ['10.0.0.1', '10.0.0.2'],
      ['2001:db8::1', '2001:db8::2'],
    ] as const) {
      net
        .node('a')
        .udp.bind(net.addr(from), port, () => undefined, asked === undefined ? {} : { dscp: asked })
        .send(new Uint8Array(1), 0, 1, net.addr(to), 9);
    }
    net.run();
    const [v4, v6] = net.received(0, 1);
    expect([ipv4.dscp(must(v4, 'IPv4'), IP), ipv6.dscp(must(v6, 'IPv6'), IP)]).toEqual([expected, expected]);
  });

  test('dontFragment and hopLimit go into the header', () => {
    const net = pair();
    net
      .node('a')
      .udp.bind(net.addr('10.0.0.1'), 0, () => undefined, { dontFragment: true, hopLimit: 3 })
      .send(new Uint8Array(1), 0, 1, net.addr('10.0.0.2'), 9);
    net
      .node('a')
      .udp.bind(net.addr('10.0.0.1'), 0, () => undefined)
      .send(new Uint8Array(1), 0, 1, net.addr('10.0.0.2'), 9);
    net.run();
    expect(net.received(0, 1).map((f) => [ipv4.dontFragment(f, IP), ipv4.ttl(f, IP)])).toEqual([
      [true, 3],
      [false, 64],
    ]);
  });
});
