/**
 * A translation as the ledger has it: `nat=10.0.0.5:50000>198.51.100.1:50000`, two pairs where both ends change.
 * @module
 */
import type { AddressBook } from '../address-book.js';
import type { Entry } from '../conntrack/entry.js';
import { endpointText, type Tuple } from '../conntrack/tuple.js';
import { type Addr, IPPROTO } from '../transport.js';

/**
 * What becomes of a packet of that direction.
 * @param ports false for an ICMP error, whose own header has none
 */
export function natText(book: AddressBook, entry: Entry, direction: 0 | 1, ports: boolean): string {
  const from = entry.tuple(direction);
  const to = entry.tuple(1 - direction);
  const withPorts = ports && hasPorts(from);
  const query = from.protocol === IPPROTO.ICMP || from.protocol === IPPROTO.IPV6_ICMP;
  const end = (addr: Addr, port: number): string => endpointText(book, addr, port, withPorts);
  const pairs: string[] = [];
  const add = (before: string, after: string): void => {
    if (before !== after) pairs.push(`${before}>${after}`);
  };
  // The identifier of a query is the "port" of both its ends.
  add(end(from.src, from.sport), end(to.dst, query ? to.sport : to.dport));
  add(end(from.dst, query ? from.sport : from.dport), end(to.src, to.sport));
  return pairs.join(',');
}

function hasPorts(t: Tuple): boolean {
  switch (t.protocol) {
    case IPPROTO.UDP:
    case IPPROTO.TCP:
    case IPPROTO.ICMP:
    case IPPROTO.IPV6_ICMP:
      return true;
    default:
      return false;
  }
}
