/**
 * The transports of a node by protocol number: what arrives for them and the ICMP errors about what they sent.
 * @module
 */
import type { Cause } from '../base/brand.js';
import { DROP } from '../base/drop.js';
import type { Packet } from '../fabric/packet.js';
import * as checksum from '../wire/checksum.js';
import * as ethernet from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { UNREACHABLE } from './icmp/kinds.js';
import type { NodeCore } from './node-core.js';
import type { AddressBook } from './address-book.js';
import type { ErrorReports } from './ports.js';
import { isReassembled } from './ip/reassembly.js';
import { type Addr, IPPROTO, type NetError, type TransportInput } from './transport.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly errors: ErrorReports;
}

export class Transports {
  readonly #node: Ports;
  readonly #inputs = new Map<number, TransportInput>();

  constructor(node: Ports) {
    this.#node = node;
  }

  register(protocol: number, input: TransportInput): void {
    this.#inputs.set(protocol, input);
  }

  /** Takes ownership. The payload is `n` octets at `at`. */
  receive(p: Packet, family: 4 | 6, protocol: number, at: number, n: number, group: boolean): void {
    const { core, errors, book } = this.#node;
    const input = this.#inputs.get(protocol);
    if (input === undefined || group) {
      if (!group && family === 4) errors.unreachable(p, UNREACHABLE.PROTOCOL);
      else if (!group) errors.parameterProblem(p, 1, p.off + ethernet.HEADER + ipv6.pointerTo(p.buf, p.off + ethernet.HEADER, at));
      core.drop(p, DROP.NO_LISTENER, core.why('no-listener', 'input', 'protocol'));
      return;
    }
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (protocol === IPPROTO.TCP) {
      const pseudo = family === 4 ? checksum.pseudo4(b, o, protocol, n) : checksum.pseudo6(b, o, protocol, n);
      if (n < 20 || !checksum.verify(b, at, n, pseudo)) {
        core.drop(p, n < 20 ? DROP.MALFORMED : DROP.CHECKSUM, core.why(n < 20 ? 'malformed' : 'checksum', 'input'));
        return;
      }
    }
    const from = family === 4 ? book.read4(b, o + ipv4.SRC) : book.read6(b, o + ipv6.SRC);
    const to = family === 4 ? book.read4(b, o + ipv4.DST) : book.read6(b, o + ipv6.DST);
    const refused = input.receive(from, to, b, at, n, family === 4 ? ipv4.dscp(b, o) : ipv6.dscp(b, o), arrival(p));
    if (refused === null) core.end(p);
    else core.drop(p, refused.code, core.why(refused.reason, 'input', refused.kind));
  }

  /** An ICMP error about a datagram of this node; the quoted transport header is `n` octets at `at`. False: nobody wants to know. */
  error(protocol: number, kind: NetError, mtu: number, from: Addr, to: Addr, b: Uint8Array, at: number, n: number): boolean {
    return this.#inputs.get(protocol)?.error(kind, mtu, from, to, b, at, n) ?? false;
  }
}

/**
 * What a receiver may name as the cause of what it does next. A reassembled datagram never crossed a link, so it is its
 * first fragment that did.
 */
export function arrival(p: Packet): Cause {
  return (isReassembled(p) ? p.cause : p.id) as number as Cause;
}
