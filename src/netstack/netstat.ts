/**
 * A picture of a node for people, as ip(8), ss(8) and nstat(8) would print it: plain data, made when asked for.
 * @module
 */
import { formatMac } from '../wire/address.js';
import type { IpNode } from './ip-node.js';
import { macNumber } from './neighbour/frames.js';
import { NUD_NAMES } from './neighbour/neighbour.js';

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
    readonly via: string | null;
    readonly dev: string | null;
    readonly metric: number;
    readonly origin: string;
    /** False while its interface is down. */
    readonly usable: boolean;
  }[];
  readonly neighbours: readonly { readonly address: string; readonly dev: string; readonly mac: string | null; readonly state: string }[];
  readonly sockets: readonly { readonly protocol: 'udp'; readonly address: string; readonly port: number; readonly received: number; readonly sent: number }[];
  /** Packets that ended on this node, by reason. */
  readonly drops: Readonly<Record<string, number>>;
  readonly icmpErrorsSuppressed: number;
  readonly reassembling: number;
}

export function netstat(node: IpNode): NetStat {
  const { book } = node;
  return {
    node: node.name,
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
    routes: node.routes.list().map((r) => ({
      table: r.table,
      prefix: r.prefix,
      via: r.via === null ? null : book.text(r.via),
      dev: r.iface?.name ?? null,
      metric: r.metric,
      origin: r.origin,
      usable: r.iface === null || r.iface.up,
    })),
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
