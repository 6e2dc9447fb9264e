/**
 * TLS over a Host's TCP streams, by Node's own `tls`. Version, cipher, group and signature algorithms are pinned, so that
 * sizes are the same in every run; every secret goes to the recorder before the first packet that it protects.
 * @module
 */
import * as tls from 'node:tls';
import { X509Certificate, constants } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Cause } from '../base/brand.js';
import { LabError } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import { hostPort, parseAddress } from '../wire/address.js';
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
  /** What both ends agreed to speak (ALPN, RFC 7301), `h2` or `http/1.1`, say; empty when nothing was negotiated. */
  readonly applicationProtocol: string;
  /** Of a connection that was accepted: the DNS names in the client's certificate, if it showed one of this lab's. */
  readonly clientNames: readonly string[];
}

/** What a client says in its handshake. */
export interface TlsClientOptions {
  /** Sent as SNI and checked against the certificate (RFC 6125). */
  readonly serverName: string;
  /** Offered by ALPN, best first; default none. */
  readonly applicationProtocols?: readonly string[];
  /** Shows this node's certificate to a server that asks for one, as servers do among each other (mutual TLS). */
  readonly identified?: boolean;
}

export interface TlsConnectOptions extends TlsClientOptions {
  readonly to: Endpoint;
  readonly from?: string;
  /** For connecting and for the handshake, each. */
  readonly timeout: Nanos;
  readonly dscp?: number;
}

/** A certificate beside the listener's own, for whom asks for one of these names. */
export interface NamedIdentity {
  /** Exact, or `*.` and a domain: one label more (RFC 9525 section 6.3). */
  readonly names: readonly string[];
  /** Made before the clock starts: {@link secureContext}. */
  readonly identity: tls.SecureContext;
}

/** What a server does in its handshakes. */
export interface TlsServerOptions {
  /** Asks clients for a certificate; who has none is served as well. */
  readonly asksClients?: boolean;
  /** Taken by ALPN, best first; a client that offers only others is refused (RFC 7301 section 3.2). Default: ALPN is not spoken. */
  readonly applicationProtocols?: readonly string[];
  /** The first that fits the client's SNI is shown, else the node's own certificate (RFC 6066 section 3). */
  readonly identities?: readonly NamedIdentity[];
}

export interface TlsListenOptions extends ListenOptions, TlsServerOptions {}

const PINNED = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  ecdhCurve: 'X25519',
  // What OpenSSL 3.0 offers by itself; later ones offer more, in a longer ClientHello.
  sigalgs: [
    ...['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512', 'ed25519', 'ed448'],
    ...['rsa_pss_pss_sha256', 'rsa_pss_pss_sha384', 'rsa_pss_pss_sha512', 'rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'],
    ...['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512'],
  ].join(':'),
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
    applicationProtocol: { get: () => (typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : '') },
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
  return new LabError('TLS_HANDSHAKE', `TLS handshake of ${serverName} at ${hostPort(remote.address, remote.port)} failed: ${reasonOf(error)}`, {
    cause: error,
  });
}

/** OpenSSL's own words, without the number of the thread and the line of its source, which differ from run to run. */
function reasonOf(error: Error): string {
  const { reason } = error as { readonly reason?: unknown };
  return typeof reason === 'string' ? reason : error.message;
}

/** Connects and shakes hands. Errors: those of `Host.connect`, TLS_HANDSHAKE (chain, name, refusal), NET_TIMEOUT. */
export async function tlsConnect(host: Host, options: TlsConnectOptions): Promise<TlsStream> {
  const raw = await host.connect({
    to: options.to,
    timeout: options.timeout,
    ...(options.from !== undefined && { from: options.from }),
    ...(options.dscp !== undefined && { dscp: options.dscp }),
  });
  return tlsOver(host, raw, options);
}

/**
 * The client's handshake on a stream that is there, such as a tunnel through a proxy; `raw` belongs to it from now on.
 * Errors: TLS_HANDSHAKE, NET_TIMEOUT.
 */
export async function tlsOver(host: Host, raw: TcpStream, options: TlsClientOptions & { readonly timeout: Nanos }): Promise<TlsStream> {
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
    ...(options.applicationProtocols !== undefined && { ALPNProtocols: [...options.applicationProtocols] }),
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
    ready.reject(handshakeError(error, raw.remote, options.serverName));
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
  return host.listen(options, tlsServer(host, options, accept, refused));
}

/** The server's handshake on each stream that it is given. */
export function tlsServer(
  host: Host,
  options: TlsServerOptions,
  accept: (stream: TlsStream) => void,
  refused: (error: LabError) => void = ignoreLate,
): (raw: TcpStream) => void {
  const { asksClients = false, applicationProtocols, identities = [] } = options;
  const authority = new X509Certificate(host.tls.ca);
  return (raw) => {
    const socket = new tls.TLSSocket(raw, {
      isServer: true,
      secureContext: host.tls.identity,
      SNICallback: identities.length === 0 ? undefined : bySni(identities, host.tls.identity),
      ...(applicationProtocols !== undefined && { ALPNProtocols: [...applicationProtocols] }),
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
  };
}

type SniCallback = (name: string, done: (error: Error | null, context?: tls.SecureContext) => void) => void;

function bySni(identities: readonly NamedIdentity[], own: tls.SecureContext): SniCallback {
  return (name, done) => {
    const asked = name.toLowerCase();
    const domain = asked.slice(asked.indexOf('.') + 1);
    const fits = (held: string): boolean =>
      held.startsWith('*.') ? asked.includes('.') && held.slice(2).toLowerCase() === domain : held.toLowerCase() === asked;
    done(null, identities.find(({ names }) => names.some(fits))?.identity ?? own);
  };
}
