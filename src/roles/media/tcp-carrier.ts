/**
 * A TCP connection as a carrier: datagrams framed by RFC 4571, to the one peer at its other end (RFC 6544). Who connects
 * to whom is the transport's matter.
 * @module
 */
import type { DatagramHandler, Endpoint, TcpStream } from '../../host/host.js';
import { FRAME_HEADER, FrameReader, writeFrame } from '../../protocol/rtp/framing.js';
import type { Carrier } from './carrier.js';

export class TcpCarrier implements Carrier {
  readonly local: Endpoint;
  readonly #stream: TcpStream;
  #open = true;

  /** @param deliver gets every datagram, with the packet that completed it as its cause; @param closed that there are no more */
  constructor(stream: TcpStream, deliver: DatagramHandler, closed: () => void = () => undefined) {
    this.#stream = stream;
    this.local = stream.local;
    const reader = new FrameReader((b, o, n) => {
      if (this.#open) deliver(b, o, n, stream.remote, stream.cause);
    });
    stream.on('data', (piece: Uint8Array) => {
      reader.push(piece);
    });
    stream.once('close', () => {
      if (this.#open) closed();
      this.#open = false;
    });
    // A reset ends the carrier as a close does, which follows it.
    stream.on('error', () => undefined);
  }

  get remote(): Endpoint {
    return this.#stream.remote;
  }

  /** Nothing goes to another peer than the connection's. A stream merges what made its bytes: the cause goes no further. */
  send(buf: Uint8Array, off: number, len: number, to: Endpoint): void {
    if (!this.#open || to !== this.#stream.remote) return;
    const frame = new Uint8Array(FRAME_HEADER + len);
    const n = writeFrame(buf, off, len, frame, 0);
    if (n > 0) this.#stream.write(frame);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stream.end();
  }
}
