/**
 * HTTP/1.1 over a Host's streams, by Node's own parser: in the clear over `Host.connect`, or over `tls.ts`. No Date
 * field and none of Node's timers: what has a limit books it at the Host, so a run on virtual time repeats.
 *
 * @example
 * const server = await httpServer(host, { address, port: 80 }, { request: (request, response) => response.end('hello') });
 * const { response } = await httpRequest(host, { to, timeout: seconds(5), path: '/' });
 * const text = new TextDecoder().decode(await readBody(host, response));
 * @module
 */
import { Agent, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, Server, ServerResponse, request as nodeRequest } from 'node:http';
import type { Duplex, Writable } from 'node:stream';
import { LabError } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import type { Endpoint, Host, Listener, ListenOptions, TcpStream } from './host.js';
import { tlsConnect, tlsListen, type TlsClientOptions, type TlsServerOptions, type TlsStream } from './tls.js';

/** A request that a server got, or the response that a client got: fields, and the body as a stream. */
export type HttpMessage = IncomingMessage;
export type HttpResponse = ServerResponse;
export type HttpStream = TcpStream | TlsStream;

/** What a server does. Called within the event that brought the request's head. */
export interface HttpHandler {
  request(request: HttpMessage, response: HttpResponse): void;
  /** The client wants another protocol on this connection (RFC 9110 section 7.8), which is the handler's from now on. Default: served as a request. */
  upgrade?(request: HttpMessage, stream: HttpStream): void;
  /** The client wants a tunnel (RFC 9110 section 9.3.6); the connection is the handler's from now on. Default: 501. */
  connect?(request: HttpMessage, stream: HttpStream): void;
}

export interface HttpListenOptions extends ListenOptions {
  /** HTTPS. Default: in the clear. */
  readonly tls?: TlsServerOptions;
}

/** The connection of a request or response: where it came from, by which packet, for which server name. */
export function streamOf(message: HttpMessage): HttpStream {
  return message.socket as unknown as HttpStream;
}

/** Also the answers that Node gives by itself (400, 417) carry no Date. */
class Response extends ServerResponse {
  override sendDate = false;
}

const RESPONSES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Content Too Large',
};

/**
 * Serves HTTP. What is wrong with a connection (TLS_HANDSHAKE, HTTP_MALFORMED, NET_*) is told to `refused` and ends that
 * one only. Closed, it takes no more connections; those that are there end when nothing is under way on them.
 * Errors: NET_ADDRESS_IN_USE, NET_ADDRESS_NOT_MINE.
 */
export async function httpServer(
  host: Host,
  options: HttpListenOptions,
  handler: HttpHandler,
  refused: (error: LabError) => void = () => undefined,
): Promise<Listener> {
  /** Responses under way, by connection. */
  const open = new Map<Duplex, Set<HttpResponse>>();
  let closed = false;
  const server = new Server({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, ServerResponse: Response }, (request, response) => {
    const stream = request.socket;
    const busy = open.get(stream);
    busy?.add(response);
    response.once('close', () => {
      busy?.delete(response);
      if (closed && busy?.size === 0) stream.end();
    });
    handler.request(request, response);
  });
  server.timeout = 0;
  server.on('clientError', (error: Error & { code?: string }, stream: Duplex) => {
    // After an error of the network there is nobody to tell.
    if (stream.writable && !LabError.is(error)) stream.end(`HTTP/1.1 ${RESPONSES[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`);
    else stream.destroy();
    refused(httpError(error, 'a request'));
  });
  const handOver = (serve: (request: HttpMessage, stream: HttpStream) => void) => (request: HttpMessage, stream: Duplex, head: Uint8Array) => {
    open.delete(stream);
    if (head.length > 0) stream.unshift(head);
    serve(request, stream as HttpStream);
  };
  if (handler.upgrade !== undefined) server.on('upgrade', handOver(handler.upgrade.bind(handler)));
  server.on('connect', handOver(handler.connect?.bind(handler) ?? noTunnel));
  const accept = (stream: HttpStream): void => {
    open.set(stream, new Set());
    stream.once('close', () => open.delete(stream));
    server.emit('connection', stream);
  };
  const listener = options.tls === undefined ? await host.listen(options, accept) : await tlsListen(host, { ...options, ...options.tls }, accept, refused);
  return {
    local: listener.local,
    close: () => {
      closed = true;
      listener.close();
      for (const [stream, busy] of open) if (busy.size === 0) stream.end();
    },
  };
}

function noTunnel(_request: HttpMessage, stream: HttpStream): void {
  stream.on('error', () => undefined);
  stream.end('HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}

/** Where a client's connections go. */
export interface HttpClientOptions {
  readonly to: Endpoint;
  readonly from?: string;
  readonly dscp?: number;
  /** HTTPS. Default: in the clear. */
  readonly tls?: TlsClientOptions;
  /** For connecting, for the TLS handshake, and from a request to the head of its response, each. */
  readonly timeout: Nanos;
}

export interface HttpRequestOptions {
  /** Default GET. */
  readonly method?: string;
  /** Default `/`; for CONNECT `HOST:PORT`. */
  readonly path?: string;
  /** `Host` is the TLS server name or the address, and `Connection` the client's own, unless they stand here. */
  readonly headers?: OutgoingHttpHeaders;
  /** Whole, or a function that writes it and ends it. Default: none. */
  readonly body?: Uint8Array | string | ((out: Writable) => void);
}

export interface HttpAnswer {
  readonly response: HttpMessage;
  /** After 101 and after 2xx to CONNECT: the connection, which is the caller's now, with its error listener to add. Else null. */
  readonly stream: HttpStream | null;
}

/** One server's client: connections are kept for the next request, a request while all are busy opens another. */
export class HttpClient {
  readonly #host: Host;
  readonly #options: HttpClientOptions;
  readonly #agent: HostAgent;

  /** @param keepAlive false: one connection for each request */
  constructor(host: Host, options: HttpClientOptions, keepAlive = true) {
    this.#host = host;
    this.#options = options;
    this.#agent = new HostAgent(keepAlive, () => dial(host, options));
  }

  /**
   * Sends a request; settled by the head of its response, whatever its status. `response.destroy()` gives the rest up.
   * Errors: those of `Host.connect` and `tlsConnect`, NET_TIMEOUT, NET_RESET, NET_CLOSED, HTTP_MALFORMED.
   */
  request(options: HttpRequestOptions = {}): Promise<HttpAnswer> {
    const { to, tls, timeout } = this.#options;
    const { method = 'GET', path = '/', headers, body } = options;
    const what = `${method} ${path}`;
    const answered = this.#host.deferred<HttpAnswer>(`response to ${what}`);
    const request = nodeRequest({
      agent: this.#agent,
      host: tls?.serverName ?? to.address,
      port: to.port,
      defaultPort: tls === undefined ? 80 : 443,
      method,
      path,
      ...(headers !== undefined && { headers }),
    });
    const done = this.#limit(request, timeout, what);
    request.on('error', (error) => {
      done();
      answered.reject(httpError(error, what));
    });
    const taken = (response: HttpMessage, stream: Duplex, head: Uint8Array): void => {
      done();
      this.#agent.release(stream);
      const status = response.statusCode ?? 0;
      const mine = status === 101 || (status >= 200 && status < 300);
      if (!mine) stream.destroy();
      else if (head.length > 0) stream.unshift(head);
      answered.resolve({ response, stream: mine ? (stream as HttpStream) : null });
    };
    request.on('upgrade', taken);
    request.on('connect', taken);
    request.on('response', (response) => {
      done();
      // Who gives a body up needs no listener; who reads it has one.
      response.on('error', () => undefined);
      answered.resolve({ response, stream: null });
    });
    if (typeof body === 'function') body(request);
    else request.end(body);
    return answered.promise;
  }

  /** Ends the connections, with what is under way on them. */
  close(): void {
    this.#agent.destroy();
  }

  #limit(request: ClientRequest, timeout: Nanos, what: string): () => void {
    let timer: ReturnType<Host['after']> | null = null;
    // Connecting has its own limit; this one begins when the request has a connection.
    request.on('socket', () => {
      timer = this.#host.after(timeout, () => {
        request.destroy(new LabError('NET_TIMEOUT', `no response to ${what} in time`));
      });
    });
    return () => {
      if (timer !== null) this.#host.cancel(timer);
      timer = null;
    };
  }
}

/** One request on a connection of its own, which ends with it. As {@link HttpClient.request}. */
export function httpRequest(host: Host, options: HttpClientOptions & HttpRequestOptions): Promise<HttpAnswer> {
  return new HttpClient(host, options, false).request(options);
}

/** The body to its end. Errors: NET_RESET, NET_CLOSED when it breaks off, HTTP_MALFORMED. */
export function readBody(host: Host, message: HttpMessage): Promise<Uint8Array> {
  const done = host.deferred<Uint8Array>('the body of an HTTP message');
  const parts: Uint8Array[] = [];
  message.on('data', (part: Uint8Array) => parts.push(part));
  message.on('end', () => {
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((off, part) => (bytes.set(part, off), off + part.length), 0);
    done.resolve(bytes);
  });
  const broken = (error: Error): void => {
    done.reject(httpError(error, 'the body'));
  };
  message.on('error', broken);
  message.on('close', () => {
    if (!message.readableEnded && message.errored === null) broken(new Error('given up'));
  });
  // It may have broken off before anybody asked.
  if (message.destroyed && !message.readableEnded) broken(message.errored ?? new Error('given up'));
  return done.promise;
}

function dial(host: Host, options: HttpClientOptions): Promise<HttpStream> {
  const { tls, ...where } = options;
  return tls === undefined ? host.connect(where) : tlsConnect(host, { ...where, ...tls });
}

/** Node's pool of connections, dialled at the Host; it asks nothing of a stream that only a socket of the kernel has. */
class HostAgent extends Agent {
  readonly #dial: () => Promise<HttpStream>;
  readonly #ends = new WeakMap<Duplex, () => void>();

  constructor(keepAlive: boolean, dial: () => Promise<HttpStream>) {
    super({ keepAlive });
    this.#dial = dial;
  }

  override createConnection(_options: unknown, created?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#dial().then(
      (stream) => {
        // A server that ends an idle connection is done with it: without this half of it would stay in the pool.
        const ended = (): void => void stream.end();
        this.#ends.set(stream, ended);
        stream.once('end', ended);
        created?.(null, stream);
      },
      (error: unknown) => {
        created?.(error as Error, undefined as unknown as Duplex);
      },
    );
  }

  /** The stream speaks another protocol from now on: each of its directions ends by itself. */
  release(stream: Duplex): void {
    const ended = this.#ends.get(stream);
    if (ended !== undefined) stream.off('end', ended);
  }

  override keepSocketAlive(): boolean {
    return true;
  }

  /** Node takes back here what it does to streams in its pool: listeners, and since 22 a guard against unasked data. */
  override reuseSocket(stream: Duplex & { ref?(): void }, request: ClientRequest): void {
    // Of a socket of the kernel, the process would wait for it again.
    stream.ref ??= () => undefined;
    super.reuseSocket(stream, request);
  }
}

function httpError(error: Error & { code?: string }, what: string): LabError {
  if (LabError.is(error)) return error;
  const { code = '' } = error;
  if (code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE')
    return new LabError('HTTP_MALFORMED', `${what}: no HTTP, ${error.message}`, { cause: error });
  return new LabError('NET_CLOSED', `${what}: the connection was closed before all had come`, { cause: error });
}
