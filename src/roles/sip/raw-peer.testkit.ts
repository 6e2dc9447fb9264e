/**
 * A SIP peer that says what a test writes, octet by octet, over TLS: in the place of a front end (clients sign in at it),
 * or as a client of one. For tests of what roles do with messages that this stack would never send.
 * @module
 */
import { must } from '../../base/assert.js';
import { seconds } from '../../base/time.js';
import type { Host } from '../../host/host.js';
import { tlsConnect, tlsListen, type TlsStream } from '../../host/tls.js';
import { emitMessage } from '../../protocol/sip/emitter.js';
import { Framer, type Frame } from '../../protocol/sip/framer.js';
import { header, makeResponse, textBody, type ResponseOptions, type SipMessage, type SipRequest } from '../../protocol/sip/message.js';
import { parseMessage } from '../../protocol/sip/parser.js';

export class RawPeer {
  /** All that came, in order. */
  readonly heard: SipMessage[] = [];
  /** False: the connection is closed, by whomever. */
  open = true;
  readonly #stream: TlsStream;

  constructor(stream: TlsStream, side: 'server' | 'client') {
    this.#stream = stream;
    const framer = new Framer(side);
    stream.on('data', (chunk: Uint8Array) => {
      const frames: Frame[] = [];
      framer.push(new Uint8Array(chunk), frames);
      for (const frame of frames) {
        if (frame.kind !== 'message') continue;
        const message = parseMessage(frame.bytes, { framing: 'stream' });
        if ('malformed' in message) {
          // A refusal has the fields of the request as they came, faults and all (RFC 3261 section 8.2.6.2).
          const { message: part } = message;
          if (part?.kind === 'response' && (part.status === 400 || part.status === 505)) continue;
          throw new Error(`a role sent what nobody can read: ${message.why}`);
        }
        this.heard.push(message);
        this.onMessage(message);
      }
    });
    for (const end of ['end', 'close', 'error']) {
      stream.on(end, () => {
        this.open = false;
      });
    }
  }

  onMessage: (message: SipMessage) => void = () => undefined;

  /** A connection to a server of the lab. */
  static async connect(host: Host, address: string, port: number, serverName: string): Promise<RawPeer> {
    return new RawPeer(await tlsConnect(host, { to: host.endpoint(address, port), serverName, timeout: seconds(5) }), 'client');
  }

  octets(bytes: Uint8Array): void {
    if (this.open) this.#stream.write(bytes);
  }

  /** A message of these lines, parted by `\n`; Content-Length is added. */
  say(head: string, body = ''): void {
    const bytes = textBody(body);
    this.octets(textBody(`${head.trim().replace(/\n/g, '\r\n')}\r\nContent-Length: ${bytes.length}\r\n\r\n${body}`));
  }

  answer(request: SipRequest, status: number, options: ResponseOptions = {}): void {
    this.octets(emitMessage(makeResponse(request, status, { toTag: 'raw', ...options })));
  }

  requests(method: string): SipRequest[] {
    return this.heard.flatMap((m) => (m.kind === 'request' && m.method === method ? [m] : []));
  }

  /** Statuses of the responses to these requests, in order. */
  statuses(method: string): number[] {
    return this.heard.flatMap((m) => (m.kind === 'response' && header(m, 'CSeq')?.endsWith(` ${method}`) === true ? [m.status] : []));
  }

  /** The last response with this status. */
  response(status: number, method: string): SipMessage {
    return must(
      this.heard.findLast((m) => m.kind === 'response' && m.status === status && header(m, 'CSeq')?.endsWith(` ${method}`) === true),
      `a ${status} to ${method}, after ${this.statuses(method).join(' ')}`,
    );
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** In the place of a front end: says yes to every REGISTER. */
export class RawServer {
  readonly peers: RawPeer[] = [];

  static async at(host: Host, port: number): Promise<RawServer> {
    const server = new RawServer();
    await tlsListen(
      host,
      { address: must(host.addresses[0], 'an address'), port },
      (stream) => {
        const peer = new RawPeer(stream, 'server');
        peer.onMessage = (message) => {
          if (message.kind === 'request' && message.method === 'REGISTER') {
            peer.answer(message, 200, { headers: [['Contact', `${header(message, 'Contact') ?? ''};expires=600`]] });
          } else server.onMessage(message, peer);
        };
        server.peers.push(peer);
      },
      () => undefined,
    );
    return server;
  }

  /** What is no REGISTER. */
  onMessage: (message: SipMessage, peer: RawPeer) => void = () => undefined;

  /** The connection that came last. */
  get peer(): RawPeer {
    return must(this.peers.at(-1), 'a connection');
  }
}
