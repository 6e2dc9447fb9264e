/**
 * `snat`, `dnat`, `masquerade` and `redirect`: what a translation statement allows, for the translator to choose from.
 * @see net/netfilter/nft_nat.c, nf_nat_masquerade.c, nf_nat_redirect.c
 * @module
 */
import { DROP } from '../../base/drop.js';
import type { Packet } from '../../fabric/packet.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import type { NatFlags } from '../../nft/ruleset.js';
import type { NatChain, NatRange, Translator } from '../conntrack/tracker.js';
import { ACCEPT, dropVerdict, type Verdict } from '../hook.js';
import { NO_INTERFACE, type Interface } from '../interface.js';
import type { NodeCore } from '../node-core.js';
import type { AddressBook } from '../address-book.js';
import type { PacketEgress } from '../ports.js';
import { sourceBy } from '../ip/source-address.js';
import type { Addr } from '../transport.js';

/** What it needs of its node. */
export interface OwnAddressPorts {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly interfaces: readonly Interface[];
  readonly loopback: Interface;
  readonly egress: PacketEgress;
}

/** The statement is for the other address family: the rule goes on. */
export const NOT_FOR_THIS = -2;

export type NatPoint = NatChain['point'];

export interface NatAction {
  /** For the first packet of a connection. @param point of the chain that led here @param element of a map, or -1 */
  translate(p: Packet, family: 4 | 6, point: NatPoint, element: number): Verdict;
}

/** `snat to`, `dnat to`: a fixed range, or one for each element of a map. */
export class ToRange implements NatAction {
  readonly #translator: Translator;
  readonly #ranges: readonly (NatRange | null)[];

  /** @param ranges two for each element (one without a map): for IPv4 and for IPv6; null where the statement has none */
  constructor(translator: Translator, ranges: readonly (NatRange | null)[]) {
    this.#translator = translator;
    this.#ranges = ranges;
  }

  translate(p: Packet, family: 4 | 6, point: NatPoint, element: number): Verdict {
    const range = this.#ranges[(element < 0 ? 0 : element) * 2 + (family === 4 ? 0 : 1)] ?? null;
    return range === null ? NOT_FOR_THIS : this.#translator.setup(p, point, range);
  }
}

/** `masquerade` and `redirect`: the address is an interface's, at the moment when a connection begins. */
export class ToOwnAddress implements NatAction {
  readonly #node: OwnAddressPorts;
  readonly #translator: Translator;
  readonly #ports: { readonly from: number; readonly to: number } | null;
  readonly #flags: NatFlags;

  constructor(node: OwnAddressPorts, translator: Translator, ports: { readonly from: number; readonly to: number } | null, flags: NatFlags) {
    this.#node = node;
    this.#translator = translator;
    this.#ports = ports;
    this.#flags = flags;
  }

  translate(p: Packet, family: 4 | 6, point: NatPoint): Verdict {
    const redirects = point === 'prerouting' || point === 'output';
    if (!redirects && family === 4 && ipv4.src(p.buf, p.off + ethernet.HEADER) === 0) return ACCEPT;
    const address = redirects ? redirectAddress(this.#node, p, family) : masqueradeAddress(this.#node, p, family);
    if (address === null) {
      const { core } = this.#node;
      p.decision = core.decisions.intern({ node: core.id, stage: point, text: { kind: 'no-address' }, reason: { at: 'nat', kind: 'pool-exhausted' } });
      return dropVerdict(DROP.NAT_POOL);
    }
    return this.#translator.setup(p, point, { family, addresses: { from: address, to: address }, ports: this.#ports, ...this.#flags, masquerade: !redirects });
  }
}

/**
 * inet_select_addr and ipv6_dev_get_saddr: the address of the interface it leaves by that suits where it goes, for IPv4
 * the next hop. That is chosen by now: a mark or source that changed since asks no table again.
 */
function masqueradeAddress(node: OwnAddressPorts, p: Packet, family: 4 | 6): Addr | null {
  const out = node.interfaces[p.oif];
  if (out === undefined) return null;
  const o = p.off + ethernet.HEADER;
  if (family === 6) return sourceBy(node, out, 6, node.book.bytes(node.book.read6(p.buf, o + ipv6.DST)));
  const next = node.egress.leaving?.neighbour?.addr ?? node.book.read4(p.buf, o + ipv4.DST);
  return sourceBy(node, out, 4, node.book.bytes(next));
}

/** To the interface that it came in by: its first address, of IPv6 the one that was added last; to itself: the loopback's. */
function redirectAddress(node: OwnAddressPorts, p: Packet, family: 4 | 6): Addr | null {
  if (p.iif === NO_INTERFACE) return node.loopback.addresses.find((a) => a.family === family)?.addr ?? null;
  const own = (node.interfaces[p.iif]?.addresses ?? []).filter((a) => a.family === family);
  if (family === 4) return own[0]?.addr ?? null;
  const scoped = node.book.bytes(node.book.read6(p.buf, p.off + ethernet.HEADER + ipv6.DST))[0] === 0xfe;
  return (own.filter((a) => a.linkLocal === scoped).at(-1) ?? own.at(-1))?.addr ?? null;
}
