/**
 * Entries as `conntrack -L` prints them.
 * @see conntrack(8)
 * @module
 */
import type { Nanos } from '../../base/time.js';
import type { AddressBook } from '../address-book.js';
import { IPPROTO } from '../transport.js';
import { CT_STATUS, type Connection, type CtTuple } from '../conntrack/connection.js';

const IPPROTO_GRE = 47;
const NAMES: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 47: 'gre', 58: 'icmpv6' };

export function formatConnection(c: Connection, book: AddressBook, now: Nanos): string {
  const { protocol } = c.original;
  const parts = [NAMES[protocol] ?? 'unknown', String(protocol), String(Math.max(0, Math.floor((c.expires - now) / 1e9)))];
  if (c.tcpState !== null) parts.push(c.tcpState);
  parts.push(tupleText(c.original, book));
  if ((c.status & CT_STATUS.SEEN_REPLY) === 0) parts.push('[UNREPLIED]');
  parts.push(tupleText(c.reply, book));
  if ((c.status & CT_STATUS.ASSURED) !== 0) parts.push('[ASSURED]');
  parts.push(`mark=${c.mark}`);
  return parts.join(' ');
}

function tupleText(t: CtTuple, book: AddressBook): string {
  const ends = `src=${book.text(t.src)} dst=${book.text(t.dst)}`;
  switch (t.protocol) {
    case IPPROTO.UDP:
    case IPPROTO.TCP:
      return `${ends} sport=${t.sport} dport=${t.dport}`;
    case IPPROTO.ICMP:
    case IPPROTO.IPV6_ICMP:
      return `${ends} type=${t.dport >>> 8} code=${t.dport & 0xff} id=${t.sport}`;
    case IPPROTO_GRE:
      return `${ends} srckey=0x0 dstkey=0x0`;
    default:
      return ends;
  }
}
