/**
 * Which protocols a rule has pinned down so far: by its table, by matches, by the fields that it reads. Protocols that
 * exclude each other are a fault; a port can be translated only where the transport is known.
 * @see nft(8), "Payload expressions": "protocol dependencies"
 * @module
 */
import type { SourceRef } from '../../base/error.js';
import { fault } from '../fault.js';
import type { Operand, Pattern, Selector, TableFamily } from '../ruleset.js';

export const TCP = 6;
const ICMP = 1;
const UDP = 17;
const ICMPV6 = 58;

const TRANSPORTS: ReadonlyMap<number, string> = new Map([[ICMP, 'icmp'], [TCP, 'tcp'], [UDP, 'udp'], [ICMPV6, 'icmpv6']]);

export class Protocols {
  /** Internet protocol version, where it is known. */
  network: 4 | 6 | null;
  /** Number of the transport, where it is known. */
  transport: number | null = null;
  /** A match has asked for the transport, if only for one of several. */
  transportAsked = false;

  readonly family: TableFamily;

  constructor(family: TableFamily) {
    this.family = family;
    this.network = family === 'inet' ? null : family === 'ip' ? 4 : 6;
  }

  /** Takes note of a field that is read. Errors: NFT_CONFLICT. */
  read(selector: Selector, at: SourceRef): void {
    switch (selector.select) {
      case 'ip':
        return this.#network(4, at);
      case 'ip6':
        return this.#network(6, at);
      case 'tcp':
        return this.#transport(TCP, at);
      case 'udp':
        return this.#transport(UDP, at);
      case 'icmp':
        this.#transport(ICMP, at);
        this.network ??= 4;
        return;
      case 'icmpv6':
        this.#transport(ICMPV6, at);
        this.network ??= 6;
        return;
      case 'ct-tuple':
        if (selector.family !== null && this.network !== null) this.#network(selector.family, at);
        return;
      case 'meta':
        if (selector.key === 'nfproto' && this.family !== 'inet') throw fault('NFT_CONFLICT', at, `meta nfproto says nothing in a table of the family ${this.family}`);
        return;
      default:
    }
  }

  readAll(operand: Operand, at: SourceRef): void {
    for (const selector of selectorsOf(operand)) this.read(selector, at);
  }

  /** Takes note of a match that is met from here on: `meta l4proto tcp`, `ip protocol udp`. */
  matched(operand: Operand, op: string, right: Pattern | null): void {
    if (operand.is !== 'selector') return;
    const { selector } = operand;
    const isTransport = (selector.select === 'meta' && selector.key === 'l4proto') || (selector.select === 'ip' && selector.field === 'protocol') || (selector.select === 'ip6' && selector.field === 'nexthdr');
    if (op !== 'eq') return;
    if (isTransport) this.transportAsked = true;
    if (right?.is !== 'number') return;
    if (isTransport) this.transport ??= right.number;
    else if (selector.select === 'meta' && selector.key === 'nfproto') this.network ??= right.number === 10 ? 6 : right.number === 2 ? 4 : null;
    else if (selector.select === 'meta' && selector.key === 'protocol') this.network ??= right.number === 0x86dd ? 6 : right.number === 0x800 ? 4 : null;
  }

  #network(version: 4 | 6, at: SourceRef): void {
    if (this.network !== null && this.network !== version) {
      throw fault('NFT_CONFLICT', at, `no packet is both ${name(this.network)} and ${name(version)}`, { hint: 'the table or an earlier match has chosen the other family' });
    }
    this.network = version;
  }

  #transport(number: number, at: SourceRef): void {
    if (this.transport !== null && this.transport !== number) {
      throw fault('NFT_CONFLICT', at, `no packet is both ${this.#transportName(this.transport)} and ${this.#transportName(number)}`, { hint: 'write two rules, or th for ports of several protocols' });
    }
    this.transport = number;
    this.transportAsked = true;
  }

  #transportName(number: number): string {
    return TRANSPORTS.get(number) ?? `protocol ${number}`;
  }
}

const name = (version: 4 | 6): string => (version === 4 ? 'IPv4' : 'IPv6');

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
