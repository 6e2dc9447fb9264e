/**
 * Turns the synchronous TCP core of an emulated node into a Duplex, so that Node's own `tls` runs on top.
 * One of the few places where streams and virtual time meet: whatever may let a stream go on calls `touch`.
 * @module
 */
import { Duplex } from 'node:stream';
import { type Cause, NO_CAUSE } from '../base/brand.js';
import { LabError } from '../base/error.js';
import type { Endpoint, TcpStream } from './host.js';
import { hostPort } from '../wire/address.js';

/** What a stream needs of a TCP connection. All calls are synchronous and never throw for network conditions. */
export interface StreamCore {
  /** Bytes taken, 0 when the send buffer is full. */
  write(bytes: Uint8Array, off: number, len: number, cause: Cause): number;
  read(max: number): Uint8Array;
  readonly readable: number;
  /** The peer has sent FIN and everything before it was read. */
  readonly eof: boolean;
  readonly error: 'refused' | 'timeout' | 'reset' | 'unreachable' | null;
  readonly lastCause: Cause;
  /** Half-close: FIN after what was written. */
  shutdown(): void;
  /** Sends what is left and FIN in the background; nobody will read or write any more. */
  close(): void;
  /** RST. */
  abort(): void;
  onChange: () => void;
}

const CHUNK = 65536;

const ERRORS = {
  refused: 'NET_REFUSED',
  timeout: 'NET_TIMEOUT',
  reset: 'NET_RESET',
  unreachable: 'NET_UNREACHABLE',
} as const;

export function netError(error: 'refused' | 'timeout' | 'reset' | 'unreachable', remote: Endpoint): LabError {
  const where = hostPort(remote.address, remote.port);
  const words = {
    refused: `connection to ${where} was refused`,
    timeout: `no answer from ${where}`,
    reset: `connection with ${where} was reset`,
    unreachable: `${where} is unreachable`,
  };
  return new LabError(ERRORS[error], words[error]);
}

function joined(chunks: readonly { readonly chunk: Uint8Array }[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
  let off = 0;
  for (const { chunk } of chunks) {
    bytes.set(chunk, off);
    off += chunk.length;
  }
  return bytes;
}

export class CoreStream extends Duplex implements TcpStream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #core: StreamCore;
  readonly #touch: () => void;
  because: Cause = NO_CAUSE;
  #pending: { bytes: Uint8Array; off: number; cause: Cause; done: (error?: Error | null) => void } | null = null;
  #wanted = false;
  #ended = false;
  #shut = false;

  constructor(core: StreamCore, local: Endpoint, remote: Endpoint, touch: () => void) {
    super({ allowHalfOpen: true, highWaterMark: CHUNK });
    this.#core = core;
    this.local = local;
    this.remote = remote;
    this.#touch = touch;
    core.onChange = () => {
      this.#changed();
    };
  }

  get cause(): Cause {
    return this.#core.lastCause;
  }

  override _read(): void {
    this.#touch();
    this.#wanted = true;
    this.#pull();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#touch();
    this.#pending = { bytes: chunk, off: 0, cause: this.because, done };
    this.#drain();
  }

  /** What was written while the stream was corked or busy goes out as one: TCP fills segments across it. */
  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    this.#touch();
    this.#pending = { bytes: joined(chunks), off: 0, cause: this.because, done };
    this.#drain();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#touch();
    this.#shut = true;
    this.#core.shutdown();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // TLS destroys its stream right after close_notify: what was written and the FIN must still get through.
    if (this.#shut) this.#core.close();
    else if (this.#core.error === null) this.#core.abort();
    this.#core.onChange = () => {};
    const pending = this.#pending;
    this.#pending = null;
    pending?.done(error ?? new LabError('NET_CLOSED', 'the stream was closed before all was sent'));
    this.#touch();
    done(error);
  }

  #changed(): void {
    this.#touch();
    if (this.#core.error !== null) {
      this.#pull();
      if (!this.destroyed) this.destroy(netError(this.#core.error, this.remote));
      return;
    }
    this.#drain();
    if (this.#wanted) this.#pull();
  }

  #pull(): void {
    while (this.#wanted && !this.#ended && this.#core.readable > 0) {
      if (!this.push(this.#core.read(CHUNK))) this.#wanted = false;
    }
    if (!this.#ended && this.#core.readable === 0 && this.#core.eof) {
      this.#ended = true;
      this.push(null);
    }
  }

  #drain(): void {
    const pending = this.#pending;
    if (pending === null) return;
    pending.off += this.#core.write(pending.bytes, pending.off, pending.bytes.length - pending.off, pending.cause);
    if (pending.off < pending.bytes.length) return;
    this.#pending = null;
    pending.done();
  }
}
