/**
 * A TCP connection of the kernel as the Duplex that a role sees: the same errors, the same meaning of `end` and
 * `destroy` as on an emulated node.
 * @module
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type Cause, NO_CAUSE } from '../../../base/brand.js';
import { LabError } from '../../../base/error.js';
import type { Endpoint, TcpStream } from '../../../host/host.js';
import { streamError } from './socket-error.js';

const CHUNK = 65536;
/** How long a stream that its role has left may take to send the rest, milliseconds. */
const LINGER = 10_000;

export class NetStream extends Duplex implements TcpStream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The kernel does not tell which packet brought the bytes. */
  readonly cause = NO_CAUSE;
  /** Nor which segment carries which. */
  because: Cause = NO_CAUSE;
  readonly #socket: Socket;

  /** @param socket connected, with `allowHalfOpen` */
  constructor(socket: Socket, local: Endpoint, remote: Endpoint) {
    super({ allowHalfOpen: true, highWaterMark: CHUNK });
    this.#socket = socket;
    this.local = local;
    this.remote = remote;
    socket.pause();
    socket.on('data', (chunk: Uint8Array) => {
      if (!this.destroyed && !this.push(chunk)) socket.pause();
    });
    socket.on('end', () => {
      if (!this.destroyed) this.push(null);
    });
    socket.on('error', (error) => {
      if (!this.destroyed) this.destroy(streamError(error, remote));
    });
    socket.on('close', () => {
      if (!this.destroyed) this.destroy();
    });
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, (error) => {
      done(error ? streamError(error, this.remote) : null);
    });
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    this.#socket.cork();
    for (const [i, { chunk }] of chunks.entries()) {
      if (i < chunks.length - 1) this.#socket.write(chunk);
      else this._write(chunk, 'buffer', done);
    }
    this.#socket.uncork();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end((error?: Error | null) => {
      done(error ? streamError(error, this.remote) : null);
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const socket = this.#socket;
    if (socket.writableEnded && !socket.destroyed) {
      // TLS destroys its stream right after close_notify: what was written and the FIN must still get through. Closing
      // with bytes unread would make the kernel send RST (RFC 1122 4.2.2.13), so what comes is read and forgotten.
      socket.setTimeout(LINGER, () => {
        socket.destroy();
      });
      socket.resume();
    } else {
      socket.resetAndDestroy();
    }
    done(error === null || LabError.is(error) ? error : streamError(error, this.remote));
  }
}
