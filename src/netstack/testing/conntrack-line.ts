/**
 * A connection as conntrack(8) prints it with `-L -o extended`.
 * @module
 */
import { type Nanos, seconds } from '../../base/time.js';
import type { AddressBook } from '../address-book.js';
import { type Connection, CT_STATUS, type CtTuple } from '../conntrack/connection.js';
import { IPPROTO } from '../transport.js';

const NAMES: Readonly<Record<number, string>> = {
  [IPPROTO.ICMP]: 'icmp',
  [IPPROTO.TCP]: 'tcp',
  [IPPROTO.UDP]: 'udp',
  47: 'gre',
  [IPPROTO.IPV6_ICMP]: 'icmpv6',
};
/** AF_INET, AF_INET6. */
const FAMILIES = { 4: 'ipv4     2', 6: 'ipv6     10' } as const;

export function conntrackLine(entry: Connection, book: AddressBook, now: Nanos): string {
  const { original, reply, status } = entry;
  const left = Math.max(0, Math.floor((entry.expires - now) / seconds(1)));
  const unreplied = (status & CT_STATUS.SEEN_REPLY) === 0 ? ['[UNREPLIED]'] : [];
  const assured = (status & CT_STATUS.ASSURED) !== 0 ? ['[ASSURED]'] : [];
  return [
    FAMILIES[original.family],
    NAMES[original.protocol] ?? 'unknown',
    String(original.protocol),
    String(left),
    ...(entry.tcpState === null ? [] : [entry.tcpState]),
    ...tupleText(original, book),
    ...unreplied,
    ...tupleText(reply, book),
    ...assured,
    `mark=${entry.mark >>> 0}`,
  ].join(' ');
}

function tupleText(tuple: CtTuple, book: AddressBook): string[] {
  const addresses = [`src=${book.text(tuple.src)}`, `dst=${book.text(tuple.dst)}`];
  switch (tuple.protocol) {
    case IPPROTO.TCP:
    case IPPROTO.UDP:
      return [...addresses, `sport=${tuple.sport}`, `dport=${tuple.dport}`];
    case IPPROTO.ICMP:
    case IPPROTO.IPV6_ICMP:
      return [...addresses, `type=${tuple.dport >>> 8}`, `code=${tuple.dport & 255}`, `id=${tuple.sport}`];
    default:
      return addresses;
  }
}
