/**
 * UDP of a node (RFC 768): sockets by exact address and port, checksums both ways, ICMP errors to who caused them.
 * Hot: sending costs the pool packet, receiving a borrowed look at its bytes.
 *
 * @example
 * const socket = node.udp.bind(address, 0, (buf, off, len, from, port, cause) => { ... });
 * socket.send(bytes, 0, bytes.length, to, 3478);
 * @module
 */
import { NO_CAUSE, type Cause } from '../base/brand.js';
import { DROP } from '../base/drop.js';
import { LabError } from '../base/error.js';
import type { Packet } from '../fabric/packet.js';
import { setU16, u16 } from '../wire/bytes.js';
import * as checksum from '../wire/checksum.js';
import * as ethernet from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import * as udp from '../wire/udp.js';
import { keyOf, type AddressBook } from './address-book.js';
import { UNREACHABLE } from './icmp/kinds.js';
import type { NodeCore } from './node-core.js';
import type { DatagramOutput, ErrorReports, LocalAddresses } from './ports.js';
import type { DscpPolicy } from './ip/dscp-policy.js';
import { DEFAULT_TTL } from './ip/output.js';
import { type Addr, IPPROTO, type NetError } from './transport.js';
import { arrival } from './transports.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly addresses: LocalAddresses;
  readonly output: DatagramOutput;
  readonly errors: ErrorReports;
  readonly dscp: DscpPolicy;
}

/** Linux's `ip_local_port_range`. */
export const EPHEMERAL = { FIRST: 32768, LAST: 60999 } as const;

/** Bytes are borrowed until return. */
export type UdpHandler = (buf: Uint8Array, off: number, len: number, from: Addr, fromPort: number, cause: Cause) => void;

export interface UdpBindOptions {
  /** 0..63; without it the node's policy by local port. */
  readonly dscp?: number;
  /** Sets DF (IPv4) and never fragments: what is too big is told to `onError`. */
  readonly dontFragment?: boolean;
  /** Initial TTL or hop limit, 64 unless given. */
  readonly hopLimit?: number;
}

/** One bound port. */
export class UdpBinding {
  readonly address: Addr;
  readonly port: number;
  readonly deliver: UdpHandler;
  /** An ICMP error about what was sent, or the stack's own. @param mtu for `too-big` */
  onError: (error: NetError, to: Addr, toPort: number, mtu: number) => void = ignore;
  received = 0;
  sent = 0;
  readonly #layer: UdpLayer;
  readonly #tos: number;
  readonly #hopLimit: number;
  readonly #dontFragment: boolean;

  constructor(layer: UdpLayer, address: Addr, port: number, deliver: UdpHandler, dscp: number, options: UdpBindOptions) {
    this.#layer = layer;
    this.address = address;
    this.port = port;
    this.deliver = deliver;
    this.#tos = dscp << 2;
    this.#hopLimit = options.hopLimit ?? DEFAULT_TTL;
    this.#dontFragment = options.dontFragment ?? false;
  }

  /** hot; copies. Never throws for network conditions; what is longer than a datagram is `too-big`. */
  send(buf: Uint8Array, off: number, len: number, to: Addr, toPort: number, cause: Cause = NO_CAUSE): void {
    this.sent++;
    this.#layer.transmit(this, buf, off, len, to, toPort, this.#tos, this.#hopLimit, this.#dontFragment, cause);
  }

  close(): void {
    this.#layer.release(this);
  }
}

function ignore(): void {
  // Errors are news for those who ask.
}

export class UdpLayer {
  readonly #node: Ports;
  readonly #bound4 = new Map<number, Map<number, UdpBinding>>();
  readonly #bound6 = new Map<number, Map<number, UdpBinding>>();

  constructor(node: Ports) {
    this.#node = node;
  }

  /**
   * @param port 0 = drawn from the node's random stream
   * Errors: NET_ADDRESS_NOT_MINE, NET_ADDRESS_IN_USE.
   */
  bind(address: Addr, port: number, deliver: UdpHandler, options: UdpBindOptions = {}): UdpBinding {
    const node = this.#node;
    const text = node.book.text(address);
    if (!node.addresses.isLocal(address)) {
      throw new LabError('NET_ADDRESS_NOT_MINE', `${node.core.name} has no address ${text}`, { expected: `one of ${node.addresses.texts().join(', ')}` });
    }
    const bound = this.#family(address);
    let ports = bound.get(keyOf(address));
    if (ports === undefined) bound.set(keyOf(address), (ports = new Map()));
    const number = port === 0 ? this.#ephemeral(ports) : port;
    if (number === null || ports.has(number)) {
      throw new LabError('NET_ADDRESS_IN_USE', `${node.core.name}: UDP port ${number ?? 'range'} of ${text} is in use`, {
        hint: 'close the other socket or take another port',
      });
    }
    const binding = new UdpBinding(this, address, number, deliver, options.dscp ?? node.dscp.of(IPPROTO.UDP, number), options);
    ports.set(number, binding);
    return binding;
  }

  bindings(): UdpBinding[] {
    return [this.#bound4, this.#bound6].flatMap((bound) => [...bound.values()].flatMap((ports) => [...ports.values()]));
  }

  release(binding: UdpBinding): void {
    const ports = this.#family(binding.address).get(keyOf(binding.address));
    if (ports?.get(binding.port) === binding) ports.delete(binding.port);
  }

  /** hot. For {@link UdpBinding.send}. */
  transmit(
    from: UdpBinding,
    buf: Uint8Array,
    off: number,
    len: number,
    to: Addr,
    toPort: number,
    tos: number,
    ttl: number,
    dontFragment: boolean,
    cause: Cause,
  ): void {
    const { output, book } = this.#node;
    const family = book.family(to);
    const length = udp.HEADER + len;
    const p = family === book.family(from.address) ? output.open(family, IPPROTO.UDP, from.address, to, length, tos, ttl, dontFragment, cause) : null;
    if (p === null) {
      from.onError(length > 65515 ? 'too-big' : 'host-unreachable', to, toPort, 65535);
      return;
    }
    const b = p.buf;
    const ip = p.off + ethernet.HEADER;
    const at = p.off + p.len - length;
    udp.setSrcPort(b, at, from.port);
    udp.setDstPort(b, at, toPort);
    udp.setLength(b, at, length);
    let sum = family === 4 ? checksum.pseudo4(b, ip, IPPROTO.UDP, length) : checksum.pseudo6(b, ip, IPPROTO.UDP, length);
    sum += from.port + toPort + length + copyAndSum(buf, off, p.view, at + udp.HEADER, len);
    setU16(b, at + udp.CHECKSUM, checksum.finishUdp(sum));
    output.dispatch(p, family, keyOf(to), keyOf(from.address), dontFragment);
  }

  /** Takes ownership; the datagram is `n` octets at `at`. @param group it was sent to many */
  receive(p: Packet, family: 4 | 6, at: number, n: number, group: boolean): void {
    const { core, book, errors } = this.#node;
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (udp.check(b, at, n) !== 0) {
      core.drop(p, DROP.MALFORMED, core.why('malformed', 'input', 'udp'));
      return;
    }
    if (!this.#sound(p, o, at, family)) {
      core.drop(p, DROP.CHECKSUM, core.why('checksum', 'input', 'udp'));
      return;
    }
    const key = family === 4 ? book.key4(b, o + ipv4.DST) : book.key6(b, o + ipv6.DST);
    const binding = (family === 4 ? this.#bound4 : this.#bound6).get(key)?.get(udp.dstPort(b, at));
    if (binding === undefined) {
      // Linux forgets the connection before it answers (nf_reset_ct): the error finds it by what it quotes.
      p.ct = null;
      p.ctinfo = 0;
      if (!group) errors.unreachable(p, UNREACHABLE.PORT);
      core.drop(p, DROP.NO_LISTENER, core.why('no-listener', 'input'));
      return;
    }
    binding.received++;
    const from = family === 4 ? book.read4(b, o + ipv4.SRC) : book.read6(b, o + ipv6.SRC);
    binding.deliver(b, at + udp.HEADER, udp.length(b, at) - udp.HEADER, from, udp.srcPort(b, at), arrival(p));
    core.end(p);
  }

  /** An ICMP error that quotes a datagram of ours: `n` octets of it at `at`. False: no socket is there any more. */
  error(kind: NetError, mtu: number, from: Addr, to: Addr, b: Uint8Array, at: number, n: number): boolean {
    if (n < 4) return false;
    const binding = this.#family(from).get(keyOf(from))?.get(u16(b, at));
    binding?.onError(kind, to, u16(b, at + 2), mtu);
    return binding !== undefined;
  }

  #sound(p: Packet, o: number, at: number, family: 4 | 6): boolean {
    const b = p.buf;
    const length = udp.length(b, at);
    // RFC 768: zero = the sender computed none. RFC 8200 8.1: not in IPv6.
    if (udp.checksum(b, at) === 0) return family === 4;
    const pseudo = family === 4 ? checksum.pseudo4(b, o, IPPROTO.UDP, length) : checksum.pseudo6(b, o, IPPROTO.UDP, length);
    return checksum.verifyView(p.view, at, length, pseudo);
  }

  #ephemeral(ports: ReadonlyMap<number, UdpBinding>): number | null {
    const count = EPHEMERAL.LAST - EPHEMERAL.FIRST + 1;
    const start = this.#node.core.random.below(count);
    for (let i = 0; i < count; i++) {
      const port = EPHEMERAL.FIRST + ((start + i) % count);
      if (!ports.has(port)) return port;
    }
    return null;
  }

  #family(address: Addr): Map<number, Map<number, UdpBinding>> {
    return this.#node.book.family(address) === 4 ? this.#bound4 : this.#bound6;
  }
}

/** One pass for the copy and the checksum's sum; the target starts on an even octet of what the checksum covers. */
function copyAndSum(from: Uint8Array, fo: number, to: DataView, at: number, n: number): number {
  let sum = 0;
  const whole = n & ~3;
  for (let i = 0; i < whole; i += 4) {
    const f = fo + i;
    const high = ((from[f] as number) << 8) | (from[f + 1] as number);
    const low = ((from[f + 2] as number) << 8) | (from[f + 3] as number);
    to.setInt32(at + i, (high << 16) | low);
    sum += high + low;
  }
  for (let i = whole; i < n; i++) {
    const octet = from[fo + i] as number;
    to.setUint8(at + i, octet);
    sum += (i & 1) === 0 ? octet << 8 : octet;
  }
  return sum;
}
