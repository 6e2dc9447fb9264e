/**
 * A picture of a node for people, as ip(8), ss(8) and nstat(8) would print it: plain data, made when asked for.
 * @module
 */
import { formatMac } from '../wire/address.js';
import type { NodeCore } from './node-core.js';
import type { AddressBook } from './address-book.js';
import type { Interface } from './interface.js';
import type { IcmpErrors } from './icmp/errors.js';
import type { Reassembly } from './ip/reassembly.js';
import type { Neighbours } from './neighbour/neighbours.js';
import type { RouteTables } from './route-tables.js';
import type { UdpLayer } from './udp-layer.js';
import { isUsable } from './routing/route.js';
import { macNumber } from './neighbour/frames.js';
import { NUD_NAMES } from './neighbour/neighbour.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly interfaces: readonly Interface[];
  readonly routes: RouteTables;
  readonly neighbours: Neighbours;
  readonly udp: UdpLayer;
  readonly errors: IcmpErrors;
  readonly reassembly: Reassembly;
}

export interface NetStat {
  readonly node: string;
  readonly interfaces: readonly {
    readonly index: number;
    readonly name: string;
    readonly up: boolean;
    readonly mac: string;
    readonly mtu: number;
    readonly addresses: readonly string[];
    readonly rx: { readonly packets: number; readonly bytes: number; readonly dropped: number; readonly forwarded: number };
    readonly tx: { readonly packets: number; readonly bytes: number; readonly dropped: number };
  }[];
  readonly routes: readonly {
    readonly table: number;
    readonly prefix: string;
    /** Next hop and interface; of several the first. */
    readonly via: string | null;
    readonly dev: string | null;
    /** All of them, where there are several. */
    readonly nextHops?: readonly { readonly via: string | null; readonly dev: string; readonly weight: number; readonly usable: boolean }[];
    readonly metric: number;
    readonly origin: string;
    /** False while all its interfaces are down. */
    readonly usable: boolean;
  }[];
  readonly neighbours: readonly { readonly address: string; readonly dev: string; readonly mac: string | null; readonly state: string }[];
  readonly sockets: readonly { readonly protocol: 'udp'; readonly address: string; readonly port: number; readonly received: number; readonly sent: number }[];
  /** Packets that ended on this node, by reason. */
  readonly drops: Readonly<Record<string, number>>;
  readonly icmpErrorsSuppressed: number;
  readonly reassembling: number;
}

export function netstat(node: Ports): NetStat {
  const { book } = node;
  return {
    node: node.core.name,
    interfaces: node.interfaces.map((i) => ({
      index: i.index,
      name: i.name,
      up: i.up,
      mac: formatMac(macNumber(i.mac)),
      mtu: i.mtu,
      addresses: i.addresses.map((a) => `${a.text}/${a.prefixLength}`),
      rx: { packets: i.rxPackets, bytes: i.rxBytes, dropped: i.rxDropped, forwarded: i.forwarded },
      tx: { packets: i.txPackets, bytes: i.txBytes, dropped: i.txDropped },
    })),
    routes: node.routes.list().map((r) => {
      const hops = r.hops.map((hop) => ({ via: hop.via === null ? null : book.text(hop.via), dev: hop.iface.name, weight: hop.weight, usable: hop.iface.up }));
      const [first] = hops;
      return {
        table: r.table,
        prefix: r.prefix,
        via: first?.via ?? null,
        dev: first?.dev ?? null,
        ...(hops.length > 1 && { nextHops: hops }),
        metric: r.metric,
        origin: r.origin,
        usable: isUsable(r),
      };
    }),
    neighbours: node.neighbours.list().map((n) => ({
      address: book.text(n.addr),
      dev: n.iface.name,
      mac: n.known ? formatMac(macNumber(n.mac)) : null,
      state: NUD_NAMES[n.state],
    })),
    sockets: node.udp.bindings().map((s) => ({ protocol: 'udp', address: book.text(s.address), port: s.port, received: s.received, sent: s.sent })),
    drops: node.core.drops(),
    icmpErrorsSuppressed: node.errors.rate.suppressed,
    reassembling: node.reassembly.pending,
  };
}
