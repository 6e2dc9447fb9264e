/**
 * SIP over TLS on a Host (RFC 3261 section 18, RFC 5626): connections reused per target, framing, keep-alive. A core
 * sees numbers of connections; what fails comes back to it as an input.
 * @module
 */
import { type Cause, NO_CAUSE, type TimerId } from '../../base/brand.js';
import { LabError } from '../../base/error.js';
import { nanos, seconds, type Nanos } from '../../base/time.js';
import type { Host, Listener } from '../../host/host.js';
import { tlsConnect, tlsListen, type TlsStream } from '../../host/tls.js';
import { emitMessage } from '../../protocol/sip/emitter.js';
import { Framer, PING, PONG, type Frame } from '../../protocol/sip/framer.js';
import { newTag } from '../../protocol/sip/identifiers.js';
import type { SipMessage } from '../../protocol/sip/message.js';
import { parseMessage } from '../../protocol/sip/parser.js';
import type { Hop, Send, Source } from '../../protocol/sip/transaction/layer.js';
import { answerRefusal } from '../../protocol/sip/uas.js';
import { familyOf, hostPort } from '../../wire/address.js';

export interface TransportUser {
  received(message: SipMessage, source: Source): void;
  /** What was to be sent in this transaction did not go out. */
  failed(transaction: string, error: LabError): void;
  closed(connection: number): void;
}

export interface TransportOptions {
  /** For connecting, and for the TLS handshake. */
  readonly timeout?: Nanos;
  /** Interval of keep-alives on connections that were opened from here (RFC 5626 4.4.1: 95 to 120 s); null = none. */
  readonly keepAlive?: Nanos | null;
  readonly dscp?: number;
  /** A server among servers: shows its certificate where it connects, asks for one where it listens (RFC 3261 section 26.3.1). */
  readonly mutual?: boolean;
}

interface Connection {
  readonly id: number;
  /** Null: the peer opened it. */
  readonly target: string | null;
  readonly framer: Framer;
  stream: TlsStream | null;
  source: Source | null;
  /** What brought the octets since the last message's end, the latest last. */
  causes: Cause[];
  /** What waits for the handshake. */
  readonly queue: { readonly send: Send; readonly because: Cause }[];
  /** Client transactions that have gone over it: they fail with it. */
  readonly transactions: Set<string>;
  timer: TimerId | null;
  open: boolean;
}

const TIMEOUT = seconds(10);
const KEEP_ALIVE = seconds(120);
/** RFC 5626 section 4.4.1: no pong for so long, and the flow has failed. */
const PONG_WAIT = seconds(10);
/** Packets that a discarded message names, the last ones. */
const NAMED = 64;
/** Older transactions of a connection have ended long since. */
const REMEMBERED = 1000;

export class SipTransport {
  readonly #host: Host;
  readonly #user: TransportUser;
  readonly #options: TransportOptions;
  readonly #connections = new Map<number, Connection>();
  readonly #byTarget = new Map<string, Connection>();
  readonly #listeners: Listener[] = [];
  #next = 1;
  /** What is handled now: what is sent meanwhile is sent because of it. */
  #because: Cause = NO_CAUSE;

  constructor(host: Host, user: TransportUser, options: TransportOptions = {}) {
    this.#host = host;
    this.#user = user;
    this.#options = options;
  }

  /** Errors: NET_ADDRESS_IN_USE, NET_ADDRESS_NOT_MINE. */
  async listen(address: string, port: number): Promise<void> {
    const { dscp, mutual = false } = this.#options;
    const listener = await tlsListen(
      this.#host,
      { address, port, asksClients: mutual, ...(dscp !== undefined && { dscp }) },
      (stream) => {
        const connection = this.#make(null, 'server');
        this.#opened(connection, stream, { address, port });
      },
      (error) => {
        this.#host.event('tls-refused', { why: error.message });
      },
    );
    this.#listeners.push(listener);
  }

  /** Never throws for what the network does; the outcome comes by {@link TransportUser}. */
  send(send: Send): void {
    const connection = this.#connectionFor(send.to);
    if (connection === null) {
      this.#fail(send.transaction, new LabError('NET_CLOSED', 'the connection that the message was to go by is closed'));
      return;
    }
    if (connection.stream === null) connection.queue.push({ send, because: this.#because });
    else this.#write(connection, send, this.#because);
  }

  close(): void {
    for (const listener of this.#listeners) listener.close();
    for (const connection of [...this.#connections.values()]) this.#drop(connection, new LabError('NET_CLOSED', 'closed by this side'));
  }

  #connectionFor(hop: Hop): Connection | null {
    if (hop.kind === 'connection') return this.#connections.get(hop.connection) ?? null;
    const target = `${hop.host.toLowerCase()}:${hop.port}`;
    const present = this.#byTarget.get(target);
    if (present !== undefined) return present;
    const connection = this.#make(target, 'client');
    this.#byTarget.set(target, connection);
    void this.#connect(connection, hop.host, hop.port);
    return connection;
  }

  #make(target: string | null, side: 'server' | 'client'): Connection {
    const connection: Connection = {
      id: this.#next++,
      target,
      framer: new Framer(side),
      stream: null,
      source: null,
      causes: [],
      queue: [],
      transactions: new Set(),
      timer: null,
      open: true,
    };
    this.#connections.set(connection.id, connection);
    return connection;
  }

  async #connect(connection: Connection, host: string, port: number): Promise<void> {
    try {
      const stream = await this.#reach(host, port);
      if (!connection.open) stream.destroy();
      else this.#opened(connection, stream, null);
    } catch (error) {
      if (!LabError.is(error)) throw error;
      this.#drop(connection, error);
    }
  }

  /** Tries the addresses of a name in order; the last failure counts. */
  async #reach(host: string, port: number): Promise<TlsStream> {
    const { dscp, mutual = false } = this.#options;
    const timeout = this.#options.timeout ?? TIMEOUT;
    let failure = new LabError('DNS_NXDOMAIN', `${host} has no address`);
    for (const address of await this.#addressesOf(host)) {
      try {
        return await tlsConnect(this.#host, {
          to: this.#host.endpoint(address, port),
          serverName: host,
          timeout,
          identified: mutual,
          ...(dscp !== undefined && { dscp }),
        });
      } catch (error) {
        if (!LabError.is(error)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #addressesOf(host: string): Promise<readonly string[]> {
    if (host.includes(':') || /^[0-9.]+$/.test(host)) return [host];
    const families = new Set(this.#host.addresses.map((a) => (familyOf(a) === 6 ? 'AAAA' : 'A') as 'A' | 'AAAA'));
    const found: string[] = [];
    let failure: LabError | null = null;
    for (const type of families) {
      try {
        for (const record of await this.#host.resolve(host, type)) if (record.type === 'A' || record.type === 'AAAA') found.push(record.address);
      } catch (error) {
        if (!LabError.is(error)) throw error;
        failure ??= error;
      }
    }
    if (found.length === 0 && failure !== null) throw failure;
    return found;
  }

  #opened(connection: Connection, stream: TlsStream, local: { readonly address: string; readonly port: number } | null): void {
    connection.stream = stream;
    connection.source = { connection: connection.id, address: stream.remote.address, port: stream.remote.port, local, names: stream.clientNames };
    const over = (): void => {
      this.#drop(connection, new LabError('NET_CLOSED', `connection with ${hostPort(stream.remote.address, stream.remote.port)} was closed`));
    };
    stream.on('data', (chunk: Uint8Array) => {
      this.#data(connection, stream, chunk);
    });
    stream.on('end', over);
    stream.on('close', over);
    stream.on('error', (error: Error) => {
      this.#drop(connection, LabError.is(error) ? error : new LabError('NET_RESET', error.message, { cause: error }));
    });
    for (const { send, because } of connection.queue.splice(0)) this.#write(connection, send, because);
    if (local === null) this.#keepAlive(connection);
  }

  #write(connection: Connection, send: Send, because: Cause): void {
    if (send.transaction.startsWith('c ')) {
      connection.transactions.add(send.transaction);
      for (const oldest of connection.transactions) {
        if (connection.transactions.size <= REMEMBERED) break;
        connection.transactions.delete(oldest);
      }
    }
    if (connection.stream !== null) writeBecause(connection.stream, emitMessage(send.message), because);
  }

  #data(connection: Connection, stream: TlsStream, chunk: Uint8Array): void {
    const frames: Frame[] = [];
    const { causes } = connection;
    if (causes.at(-1) !== stream.cause) causes.push(stream.cause);
    if (causes.length > NAMED) causes.shift();
    connection.framer.push(new Uint8Array(chunk), frames);
    for (const frame of frames) {
      if (!connection.open || connection.source === null) return;
      switch (frame.kind) {
        case 'ping':
          writeBecause(stream, PONG, stream.cause);
          break;
        case 'pong':
          this.#keepAlive(connection);
          break;
        case 'message':
          this.#message(connection, connection.source, stream, frame.bytes);
          break;
        case 'fault':
          this.#discard(connection, stream, `SIP framing: ${frame.reason}`);
          this.#drop(connection, new LabError('SIP_MALFORMED', `the stream of ${stream.remote.address} cannot be followed: ${frame.reason}`));
      }
    }
    if (frames.length > 0) connection.causes = connection.framer.waits ? [stream.cause] : [];
  }

  #message(connection: Connection, source: Source, stream: TlsStream, bytes: Uint8Array): void {
    const message = parseMessage(bytes, { framing: 'stream' });
    if (!('malformed' in message)) {
      this.#because = stream.cause;
      try {
        this.#user.received(message, source);
      } finally {
        this.#because = NO_CAUSE;
      }
      return;
    }
    this.#discard(connection, stream, `SIP ${message.reason}: ${message.why}`);
    const response = answerRefusal(message, newTag(this.#host.random));
    if (response !== null)
      this.#write(connection, { kind: 'send', to: { kind: 'connection', connection: connection.id }, message: response, transaction: '' }, stream.cause);
  }

  /** Names all packets that brought it, as far as they are known; where they are not (a kernel's TCP tells none), by whom the flow can be found. */
  #discard({ causes }: Connection, { remote }: TlsStream, why: string): void {
    this.#host.discard(this.#host.causes(causes), `${why}, from ${hostPort(remote.address, remote.port)}`);
  }

  /** Books the next ping; called again when its pong came. */
  #keepAlive(connection: Connection): void {
    const { keepAlive = KEEP_ALIVE } = this.#options;
    if (keepAlive === null || !connection.open) return;
    if (connection.timer !== null) this.#host.cancel(connection.timer);
    // Section 4.4.1: spread over the last fifth, so that clients of one server do not ping in step.
    const wait = nanos(keepAlive * (0.8 + 0.2 * this.#host.random.float()));
    connection.timer = this.#host.after(wait, () => {
      connection.stream?.write(PING);
      connection.timer = this.#host.after(PONG_WAIT, () => {
        this.#drop(connection, new LabError('NET_TIMEOUT', 'no answer to the keep-alive: the flow has failed'));
      });
    });
  }

  #drop(connection: Connection, error: LabError): void {
    if (!connection.open) return;
    connection.open = false;
    if (connection.timer !== null) this.#host.cancel(connection.timer);
    this.#connections.delete(connection.id);
    if (connection.target !== null) this.#byTarget.delete(connection.target);
    // end() says goodbye in order; destroy() alone would reset what is still on its way.
    if (connection.stream !== null && !connection.stream.destroyed) connection.stream.end();
    for (const transaction of connection.transactions) this.#user.failed(transaction, error);
    for (const { send } of connection.queue.splice(0)) this.#fail(send.transaction, error);
    this.#user.closed(connection.id);
  }

  #fail(transaction: string, error: LabError): void {
    if (transaction !== '') this.#user.failed(transaction, error);
  }
}

function writeBecause(stream: TlsStream, bytes: Uint8Array, cause: Cause): void {
  stream.because = cause;
  stream.write(bytes);
  stream.because = NO_CAUSE;
}
