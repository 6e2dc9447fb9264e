/**
 * Which of its addresses a node sends from (RFC 6724 section 5, the rules that matter between the node's own
 * interfaces; for IPv4 as Linux: the outgoing interface's address on the next hop's network, else its first).
 * @module
 */
import type { Interface, InterfaceAddress } from '../interface.js';
import type { AddressBook } from '../address-book.js';
import type { NeighbourTable, Routing } from '../ports.js';
import { DEST } from '../routing/destination.js';
import type { Addr } from '../transport.js';

/** What it needs of its node. */
export interface SourcePorts {
  readonly book: AddressBook;
  readonly interfaces: readonly Interface[];
  readonly routes: Routing;
  readonly neighbours: NeighbourTable;
}

/** Number of leading bits that two addresses share. */
function commonBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const differ = (a[i] ?? 0) ^ (b[i] ?? 0);
    if (differ !== 0) return i * 8 + Math.clz32(differ) - 24;
  }
  return a.length * 8;
}

/** Null when there is no route, or no address of that family. */
export function selectSource(node: SourcePorts, to: Addr): Addr | null {
  const dest = node.routes.lookup(to);
  if (dest.kind === DEST.LOCAL) return to;
  if (dest.kind === DEST.SCOPED) return linkLocal(scopeOf(node, null, to));
  const { oif } = dest;
  if (oif === null || (dest.kind !== DEST.UNICAST && dest.kind !== DEST.BROADCAST)) return null;
  const family = node.book.family(to);
  const target = node.book.bytes(family === 4 ? (dest.neighbour?.addr ?? to) : to);
  return sourceBy(node, oif, family, target);
}

/**
 * For what leaves by that interface: its address that suits the target best.
 * @param target in network order: of IPv4 the next hop, of IPv6 the destination
 */
export function sourceBy(node: Pick<SourcePorts, 'interfaces'>, oif: Interface, family: 4 | 6, target: Uint8Array): Addr | null {
  // A router's link may have link-local addresses alone, or none: any other address of the node will do (rule 4 in Linux's words).
  const elsewhere = candidates(oif, family).length > 0 ? [] : node.interfaces.flatMap((iface) => (iface.loopback ? [] : candidates(iface, family)));
  return sourceOn(oif, family, target, elsewhere);
}

/** Of IPv4 that on the target's network, else the first. @param elsewhere what to take from where the interface has none */
function sourceOn(oif: Interface, family: 4 | 6, target: Uint8Array, elsewhere: readonly InterfaceAddress[]): Addr | null {
  const own = candidates(oif, family);
  const pool = own.length > 0 ? own : elsewhere;
  if (family === 4) return (pool.find((a) => commonBits(a.bytes, target) >= a.prefixLength) ?? pool[0])?.addr ?? null;
  let best: InterfaceAddress | null = null;
  // Rule 8: longest matching prefix, counted no further than the source's own prefix length. Among equals Linux takes the
  // address that was added last.
  let bits = -1;
  for (const a of pool) {
    const shared = Math.min(commonBits(a.bytes, target), a.prefixLength);
    if (shared < bits) continue;
    best = a;
    bits = shared;
  }
  return best?.addr ?? linkLocal(oif);
}

/** The interface that a link-local destination means: that of the source, else the one that knows the neighbour, else the first. */
export function scopeOf(node: Pick<SourcePorts, 'interfaces' | 'neighbours'>, source: Addr | null, to: Addr): Interface | null {
  const links = node.interfaces.filter((iface) => !iface.loopback);
  const bySource = source === null ? undefined : links.find((iface) => iface.addresses.some((a) => a.linkLocal && a.addr === source));
  const known = node.neighbours.list().find((n) => n.addr === to);
  return bySource ?? known?.iface ?? links[0] ?? null;
}

function candidates(iface: Interface, family: 4 | 6): InterfaceAddress[] {
  return iface.addresses.filter((a) => a.family === family && !a.linkLocal);
}

function linkLocal(iface: Interface | null): Addr | null {
  return iface?.addresses.find((a) => a.linkLocal)?.addr ?? null;
}
