/**
 * `log`: an event in the ledger for each packet, as the kernel's log has a line.
 * @module
 */
import type { Pairs } from '../../capture/comment.js';
import type { Packet } from '../../fabric/packet.js';
import { u16 } from '../../wire/bytes.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import type { NodeCore } from '../node-core.js';
import type { AddressBook } from '../address-book.js';
import type { Interface } from '../interface.js';
import { IPPROTO } from '../transport.js';
import type { LogAction, Program } from './program.js';
import { hostPort } from '../../wire/address.js';

/** What it needs of its node. */
export interface LogPorts {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly interfaces: readonly Interface[];
}

export const LOG_EVENT = 'log';

export class LogWriter {
  readonly #node: LogPorts;

  constructor(node: LogPorts) {
    this.#node = node;
  }

  write(p: Packet, log: number, program: Program): void {
    const { core } = this.#node;
    const { prefix, rule } = program.logs[log] as LogAction;
    const info = program.rules[rule];
    core.note(LOG_EVENT, {
      ...(prefix !== '' && { prefix }),
      ...(info !== undefined && { chain: info.chain, rule: String(info.number), src: `${info.src.file}:${info.src.line}` }),
      ...this.#interface('in', p.iif),
      ...this.#interface('out', p.oif),
      ...this.#headers(p),
      packet: String(p.id),
    });
  }

  #interface(key: string, index: number): Pairs {
    const iface = this.#node.interfaces[index];
    return iface === undefined ? {} : { [key]: iface.name };
  }

  #headers(p: Packet): Pairs {
    const { book } = this.#node;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    const four = (b[o] as number) >>> 4 === 4;
    const from = book.text(four ? book.read4(b, o + ipv4.SRC) : book.read6(b, o + ipv6.SRC));
    const to = book.text(four ? book.read4(b, o + ipv4.DST) : book.read6(b, o + ipv6.DST));
    const walked = four ? (o + ipv4.headerLength(b, o)) * 256 + ipv4.protocol(b, o) : ipv6.transport(b, o);
    const protocol = walked < 0 ? -1 : ipv6.walkedHeader(walked);
    const at = ipv6.walkedTo(walked);
    const ported = (protocol === IPPROTO.UDP || protocol === IPPROTO.TCP) && at + 4 <= p.off + p.len && !(four && ipv4.fragmentOffset(b, o) > 0);
    const name =
      protocol === IPPROTO.UDP
        ? 'udp'
        : protocol === IPPROTO.TCP
          ? 'tcp'
          : protocol === IPPROTO.ICMP
            ? 'icmp'
            : protocol === IPPROTO.IPV6_ICMP
              ? 'icmpv6'
              : String(protocol);
    if (!ported) return { proto: name, from, to };
    return { proto: name, from: hostPort(from, u16(b, at)), to: hostPort(to, u16(b, at + 2)) };
  }
}
