/**
 * BGP-4 (RFC 4271) as a model: what a speaker is told, what it holds, and what its decision was. Plain data of the plan.
 * One session carries IPv4 and IPv6 (RFC 4760) where both ends speak both.
 * @module
 */
import type { SourceRef } from '../../base/error.js';
import type { Nanos } from '../../base/time.js';

/** In order of preference (RFC 4271 9.1.2.2 b). */
export const BGP_ORIGINS = ['igp', 'egp', 'incomplete'] as const;
export type BgpOrigin = (typeof BGP_ORIGINS)[number];

/** What a speaker without a policy gives routes of its neighbours in other ASes. */
export const DEFAULT_LOCAL_PREF = 100;

/** Metrics of BGP's routes beside those that people wrote: as the administrative distances that routers have. */
export const EBGP_METRIC = 20;
export const IBGP_METRIC = 200;

/** A route as a speaker holds it. */
export interface BgpPath {
  readonly family: 4 | 6;
  /** Canonical. */
  readonly prefix: string;
  readonly origin: BgpOrigin;
  /** The neighbour's AS first, the origin's last; empty inside the AS that it comes from. */
  readonly asPath: readonly number[];
  /** Null: the speaker's own. */
  readonly nextHop: string | null;
  /** Null: none; in the decision that is 0. */
  readonly med: number | null;
  readonly localPref: number;
  /** Sorted; RFC 1997: `12076:5030`, `no-export`. */
  readonly communities: readonly string[];
}

export interface BgpPrefixMatch {
  /** Canonical. */
  readonly prefix: string;
  /** Lengths that fit: `ge` and `le` of a prefix list. */
  readonly min: number;
  readonly max: number;
}

/** One statement of a policy. Of several kinds of match all must hold, of one kind any. */
export interface BgpStatement {
  readonly match: {
    readonly prefixes?: readonly BgpPrefixMatch[];
    /** `12076:5030`, `12076:*`, `no-export`. */
    readonly communities?: readonly string[];
    /** Numbers that stand in the AS path. */
    readonly as?: readonly number[];
  };
  readonly set: {
    readonly localPref?: number;
    readonly med?: number;
    readonly origin?: BgpOrigin;
    /** Replaces all. */
    readonly communities?: readonly string[];
    readonly addCommunities?: readonly string[];
    /** May hold wildcards. */
    readonly removeCommunities?: readonly string[];
    /** Numbers put before the AS path, the leftmost first. */
    readonly prepend?: readonly number[];
    readonly removePrivateAs?: boolean;
  };
  readonly permit: boolean;
  readonly src: SourceRef;
}

/** The first statement that fits decides; what fits none is denied. */
export type BgpPolicy = readonly BgpStatement[];

export interface BgpNeighbor {
  readonly node: string;
  readonly as: number;
  /** Interface to a neighbour on the same LAN; null: the session goes over other routers. */
  readonly dev: string | null;
  /** Index of this session among the other node's neighbours. */
  readonly mirror: number;
  /** Families that the session carries, with the addresses of its ends. */
  readonly addresses: readonly { readonly family: 4 | 6; readonly local: string; readonly peer: string }[];
  readonly import: BgpPolicy | null;
  readonly export: BgpPolicy | null;
  /** As configured here; the smaller of both ends is in force. */
  readonly hold: Nanos;
  readonly keepalive: Nanos;
  readonly bfd: { readonly interval: Nanos; readonly multiplier: number } | null;
  /** From the moment when the way is free again to the next attempt. */
  readonly connectRetry: Nanos;
  /** More prefixes of one family tear the session down. */
  readonly maxPrefixes: number | null;
  readonly nextHopSelf: boolean;
  readonly src: SourceRef;
}

export interface BgpNetwork {
  readonly family: 4 | 6;
  readonly prefix: string;
}

export interface BgpConfig {
  readonly as: number;
  /** Dotted. */
  readonly routerId: string;
  /** Routes that are used side by side, at most. */
  readonly multipath: number;
  readonly networks: readonly BgpNetwork[];
  readonly neighbors: readonly BgpNeighbor[];
  readonly src: SourceRef;
}

/** Steps of the decision, in order: the speaker's own, then RFC 4271 9.1.1, 9.1.2.2 a to g. */
export const BGP_STEPS = ['own', 'local-pref', 'as-path', 'origin', 'med', 'ebgp', 'igp-cost', 'router-id', 'peer-address'] as const;
export type BgpStep = (typeof BGP_STEPS)[number];

export interface BgpCandidate {
  readonly path: BgpPath;
  /** Index of the neighbour that it came from; null: the speaker's own. */
  readonly neighbor: number | null;
  /** `denied`: the import policy or a rule of the protocol refuses it; `unreachable`: no way to its next hop. */
  readonly status: 'best' | 'multipath' | 'lost' | 'denied' | 'unreachable';
  /** The step that decided; null where there was nothing to decide. */
  readonly step: BgpStep | null;
  /** In words. */
  readonly why: string;
}

/** What a speaker knows of one prefix: the best first, then those used beside it, then the others. */
export interface BgpEntry {
  readonly family: 4 | 6;
  readonly prefix: string;
  readonly candidates: readonly BgpCandidate[];
}

export interface PlanBgp extends BgpConfig {
  /** When everything that was sent has arrived. */
  readonly table: readonly BgpEntry[];
  /** State of the sessions then, in the order of `neighbors`: null = established, else why not. */
  readonly sessions: readonly (string | null)[];
}
