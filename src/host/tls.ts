/**
 * TLS over a Host's TCP streams, by Node's own `tls`. Version, cipher and group are pinned, so that sizes are the same
 * in every run; every secret goes to the recorder before the first packet that it protects.
 * @module
 */
import * as tls from 'node:tls';
import { X509Certificate, constants } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Cause } from '../base/brand.js';
import { LabError } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import { parseAddress } from '../wire/address.js';
import type { Endpoint, Host, Listener, ListenOptions, TcpStream } from './host.js';

/** A TLS connection; bytes are the clear text. */
export interface TlsStream extends Duplex {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The packet that brought the bytes read last. */
  readonly cause: Cause;
  /** What clear text is written because of, as of {@link TcpStream}. What TLS cannot hand on at once says nothing of it. */
  because: Cause;
  /** SNI: the name that the client asked for. */
  readonly serverName: string;
  /** Of a connection that was accepted: the DNS names in the client's certificate, if it showed one of this lab's. */
  readonly clientNames: readonly string[];
}

export interface TlsConnectOptions {
  readonly to: Endpoint;
  /** Sent as SNI and checked against the certificate (RFC 6125). */
  readonly serverName: string;
  /** For connecting and for the handshake, each. */
  readonly timeout: Nanos;
  readonly dscp?: number;
  /** Shows this node's certificate to a server that asks for one, as servers do among each other (mutual TLS). */
  readonly identified?: boolean;
}

export interface TlsListenOptions extends ListenOptions {
  /** Asks clients for a certificate; who has none is served as well. */
  readonly asksClients?: boolean;
}

const PINNED = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  ecdhCurve: 'X25519',
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

/** Options of a secure context: everything that must be fixed before the clock runs. */
export function secureContext(material: { ca: string; certificate?: string; key?: string }): tls.SecureContext {
  return tls.createSecureContext({
    ca: material.ca,
    ...PINNED,
    ...(material.certificate !== undefined && { cert: material.certificate }),
    ...(material.key !== undefined && { key: material.key }),
  });
}

function isAddress(name: string): boolean {
  return parseAddress(name) !== undefined;
}

function dress(socket: tls.TLSSocket, raw: TcpStream, serverName: string, clientNames: readonly string[] = []): TlsStream {
  Object.defineProperties(socket, {
    clientNames: { value: clientNames },
    local: { value: raw.local },
    remote: { value: raw.remote },
    serverName: { value: serverName },
    cause: { get: () => raw.cause },
    because: {
      get: () => raw.because,
      set: (cause: Cause) => {
        raw.because = cause;
      },
    },
  });
  return socket as unknown as TlsStream;
}

/** DNS names of a certificate that the lab's authority made; none for any other. Node's own verdict is only given to its servers. */
function namesOf(certificate: X509Certificate | undefined, authority: X509Certificate): readonly string[] {
  if (certificate === undefined || !certificate.verify(authority.publicKey)) return [];
  return (certificate.subjectAltName ?? '').split(', ').flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4).toLowerCase()] : []));
}

function revealKeys(socket: tls.TLSSocket, host: Host): void {
  socket.on('keylog', (line) => {
    host.reveal({ kind: 'tls', line: new TextDecoder('latin1').decode(line).trimEnd() });
  });
}

function handshakeError(error: Error, remote: Endpoint, serverName: string): LabError {
  if (LabError.is(error)) return error;
  return new LabError('TLS_HANDSHAKE', `TLS handshake of ${serverName} at ${remote.address}:${remote.port} failed: ${error.message}`, { cause: error });
}

/** Connects and shakes hands. Errors: those of `Host.connect`, TLS_HANDSHAKE (chain, name, refusal), NET_TIMEOUT. */
export async function tlsConnect(host: Host, options: TlsConnectOptions): Promise<TlsStream> {
  const raw = await host.connect({
    to: options.to,
    timeout: options.timeout,
    ...(options.dscp !== undefined && { dscp: options.dscp }),
  });
  const ready = host.deferred<TlsStream>(`TLS handshake with ${options.serverName}`);
  // RFC 6066 section 3: no address in SNI; it is still checked against the certificate, as `host`.
  const servername = isAddress(options.serverName) ? '' : options.serverName;
  const socket = tls.connect({
    socket: raw,
    host: options.serverName,
    servername,
    secureContext: options.identified === true ? host.tls.identity : host.tls.trust,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  });
  revealKeys(socket, host);
  const stream = dress(socket, raw, options.serverName);
  const timer = host.after(options.timeout, () => {
    fail(new LabError('NET_TIMEOUT', `TLS handshake with ${options.serverName} took too long`));
  });
  const fail = (error: Error): void => {
    host.cancel(timer);
    socket.off('error', fail);
    socket.on('error', ignoreLate);
    socket.destroy();
    raw.destroy();
    ready.reject(handshakeError(error, options.to, options.serverName));
  };
  socket.once('error', fail);
  socket.once('secureConnect', () => {
    host.cancel(timer);
    socket.off('error', fail);
    ready.resolve(stream);
  });
  return ready.promise;
}

/** After a failure was reported once, the same failure surfaces again on the layers below. */
function ignoreLate(): void {}

/** Accepts TLS connections; a failed handshake is told to `refused` and ends that connection only. */
export async function tlsListen(
  host: Host,
  options: TlsListenOptions,
  accept: (stream: TlsStream) => void,
  refused: (error: LabError) => void = ignoreLate,
): Promise<Listener> {
  const { asksClients = false } = options;
  const authority = new X509Certificate(host.tls.ca);
  return host.listen(options, (raw) => {
    const socket = new tls.TLSSocket(raw, {
      isServer: true,
      secureContext: host.tls.identity,
      SNICallback: undefined,
      requestCert: asksClients,
      rejectUnauthorized: false,
    });
    revealKeys(socket, host);
    const fail = (error: Error): void => {
      socket.off('error', fail);
      socket.on('error', ignoreLate);
      socket.destroy();
      raw.destroy();
      refused(handshakeError(error, raw.remote, host.name));
    };
    socket.once('error', fail);
    socket.once('secure', () => {
      socket.off('error', fail);
      const name = (socket as unknown as { servername?: string | false }).servername;
      accept(dress(socket, raw, typeof name === 'string' ? name : '', asksClients ? namesOf(socket.getPeerX509Certificate(), authority) : []));
    });
  });
}
