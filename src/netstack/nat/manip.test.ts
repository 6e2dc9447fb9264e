/**
 * What becomes of a packet one of whose ends is translated (nf_nat_proto): the same octets as if it had been sent from or
 * to there, with every checksum that covers them (RFC 1624).
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { echo, icmpPacket, ipPacket, tcpPacket, udpPacket } from '../../../test/support/router/frames.js';
import * as tcp from '../../wire/tcp.js';
import { AddressBook, keyOf } from '../address-book.js';
import { type Manip, MANIP_DST, MANIP_SRC, Rewriter } from './manip.js';

const book = new AddressBook();
const rewriter = new Rewriter(book);
const LEAD = 6;
const TAIL = 24;

interface Rewritten {
  readonly packet: Uint8Array;
  readonly found: boolean;
  /** Octets around the packet are as they were. */
  readonly within: boolean;
}

/** A packet in the midst of a buffer. @param length octets of it that are there */
function rewrite(packet: Uint8Array, manip: Manip, address: string, port: number, length = packet.length): Rewritten {
  const b = new Uint8Array(LEAD + packet.length + TAIL).fill(0xa5);
  b.set(packet.subarray(0, length), LEAD);
  const family = (must(packet[0], 'octet') >>> 4) as 4 | 6;
  const found = rewriter.rewrite(b, LEAD, LEAD + length, family, manip, keyOf(must(book.parse(address), address)), port);
  const around = [...b.subarray(0, LEAD), ...b.subarray(LEAD + length)];
  return { packet: b.slice(LEAD, LEAD + length), found, within: around.every((octet) => octet === 0xa5) };
}

const changed = (packet: Uint8Array): Rewritten => ({ packet, found: true, within: true });

const A = { 4: '10.0.1.1', 6: '2001:db8:1::1' } as const;
const B = { 4: '198.51.100.1', 6: '2001:db8:2::1' } as const;
const OTHER = { 4: '203.0.113.77', 6: '2001:db8:ffff:7::99' } as const;

describe.each([4, 6] as const)('IPv%i', (family) => {
  const there = { from: A[family], to: B[family], sport: 5000, dport: 9 } as const;
  const payload = Uint8Array.of(1, 2, 3, 4, 5);

  test('UDP: address and port, at either end', () => {
    expect(rewrite(udpPacket(there, payload), MANIP_SRC, OTHER[family], 40000)).toEqual(
      changed(udpPacket({ ...there, from: OTHER[family], sport: 40000 }, payload)),
    );
    expect(rewrite(udpPacket(there, payload), MANIP_DST, OTHER[family], 40000)).toEqual(
      changed(udpPacket({ ...there, to: OTHER[family], dport: 40000 }, payload)),
    );
  });

  test('UDP without a checksum stays without one (RFC 768)', () => {
    expect(rewrite(udpPacket({ ...there, noChecksum: true }), MANIP_SRC, OTHER[family], 40000)).toEqual(
      changed(udpPacket({ ...there, from: OTHER[family], sport: 40000, noChecksum: true })),
    );
  });

  test('TCP: address and port, at either end', () => {
    const segment = { ...there, flags: tcp.ACK_FLAG, seq: 77, ack: 88, length: 9 } as const;
    expect(rewrite(tcpPacket(segment), MANIP_SRC, OTHER[family], 40000)).toEqual(changed(tcpPacket({ ...segment, from: OTHER[family], sport: 40000 })));
    expect(rewrite(tcpPacket(segment), MANIP_DST, OTHER[family], 40000)).toEqual(changed(tcpPacket({ ...segment, to: OTHER[family], dport: 40000 })));
  });

  test('a query: the identifier, whichever end it is', () => {
    for (const answer of [false, true]) {
      expect(rewrite(echo(there, answer, 7), MANIP_SRC, OTHER[family], 40000)).toEqual(changed(echo({ ...there, from: OTHER[family] }, answer, 40000)));
      expect(rewrite(echo(there, answer, 7), MANIP_DST, OTHER[family], 40000)).toEqual(changed(echo({ ...there, to: OTHER[family] }, answer, 40000)));
    }
  });

  test('other protocols: the address alone, however little there is of them', () => {
    for (const length of [0, 3, 16]) {
      const content = new Uint8Array(length).fill(7);
      expect(rewrite(ipPacket(there.from, there.to, 50, content), MANIP_SRC, OTHER[family], 40000)).toEqual(
        changed(ipPacket(OTHER[family], there.to, 50, content)),
      );
    }
  });

  test('GRE: the address alone, and its first eight octets must be there', () => {
    const gre = (from: string, length: number): Uint8Array => ipPacket(from, there.to, 47, new Uint8Array(length).fill(7));
    expect([7, 8, 9].map((length) => rewrite(gre(A[family], length), MANIP_SRC, OTHER[family], 40000))).toEqual(
      [7, 8, 9].map((length) => ({ packet: gre(OTHER[family], length), found: length >= 8, within: true })),
    );
  });

  test('any two ports and addresses: as if it had been sent so', () => {
    const port = fc.nat(65535);
    const host = fc.integer({ min: 1, max: 254 }).map((h) => (family === 4 ? `192.0.2.${h}` : `2001:db8:9:${h.toString(16)}::${h.toString(16)}`));
    fc.assert(
      fc.property(port, port, host, fc.constantFrom<Manip>(MANIP_SRC, MANIP_DST), fc.uint8Array({ maxLength: 9 }), (from, to, address, manip, data) => {
        const ends = { ...there, sport: from };
        const after = manip === MANIP_SRC ? { ...ends, from: address, sport: to } : { ...ends, to: address, dport: to };
        expect(rewrite(udpPacket(ends, data), manip, address, to)).toEqual(changed(udpPacket(after, data)));
      }),
      { seed: 1624, numRuns: 50 },
    );
  });
});

describe('messages of ICMP that have an identifier (RFC 792, RFC 950)', () => {
  const there = { from: A[4], to: B[4] } as const;
  const message = (from: string, type: number, identifier: number): Uint8Array =>
    icmpPacket({ ...there, from }, type, 0, ((identifier << 16) | 3) >>> 0, new Uint8Array(4));

  test.each([0, 8, 13, 14, 15, 16, 17, 18])('type %i: it is translated', (type) => {
    expect(rewrite(message(A[4], type, 7), MANIP_SRC, OTHER[4], 40000)).toEqual(changed(message(OTHER[4], type, 40000)));
  });

  test.each([3, 4, 5, 9, 10, 11, 12])('type %i has none: the message stays as it is', (type) => {
    expect(rewrite(message(A[4], type, 7), MANIP_SRC, OTHER[4], 40000)).toEqual(changed(message(OTHER[4], type, 7)));
  });
});

test.each([1, 2, 3, 4, 127, 130, 137, 139, 140, 255])('ICMPv6 type %i has no identifier: its checksum changes with the address (RFC 4443 2.3)', (type) => {
  const message = (to: string): Uint8Array => icmpPacket({ from: A[6], to }, type, 0, 0x0007_0003, new Uint8Array(4));
  expect(rewrite(message(B[6]), MANIP_DST, OTHER[6], 40000)).toEqual(changed(message(OTHER[6])));
});

describe('a packet that is cut short, as an error quotes it', () => {
  const there = { from: A[4], to: B[4], sport: 5000, dport: 9 } as const;
  const after = { ...there, from: OTHER[4], sport: 40000 } as const;
  const segment = { flags: tcp.SYN, seq: 1 } as const;

  test.each([
    ['UDP', udpPacket(there), udpPacket(after)],
    ['ICMP', echo(there, false, 7), echo(after, false, 40000)],
  ])('%s: eight octets are enough', (_name, before, whole) => {
    expect(rewrite(before, MANIP_SRC, OTHER[4], 40000, 28)).toEqual(changed(whole.slice(0, 28)));
  });

  test('TCP: the ports without the checksum, until that is there', () => {
    const [before, whole] = [tcpPacket({ ...there, ...segment }), tcpPacket({ ...after, ...segment })];
    for (const length of [28, 30, 39]) {
      const expected = before.slice(0, length);
      expected.set(whole.subarray(0, 24));
      expect(rewrite(before, MANIP_SRC, OTHER[4], 40000, length)).toEqual(changed(expected));
    }
    expect(rewrite(before, MANIP_SRC, OTHER[4], 40000, 40)).toEqual(changed(whole.slice(0, 40)));
  });

  test.each([
    ['UDP', udpPacket(there)],
    ['TCP', tcpPacket({ ...there, ...segment })],
    ['ICMP', echo(there, false, 7)],
  ])('%s: seven are too few (RFC 792), and nothing of them is changed', (_name, before) => {
    const { packet, found, within } = rewrite(before, MANIP_SRC, OTHER[4], 40000, 27);
    expect({ found, within, transport: packet.slice(20) }).toEqual({ found: false, within: true, transport: before.slice(20, 27) });
  });

  test('ICMPv6 and IPv6 too', () => {
    const [before, whole] = [echo({ from: A[6], to: B[6] }, false, 7), echo({ from: OTHER[6], to: B[6] }, false, 40000)];
    expect(rewrite(before, MANIP_SRC, OTHER[6], 40000, 48)).toEqual(changed(whole.slice(0, 48)));
    expect(rewrite(before, MANIP_SRC, OTHER[6], 40000, 47).found).toBe(false);
  });
});

describe('what has no transport header', () => {
  test('a later fragment: the address alone', () => {
    const fragment = (from: string): Uint8Array => {
      const b = ipPacket(from, B[4], 17, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
      // Offset 8 (RFC 791 3.1), and the header's checksum less by that.
      b[7] = 1;
      b[11] = must(b[11], 'checksum') - 1;
      return b;
    };
    expect(rewrite(fragment(A[4]), MANIP_SRC, OTHER[4], 40000)).toEqual(changed(fragment(OTHER[4])));
  });

  test('of IPv6: extension headers that lead nowhere', () => {
    // Hop-by-hop options of 8 octets, then no next header (RFC 8200 4.7).
    const packet = (from: string): Uint8Array => ipPacket(from, B[6], 0, Uint8Array.of(59, 0, 1, 4, 0, 0, 0, 0));
    expect(rewrite(packet(A[6]), MANIP_SRC, OTHER[6], 40000)).toEqual(changed(packet(OTHER[6])));
  });
});
