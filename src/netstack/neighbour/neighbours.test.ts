import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import type { LinkId } from '../../base/brand.js';
import { millis, seconds } from '../../base/time.js';
import { hex } from '../../wire/bytes.js';
import { testNet, type TestNet } from '../testing.js';

/** Two hosts on a cable; `discover`: neither knows the other. */
function pair(discover: boolean): TestNet {
  return testNet({
    nodes: { a: {}, b: {} },
    links: [{ a: ['a', '10.0.0.1/24 2001:db8::1/64'], b: ['b', '10.0.0.2/24 2001:db8::2/64'], spec: { delay: millis(1) } }],
    discover,
  });
}

function put(net: TestNet, text: string): void {
  const frame = hex(text);
  const p = net.pool.take(frame.length);
  p.buf.set(frame, p.off);
  net.fabric.end(0 as LinkId, 0).send(p);
}

const send = (net: TestNet, from: string, to: string, n = 1): void => {
  const socket = net.node('a').udp.bind(net.addr(from), 0, () => undefined);
  for (let i = 0; i < n; i++) socket.send(new Uint8Array(4), 0, 4, net.addr(to), 9);
  socket.close();
};
const stateOf = (net: TestNet, node: string, address: string): string | undefined =>
  net
    .node(node)
    .netstat()
    .neighbours.find((n) => n.address === address)?.state;
const FAMILIES = [
  ['10.0.0.1', '10.0.0.2'],
  ['2001:db8::1', '2001:db8::2'],
] as const;

// The octets of RFC 826: hardware 1, protocol 0800, lengths 6 and 4, operation, sender and target pairs.
const ARP_REQUEST = 'ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002';
const ARP_REPLY = '020000000001 020000000002 0806 0001 0800 06 04 0002 020000000002 0a000002 020000000001 0a000001';
// RFC 4861 4.3 and 4.4 from fe80::ff:fe00:1; solicited-node group ff02::1:ff00:2 (RFC 4291 2.7.1) on 33:33:ff:00:00:02 (RFC 2464 7).
const NS =
  '3333ff000002 020000000001 86dd 60000000 0020 3a ff fe80000000000000000000fffe000001 ff0200000000000000000001ff000002' +
  '87 00 CCCC 00000000 20010db8000000000000000000000002 01 01 020000000001';
const NA =
  '020000000001 020000000002 86dd 60000000 0020 3a ff 20010db8000000000000000000000002 fe80000000000000000000fffe000001' +
  '88 00 CCCC 60000000 20010db8000000000000000000000002 02 01 020000000002';

/** The checksum of an ICMPv6 message by hand (RFC 4443 section 2.3), put where CCCC stands. */
function checksummed(text: string): string {
  const b = hex(text.replace('CCCC', '0000'));
  let sum = 58 + (b.length - 54);
  for (let i = 22; i < b.length; i += 2) sum += (b[i]! << 8) | b[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return text.replace('CCCC', (~sum & 0xffff).toString(16).padStart(4, '0'));
}

describe('neighbours of the plan', () => {
  test.each(FAMILIES)('%s speaks to %s without a question', (from, to) => {
    const net = pair(false);
    send(net, from, to);
    net.run(millis(1));
    expect(net.received(0, 1).length).toBe(1);
    expect(stateOf(net, 'a', to)).toBe('permanent');
  });

  test('are not changed by what others claim', () => {
    const net = pair(false);
    put(net, ARP_REQUEST.replaceAll('020000000001', '02aaaaaaaaaa'));
    net.run();
    expect(
      net
        .node('b')
        .netstat()
        .neighbours.find((n) => n.address === '10.0.0.1'),
    ).toMatchObject({ mac: '02:00:00:00:00:01', state: 'permanent' });
  });
});

describe('answers', () => {
  test('an ARP request for an own address is answered as RFC 826 has it', () => {
    const net = pair(false);
    put(net, ARP_REQUEST);
    net.run();
    expect(net.received(0, 0)).toEqual([hex(ARP_REPLY)]);
    expect(net.seen.find((s) => s.kind === 'sent' && s.at === '0:1')?.cause).toBe(1);
    expect(net.drops()).toEqual([]);
  });

  test('a solicitation for an own address is answered as RFC 4861 7.2.4 has it', () => {
    const net = pair(false);
    put(net, checksummed(NS));
    net.run();
    expect(net.received(0, 0)).toEqual([hex(checksummed(NA))]);
  });

  test('a solicitation without a source (duplicate address detection) is answered to all nodes, unsolicited', () => {
    const net = pair(false);
    put(net, checksummed(NS.replace('fe80000000000000000000fffe000001', '0'.repeat(32))));
    net.run();
    const answer = must(net.received(0, 0)[0], 'advertisement');
    expect([...answer.subarray(0, 6)]).toEqual([0x33, 0x33, 0, 0, 0, 1]);
    expect(answer[58]).toBe(0x20);
  });

  test.each([
    ['ARP for somebody else', ARP_REQUEST.replace('0a000002', '0a000003'), null],
    ['a cut ARP message', ARP_REQUEST.slice(0, 60), 'malformed'],
    ['ARP for another hardware', ARP_REQUEST.replace('0806 0001', '0806 0006'), 'malformed'],
    ['a solicitation that crossed a router', checksummed(NS).replace('3a ff', '3a fe'), 'malformed'],
    ['a solicitation with a wrong checksum', checksummed(NS.replace('87 00 CCCC', '87 00 1234')), 'checksum'],
    ['an option of length zero', checksummed(NS.replace('01 01 0200', '01 00 0200')), 'malformed'],
  ])('%s is not answered', (_what, frame, drop) => {
    const net = pair(false);
    put(net, frame);
    net.run();
    expect(net.received(0, 0)).toEqual([]);
    expect(net.drops().map((d) => d.drop)).toEqual(drop === null ? [] : [drop]);
    expect(net.pool.live).toBe(0);
  });
});

describe('discovery', () => {
  test.each(FAMILIES)('%s asks for %s, keeps the packets, sends them in order when told', (from, to) => {
    const net = pair(true);
    let got = 0;
    net.node('b').udp.bind(net.addr(to), 9, () => got++);
    send(net, from, to, 3);
    net.run();
    expect(got).toBe(3);
    const question = must(net.received(0, 1)[0], 'question');
    expect(question).toEqual(hex(from.includes(':') ? checksummed(NS) : ARP_REQUEST));
    expect(net.seen.filter((s) => s.kind === 'sent').map((s) => s.id)).toEqual([2, 5, 1, 3, 4]);
    expect(stateOf(net, 'a', to)).toBe('reachable');
    // Who is asked learns who asks (RFC 826; RFC 4861 7.2.3: stale, since nothing proves the way back).
    expect(stateOf(net, 'b', from.includes(':') ? 'fe80::ff:fe00:1' : from)).toBe('stale');
  });

  test.each([
    ['10.0.0.1', '10.0.0.77'],
    ['2001:db8::1', '2001:db8::77'],
  ] as const)('%s asks for %s three times, a second apart; then it is unreachable', (from, to) => {
    const net = pair(true);
    const errors: string[] = [];
    const socket = net.node('a').udp.bind(net.addr(from), 0, () => undefined);
    socket.onError = (error) => errors.push(`${error} at ${net.scheduler.now / 1e9}`);
    for (let i = 0; i < 103; i++) socket.send(new Uint8Array(4), 0, 4, net.addr(to), 9);
    net.run();
    expect(net.seen.filter((s) => s.kind === 'sent').map((s) => s.time / 1e9)).toEqual([0, 1, 2]);
    // 101 wait; the two oldest had to give way at once.
    expect(net.seen.filter((s) => s.kind === 'dropped' && s.at === 'a' && s.time === 0).map((s) => s.id)).toEqual([1, 3]);
    expect(
      net
        .drops()
        .filter((d) => d.node === 'a')
        .map((d) => d.drop),
    ).toEqual(new Array(103).fill('no-neighbour'));
    expect(errors).toEqual(new Array(101).fill('host-unreachable at 3'));
    expect(stateOf(net, 'a', to)).toBe('failed');
    expect(net.pool.live).toBe(0);
    // The next packet begins anew.
    socket.send(new Uint8Array(4), 0, 4, net.addr(to), 9);
    expect(stateOf(net, 'a', to)).toBe('incomplete');
    net.run();
    expect(net.pool.live).toBe(0);
  });

  test.each(FAMILIES)('%s: an entry is good for 30 s, then used and probed by unicast five seconds later', (from, to) => {
    const net = pair(true);
    net.node('b').udp.bind(net.addr(to), 9, () => undefined);
    send(net, from, to);
    net.at(seconds(29), () => send(net, from, to));
    net.at(seconds(40), () => send(net, from, to));
    net.run(seconds(41));
    expect(stateOf(net, 'a', to)).toBe('delay');
    net.run(seconds(44));
    const before = net.received(0, 1).length;
    net.run(seconds(46));
    const probe = must(net.received(0, 1)[before], 'probe');
    expect([...probe.subarray(0, 6)]).toEqual([2, 0, 0, 0, 0, 2]);
    expect(stateOf(net, 'a', to)).toBe('reachable');
    net.run();
    expect(net.scheduler.pending).toBe(0);
  });

  test('a neighbour that went away fails after the probes', () => {
    const net = pair(true);
    net.node('b').udp.bind(net.addr('10.0.0.2'), 9, () => undefined);
    send(net, '10.0.0.1', '10.0.0.2');
    net.run(seconds(40));
    net.node('b').interfaces[1]!.setAdmin(false);
    send(net, '10.0.0.1', '10.0.0.2');
    net.run(seconds(50));
    expect(stateOf(net, 'a', '10.0.0.2')).toBe('failed');
  });

  test('a lost carrier forgets what was learned and drops what waits', () => {
    const net = pair(true);
    send(net, '10.0.0.1', '10.0.0.77', 2);
    net.at(millis(500), () => net.setUp(0, false));
    net.run(millis(600));
    expect(stateOf(net, 'a', '10.0.0.77')).toBe('none');
    expect(net.drops().map((d) => d.drop)).toEqual(['no-neighbour', 'no-neighbour']);
    expect(net.pool.live).toBe(0);
  });

  test.each([
    ['with the override flag: the new MAC is taken', '20000000', '02:00:00:00:00:09', 'stale'],
    ['without it: the old one stays, in doubt', '00000000', '02:00:00:00:00:02', 'stale'],
  ])('an unasked advertisement of another MAC %s (RFC 4861 7.2.5)', (_what, flags, mac, state) => {
    const net = pair(true);
    net.node('b').udp.bind(net.addr('2001:db8::2'), 9, () => undefined);
    send(net, '2001:db8::1', '2001:db8::2');
    net.run(seconds(1));
    expect(stateOf(net, 'a', '2001:db8::2')).toBe('reachable');
    const frame = hex(checksummed(NA.replace('60000000 20010db8', `${flags} 20010db8`).replace('02 01 020000000002', '02 01 020000000009')));
    const p = net.pool.take(frame.length);
    p.buf.set(frame, p.off);
    net.fabric.end(0 as LinkId, 1).send(p);
    net.run(seconds(2));
    expect(
      net
        .node('a')
        .netstat()
        .neighbours.find((n) => n.address === '2001:db8::2'),
    ).toMatchObject({ mac, state });
  });

  test('an advertisement that nobody asked for makes no entry (RFC 4861 7.2.5)', () => {
    const net = pair(true);
    put(
      net,
      checksummed(
        NA.replace('020000000001 020000000002 86dd', '020000000002 020000000001 86dd').replace(
          'fe80000000000000000000fffe000001',
          'fe80000000000000000000fffe000002',
        ),
      ),
    );
    net.run();
    expect(stateOf(net, 'b', '2001:db8::2')).toBeUndefined();
  });
});
