/** ICMP and ICMPv6 that are tracked by what they quote, or not at all (nf_conntrack_proto_icmp, nf_conntrack_proto_icmpv6). */
import { describe, expect, test } from 'vitest';
import { echo, icmpPacket, ipPacket, tcpPacket, udpPacket } from '../../../test/support/router/frames.js';
import { type SimRouter, simRouter } from '../../../test/support/router/router.js';
import { SYN } from '../../wire/tcp.js';
import { passed, stateOf, tracked } from './tracked.testkit.js';

const A = '10.0.1.1';
const B = '10.0.2.1';
const R = '10.0.2.9';
const A6 = '2001:db8:1::1';
const B6 = '2001:db8:2::1';
const R6 = '2001:db8:2::9';
const SENT = udpPacket({ from: A, to: B });
const SENT6 = udpPacket({ from: A6, to: B6 });
const NONE = new Uint8Array();

/** A router that A has sent a packet through. */
function router(packet = SENT, conntrack: Readonly<Record<string, number>> = {}): SimRouter {
  const r = simRouter({ conntrack });
  passed(r, packet);
  return r;
}

const error = (type: number, quote: Uint8Array, to = A): Uint8Array => icmpPacket({ from: R, to }, type, 0, 0, quote);
const error6 = (type: number, quote: Uint8Array, to = A6): Uint8Array => icmpPacket({ from: R6, to }, type, 0, 0, quote);

describe('an error belongs to the connection of what it quotes', () => {
  test.each([3, 4, 5, 11, 12])('ICMP type %i', (type) => {
    const r = router();
    expect(stateOf(r, error(type, SENT))).toBe('related reply');
    expect(tracked(r, error(type, SENT)).ct).toBe(r.tracker.entries()[0]);
  });

  test.each([1, 2, 3, 4, 100, 127])('ICMPv6 type %i: all below 128 (RFC 4443 2.1)', (type) => {
    const r = router(SENT6);
    expect(stateOf(r, error6(type, SENT6))).toBe('related reply');
    expect(tracked(r, error6(type, SENT6)).ct).toBe(r.tracker.entries()[0]);
  });

  test('in the direction in which it goes', () => {
    const r = router();
    const answer = udpPacket({ from: B, to: A, sport: 9, dport: 5000 });
    passed(r, answer);
    expect(stateOf(r, error(3, answer, B))).toBe('related');
  });

  test.each([
    ['TCP', tcpPacket({ from: A, to: B, flags: SYN, seq: 1 })],
    ['a query', echo({ from: A, to: B }, false, 7)],
    ['another protocol', ipPacket(A, B, 50, new Uint8Array(8))],
  ])('about %s, too', (_what, packet) => {
    expect(stateOf(router(packet), error(3, packet))).toBe('related reply');
  });

  test('it is no answer: the entry is as it was', () => {
    const r = router();
    passed(r, error(3, SENT));
    expect(stateOf(r, SENT)).toBe('new');
    expect(r.tracker.entries()).toHaveLength(1);
  });
});

describe('an error is invalid', () => {
  test.each([
    ['about nothing that is known', error(3, udpPacket({ from: A, to: B, sport: 5001 })), 'icmp-error-without-connection'],
    ['to another than the one who sent what it quotes', error(3, SENT, '10.0.1.2'), 'icmp-error-to-other'],
    ['about a message that nobody answers', error(3, error(3, SENT)), 'icmp-unasked'],
    [
      'about a later fragment',
      error(
        3,
        SENT.map((octet, i) => (i === 7 ? 1 : octet)),
      ),
      'malformed',
    ],
    ['that quotes nothing', error(3, NONE), 'malformed'],
    ['that quotes less than a header', error(3, SENT.slice(0, 19)), 'malformed'],
    ['that quotes less than the ports', error(3, SENT.slice(0, 23)), 'malformed'],
    ['with a wrong checksum', icmpPacket({ from: R, to: A, badChecksum: true }, 3, 0, 0, SENT), 'checksum'],
    ['that is cut short', ipPacket(R, A, 1, new Uint8Array(7)), 'malformed'],
    ['of a type that Linux does not know', icmpPacket({ from: R, to: A }, 19, 0, 0, NONE), 'icmp-unasked'],
  ])('%s', (_what, packet, why) => {
    const r = router();
    expect(stateOf(r, packet)).toBe(`invalid ${why}`);
    expect(r.tracker.counters()).toMatchObject({ error: 1, invalid: 0 });
  });

  test.each([
    ['about nothing that is known', error6(1, udpPacket({ from: A6, to: B6, sport: 5001 })), 'icmp-error-without-connection'],
    ['to another', error6(1, SENT6, '2001:db8:1::2'), 'icmp-error-to-other'],
    ['that quotes less than a header', error6(1, SENT6.slice(0, 39)), 'malformed'],
    ['that quotes nothing', error6(1, NONE), 'malformed'],
    ['that quotes less than the ports', error6(1, SENT6.slice(0, 43)), 'malformed'],
    ['with a wrong checksum', icmpPacket({ from: R6, to: A6, badChecksum: true }, 1, 0, 0, SENT6), 'checksum'],
    ['that is cut short', ipPacket(R6, A6, 58, new Uint8Array(7)), 'malformed'],
  ])('%s (IPv6)', (_what, packet, why) => {
    const r = router(SENT6);
    expect(stateOf(r, packet)).toBe(`invalid ${why}`);
    expect(r.tracker.counters()).toMatchObject({ error: 1, invalid: 0 });
  });

  test('four octets of the ports are enough of a quote', () => {
    expect(stateOf(router(), error(3, SENT.slice(0, 24)))).toBe('related reply');
    expect(stateOf(router(SENT6), error6(1, SENT6.slice(0, 44)))).toBe('related reply');
  });

  test('a wrong checksum is taken from the node itself, and with nf_conntrack_checksum=0', () => {
    const bad = icmpPacket({ from: R, to: A, badChecksum: true }, 3, 0, 0, SENT);
    const bad6 = icmpPacket({ from: R6, to: A6, badChecksum: true }, 1, 0, 0, SENT6);
    const unchecked = { nf_conntrack_checksum: 0 };
    expect([stateOf(router(), bad, false), stateOf(router(SENT6), bad6, false)]).toEqual(['related reply', 'related reply']);
    expect([stateOf(router(SENT, unchecked), bad), stateOf(router(SENT6, unchecked), bad6)]).toEqual(['related reply', 'related reply']);
  });
});

describe('neither errors nor queries', () => {
  const states = (message: (type: number) => Uint8Array): Record<string, number[]> => {
    const r = simRouter();
    const by: Record<string, number[]> = {};
    for (let type = 0; type < 256; type++) (by[stateOf(r, message(type))] ??= []).push(type);
    return by;
  };

  test('ICMPv6: neighbour and listener discovery are never tracked', () => {
    const by = states((type) => icmpPacket({ from: A6, to: B6 }, type, 0, 0, new Uint8Array(40)));
    expect(by['untracked']).toEqual([130, 131, 132, 133, 134, 135, 136, 143, 151, 152]);
    expect(by['new']).toEqual([128, 139]);
    expect(by['invalid icmp-unasked']).toHaveLength(115);
  });

  test('ICMP: four queries open an entry (RFC 792, RFC 950)', () => {
    const by = states((type) => icmpPacket({ from: A, to: B }, type, 0, 0, SENT));
    expect(by['new']).toEqual([8, 13, 15, 17]);
    expect(by['invalid icmp-error-without-connection']).toEqual([3, 4, 5, 11, 12]);
    expect(by['invalid icmp-unasked']).toHaveLength(256 - 9);
    expect(by['untracked']).toBeUndefined();
  });

  test.each([
    ['ICMP over IPv6', ipPacket(A6, B6, 1, echo({ from: A, to: B }, false, 7).slice(20))],
    ['ICMPv6 over IPv4', ipPacket(A, B, 58, echo({ from: A6, to: B6 }, false, 7).slice(40))],
  ])('%s is invalid', (_what, packet) => {
    expect(stateOf(simRouter(), packet)).toBe('invalid icmp-unasked');
  });
});

describe('a redirect of IPv6 (RFC 4861 8.1) comes from a neighbour, and quotes', () => {
  interface Redirect {
    readonly from?: string;
    readonly to?: string;
    readonly hops?: number;
    readonly code?: number;
    /** Kind and length of its first option. */
    readonly option?: readonly [number, number];
    readonly quote?: Uint8Array;
    /** Octets of the message, from its first on. */
    readonly length?: number;
  }

  function redirect({ from = 'fe80::1', to = A6, hops = 255, code = 0, option = [4, 12], quote = SENT6, length = 1000 }: Redirect): Uint8Array {
    const body = new Uint8Array(40 + quote.length);
    body.set(option, 32);
    body.set(quote, 40);
    return icmpPacket({ from, to, ttl: hops }, 137, code, 0, body.slice(0, length - 8));
  }

  test.each<[string, Redirect, string]>([
    ['a packet of a connection', {}, 'related reply'],
    ['from the last link-local address', { from: 'febf::1' }, 'related reply'],
    ['from an address that is no link-local one', { from: 'fec0::1' }, 'invalid icmp-error-to-other'],
    ['from a global address', { from: R6 }, 'invalid icmp-error-to-other'],
    ['from further away', { hops: 254 }, 'invalid icmp-error-to-other'],
    ['to another', { to: '2001:db8:1::2' }, 'invalid icmp-error-to-other'],
    ['a packet of no connection', { quote: udpPacket({ from: A6, to: B6, sport: 1 }) }, 'invalid icmp-error-without-connection'],
    ['with another code', { code: 1 }, 'invalid icmp-unasked'],
    ['another option before it', { option: [2, 1] }, 'invalid icmp-unasked'],
    ['an option without length', { option: [4, 0] }, 'invalid malformed'],
    ['cut in its addresses', { length: 39 }, 'invalid malformed'],
    ['nothing', { length: 40 }, 'invalid malformed'],
    ['half of the head of an option', { length: 41 }, 'invalid malformed'],
    ['less than a header', { length: 87 }, 'invalid malformed'],
    ['less than the ports', { length: 91 }, 'invalid malformed'],
    ['the ports', { length: 92 }, 'related reply'],
  ])('%s', (_what, parts, state) => {
    expect(stateOf(router(SENT6), redirect(parts))).toBe(state);
  });
});
