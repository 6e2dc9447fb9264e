/**
 * Is a packet's source one that may come in by this interface? As Linux judges it when it makes a route for the packet
 * (fib_validate_source): a source of the node's own is "martian"; with a reverse path filter (RFC 3704; rp_filter) the
 * way back to the source must lead out by the same interface (`strict`), or just be there (`loose`). Any next hop of a
 * multipath route will do. The way back is looked up as a packet from the destination to the source would be that came
 * in by the interface that this one leaves by, without the mark (src_valid_mark is off).
 *
 * What has no route to its destination, or one that throws it away, is not judged here. IPv4 alone: Linux has no such
 * filter for IPv6.
 * @module
 */
import { NO_DECISION, type DecisionId } from '../../base/brand.js';
import type { Interface } from '../interface.js';
import type { NodeCore } from '../node-core.js';
import type { LocalAddresses, Routing } from '../ports.js';
import { DEST, type Destination } from './destination.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly addresses: LocalAddresses;
  readonly routes: Routing;
}

export class ReversePath {
  readonly #node: Ports;
  /** Bit `key & 31` for every own address: most packets are known not to be from here by this alone. */
  #ownBits = 0;

  constructor(node: Ports) {
    this.#node = node;
  }

  own(key: number): void {
    this.#ownBits |= 1 << (key & 31);
  }

  /**
   * hot. {@link NO_DECISION} when the packet may come in, else why not.
   * @param from source address key @param to destination address key
   * @param oif index of the interface that it will leave by, {@link NO_INTERFACE} for local delivery
   */
  refusal4(from: number, to: number, iface: Interface, oif: number): DecisionId {
    const node = this.#node;
    if (((this.#ownBits >>> (from & 31)) & 1) !== 0 && node.addresses.isLocal4(from)) return node.core.why('rp-filter', 'route', 'martian');
    if (iface.rpFilter === 0) return NO_DECISION;
    const back = node.routes.lookup4(from, 0, to, oif);
    if (back.kind === DEST.UNICAST && (leadsTo(back, iface) || (iface.rpFilter === 2 && hasAddress4(iface)))) return NO_DECISION;
    return this.#refused(back, iface);
  }

  /** The decision names the way back that there is. */
  #refused(back: Destination, iface: Interface): DecisionId {
    const { core } = this.#node;
    const kind = iface.rpFilter === 1 ? 'strict' : 'loose';
    const { route } = back;
    if (route === null) return core.why('rp-filter', 'route', kind);
    return core.decide('rp-filter', 'route', {
      kind,
      route: route.prefix,
      ...(route.hops.length > 0 && { dev: route.hops.map((hop) => hop.iface.name).join(',') }),
    });
  }
}

/** hot. */
function leadsTo(back: Destination, iface: Interface): boolean {
  if (back.oif === iface) return true;
  const { route } = back;
  if (route === null) return false;
  const { hops } = route;
  for (let i = 0; i < hops.length; i++) if (hops[i]?.iface === iface) return true;
  return false;
}

function hasAddress4(iface: Interface): boolean {
  return iface.addresses.some((a) => a.family === 4);
}
