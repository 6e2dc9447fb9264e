/**
 * A TCP connection for its user: synchronous, free of streams and promises. Nothing here throws for what the network
 * does; it shows in `state`, `error` and `eof`, and `onChange` says when to look.
 * @module
 */
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import type { Nanos } from '../../base/time.js';
import { sendReset } from './emit.js';
import { limitFinWait2, remove } from './lifecycle.js';
import { transmit, updateWindow } from './output.js';
import { mayReceive, type ConnectionId, type Tcb, type TcpError, type TcpState } from './tcb.js';

/** What people may see of a connection. Times in nanoseconds, windows in bytes. */
export interface TcpSocketInfo extends ConnectionId {
  readonly state: TcpState;
  readonly sendQueue: number;
  readonly receiveQueue: number;
  readonly mss: number;
  readonly cwnd: number;
  readonly ssthresh: number;
  readonly rtt: Nanos;
  readonly rto: Nanos;
  readonly peerWindow: number;
}

export class TcpSocket {
  readonly #c: Tcb;

  constructor(c: Tcb) {
    this.#c = c;
  }

  get local(): { readonly address: ConnectionId['local']; readonly port: number } {
    return { address: this.#c.id.local, port: this.#c.id.localPort };
  }

  get remote(): { readonly address: ConnectionId['remote']; readonly port: number } {
    return { address: this.#c.id.remote, port: this.#c.id.remotePort };
  }

  get state(): TcpState {
    return this.#c.state;
  }

  /** Why the connection ended; null while it lives and after an orderly end or a local `abort`. */
  get error(): TcpError | null {
    return this.#c.error;
  }

  /** Bytes that `read` would give. */
  get readable(): number {
    return this.#c.receive.readable;
  }

  /** Bytes that `write` would take. */
  get writable(): number {
    return this.#mayWrite ? this.#c.sendBuffer.free : 0;
  }

  /** Bytes written and not yet acknowledged by the peer. */
  get unacknowledged(): number {
    return this.#c.sendBuffer.end - this.#c.sendBuffer.start;
  }

  /** The peer has sent FIN and everything before it was read. */
  get eof(): boolean {
    return this.#c.finReceived && this.#c.receive.readable === 0;
  }

  /** The packet that brought the latest bytes or the FIN. */
  get lastCause(): Cause {
    return this.#c.lastCause;
  }

  /**
   * Called when an event was handled that changed what can be read, written (after a `write` that took less than it was
   * offered) or seen of state and error; never from within a call of the socket's methods, all of which it may call.
   */
  get onChange(): () => void {
    return this.#c.onChange;
  }

  set onChange(listener: () => void) {
    this.#c.onChange = listener;
  }

  /** True: segments are not held back for others to be acknowledged (Nagle's algorithm is off). */
  get noDelay(): boolean {
    return this.#c.noDelay;
  }

  set noDelay(on: boolean) {
    this.#c.noDelay = on;
    if (on) this.#entry(() => transmit(this.#c, NO_CAUSE));
  }

  /**
   * Copies up to `len` bytes into the send buffer; before the connection is established they wait there.
   * @param cause the packet that made the user write, if known
   * @returns bytes taken, 0 when the buffer is full or the sending side is closed
   */
  write(bytes: Uint8Array, off: number, len: number, cause: Cause = NO_CAUSE): number {
    if (!this.#mayWrite) return 0;
    const taken = this.#c.sendBuffer.append(bytes, off, len);
    if (taken < len) this.#c.writerWaits = true;
    if (taken > 0) this.#entry(() => transmit(this.#c, cause));
    return taken;
  }

  /** Up to `max` bytes, a copy; empty when there is nothing. Also what came before an error can be read. */
  read(max: number): Uint8Array {
    const bytes = this.#c.receive.read(max);
    if (bytes.length > 0 && mayReceive(this.#c.state) && !this.#c.finReceived) this.#entry(() => updateWindow(this.#c));
    return bytes;
  }

  /** Half-close: FIN after all that was written. Reading goes on. */
  shutdown(): void {
    if (!this.#mayWrite) return;
    this.#c.finQueued = true;
    this.#entry(() => transmit(this.#c, NO_CAUSE));
  }

  /**
   * The user is done with both directions: what was written and FIN still go out, without a user. Text that was not
   * read, or comes later, is answered by RST (RFC 9293 section 3.6.1, RFC 2525 section 2.17). `onChange` is called no more.
   */
  close(): void {
    const c = this.#c;
    if (c.state === 'closed') return;
    if (c.receive.readable > 0 || c.state === 'syn-sent') {
      this.abort();
      return;
    }
    c.orphan = true;
    c.onChange = () => undefined;
    this.shutdown();
    limitFinWait2(c);
  }

  /** ABORT of RFC 9293 section 3.10.5: RST where the peer may still wait for something; what is queued is lost, and `onChange` is called no more. */
  abort(): void {
    const c = this.#c;
    if (c.state === 'closed') return;
    this.#entry(() => {
      const silent = c.state === 'syn-sent' || c.state === 'closing' || c.state === 'last-ack' || c.state === 'time-wait';
      if (!silent) sendReset(c, NO_CAUSE);
      remove(c);
      c.onChange = () => undefined;
    });
  }

  info(): TcpSocketInfo {
    const c = this.#c;
    return {
      ...c.id,
      state: c.state,
      sendQueue: this.unacknowledged,
      receiveQueue: this.readable,
      mss: c.congestion.mss,
      cwnd: c.congestion.cwnd,
      ssthresh: c.congestion.ssthresh,
      rtt: c.rtt.smoothed,
      rto: c.rtt.timeout,
      peerWindow: c.sndWnd,
    };
  }

  get #mayWrite(): boolean {
    const { state, finQueued } = this.#c;
    return !finQueued && (state === 'syn-sent' || state === 'syn-received' || state === 'established' || state === 'close-wait');
  }

  #entry(action: () => void): void {
    this.#c.stack.enter();
    action();
    this.#c.stack.leaveCall();
  }
}
