/**
 * Tuples: who speaks to whom, as a key of the table. An entry has two; the tracker reads each packet into a third, that
 * it uses over and over.
 * @module
 */
import type { AddressBook } from '../address-book.js';
import { addrOf4, addrOf6 } from '../address-book.js';
import { type Addr, IPPROTO } from '../transport.js';
import { type Connection, CT_ORIGINAL, type CtDirection, type CtTuple } from './connection.js';
import { hostPort } from '../../wire/address.js';

/** Mutable while nobody has it in a table. Address keys are those of the address book: small integers, also for IPv6. */
export class Tuple implements CtTuple {
  family: 4 | 6 = 4;
  protocol = 0;
  srcKey = 0;
  dstKey = 0;
  sport = 0;
  dport = 0;
  /** Its place in the table. */
  hash = 0;
  next: Tuple | null = null;
  /** Null for a scratch tuple. */
  readonly entry: Connection | null;
  readonly direction: CtDirection;

  constructor(entry: Connection | null = null, direction: CtDirection = CT_ORIGINAL) {
    this.entry = entry;
    this.direction = direction;
  }

  get src(): Addr {
    return this.family === 4 ? addrOf4(this.srcKey) : addrOf6(this.srcKey);
  }

  get dst(): Addr {
    return this.family === 4 ? addrOf4(this.dstKey) : addrOf6(this.dstKey);
  }

  set(from: Tuple): void {
    this.family = from.family;
    this.protocol = from.protocol;
    this.srcKey = from.srcKey;
    this.dstKey = from.dstKey;
    this.sport = from.sport;
    this.dport = from.dport;
  }

  /** What an answer looks like. False for an ICMP message that nobody answers. */
  setInverse(of: Tuple): boolean {
    this.family = of.family;
    this.protocol = of.protocol;
    this.srcKey = of.dstKey;
    this.dstKey = of.srcKey;
    if (of.protocol !== IPPROTO.ICMP && of.protocol !== IPPROTO.IPV6_ICMP) {
      this.sport = of.dport;
      this.dport = of.sport;
      return true;
    }
    const answer = icmpAnswer(of.protocol, of.dport >>> 8);
    if (answer < 0) return false;
    this.sport = of.sport;
    this.dport = (answer << 8) | (of.dport & 0xff);
    return true;
  }

  /** hot. */
  equals(other: Tuple): boolean {
    return (
      this.srcKey === other.srcKey &&
      this.dstKey === other.dstKey &&
      this.sport === other.sport &&
      this.dport === other.dport &&
      this.protocol === other.protocol &&
      this.family === other.family
    );
  }

  /** hot. */
  computeHash(): number {
    let h = Math.imul(this.srcKey, 0x9e3779b1) ^ Math.imul(this.dstKey, 0x85ebca6b) ^ Math.imul((this.sport << 16) | this.dport, 0xc2b2ae35);
    h = Math.imul(h ^ (h >>> 15) ^ (this.protocol << 3) ^ this.family, 0x2c1b3c6d);
    return (h ^ (h >>> 13)) & 0x3fffffff;
  }
}

const ANSWERS6: Readonly<Record<number, number>> = { 128: 129, 129: 128, 139: 140, 140: 139 };

/** The message that answers an ICMP or ICMPv6 query (RFC 792, RFC 4443, RFC 4620), or the query of an answer; -1 for all else. */
export function icmpAnswer(protocol: number, type: number): number {
  if (protocol === IPPROTO.IPV6_ICMP) return ANSWERS6[type] ?? -1;
  switch (type) {
    case 0:
      return 8;
    case 8:
      return 0;
    case 13:
    case 15:
    case 17:
      return type + 1;
    case 14:
    case 16:
    case 18:
      return type - 1;
    default:
      return -1;
  }
}

/** Whether an entry may begin with that ICMP or ICMPv6 message. */
export function icmpAsks(protocol: number, type: number): boolean {
  return protocol === IPPROTO.IPV6_ICMP ? type === 128 || type === 139 : type === 8 || type === 13 || type === 15 || type === 17;
}

/** `10.0.0.5:50000`, `[2001:db8::5]:50000`; without port for protocols that have none. */
export function endpointText(book: AddressBook, addr: Addr, port: number, withPort: boolean): string {
  const text = book.text(addr);
  if (!withPort) return text;
  return hostPort(text, port);
}
