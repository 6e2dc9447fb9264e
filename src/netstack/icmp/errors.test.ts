import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import type { LinkId } from '../../base/brand.js';
import { millis, seconds } from '../../base/time.js';
import { setU16 } from '../../wire/bytes.js';
import * as ethernet from '../../wire/ethernet.js';
import { dissect } from '../../wire/frame.js';
import * as icmp from '../../wire/icmp.js';
import * as ipv4 from '../../wire/ipv4.js';
import { chain, testNet, type TestNet } from '../testing.js';
import type { PingResult } from './ping.js';

const IP = ethernet.HEADER;

function text(net: TestNet, result: PingResult): string {
  if (result.kind === 'reply') return `reply ${net.book.text(result.from)} ${result.hopLimit} ${result.size} ${result.roundTrip}`;
  if (result.kind === 'error') return `${result.error} ${net.book.text(result.by)} ${result.mtu}`;
  return result.kind;
}

function ping(net: TestNet, to: string, options: { hopLimit?: number; size?: number; dontFragment?: boolean } = {}): string {
  let got = 'nothing';
  net.node('a').ping.send({ to: net.addr(to), ...options }, (result) => (got = text(net, result)));
  net.run();
  return got;
}

/** Sends one UDP datagram from a, its frame changed by hand, and gives what came back to a. */
function provoke(net: TestNet, change: (frame: Uint8Array) => void, to = '10.0.2.1'): Uint8Array[] {
  const sender = net.node('a').udp.bind(net.addr(to.includes(':') ? '2001:db8:1::1' : '10.0.1.1'), 4000, () => undefined);
  sender.send(new Uint8Array(10), 0, 10, net.addr(to), 9);
  const frame = must(
    net.seen.find((s) => s.kind === 'sent'),
    'frame',
  ).bytes.slice();
  net.run(seconds(20));
  net.seen.length = 0;
  change(frame);
  const p = net.pool.take(frame.length);
  p.buf.set(frame, p.off);
  net.fabric.end(0 as LinkId, 0).send(p);
  net.run();
  return net.received(0, 0);
}

describe('echo', () => {
  test.each([
    ['10.0.2.1', 'reply 10.0.2.1 62 56 24000000'],
    ['2001:db8:2::1', 'reply 2001:db8:2::1 62 56 24000000'],
    ['10.0.1.254', 'reply 10.0.1.254 64 56 2000000'],
    ['10.0.12.2', 'reply 10.0.12.2 63 56 22000000'],
    ['10.0.1.1', 'reply 10.0.1.1 64 56 0'],
    ['fe80::ff:fe00:2', 'reply fe80::ff:fe00:2 64 56 2000000'],
  ])('%s: %s', (to, expected) => {
    expect(ping(chain(), to)).toBe(expected);
  });

  test('the reply names the request as its cause', () => {
    const net = chain();
    ping(net, '10.0.2.1');
    expect(net.seen.find((s) => s.kind === 'sent' && s.at === '2:1')?.cause).toBe(1);
  });

  test('an echo to a broadcast address is not answered', () => {
    const net = chain();
    expect(ping(net, '10.0.1.255')).toBe('timeout');
    expect(net.received(0, 1).length).toBe(1);
    expect(net.received(0, 0)).toEqual([]);
  });

  test('no route, and nobody there', () => {
    const net = testNet({ nodes: { a: {}, b: {} }, links: [{ a: ['a', '10.0.0.1/24'], b: ['b', '10.0.0.2/24'] }] });
    expect(ping(net, '10.9.9.9')).toBe('no-route');
    expect(ping(net, '10.0.0.77')).toBe('host-unreachable 10.0.0.1 0');
  });
});

describe('time exceeded', () => {
  test.each([
    ['10.0.2.1', ['ttl-exceeded 10.0.1.254 0', 'ttl-exceeded 10.0.12.2 0', 'reply 10.0.2.1 62 56 24000000']],
    ['2001:db8:2::1', ['ttl-exceeded 2001:db8:1::fe 0', 'ttl-exceeded 2001:db8:12::2 0', 'reply 2001:db8:2::1 62 56 24000000']],
  ])('a traceroute to %s names each router by the address on the way back', (to, hops) => {
    expect([1, 2, 3].map((hopLimit) => ping(chain(), to, { hopLimit }))).toEqual(hops);
  });

  test('the error quotes what arrived, has precedence 6 (RFC 1812 4.3.2.5) and names its cause', () => {
    const net = chain();
    ping(net, '10.0.2.1', { hopLimit: 1 });
    const probe = must(net.received(0, 1)[0], 'probe');
    const error = must(net.received(0, 0)[0], 'error');
    expect(ipv4.tos(error, IP)).toBe(0xc0);
    expect(icmp.type(error, IP + 20)).toBe(11);
    expect(error.subarray(IP + 28)).toEqual(probe.subarray(IP));
    expect(net.seen.find((s) => s.kind === 'sent' && s.at === '0:1')?.cause).toBe(1);
    expect(net.drops()).toEqual([{ node: 'r1', drop: 'ttl', decision: 'at=r1 stage=forward' }]);
  });

  test.each([
    ['10.0.2.1', 1000, 576],
    ['2001:db8:2::1', 1400, 1280],
  ])('to %s a long datagram is quoted up to %i octets in all', (to, size, largest) => {
    const net = chain();
    ping(net, to, { hopLimit: 1, size });
    expect(net.received(0, 0)[0]?.length).toBe(IP + largest);
  });
});

describe('unreachable', () => {
  const errorOf = (frame: Uint8Array | undefined): unknown => dissect(must(frame, 'error'), 0, must(frame, 'error').length);

  test('no route at a router: network unreachable, or no route in IPv6', () => {
    for (const to of ['10.66.0.1', '2001:db8:66::1']) {
      const net = chain();
      expect(ping(net, to)).toBe(to.includes(':') ? 'host-unreachable 2001:db8:1::fe 0' : 'host-unreachable 10.0.1.254 0');
      expect(net.drops()).toEqual([{ node: 'r1', drop: 'no-route', decision: 'at=r1 stage=route' }]);
      expect(JSON.stringify(errorOf(net.received(0, 0)[0]))).toContain('"destination-unreachable","code":0');
    }
  });

  test('a neighbour that does not answer: host unreachable after three seconds, address unreachable in IPv6', () => {
    for (const to of ['10.0.2.99', '2001:db8:2::99']) {
      const net = chain();
      let at = 0;
      let got = '';
      net.node('a').ping.send({ to: net.addr(to) }, (result) => {
        got = text(net, result);
        at = net.scheduler.now;
      });
      net.run();
      expect(got).toBe(to.includes(':') ? 'host-unreachable 2001:db8:12::2 0' : 'host-unreachable 10.0.12.2 0');
      expect(at).toBe(seconds(3) + millis(22));
      expect(net.drops()).toContainEqual({ node: 'r2', drop: 'no-neighbour', decision: `at=r2 stage=neighbour via=${to} dev=eth1` });
      const last = net.received(0, 0).at(-1);
      expect(JSON.stringify(errorOf(last))).toContain(`"destination-unreachable","code":${to.includes(':') ? 3 : 1}`);
    }
  });

  // Linux, ip_error() and ip6_pkt_discard(): RFC 792 and RFC 1812 5.2.7.1 for IPv4, RFC 4443 3.1 for IPv6.
  test.each([
    ['unreachable', 4, '"code":1'],
    ['prohibit', 4, '"code":13'],
    ['unreachable', 6, '"code":0'],
    ['prohibit', 6, '"code":1'],
  ] as const)('a route of type %s tells the sender, IPv%i', (origin, family, code) => {
    const net = chain();
    const [to, prefix] = family === 4 ? ['10.0.2.1', '10.0.2.1/32'] : ['2001:db8:2::1', '2001:db8:2::1/128'];
    net.node('r1').routes.add({ prefix, dev: null, origin });
    expect(ping(net, to)).toMatch(/^host-unreachable /);
    expect(JSON.stringify(errorOf(net.received(0, 0).at(-1)))).toContain(`"destination-unreachable",${code}`);
    expect(net.drops()).toContainEqual({ node: 'r1', drop: 'blackhole', decision: `at=r1 stage=route route=${prefix} kind=${origin}` });
  });

  test('a blackhole says nothing', () => {
    const net = chain();
    net.node('r1').routes.add({ prefix: '10.0.2.1/32', dev: null });
    expect(ping(net, '10.0.2.1')).toBe('timeout');
    expect(net.drops()).toEqual([{ node: 'r1', drop: 'blackhole', decision: 'at=r1 stage=route route=10.0.2.1/32' }]);
  });
});

describe('silence (RFC 1122 3.2.2, RFC 1812 4.3.2.7, RFC 4443 2.4)', () => {
  test('the same datagram, untouched, is answered by port unreachable', () => {
    expect(provoke(chain(), () => undefined).length).toBe(1);
    expect(provoke(chain(), () => undefined, '2001:db8:2::1').length).toBe(1);
  });

  const fix = (f: Uint8Array): void => ipv4.fillChecksum(f, IP);
  test.each<[string, (f: Uint8Array) => void]>([
    ['a fragment that is not the first', (f) => (setU16(f, IP + 6, 5), (f[IP + 8] = 1), fix(f))],
    ['a source of zero', (f) => (f.fill(0, IP + 12, IP + 16), fix(f))],
    ['a source of class E', (f) => ((f[IP + 12] = 250), fix(f))],
    ['a broadcast source', (f) => ((f[IP + 15] = 255), fix(f))],
    ['an Ethernet broadcast', (f) => void f.fill(255, 0, 6)],
    ['a limited broadcast', (f) => (f.fill(255, IP + 16, IP + 20), fix(f))],
    ['a group that nobody joined', (f) => ((f[IP + 16] = 239), fix(f))],
    ['an ICMP error', (f) => ((f[IP + 9] = 1), (f[IP + 20] = 3), (f[IP + 8] = 1), fix(f))],
    ['an ICMP redirect', (f) => ((f[IP + 9] = 1), (f[IP + 20] = 5), (f[IP + 8] = 1), fix(f))],
  ])('about %s', (_what, change) => {
    const net = chain();
    expect(provoke(net, change)).toEqual([]);
    expect(net.drops().length).toBe(1);
  });

  test.each<[string, (f: Uint8Array) => void]>([
    ['an IPv6 source of zero', (f) => f.fill(0, IP + 8, IP + 24)],
    ['an IPv6 group', (f) => (f.fill(0, IP + 24, IP + 40), (f[IP + 24] = 0xff), (f[IP + 25] = 2), (f[IP + 39] = 1))],
    ['an ICMPv6 error', (f) => ((f[IP + 6] = 58), (f[IP + 40] = 1), (f[IP + 7] = 1))],
    ['an ICMPv6 redirect', (f) => ((f[IP + 6] = 58), (f[IP + 40] = 137), (f[IP + 7] = 1))],
  ])('about %s', (_what, change) => {
    const net = chain();
    expect(provoke(net, change, '2001:db8:2::1')).toEqual([]);
    expect(net.drops().length).toBe(1);
  });

  test('an ICMP echo is no error: its TTL is told', () => {
    expect(provoke(chain(), (f) => ((f[IP + 9] = 1), (f[IP + 20] = 8), (f[IP + 8] = 1), fix(f))).length).toBe(1);
  });
});

describe('rate', () => {
  test('six at once to one receiver, then one a second', () => {
    const net = chain();
    const socket = net.node('a').udp.bind(net.addr('10.0.1.1'), 4000, () => undefined);
    const at: number[] = [];
    socket.onError = () => at.push(net.scheduler.now);
    for (let i = 0; i < 60; i++) net.at(millis(100 * i), () => socket.send(new Uint8Array(1), 0, 1, net.addr('10.0.2.1'), 9));
    net.run();
    expect(at.map((t) => Math.round((t - millis(24)) / 1e8))).toEqual([0, 1, 2, 3, 4, 5, 10, 20, 30, 40, 50]);
    expect(net.node('b').netstat().icmpErrorsSuppressed).toBe(49);
  });

  test('fifty at once in all, whoever asks', () => {
    const net = chain();
    const b = net.node('b').errors.rate;
    let sent = 0;
    for (let i = 0; i < 80; i++) if (b.allow((0x0a000000 + i) as never)) sent++;
    expect(sent).toBe(50);
    net.run(millis(10));
    for (let i = 100; i < 180; i++) if (b.allow((0x0a000000 + i) as never)) sent++;
    expect(sent).toBe(60);
  });
});

describe('path MTU', () => {
  function narrow(): TestNet {
    return testNet({
      nodes: { a: {}, r1: { forwards: true }, r2: { forwards: true }, b: {} },
      links: [
        { a: ['a', '10.0.1.1/24 2001:db8:1::1/64'], b: ['r1', '10.0.1.254/24 2001:db8:1::fe/64'] },
        { a: ['r1', '10.0.12.1/30 2001:db8:12::1/64'], b: ['r2', '10.0.12.2/30 2001:db8:12::2/64'], mtu: 1300 },
        { a: ['r2', '10.0.2.254/24 2001:db8:2::fe/64'], b: ['b', '10.0.2.1/24 2001:db8:2::1/64'] },
      ],
      routes: {
        a: [
          { prefix: '0.0.0.0/0', via: '10.0.1.254' },
          { prefix: '::/0', via: '2001:db8:1::fe' },
        ],
        r1: [
          { prefix: '10.0.2.0/24', via: '10.0.12.2' },
          { prefix: '2001:db8:2::/48', via: '2001:db8:12::2' },
        ],
        r2: [
          { prefix: '10.0.1.0/24', via: '10.0.12.1' },
          { prefix: '2001:db8:1::/48', via: '2001:db8:12::1' },
        ],
        b: [
          { prefix: '0.0.0.0/0', via: '10.0.2.254' },
          { prefix: '::/0', via: '2001:db8:2::fe' },
        ],
      },
    });
  }

  test.each([
    ['10.0.1.1', '10.0.2.1', 28],
    ['2001:db8:1::1', '2001:db8:2::1', 48],
  ])('with DF from %s: the router tells the MTU, the sender keeps to it, and forgets it after ten minutes', (from, to, headers) => {
    const net = narrow();
    const got: number[] = [];
    net.node('b').udp.bind(net.addr(to), 9, (_b, _o, len) => got.push(len));
    const socket = net.node('a').udp.bind(net.addr(from), 0, () => undefined, { dontFragment: true });
    const errors: string[] = [];
    socket.onError = (error, peer, port, mtu) => errors.push(`${error} ${net.book.text(peer)} ${port} ${mtu}`);
    const { output } = net.node('a');
    expect(output.pathMtu(net.addr(to))).toBe(1500);
    const send = (n: number): void => {
      socket.send(new Uint8Array(n), 0, n, net.addr(to), 9);
      net.run(millis(net.scheduler.now / 1e6 + 10));
    };
    send(1301 - headers);
    expect(net.drops()).toEqual([{ node: 'r1', drop: 'mtu-df', decision: 'at=r1 stage=forward' }]);
    expect(errors).toEqual([`too-big ${to} 9 1300`]);
    expect(output.pathMtu(net.addr(to))).toBe(1300);
    // From now on the sender itself says so, and what fits goes through.
    send(1301 - headers);
    expect(net.drops()[1]).toEqual({ node: 'a', drop: 'mtu-df', decision: 'at=a stage=output' });
    expect(errors.length).toBe(2);
    send(1300 - headers);
    expect(got).toEqual([1300 - headers]);
    net.run(seconds(601));
    expect(output.pathMtu(net.addr(to))).toBe(1500);
  });

  test('ping finds the narrow link, as ping -M do -s', () => {
    expect(ping(narrow(), '10.0.2.1', { size: 1273, dontFragment: true })).toBe('too-big 10.0.1.254 1300');
    expect(ping(narrow(), '10.0.2.1', { size: 1272, dontFragment: true })).toMatch(/^reply/);
    expect(ping(narrow(), '2001:db8:2::1', { size: 1253, dontFragment: true })).toBe('too-big 2001:db8:1::fe 1300');
  });
});

test('an error that quotes a datagram of somebody else is malformed, and teaches nothing', () => {
  const net = chain();
  provoke(net, (f) => {
    // "fragmentation needed, MTU 576" about a datagram from 10.9.9.9
    f.copyWithin(IP + 28, IP, IP + 20);
    f[IP + 9] = 1;
    f.set([3, 4, 0, 0, 0, 0, 2, 64], IP + 20);
    f[IP + 28 + 12 + 1] = 9;
    setU16(f, IP + 2, f.length - IP);
    icmp.fillChecksum(f, IP + 20, f.length - IP - 20);
    ipv4.fillChecksum(f, IP);
  });
  expect(net.drops()).toEqual([{ node: 'b', drop: 'malformed', decision: 'at=b stage=input kind=icmp' }]);
});
