/**
 * UDP on the kernel's stack. Sockets are bound to one address each, never to a wildcard, so that a datagram's local
 * address is known.
 *
 * What a role hears in `onError`: what its own stack refuses at once, and, where the kernel's error queue can be read
 * (see error-queue.ts), the ICMP errors that came back, each with the destination that it is about. A datagram whose
 * `send` the kernel answered with such an older error is sent again a moment later, so it may leave after the next one.
 * @module
 */
import { createSocket, type Socket } from 'node:dgram';
import { type Cause, NO_CAUSE } from '../../../base/brand.js';
import { LabError } from '../../../base/error.js';
import type { Rng } from '../../../base/rng.js';
import type { DatagramHandler, Endpoint, Host, NetError, UdpSocket } from '../../../host/host.js';
import type { CauseLog } from './cause-log.js';
import type { ErrorQueues } from './error-queue.js';
import { bindError, errnoOf } from './socket-error.js';

/** RFC 6335 section 6: dynamic ports. */
const FIRST = 49152;
const COUNT = 16384;
/** Sends of one datagram: each may first be told of an older datagram's ICMP error, and is then not sent. */
const TRIES = 4;
/** What ICMP errors become (icmp_err_convert of Linux, ip(7)). */
const FROM_NETWORK: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EMSGSIZE',
  'ENOPROTOOPT',
  'EOPNOTSUPP',
  'EHOSTDOWN',
  'ENONET',
  'EPROTO',
  'EACCES',
]);

export interface UdpDeps {
  readonly host: Pick<Host, 'name' | 'clock' | 'endpoint' | 'deferred'>;
  readonly causes: CauseLog;
  /** Draws ports. */
  readonly ports: Rng;
  readonly errors: ErrorQueues | null;
}

/** Errors: NET_ADDRESS_IN_USE, NET_ADDRESS_NOT_MINE. */
export async function bindUdp(deps: UdpDeps, address: string, port: number, deliver: DatagramHandler): Promise<UdpSocket> {
  if (port !== 0) return KernelUdp.bind(deps, address, port, deliver);
  const start = deps.ports.below(COUNT);
  for (let i = 0; i < COUNT; i++) {
    try {
      return await KernelUdp.bind(deps, address, FIRST + ((start + i) % COUNT), deliver);
    } catch (error) {
      if (!LabError.is(error) || error.code !== 'NET_ADDRESS_IN_USE') throw error;
    }
  }
  throw bindError('EADDRINUSE', address, 0, deps.host.name);
}

class KernelUdp implements UdpSocket {
  readonly local: Endpoint;
  onError: (error: NetError, to: Endpoint) => void = () => undefined;
  readonly #deps: UdpDeps;
  readonly #socket: Socket;
  readonly #fd: number | null;
  #closed = false;

  private constructor(deps: UdpDeps, local: Endpoint, socket: Socket, fd: number | null, deliver: DatagramHandler) {
    this.#deps = deps;
    this.local = local;
    this.#socket = socket;
    this.#fd = fd;
    socket.on('message', (bytes, { address, port }) => {
      // Closing may be overtaken by what was read before it.
      if (this.#closed) return;
      // A plain view: a Buffer's `slice` does not copy, a Uint8Array's does.
      const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      const from = deps.host.endpoint(address, port);
      deliver(view, 0, view.length, from, deps.causes.received(from, local, view, 0, view.length));
    });
    socket.on('error', (error) => {
      // The kernel says only that there is an error; the queue says about whom. An ICMP error that found no room in the
      // receive buffer is in no queue: nothing can be told of it. Anything else is our own mistake.
      if (this.#drain() === null && !FROM_NETWORK.has(errnoOf(error))) throw error;
    });
  }

  static async bind(deps: UdpDeps, address: string, port: number, deliver: DatagramHandler): Promise<KernelUdp> {
    const { host, errors } = deps;
    const local = host.endpoint(address, port);
    const socket = createSocket({
      type: local.family === 6 ? 'udp6' : 'udp4',
      ipv6Only: local.family === 6,
      // Addresses are literals: nothing to look up, and no turn of the event loop between `send` and the kernel.
      lookup: (name, _options, done) => {
        done(null, name, local.family);
      },
    });
    if (errors === null) {
      await plainBind(host, socket, address, port);
      return new KernelUdp(deps, local, socket, null, deliver);
    }
    const bound = errors.bind(address, port);
    if ('errno' in bound) {
      socket.close();
      throw bindError(bound.errno, address, port, host.name);
    }
    const udp = new KernelUdp(deps, local, socket, bound.fd, deliver);
    socket.bind({ fd: bound.fd, exclusive: true });
    return udp;
  }

  send(buf: Uint8Array, off: number, len: number, to: Endpoint, cause: Cause = NO_CAUSE): void {
    if (this.#closed) return;
    if (to.family !== this.local.family || to.port === 0) {
      this.onError('host-unreachable', to);
      return;
    }
    // The caller's bytes are borrowed, and Node may keep them until the kernel takes them.
    const bytes = new Uint8Array(len);
    bytes.set(buf.subarray(off, off + len));
    this.#transmit(bytes, to, cause, 1);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #transmit(bytes: Uint8Array, to: Endpoint, cause: Cause, attempt: number): void {
    const at = this.#deps.host.clock.now;
    this.#socket.send(bytes, to.port, to.address, (error) => {
      if (error === null) this.#deps.causes.sent(this.local, to, bytes, cause, at);
      if (error === null || this.#closed) return;
      const queued = this.#drain();
      // The kernel tells an older datagram's ICMP error to the next send, which it then does not do (socket(7), SO_ERROR).
      const older = queued === 'icmp' || (queued === null && errnoOf(error) === 'ECONNREFUSED');
      if (older && attempt < TRIES) this.#transmit(bytes, to, cause, attempt + 1);
      else if (queued !== 'local') this.#refused(error, to);
    });
  }

  /** Tells what is queued. Null: nothing was. */
  #drain(): 'local' | 'icmp' | null {
    const { errors, host } = this.#deps;
    if (errors === null || this.#fd === null || this.#closed) return null;
    let seen: 'local' | 'icmp' | null = null;
    for (const { error, address, port, local } of errors.drain(this.#fd)) {
      if (seen !== 'local') seen = local ? 'local' : 'icmp';
      this.onError(error, host.endpoint(address, port));
    }
    return seen;
  }

  /** The node's own stack did not send it. */
  #refused(error: Error, to: Endpoint): void {
    switch (errnoOf(error)) {
      case 'EMSGSIZE':
        this.onError('too-big', to);
        return;
      // A full queue of the interface: lost as on a link.
      case 'ENOBUFS':
      case 'EAGAIN':
        return;
      default:
        this.onError('host-unreachable', to);
    }
  }
}

async function plainBind(host: UdpDeps['host'], socket: Socket, address: string, port: number): Promise<void> {
  const bound = host.deferred<null>(`UDP port ${port} of ${address}`);
  const failed = (error: Error): void => {
    bound.reject(bindError(errnoOf(error), address, port, host.name));
  };
  socket.once('error', failed);
  socket.bind({ address, port, exclusive: true }, () => {
    bound.resolve(null);
  });
  try {
    await bound.promise;
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.off('error', failed);
}
