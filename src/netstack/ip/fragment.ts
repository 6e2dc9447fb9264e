/**
 * Fragmentation: IPv4 by anybody while DF is clear (RFC 791 section 2.3), IPv6 by the sender (RFC 8200 section 4.5).
 * The parts are new packets with `cause` = the whole.
 * @module
 */
import type { Packet, PacketPool } from '../../fabric/packet.js';
import { copy } from '../../wire/bytes.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment from '../../wire/ipv6-fragment.js';

/** Option type: copied into every fragment (RFC 791 section 3.1). */
const COPIED = 0x80;
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;

/**
 * The fragments of an IPv4 packet, each at most `mtu` octets with its header. Fragments of a fragment are fine.
 * None when the MTU leaves no room behind the header. The caller keeps `p`.
 * @param sizes octets of payload of each fragment that it came in; it goes on in the same where they fit
 */
export function fragment4(p: Packet, mtu: number, pool: PacketPool, sizes: readonly number[] | null = null): Packet[] {
  const from = p.buf;
  const o = p.off + ethernet.HEADER;
  const header = ipv4.headerLength(from, o);
  const payload = ipv4.totalLength(from, o) - header;
  const room = (mtu - header) & ~7;
  const base = ipv4.fragmentOffset(from, o);
  const more = ipv4.moreFragments(from, o);
  const parts: Packet[] = [];
  if (room < 8) return parts;
  let at = 0;
  for (const n of cuts(payload, room, mtu - header, sizes)) {
    const part = pool.take(ethernet.HEADER + header + n);
    const po = part.off + ethernet.HEADER;
    copy(from, p.off, part.buf, part.off, ethernet.HEADER + header);
    copy(from, o + header + at, part.buf, po + header, n);
    if (at > 0) dropUncopiedOptions(part.buf, po + ipv4.HEADER, po + header);
    ipv4.setTotalLength(part.buf, po, header + n);
    ipv4.setFragmentation(part.buf, po, false, more || at + n < payload, base + at);
    ipv4.fillChecksum(part.buf, po);
    part.len = ethernet.HEADER + header + n;
    part.cause = p.id;
    parts.push(part);
    at += n;
  }
  return parts;
}

/** As ip_do_fragment and ip6_fragment: the old sizes where none is too large, else as large as they may be. @param most octets of the last one */
function cuts(payload: number, room: number, most: number, sizes: readonly number[] | null): readonly number[] {
  if (sizes !== null && sizes.length > 1 && sizes.every((size) => size <= most)) return sizes;
  return Array.from({ length: Math.ceil(payload / room) }, (_, i) => Math.min(room, payload - i * room));
}

/** In later fragments an option that is not to be copied becomes no-operations, so that the header keeps its length. */
function dropUncopiedOptions(b: Uint8Array, from: number, end: number): void {
  let at = from;
  while (at < end) {
    const type = b[at] as number;
    if (type === END_OF_OPTIONS) return;
    const length = type === NO_OPERATION ? 1 : Math.max(2, b[at + 1] ?? 2);
    if ((type & COPIED) === 0) b.fill(NO_OPERATION, at, Math.min(end, at + length));
    at += length;
  }
}

/**
 * The fragments of an IPv6 packet. What stands before the fragment header (hop-by-hop and routing headers) is repeated.
 * As {@link fragment4} otherwise.
 * @param identification 32 bits, unique for the pair of addresses within the lifetime of a packet
 */
export function fragment6(p: Packet, mtu: number, pool: PacketPool, identification: number, sizes: readonly number[] | null = null): Packet[] {
  const from = p.buf;
  const o = p.off + ethernet.HEADER;
  const end = o + ipv6.HEADER + ipv6.payloadLength(from, o);
  const head = perFragmentHeaders(from, o, end);
  const payload = end - head.end;
  const unfragmentable = head.end - o;
  const room = (mtu - unfragmentable - fragment.HEADER) & ~7;
  const parts: Packet[] = [];
  if (room < 8) return parts;
  let at = 0;
  for (const n of cuts(payload, room, mtu - unfragmentable - fragment.HEADER, sizes)) {
    const length = ethernet.HEADER + unfragmentable + fragment.HEADER + n;
    const part = pool.take(length);
    const po = part.off + ethernet.HEADER;
    const fo = po + unfragmentable;
    copy(from, p.off, part.buf, part.off, ethernet.HEADER + unfragmentable);
    copy(from, head.end + at, part.buf, fo + fragment.HEADER, n);
    part.buf[po + (head.pointer - o)] = ipv6.NEXT.FRAGMENT;
    fragment.setNextHeader(part.buf, fo, from[head.pointer] as number);
    fragment.setFragmentation(part.buf, fo, at + n < payload, at);
    fragment.setIdentification(part.buf, fo, identification);
    ipv6.setPayloadLength(part.buf, po, unfragmentable - ipv6.HEADER + fragment.HEADER + n);
    part.len = length;
    part.cause = p.id;
    parts.push(part);
    at += n;
  }
  return parts;
}

/** The end of the headers that go into every fragment, and where the last of them names the next header. */
function perFragmentHeaders(b: Uint8Array, o: number, end: number): { end: number; pointer: number } {
  let pointer = o + 6;
  let at = o + ipv6.HEADER;
  while ((b[pointer] === ipv6.NEXT.HOP_BY_HOP || b[pointer] === ipv6.NEXT.ROUTING) && at + 8 <= end) {
    pointer = at;
    at += ((b[at + 1] as number) + 1) * 8;
  }
  return { end: at, pointer };
}
