/**
 * Which protocols a rule has pinned down so far: by its table, by matches, by the fields that it reads. Protocols that
 * exclude each other are a fault; a port can be translated only where the transport is known. nft takes every protocol
 * that a match on equality names, also those of a set in braces, as one that the packet may have.
 * @see nft(8), "Payload expressions": "protocol dependencies"
 * @module
 */
import type { SourceRef } from '../../base/error.js';
import { fault } from '../fault.js';
import type { Match, Operand, Pattern, Selector, TableFamily } from '../ruleset.js';

export const TCP = 6;
const ICMP = 1;
const UDP = 17;
const ICMPV6 = 58;

/** Those that nft knows as what an IP packet may carry, and so takes from `ct reply protocol` too (its proto.c). */
const CARRIED: ReadonlySet<number> = new Set([ICMP, 2, TCP, UDP, 33, 50, 51, ICMPV6, 108, 132, 136]);
const TRANSPORTS: ReadonlyMap<number, string> = new Map([
  [ICMP, 'icmp'],
  [TCP, 'tcp'],
  [UDP, 'udp'],
  [ICMPV6, 'icmpv6'],
]);

/** Types of messages that have the field (RFC 792, RFC 4443). */
const MESSAGES: Readonly<Record<'icmp' | 'icmpv6', Readonly<Record<string, readonly number[]>>>> = {
  icmp: { id: [0, 8], sequence: [0, 8], mtu: [3] },
  icmpv6: { id: [128, 129], sequence: [128, 129], mtu: [2] },
};

export class Protocols {
  readonly family: TableFamily;
  /** Internet protocol version, where it is known. */
  network: 4 | 6 | null;
  /** Every transport that a match or a field has named. */
  readonly #transports = new Set<number>();
  #last: number | null = null;
  /** A match or a field has looked at the packet's own transport, not only at that of its connection. */
  #ofPacket = false;
  /** ICMP types that a match or a field has named last. */
  #messages: readonly number[] = [];
  /** A match has asked for the transport, if only for one of several. */
  transportAsked = false;

  constructor(family: TableFamily) {
    this.family = family;
    this.network = family === 'inet' ? null : family === 'ip' ? 4 : 6;
  }

  /** The transport that was named last: nft holds a reset against that alone. */
  get transport(): number | null {
    return this.#last;
  }

  /** Takes note of a field that is read; gives it as it is read here. Errors: NFT_CONFLICT. */
  read(selector: Selector, at: SourceRef): Selector {
    switch (selector.select) {
      case 'ip':
        this.#network(4, at);
        return selector;
      case 'ip6':
        this.#network(6, at);
        return selector;
      case 'tcp':
        return { ...selector, ...this.#transport(TCP, at) };
      case 'udp':
        return { ...selector, ...this.#transport(UDP, at) };
      case 'icmp': {
        const read = { ...selector, ...this.#transport(ICMP, at) };
        this.network ??= 4;
        this.#message('icmp', selector.field, at);
        return read;
      }
      case 'icmpv6': {
        const read = { ...selector, ...this.#transport(ICMPV6, at) };
        this.network ??= 6;
        this.#message('icmpv6', selector.field, at);
        return read;
      }
      case 'ct-tuple':
        if (selector.family !== null && this.network !== null) this.#network(selector.family, at);
        return selector;
      case 'meta':
        if (selector.key === 'nfproto' && this.family !== 'inet')
          throw fault('NFT_CONFLICT', at, `meta nfproto says nothing in a table of the family ${this.family}`);
        return selector;
      default:
        return selector;
    }
  }

  /** Takes note of a match that is met from here on: `meta l4proto tcp`, `ip protocol { tcp, udp }`. */
  matched(match: Match): void {
    if ((match.do !== 'match' && match.do !== 'lookup') || match.op !== 'eq' || match.left.is !== 'selector') return;
    const { selector } = match.left;
    const values = numbersOf(match);
    if (namesTransport(selector)) {
      this.transportAsked = this.#ofPacket = true;
      this.#name(values);
    } else if (selector.select === 'ct-tuple' && selector.field === 'protocol') {
      // What a connection carries says something where it is known what carries it.
      const carried = this.network === null ? [] : values.filter((value) => CARRIED.has(value));
      this.#name(carried);
      this.transportAsked ||= carried.length > 0;
    } else if (selector.select === 'meta' && selector.key === 'nfproto') {
      for (const value of values) this.network = value === 2 ? 4 : value === 10 ? 6 : this.network;
    } else if ((selector.select === 'icmp' || selector.select === 'icmpv6') && selector.field === 'type') {
      if (values.length > 0) this.#messages = values;
    }
  }

  #network(version: 4 | 6, at: SourceRef): void {
    if (this.network !== null && this.network !== version) {
      throw fault('NFT_CONFLICT', at, `no packet is both ${name(this.network)} and ${name(version)}`, {
        hint: 'the table or an earlier match has chosen the other family',
      });
    }
    this.network = version;
  }

  #transport(number: number, at: SourceRef): { readonly assumed?: true } {
    const other = [...this.#transports].find((one) => one !== number);
    if (other !== undefined) {
      throw fault('NFT_CONFLICT', at, `no packet is both ${transportName(other)} and ${transportName(number)}`, {
        hint: 'write two rules, or th for ports of several protocols',
      });
    }
    if (this.#transports.has(number) && !this.#ofPacket) return { assumed: true };
    this.#name([number]);
    this.transportAsked = this.#ofPacket = true;
    return {};
  }

  #name(numbers: readonly number[]): void {
    for (const number of numbers) this.#transports.add(number);
    this.#last = numbers.at(-1) ?? this.#last;
  }

  /** Only some messages have an id or an MTU. */
  #message(protocol: 'icmp' | 'icmpv6', field: string, at: SourceRef): void {
    const types = MESSAGES[protocol][field];
    if (types === undefined) return;
    const other = this.#messages.find((one) => !types.includes(one));
    if (other !== undefined)
      throw fault('NFT_CONFLICT', at, `a message of ${protocol} type ${other} has no ${field}`, { expected: `${protocol} type ${types.join(' or ')}` });
    this.#messages = types;
  }
}

const name = (version: 4 | 6): string => (version === 4 ? 'IPv4' : 'IPv6');
const transportName = (number: number): string => TRANSPORTS.get(number) ?? `protocol ${number}`;

/** True for the fields that say which transport a packet has. */
export function namesTransport(selector: Selector): boolean {
  switch (selector.select) {
    case 'meta':
      return selector.key === 'l4proto';
    case 'ip':
      return selector.field === 'protocol';
    case 'ip6':
      return selector.field === 'nexthdr';
    default:
      return false;
  }
}

/** The single values that a match on equality allows; ranges say nothing. */
function numbersOf(match: Extract<Match, { do: 'match' | 'lookup' }>): readonly number[] {
  const patterns: readonly Pattern[] =
    match.do === 'match' ? [match.right] : match.set.is === 'anonymous' ? match.set.set.elements.flatMap(({ key }) => key) : [];
  return patterns.flatMap((pattern) => (pattern.is === 'number' ? [pattern.number] : []));
}

export function selectorsOf(operand: Operand): readonly Selector[] {
  switch (operand.is) {
    case 'selector':
      return [operand.selector];
    case 'bits':
      return [operand.bits.of];
    case 'concat':
      return operand.parts;
  }
}
