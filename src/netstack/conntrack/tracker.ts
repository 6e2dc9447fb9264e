/**
 * What rules may ask of connection tracking and translation: the seam between `conntrack/`, `nat/` and `rules/`.
 * @module
 */
import type { PlanNode } from '../../topology/plan.js';
import type { HookPoint, Verdict } from '../hook.js';
import type { Packet } from '../../fabric/packet.js';
import type { Addr } from '../transport.js';
import type { Connection } from './connection.js';

/** A node's connection table. Its hooks (track at -200, confirm last) are installed while anybody needs it. */
export interface Tracker {
  /** The connection of a tracked packet, or null (invalid, untracked, not looked at). hot. */
  of(p: Packet): Connection | null;
  /** `notrack`, before priority -200: the packet will have `ct state untracked`. */
  notrack(p: Packet): void;
  /** The node answers a segment by a reset of its own (`reject with tcp reset`): its connection is over (nf_ct_set_closing). */
  reset(p: Packet): void;
  /** Every entry that is alive at this moment, oldest first: what `conntrack -L` prints. */
  entries(): readonly Connection[];
  /** What `conntrack -S` counts, by its names: found, invalid, insert, insert_failed, drop, early_drop ... */
  counters(): Readonly<Record<string, number>>;
  /** Why a packet with `ct state invalid` is invalid, as one word for a decision's `kind`; null for all others. */
  invalidReason(p: Packet): string | null;
  /** Forgets everything, as `conntrack -F`. */
  flush(): void;
}

/** What a `snat`, `dnat`, `masquerade` or `redirect` allows (struct nf_nat_range2). Keys of {@link Addr}. */
export interface NatRange {
  readonly family: 4 | 6;
  /** Null: the address stays. */
  readonly addresses: { readonly from: Addr; readonly to: Addr } | null;
  /** Null: the port stays where it is free, and is chosen by the kernel's rule where it is not. */
  readonly ports: { readonly from: number; readonly to: number } | null;
  readonly random: boolean;
  readonly fullyRandom: boolean;
  readonly persistent: boolean;
  /** `masquerade`: the connection ends when its packets leave by another interface than the first one did. */
  readonly masquerade?: boolean;
}

/** A base chain of type `nat`: asked for the first packet of a connection only, and only until one has translated. */
export interface NatChain {
  readonly point: Exclude<HookPoint, 'forward'>;
  readonly priority: number;
  /** 4, 6, or 0 for both. */
  readonly family: 0 | 4 | 6;
  run(p: Packet): Verdict;
}

export interface Translator {
  /** Returns the undoing. */
  installChain(chain: NatChain): () => void;
  /**
   * Called by a rule inside a {@link NatChain}: binds the connection of `p` to the range; source or destination by the
   * hook point. Always ACCEPT, as in Linux: where no tuple is free the packet goes on and is dropped (NAT_POOL) where it
   * would be confirmed. The address of `masquerade` and `redirect` is the rules' to find: they know the
   * node's interfaces.
   */
  setup(p: Packet, point: NatChain['point'], range: NatRange): Verdict;
}

/** Settings of a node's connection tracking: the kernel's sysctls below net.netfilter, in seconds where they are times. */
export type ConntrackSettings = NonNullable<PlanNode['conntrack']>;
