/**
 * The Host port: all that a role sees of the world. Three substrates implement it and pass one contract suite
 * (`host/contract.ts`); a role can't tell which one it runs on.
 * @module
 */
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { Cause, TimerId } from '../base/brand.js';
import type { LabError } from '../base/error.js';
import type { Clock, Nanos } from '../base/time.js';
import type { Rng } from '../base/rng.js';

/** An address and port, interned per host: compare by `===`. */
export interface Endpoint {
  /** Canonical text (RFC 5952 for IPv6). */
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  /** Number of the endpoint on this host, from 1. */
  readonly key: number;
}

export type NetError = 'port-unreachable' | 'host-unreachable' | 'too-big' | 'ttl-exceeded';

export type DatagramHandler = (buf: Uint8Array, off: number, len: number, from: Endpoint, cause: Cause) => void;

export interface UdpOptions {
  /** One of the host's addresses; wildcards are not accepted. */
  readonly address: string;
  /** 0 = drawn from the host's random stream. */
  readonly port: number;
  /** 0..63; without it the node's QoS policy by local port decides. */
  readonly dscp?: number;
  readonly dontFragment?: boolean;
}

export interface UdpSocket {
  readonly local: Endpoint;
  /** hot; copies. Never throws for network conditions. */
  send(buf: Uint8Array, off: number, len: number, to: Endpoint, cause?: Cause): void;
  /** ICMP errors about what was sent. */
  onError: (error: NetError, to: Endpoint) => void;
  close(): void;
}

/** A byte stream over TCP. A real Duplex, so that Node's own `tls` runs on top. */
export interface TcpStream extends Duplex {
  /**
   * What bytes are written because of, from now on: set before a write and taken back after it. Heeded where the stream
   * knows which segments carry which bytes, that is, not on kernels.
   */
  because: Cause;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The packet that brought the bytes read last. */
  readonly cause: Cause;
}

export interface ConnectOptions {
  readonly to: Endpoint;
  readonly from?: string;
  readonly timeout: Nanos;
  readonly dscp?: number;
}

export interface ListenOptions {
  readonly address: string;
  readonly port: number;
  readonly dscp?: number;
}

export interface Listener {
  readonly local: Endpoint;
  close(): void;
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: LabError): void;
}

export type AddressRecord = { readonly type: 'A' | 'AAAA'; readonly address: string; readonly ttl: number };
export type NameRecord = { readonly type: 'CNAME'; readonly target: string; readonly ttl: number };
export type ServiceRecord = {
  readonly type: 'SRV';
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
  readonly ttl: number;
};
export type DnsRecord = AddressRecord | NameRecord | ServiceRecord;
export type DnsType = DnsRecord['type'];

/** Keys that let the recorder show clear text. `line` is one of NSS SSLKEYLOGFILE. */
export type Secret =
  | { readonly kind: 'tls'; readonly line: string }
  | {
      readonly kind: 'srtp';
      readonly local: Endpoint;
      readonly remote: Endpoint;
      readonly ssrc: number;
      /** RFC 4568 crypto suite, `AES_CM_128_HMAC_SHA1_80`. */
      readonly suite: string;
      /** Master key and salt. */
      readonly key: Uint8Array;
    };

export interface TlsMaterial {
  /** Certificate and key of this node, for servers. Made before the clock starts. */
  readonly identity: SecureContext;
  /** The lab CA, for clients. */
  readonly trust: SecureContext;
  /** PEM of the lab CA. */
  readonly ca: string;
}

/** Of a question that is asked because of what was received. */
export interface Lookup {
  readonly because: Cause;
  /** Called with the packet that brought the answer, if one did: not for an answer that was known. */
  answered(cause: Cause): void;
}

export interface Host {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Rng;
  /** The node's addresses, IPv4 first, in the order of its interfaces. */
  readonly addresses: readonly string[];
  endpoint(address: string, port: number): Endpoint;
  /** Errors: NET_ADDRESS_IN_USE, NET_ADDRESS_NOT_MINE. Bytes in `deliver` are borrowed until it returns. */
  udp(options: UdpOptions, deliver: DatagramHandler): Promise<UdpSocket>;
  /** Errors: NET_REFUSED, NET_TIMEOUT, NET_UNREACHABLE. */
  connect(options: ConnectOptions): Promise<TcpStream>;
  /** Errors: NET_ADDRESS_IN_USE, NET_ADDRESS_NOT_MINE. */
  listen(options: ListenOptions, accept: (stream: TcpStream) => void): Promise<Listener>;
  /** Calls `fn` once after `delay`. Whatever asynchronous work it begins, time waits for: there is nothing to declare. */
  after(delay: Nanos, fn: () => void): TimerId;
  cancel(timer: TimerId): void;
  sleep(delay: Nanos): Promise<void>;
  /** A promise that the driver knows of. `waitingFor` names it in LAB_STALLED. */
  deferred<T>(waitingFor: string): Deferred<T>;
  /**
   * Asks the node's resolvers with real packets; follows CNAMEs for A and AAAA and returns the whole chain.
   * Errors: DNS_NXDOMAIN (also no data), DNS_TIMEOUT, DNS_SERVFAIL.
   */
  resolve(name: string, type: DnsType, lookup?: Lookup): Promise<readonly DnsRecord[]>;
  readonly tls: TlsMaterial;
  /** Hands a key to the recorder. */
  reveal(secret: Secret): void;
  /** Into the ledger: an intention that bytes do not show. */
  event(name: string, fields: Readonly<Record<string, string | number>>): void;
  /**
   * One cause for what is sent because of several packets, as a mixer does. The same set gives the same cause; sets may
   * be members of sets. Of use for what is sent now: the host keeps the last 65,536 sets.
   */
  causes(causes: readonly Cause[]): Cause;
  /** The role dropped what it got: a DropReason at `role`. */
  discard(cause: Cause, reason: string): void;
}
