/**
 * The plug by which an agent finds more than its host candidates. Server-reflexive ones come from
 * `ReflexiveGatherer`; a TURN client is another gatherer, which also brings a new base.
 * @module
 */
import type { Cause } from '../../../base/brand.js';
import type { Rng } from '../../../base/rng.js';
import type { Nanos } from '../../../base/time.js';
import type { StunPacket } from '../../stun/codec.js';
import type { TransportAddress } from '../../stun/transport-address.js';
import type { IceBase, NetFault } from './candidate.js';
import type { NewCandidate } from './local-candidates.js';
import type { Pacer } from './pacer.js';

export type GathererOut =
  | { readonly kind: 'send'; readonly base: IceBase; readonly to: TransportAddress; readonly bytes: Uint8Array; readonly cause: Cause }
  | { readonly kind: 'candidate'; readonly candidate: NewCandidate };

export interface GatherDeps {
  /** Bases of the host candidates. */
  readonly bases: readonly IceBase[];
  readonly pacer: Pacer;
  readonly random: Rng;
}

/** What a gatherer says of its work at one base. */
export interface GatherNote {
  readonly at: Nanos;
  readonly base: string;
  readonly what: string;
}

export interface Gatherer {
  /** For people: `stun 198.51.100.1:3478`. */
  readonly name: string;
  /**
   * Its candidates bring ways of their own to be checked (relayed ones do; reflexive ones are checked from their base,
   * which is known before). Nomination and failure wait for such a gatherer.
   */
  readonly opensPaths: boolean;
  /** No more candidates will come from it. */
  readonly done: boolean;
  readonly notes: readonly GatherNote[];
  /** Called again at a restart. */
  start(deps: GatherDeps, now: Nanos, out: GathererOut[]): void;
  /** True when the packet was meant for it. */
  receive(base: IceBase, from: TransportAddress, packet: StunPacket, now: Nanos, out: GathererOut[]): boolean;
  /** An ICMP error about something sent from that base; a gatherer looks whether it was for its server. */
  fault(base: IceBase, to: TransportAddress, error: NetFault, now: Nanos): void;
  /** Pairs are selected: what the candidates needed to stay alive is not needed any more (RFC 8445 section 8.3). */
  release(inUse: readonly IceBase[], now: Nanos, out: GathererOut[]): void;
  readonly deadline: Nanos;
  tick(now: Nanos, out: GathererOut[]): void;
}
