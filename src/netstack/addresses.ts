/**
 * A node's own addresses: its local table, with the broadcast addresses of its networks and the groups that it listens to.
 * @module
 */
import type { PlanAddress } from '../topology/plan.js';
import { linkLocalOf, solicitedNodeOf } from '../wire/address.js';
import { must } from '../base/assert.js';
import { broadcast4, prefixOf } from '../wire/prefix.js';
import { addrOf4, type AddressBook, keyOf } from './address-book.js';
import type { Interface, InterfaceAddress } from './interface.js';
import type { LocalAddresses } from './ports.js';
import type { Addr } from './transport.js';

/** Key of 255.255.255.255. */
const LIMITED_BROADCAST = -1;

interface Ports {
  readonly book: AddressBook;
  readonly interfaces: readonly Interface[];
}

export class Addresses implements LocalAddresses {
  readonly #node: Ports;
  readonly #local4 = new Set<number>();
  readonly #local6 = new Set<number>();
  readonly #broadcasts = new Map<number, Interface>();
  readonly #groups = new Set<number>();

  constructor(node: Ports) {
    this.#node = node;
  }

  isLocal(addr: Addr): boolean {
    return this.#node.book.family(addr) === 4 ? this.#local4.has(keyOf(addr)) : this.#local6.has(keyOf(addr));
  }

  /** hot. */
  isLocal4(key: number): boolean {
    return this.#local4.has(key);
  }

  /** The interface whose broadcast address that is, or null. */
  broadcastInterface(key: number): Interface | null {
    return this.#broadcasts.get(key) ?? null;
  }

  /** True for multicast groups (16 octets) that the node listens to. */
  joined(group: Uint8Array): boolean {
    return this.#groups.has(this.#node.book.key6(group, 0));
  }

  /** Addresses for people and sockets: IPv4 first, in the order of the interfaces, without loopback and link-local. */
  list(): InterfaceAddress[] {
    const all = this.#node.interfaces.flatMap((iface) => (iface.loopback ? [] : iface.addresses.filter((a) => !a.linkLocal)));
    return [...all.filter((a) => a.family === 4), ...all.filter((a) => a.family === 6)];
  }

  texts(): string[] {
    return this.list().map((a) => a.text);
  }

  /** @returns the key of an IPv4 address, null for IPv6 */
  add(iface: Interface, planned: PlanAddress): number | null {
    const { book } = this.#node;
    const addr = must(book.parse(planned.address), `address ${planned.address}`);
    const bytes = book.bytes(addr);
    iface.addresses.push({ addr, family: planned.family, bytes, text: book.text(addr), prefixLength: planned.prefixLength, linkLocal: false });
    if (planned.family === 6) {
      this.#local6.add(keyOf(addr));
      this.join(solicitedNodeOf(bytes));
      return null;
    }
    this.#local4.add(keyOf(addr));
    if (!iface.loopback) this.#addBroadcast(iface, addr, planned.prefixLength);
    return keyOf(addr);
  }

  addLinkLocal(iface: Interface, mac: number): void {
    const { book } = this.#node;
    const bytes = linkLocalOf(mac);
    const addr = book.read6(bytes, 0);
    iface.addresses.push({ addr, family: 6, bytes, text: book.text(addr), prefixLength: 64, linkLocal: true });
    this.#local6.add(keyOf(addr));
    this.join(solicitedNodeOf(bytes));
  }

  /** @param group 16 octets */
  join(group: Uint8Array): void {
    this.#groups.add(this.#node.book.key6(group, 0));
  }

  #addBroadcast(iface: Interface, addr: Addr, prefixLength: number): void {
    const all = broadcast4(prefixOf({ family: 4, value: addr }, prefixLength).network as number, prefixLength);
    if (all !== undefined) this.#broadcasts.set(keyOf(addrOf4(all)), iface);
    if (!this.#broadcasts.has(LIMITED_BROADCAST)) this.#broadcasts.set(LIMITED_BROADCAST, iface);
  }
}

/** The interface that has an address on the same network, or null. */
export function connectedInterface(interfaces: readonly Interface[], bytes: Uint8Array): Interface | null {
  return interfaces.find((iface) => iface.addresses.some((a) => !a.linkLocal && onNetwork(a, bytes))) ?? null;
}

/**
 * The address of an interface that speaks to a neighbour: on its network if there is one; link-local for IPv6.
 * @param neighbour in network order
 */
export function addressTowards(iface: Interface, neighbour: Uint8Array): Addr | null {
  const family = neighbour.length === 4 ? 4 : 6;
  const own = iface.addresses.filter((a) => a.family === family);
  const chosen = family === 6 ? own.find((a) => a.linkLocal) : (own.find((a) => onNetwork(a, neighbour)) ?? own[0]);
  return chosen?.addr ?? null;
}

function onNetwork(a: InterfaceAddress, bytes: Uint8Array): boolean {
  if (a.bytes.length !== bytes.length) return false;
  for (let i = 0; i < a.prefixLength; i++) {
    const mask = 0x80 >> (i & 7);
    if ((((a.bytes[i >> 3] ?? 0) ^ (bytes[i >> 3] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}
