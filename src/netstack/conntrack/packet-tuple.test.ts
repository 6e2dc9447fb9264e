import { describe, expect, test } from 'vitest';
import { ipPacket } from '../../../test/support/router/frames.js';
import { AddressBook } from '../address-book.js';
import { findTransport, readTuple, TransportPlace } from './packet-tuple.js';
import { Tuple } from './tuple.js';

const V4 = ['10.0.1.1', '203.0.113.2'] as const;
const V6 = ['2001:db8:1::1', '2001:db8:2::2'] as const;
/** Where the packet begins in its buffer. */
const O = 14;

/** A packet somewhere in a buffer, and what of it can be read: `protocol at`, counted from the packet on, or null. */
function found(packet: Uint8Array, cut = 0): string | null {
  const b = new Uint8Array(O + packet.length + 40);
  b.set(packet, O);
  const place = new TransportPlace();
  const family = (packet[0] ?? 0) >>> 4 === 4 ? 4 : 6;
  return findTransport(b, O, O + packet.length - cut, family, place) ? `${place.protocol} ${place.at - O}` : null;
}

function v4(change: (b: Uint8Array) => void, protocol = 17, payload = new Uint8Array(16)): Uint8Array {
  const b = ipPacket(...V4, protocol, payload);
  change(b);
  return b;
}

const v6 = (nextHeader: number, ...payload: number[]): Uint8Array => ipPacket(...V6, nextHeader, Uint8Array.from(payload));
const zeros = (n: number): number[] => Array<number>(n).fill(0);

describe('the transport header in IPv4', () => {
  test('stands behind the header and its options', () => {
    expect(found(v4(() => undefined))).toBe('17 20');
    expect(found(v4((b) => (b[0] = 0x46)))).toBe('17 24');
  });

  test('may stand at the end, not behind it', () => {
    expect(
      found(
        v4(() => undefined),
        16,
      ),
    ).toBe('17 20');
    expect(
      found(
        v4(() => undefined),
        17,
      ),
    ).toBeNull();
  });

  test('is in the first fragment only', () => {
    expect(found(v4((b) => (b[6] = 0x20)))).toBe('17 20');
    expect(found(v4((b) => (b[7] = 1)))).toBeNull();
  });
});

describe('the transport header in IPv6 (RFC 8200)', () => {
  const HOP_BY_HOP = [17, 0, ...zeros(6)];
  const FRAGMENT = 44;
  const fragment = (next: number, offset: number): number[] => [next, 0, offset >>> 8, offset & 255, 0, 0, 0, 1];

  test('stands behind the extension headers', () => {
    expect(found(v6(17, ...zeros(8)))).toBe('17 40');
    expect(found(v6(0, ...HOP_BY_HOP, ...zeros(8)))).toBe('17 48');
    expect(found(v6(0, ...HOP_BY_HOP), 1)).toBeNull();
  });

  test('stands in the first fragment, behind the headers there', () => {
    expect(found(v6(FRAGMENT, ...fragment(17, 1), ...zeros(8)))).toBe('17 48');
    expect(found(v6(0, FRAGMENT, 0, ...zeros(6), ...fragment(60, 1), 6, 0, ...zeros(6), ...zeros(20)))).toBe('6 64');
    expect(found(v6(FRAGMENT, ...fragment(17, 8), ...zeros(8)))).toBeNull();
  });

  test('is not found where headers run out of the packet', () => {
    expect(found(v6(FRAGMENT, ...fragment(17, 0)))).toBe('17 48');
    expect(found(v6(FRAGMENT, ...fragment(17, 0)), 1)).toBeNull();
    expect(found(v6(FRAGMENT, ...fragment(60, 0), 6, 0, 0, 0))).toBeNull();
  });
});

describe('the tuple', () => {
  const book = new AddressBook();
  const BYTES = Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0);

  /** Family, protocol, ends and the two numbers, or null. */
  function read(ends: typeof V4 | typeof V6, protocol: number, n = 8): unknown[] | null {
    const packet = ipPacket(ends[0], ends[1], protocol, BYTES);
    const b = new Uint8Array(O + packet.length);
    b.set(packet, O);
    const family = ends === V4 ? 4 : 6;
    const end = O + packet.length - (8 - n);
    const place = new TransportPlace();
    const tuple = new Tuple();
    expect(findTransport(b, O, end, family, place)).toBe(true);
    if (!readTuple(b, O, end, family, place, book, tuple)) return null;
    return [tuple.family, tuple.protocol, book.text(tuple.src), book.text(tuple.dst), tuple.sport, tuple.dport];
  }

  test.each([
    ['UDP', V4, 4, 17],
    ['TCP', V4, 4, 6],
    ['UDP over IPv6', V6, 6, 17],
    ['TCP over IPv6', V6, 6, 6],
  ] as const)('of %s has its ports, of which all four octets must be there', (_what, ends, family, protocol) => {
    expect(read(ends, protocol)).toEqual([family, protocol, ...ends, 0x1234, 0x5678]);
    expect(read(ends, protocol, 4)).toEqual([family, protocol, ...ends, 0x1234, 0x5678]);
    expect(read(ends, protocol, 3)).toBeNull();
  });

  test.each([
    ['ICMP', V4, 4, 1],
    ['ICMPv6', V6, 6, 58],
  ] as const)('of %s has identifier, type and code, of which all eight octets must be there', (_what, ends, family, protocol) => {
    expect(read(ends, protocol)).toEqual([family, protocol, ...ends, 0x9abc, 0x1234]);
    expect(read(ends, protocol, 7)).toBeNull();
  });

  test.each([
    ['GRE', V4, 4, 47],
    ['ESP', V6, 6, 50],
  ] as const)('of %s has nothing but the addresses', (_what, ends, family, protocol) => {
    expect(read(ends, protocol)).toEqual([family, protocol, ...ends, 0, 0]);
    expect(read(ends, protocol, 0)).toEqual([family, protocol, ...ends, 0, 0]);
  });

  test('is written over what the scratch tuple held', () => {
    const tuple = Object.assign(new Tuple(), { sport: 1, dport: 2 });
    const packet = ipPacket(...V4, 47, BYTES);
    const place = new TransportPlace();
    findTransport(packet, 0, packet.length, 4, place);
    readTuple(packet, 0, packet.length, 4, place, book, tuple);
    expect([tuple.sport, tuple.dport]).toEqual([0, 0]);
  });
});
