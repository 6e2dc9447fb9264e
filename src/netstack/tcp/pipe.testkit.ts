/**
 * For tests: hosts joined by a path that delays, drops, reorders, duplicates and limits packets, driven by a seeded Rng;
 * every segment offered is kept, and can be written as a pcap for outside tools.
 * @module
 */
import { must } from '../../base/assert.js';
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import { randomRoot, type Rng } from '../../base/rng.js';
import { millis, seconds, type Nanos } from '../../base/time.js';
import { LabScheduler } from '../../fabric/lab-scheduler.js';
import type { Target } from '../../fabric/scheduler.js';
import * as tcp from '../../wire/tcp.js';
import { isMalformed } from '../../wire/malformed.js';
import type { Addr, IpOutput, NetError, Refusal } from '../transport.js';
import type { TcpParameters } from './parameters.js';
import type { TcpSocket } from './tcp-socket.js';
import { TcpLayer } from './tcp-layer.js';

export interface PathSpec {
  readonly delay?: Nanos;
  /** Uniform extra delay per packet: packets may overtake each other. */
  readonly jitter?: Nanos;
  readonly loss?: number;
  readonly duplicate?: number;
}

/** One segment as it was offered to the path. */
export interface Seen {
  readonly at: Nanos;
  readonly from: Addr;
  readonly to: Addr;
  readonly dscp: number;
  readonly cause: Cause;
  readonly bytes: Uint8Array;
  readonly tcp: tcp.Tcp;
  dropped: boolean;
}

export const A = 0x0a000001 as Addr;
export const B = 0x0a000002 as Addr;
export const SIX_A = (2 ** 32 + 1) as Addr;
export const SIX_B = (2 ** 32 + 2) as Addr;

export class Network {
  readonly scheduler = new LabScheduler();
  readonly seen: Seen[] = [];
  readonly #layers = new Map<Addr, TcpLayer>();
  readonly #mtu = new Map<string, number>();
  readonly #random: Rng;
  path: PathSpec;
  /** Real size limit of the path; packets beyond are answered by `too-big`. */
  linkMtu = 1500;
  routable = true;
  /** Segments that {@link heard} has shown. */
  judged = 0;
  /** Judges each packet in turn; true drops it. */
  drop: (s: Seen, index: number) => boolean = () => false;

  constructor(path: PathSpec = {}, seed = 1) {
    this.path = path;
    this.#random = randomRoot(seed).stream('path');
  }

  host(address: Addr, parameters: Partial<TcpParameters> = {}): TcpLayer {
    const output: IpOutput = {
      send: (_protocol, from, to, buf, off, len, dscp, _df, cause) => this.#send(from, to, buf.slice(off, off + len), dscp, cause),
      sourceFor: (to) => (this.routable ? (to > 0xffffffff ? SIX_A : address) : null),
      pathMtu: (to) => this.#mtu.get(`${address}>${to}`) ?? 1500,
      family: (a) => (a > 0xffffffff ? 6 : 4),
    };
    const layer = new TcpLayer({ output, scheduler: this.scheduler, random: randomRoot(7).stream(`tcp ${address}`), parameters });
    this.#layers.set(address, layer);
    return layer;
  }

  /** Runs until nothing is booked, or lab time `until`. */
  run(until: Nanos = seconds(1e6)): void {
    while (this.scheduler.next <= until) this.scheduler.step();
    this.scheduler.advance(until === seconds(1e6) ? this.scheduler.now : until);
  }

  runFor(duration: Nanos): void {
    this.run((this.scheduler.now + duration) as Nanos);
  }

  /** Hands a segment to a host as if it came from the path. */
  inject(from: Addr, to: Addr, bytes: Uint8Array, cause: Cause = NO_CAUSE): Refusal | null {
    return this.#layers.get(to)?.receive(from, to, bytes, 0, bytes.length, 0, cause) ?? null;
  }

  icmp(kind: NetError, mtu: number, about: Seen): void {
    this.#layers.get(about.from)?.error(kind, mtu, about.from, about.to, about.bytes, 0, 8);
  }

  #send(from: Addr, to: Addr, bytes: Uint8Array, dscp: number, cause: Cause): void {
    const parsed = tcp.parse(bytes, 0, bytes.length);
    if (isMalformed(parsed)) throw new Error(`sent a malformed segment: ${parsed.why}`);
    const seen: Seen = { at: this.scheduler.now, from, to, dscp, cause, bytes, tcp: parsed, dropped: false };
    this.seen.push(seen);
    if (bytes.length + 20 > this.linkMtu) {
      seen.dropped = true;
      this.#mtu.set(`${from}>${to}`, this.linkMtu);
      this.#later(1 as Nanos, () => this.icmp('too-big', this.linkMtu, seen));
      return;
    }
    if (this.drop(seen, this.seen.length - 1) || this.#random.float() < (this.path.loss ?? 0)) {
      seen.dropped = true;
      return;
    }
    if (!this.#layers.has(to)) return;
    const copies = this.#random.float() < (this.path.duplicate ?? 0) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const extra = Math.floor(this.#random.float() * (this.path.jitter ?? 0));
      const id = this.seen.length as Cause;
      this.#later(((this.path.delay ?? millis(10)) + extra) as Nanos, () => this.inject(from, to, bytes, id));
    }
  }

  #later(delay: Nanos, action: () => void): void {
    const target: Target = { fire: action };
    this.scheduler.at((this.scheduler.now + delay) as Nanos, target, 0, null);
  }
}

/** `seq` and `ack` relative to each side's first SYN; `A SYN 0`, `B SYN,ACK 0/1`, `A ACK,PSH 1/1 5`. */
export function trace(seen: readonly Seen[]): string[] {
  const initial = new Map<Addr, number>();
  return seen.map((s) => {
    if (!initial.has(s.from)) initial.set(s.from, s.tcp.seq);
    const relative = (s.tcp.seq - (initial.get(s.from) ?? 0)) >>> 0;
    const ack = (s.tcp.flags & tcp.FLAG.ACK) !== 0 ? `/${(s.tcp.ack - (initial.get(s.to) ?? 0)) >>> 0}` : '';
    const name = s.from === A || s.from === SIX_A ? 'A' : 'B';
    const length = s.tcp.payload.length;
    return `${name} ${tcp.formatFlags(s.tcp.flags)} ${relative}${ack}${length > 0 ? ` ${length}` : ''}${s.dropped ? ' lost' : ''}`;
  });
}

/** One end of a connection for tests: takes what comes, writes what it is given as room allows, closes when told. */
export class End {
  readonly socket: TcpSocket;
  closeOnEof: boolean;
  sawEof = false;
  changes = 0;
  /** Largest number of bytes read at once. */
  chunk = 65536;
  /** False: leaves everything in the socket. */
  reads = true;
  #parts: Uint8Array[] = [];
  #queue: Uint8Array[] = [];
  #closing = false;

  constructor(socket: TcpSocket, closeOnEof = true) {
    this.socket = socket;
    this.closeOnEof = closeOnEof;
    socket.onChange = () => {
      this.changes += 1;
      this.pump();
    };
  }

  send(bytes: Uint8Array): this {
    this.#queue.push(bytes);
    this.pump();
    return this;
  }

  close(): this {
    this.#closing = true;
    this.pump();
    return this;
  }

  pump(): void {
    while (this.reads && this.socket.readable > 0) this.#parts.push(this.socket.read(this.chunk));
    if (this.socket.eof) this.sawEof = true;
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const taken = this.socket.write(head, 0, head.length);
      if (taken < head.length) {
        this.#queue[0] = head.subarray(taken);
        break;
      }
      this.#queue.shift();
    }
    if (this.#queue.length === 0 && (this.#closing || (this.closeOnEof && this.sawEof))) this.socket.shutdown();
  }

  bytes(): Uint8Array {
    const out = new Uint8Array(this.#parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

/** A peer whose every segment is written by the test: numbers relative to both initial sequence numbers. */
export class Peer {
  readonly #net: Network;
  readonly #port: number;
  readonly #ownPort: number;
  /** The peer's own initial sequence number. */
  readonly iss: number;

  constructor(net: Network, port: number, ownPort: number, iss = 300) {
    this.#net = net;
    this.#port = port;
    this.#ownPort = ownPort;
    this.iss = iss;
  }

  send(
    flags: number,
    seq: number,
    ack = 0,
    extra: { window?: number; payload?: Uint8Array; options?: tcp.Tcp['options']; raw?: boolean } = {},
  ): Refusal | null {
    const payload = extra.payload ?? new Uint8Array(0);
    const bytes = new Uint8Array(60 + payload.length);
    const theirs = this.#net.seen.find((s) => s.from === A)?.tcp.seq ?? 0;
    const length = tcp.emit(
      {
        srcPort: this.#ownPort,
        dstPort: this.#port,
        seq: (this.iss + seq) >>> 0,
        ack: (flags & tcp.ACK_FLAG) !== 0 ? (theirs + ack) >>> 0 : 0,
        flags,
        window: extra.window ?? 65535,
        urgentPointer: 0,
        options: extra.options ?? {},
        payload,
      },
      bytes,
      0,
    );
    return this.#net.inject(B, A, bytes.slice(0, length));
  }
}

/** What A has sent since the last call, as `SYN 0`, `ACK 1/1`, `PSH,ACK 1/1 5`: numbers relative to both ends. */
export function heard(net: Network, peer: Peer): string[] {
  const first = net.seen.find((s) => s.from === A)?.tcp.seq ?? 0;
  const rows = net.seen.slice(net.judged).map(({ tcp: t }) => {
    const ack = (t.flags & tcp.ACK_FLAG) !== 0 ? `/${(t.ack - peer.iss) >>> 0}` : '';
    return `${tcp.formatFlags(t.flags)} ${(t.seq - first) >>> 0}${ack}${t.payload.length > 0 ? ` ${t.payload.length}` : ''}`;
  });
  net.judged = net.seen.length;
  return rows;
}

/** A alone, connected to a {@link Peer} by hand; `options` are those of the peer's SYN-ACK. */
export function connected(
  parameters: Partial<TcpParameters> = {},
  options: tcp.Tcp['options'] = { mss: 1460 },
  window = 65535,
): { net: Network; peer: Peer; socket: TcpSocket; layer: TcpLayer } {
  const net = new Network();
  const layer = net.host(A, parameters);
  const socket = layer.connect({ to: B, toPort: 5061, fromPort: 40000 });
  const peer = new Peer(net, 40000, 5061);
  peer.send(tcp.SYN | tcp.ACK_FLAG, 0, 1, { options, window });
  net.judged = net.seen.length;
  return { net, peer, socket, layer };
}

/** Two hosts, a listener on B's port 5061 and a connection from A to it; `b` is there once it is established. */
export function pair(
  net: Network,
  parameters: { a?: Partial<TcpParameters>; b?: Partial<TcpParameters> } = {},
  onAccept: (end: End) => void = () => undefined,
): { a: End; b: () => End; hostA: TcpLayer; hostB: TcpLayer } {
  const hostA = net.host(A, parameters.a);
  const hostB = net.host(B, parameters.b);
  let accepted: End | null = null;
  hostB.listen({ address: B, port: 5061 }, (s) => {
    accepted = new End(s);
    onAccept(accepted);
  });
  const a = new End(hostA.connect({ to: B, toPort: 5061 }));
  return { a, b: () => must(accepted, 'an accepted connection'), hostA, hostB };
}

/** Deep equality of long arrays, fast. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((v, i) => v === b[i]);
}

/** Deterministic bytes whose place shows. */
export function pattern(length: number, salt = 0): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = (i * 31 + (i >>> 8) * 17 + salt) & 0xff;
  return out;
}
