/**
 * What goes into an ICE agent and what comes out. Plain values; the shell owns sockets and signalling.
 * @module
 */
import type { Cause } from '../../base/brand.js';
import type { TransportAddress } from '../stun/transport-address.js';
import type { Candidate, IceBase, LocalCandidate, NetFault } from './candidates/candidate.js';
import type { PairState } from './checks/pair.js';

export type IceIn =
  /** Start gathering: host candidates at once, the rest as the gatherers find them. */
  | { readonly kind: 'gather' }
  /** A STUN datagram that arrived at a base. */
  | { readonly kind: 'datagram'; readonly base: IceBase; readonly from: TransportAddress; readonly bytes: Uint8Array; readonly cause?: Cause }
  /** The peer's description of one stream. Other credentials than before mean that the peer restarts. */
  | {
      readonly kind: 'remote';
      readonly stream: number;
      readonly ufrag: string;
      readonly pwd: string;
      /** `a=ice-lite`: we control, whatever was said before (RFC 8445 section 6.1.1). */
      readonly lite?: boolean;
      readonly candidates: readonly Candidate[];
      /** All candidates are in it (default), or more will trickle (RFC 8838). */
      readonly complete?: boolean;
    }
  | { readonly kind: 'remote-candidate'; readonly stream: number; readonly candidate: Candidate }
  | { readonly kind: 'end-of-candidates'; readonly stream: number }
  /** An ICMP error about what was sent: noted at the pair, for a NAT may refuse what it lets in a moment later. */
  | { readonly kind: 'network-error'; readonly base: IceBase; readonly to: TransportAddress; readonly error: NetFault }
  | { readonly kind: 'restart' };

export interface SelectedPair {
  readonly pair: number;
  readonly stream: number;
  readonly component: number;
  /** Data leaves by it and arrives at it. */
  readonly base: IceBase;
  /** As the peer sees us: may be reflexive. */
  readonly local: LocalCandidate;
  /** Data goes to its address. */
  readonly remote: Candidate;
}

export type IceOut =
  | { readonly kind: 'send'; readonly base: IceBase; readonly to: TransportAddress; readonly bytes: Uint8Array; readonly cause: Cause }
  | { readonly kind: 'candidate'; readonly candidate: LocalCandidate }
  /** Every gatherer has ended. */
  | { readonly kind: 'gathered' }
  | {
      readonly kind: 'pair';
      readonly id: number;
      readonly stream: number;
      readonly component: number;
      readonly local: LocalCandidate;
      readonly remote: Candidate;
      readonly state: PairState;
      readonly why: string;
    }
  | { readonly kind: 'role'; readonly controlling: boolean; readonly why: string }
  | ({ readonly kind: 'selected' } & SelectedPair)
  /** Every component of the stream has its pair. */
  | { readonly kind: 'completed'; readonly stream: number }
  | { readonly kind: 'failed'; readonly stream: number; readonly why: string }
  /** No consent for 30 s: nothing may be sent by this pair any more (RFC 7675 section 5.1). */
  | { readonly kind: 'consent-expired'; readonly stream: number; readonly component: number; readonly pair: number }
  /** New credentials are in force; candidates follow. */
  | { readonly kind: 'restarted'; readonly ufrag: string; readonly pwd: string; readonly why: string }
  | { readonly kind: 'discard'; readonly why: string; readonly cause: Cause };
