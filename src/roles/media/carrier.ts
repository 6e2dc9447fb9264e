/**
 * What carries the datagrams of an ICE base: a UDP socket (which is one as it stands), an allocation at a TURN server
 * ({@link Relay}), a TCP connection ({@link TcpCarrier}). The transport knows no other difference between them.
 * @module
 */
import type { Cause } from '../../base/brand.js';
import type { DatagramHandler, Endpoint, Host } from '../../host/host.js';
import type { IceBase } from '../../protocol/ice/candidates/candidate.js';
import type { Gatherer } from '../../protocol/ice/candidates/gatherer.js';

export interface Carrier {
  /** The socket's address; the relayed address of an allocation. */
  readonly local: Endpoint;
  /** hot; copies. Never throws for network conditions. */
  send(buf: Uint8Array, off: number, len: number, to: Endpoint, cause?: Cause): void;
  close(): void;
}

/** What a transport gives a relay client. */
export interface RelayPlug {
  readonly host: Host;
  /** The carrier of a base that the host has: what the client reaches its server by. */
  carrier(base: IceBase): Carrier;
  /**
   * Makes a carrier known before its candidate is. What comes out of the relay goes into the handler that this
   * returns, and takes the way of what arrives at a socket: STUN to the agent, the rest to the streams.
   */
  attach(base: IceBase, carrier: Carrier): DatagramHandler;
}

/**
 * A relay client (TURN, RFC 8656) at the transport: its candidates come by the gatherer, each with an allocation for
 * its base. The agent drives the gatherer's timers for as long as the transport lives.
 */
export interface Relay {
  readonly gatherer: Gatherer;
  /**
   * hot. Everything that arrives, before anybody looks at it. True: it was the relay's (ChannelData, a Data indication),
   * and what was in it has gone into the handler of its allocation. False: not from this server, or an answer for the
   * gatherer, which gets it from the agent.
   */
  receive(base: IceBase, buf: Uint8Array, off: number, len: number, from: Endpoint, cause: Cause): boolean;
}

export type OpenRelay = (plug: RelayPlug) => Relay;
