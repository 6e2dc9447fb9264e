/**
 * A documented flow: who takes part, what they do, and what must be seen. Plain data.
 * @module
 */
import type { DropName } from '../base/drop.js';
import type { SourceRef } from '../base/error.js';
import type { Nanos } from '../base/time.js';

/** The article's words for a path. */
export const PATH_LABELS = ['local', 'Internet', 'ExpressRoute'] as const;
export type PathLabel = (typeof PATH_LABELS)[number];

/** A name of the flow's `actors`. */
export type Actor = string;

export type Step =
  | { readonly do: 'sign-in'; readonly actors: readonly Actor[]; readonly src: SourceRef }
  | { readonly do: 'sign-out'; readonly actors: readonly Actor[]; readonly src: SourceRef }
  | { readonly do: 'message'; readonly from: Actor; readonly to: Actor; readonly text: string; readonly src: SourceRef }
  /** Invites, waits for the answer and for media, talks for `talk`. */
  | { readonly do: 'call'; readonly from: Actor; readonly to: Actor; readonly talk: Nanos; readonly src: SourceRef }
  | { readonly do: 'hang-up'; readonly actor: Actor; readonly src: SourceRef }
  /** Sends no sound in any call until told otherwise: the network sees nothing of a muted speaker. */
  | { readonly do: 'mute' | 'unmute'; readonly actors: readonly Actor[]; readonly src: SourceRef }
  | { readonly do: 'wait'; readonly time: Nanos; readonly src: SourceRef }
  /** Changes a link: `down`, `up`, or netem's words for both directions. */
  | { readonly do: 'link'; readonly link: string; readonly set: string; readonly src: SourceRef };

/** Steps that the network can refuse. */
export const FAILING_STEPS = ['sign-in', 'sign-out', 'message', 'call'] as const;
export type FailingStep = (typeof FAILING_STEPS)[number];

export type Expectation =
  | { readonly expect: 'signed-in'; readonly of: Actor; readonly src: SourceRef }
  /** Every packet between the client and the user's home. */
  | { readonly expect: 'signalling'; readonly of: Actor; readonly is: PathLabel; readonly src: SourceRef }
  /** Every packet between two servers; `nodes` are names of the topology, no actors. */
  | { readonly expect: 'servers'; readonly nodes: readonly [string, string]; readonly is: PathLabel; readonly src: SourceRef }
  /** Seen on the Internet, and nowhere on ExpressRoute. */
  | { readonly expect: 'internet-only'; readonly traffic: InternetOnly; readonly src: SourceRef }
  | { readonly expect: 'message'; readonly from: Actor; readonly to: Actor; readonly src: SourceRef }
  | { readonly expect: 'call'; readonly from: Actor; readonly to: Actor; readonly src: SourceRef }
  | {
      readonly expect: 'media';
      readonly between: readonly [Actor, Actor];
      readonly is: PathLabel;
      /** The media may cross nodes of these sites only: a detour through another is a failure. */
      readonly sites: readonly string[] | null;
      readonly src: SourceRef;
    }
  /** Selected candidate types, `host/host`. */
  | { readonly expect: 'ice'; readonly between: readonly [Actor, Actor]; readonly local: string; readonly remote: string; readonly src: SourceRef }
  /** Both directions cross the same link groups. */
  | { readonly expect: 'symmetric'; readonly between: readonly [Actor, Actor]; readonly src: SourceRef }
  | {
      readonly expect: 'quality';
      readonly between: readonly [Actor, Actor];
      /** Upper bounds: share of packets, one-way time, RFC 3550 jitter. */
      readonly loss: number | null;
      readonly delay: Nanos | null;
      readonly jitter: Nanos | null;
      readonly src: SourceRef;
    }
  /** The script ended at such a step; `says` is a part of what was said to it. */
  | { readonly expect: 'fails'; readonly step: FailingStep; readonly says: string | null; readonly src: SourceRef }
  /** For longer than that media was sent and nothing of it arrived. */
  | { readonly expect: 'silence'; readonly from: Actor; readonly to: Actor; readonly longer: Nanos; readonly src: SourceRef }
  | WhyExpectation;

/** Why a flow between two nodes broke, as `callpath why` explains it. What is null may be anything. */
export interface WhyExpectation {
  readonly expect: 'why';
  /** One or two ends: actors, or nodes of the topology. */
  readonly nodes: readonly string[];
  readonly medium: WhyMedium | null;
  /** The node at which the ways of question and answer part, and the one at which they would meet again. */
  readonly partsAt: string | null;
  readonly meetsAt: string | null;
  /** Firewalls, of which one holds the state of the connection; empty: it may be any or none. */
  readonly stateAt: readonly string[];
  /** Nodes or links, of which one dropped it; empty: it may be any. */
  readonly droppedAt: readonly string[];
  readonly by: DropName | null;
  /** The rule, or the chain of the policy: `er-filter.nft`, or with its line `er-filter.nft:12`. */
  readonly rule: string | null;
  /** A part of the rule's comment. */
  readonly says: string | null;
  readonly src: SourceRef;
}

/** What a flow carries, as far as an expectation can name it. */
export const WHY_MEDIA = ['signalling', 'audio', 'rtcp', 'stun', 'dns'] as const;
export type WhyMedium = (typeof WHY_MEDIA)[number];

/** Services that the article keeps off ExpressRoute, as far as a run has them. */
export const INTERNET_ONLY = ['dns'] as const;
export type InternetOnly = (typeof INTERNET_ONLY)[number];

export interface FlowSpec {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  /** Which sentence of which document. */
  readonly source: string;
  /** Null for what stands for no documented flow. */
  readonly deployment: 'online' | 'hybrid' | 'cloud-connector' | null;
  /** Path of the topology file, resolved against the flow file. */
  readonly topology: string;
  /** Where that is written. */
  readonly topologySrc: SourceRef;
  /** Actor to client node. */
  readonly actors: Readonly<Record<Actor, string>>;
  /** Where each actor is written. */
  readonly places: Readonly<Record<Actor, SourceRef>>;
  readonly steps: readonly Step[];
  readonly expectations: readonly Expectation[];
  /** Lab time after which the run is given up. */
  readonly limit: Nanos;
}
