/**
 * Legs: what the documentation speaks of. Who talked to whom about what, over which links, and the word for it.
 * Found in the ledger and the plan alone.
 * @module
 */
import type { FlowId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import type { Ledger } from '../capture/ledger.js';
import type { Plan, PlanNode } from '../topology/plan.js';
import { callsOf } from './calls.js';
import type { Call } from './calls.js';
import type { Direction } from './direction.js';
import type { DropGroup } from './drops.js';
import { labelOfDirections } from './label.js';
import type { LegTally } from './leg-table.js';
import type { Medium } from './media.js';
import { mediaPaths } from './media-paths.js';
import type { MediaPath } from './media-paths.js';
import type { Reception, StreamTally } from './rtp-streams.js';
import { scan } from './scan.js';
import type { Workload } from './told-streams.js';

export type { Medium } from './media.js';
export type { MediaPath } from './media-paths.js';
export type { Workload } from './told-streams.js';

/**
 * What a signalling leg is for: `home` = a client and the home of a user who sits at it; `contact` = a client and
 * another front end, which redirects it; `servers` = two front ends.
 */
export type LegRole = 'home' | 'contact' | 'servers';

/** One SSRC in one direction. */
export interface MediaStream extends Reception {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly workload: Workload | null;
  /** Timestamp units in a second; null where nobody told, and then there is no jitter. */
  readonly clockRate: number | null;
  readonly flow: FlowId;
  /** Names of the nodes. */
  readonly from: string;
  readonly to: string;
  /** Packets that were sent; `packets` of them arrived. */
  readonly sent: number;
  /** When the first and the last one were sent. */
  readonly first: Nanos;
  readonly last: Nanos;
  /** A node told of this stream; else its sequence numbers speak for it. */
  readonly told: boolean;
}

export interface Leg {
  /** `signalling/bob-online-fe`, `audio/alice-bob`: stable from run to run. RTP goes by its workload, where that was told. */
  readonly id: string;
  readonly medium: Medium;
  /** Of RTP, where it was told; else null. */
  readonly workload: Workload | null;
  /** Of signalling, else null. */
  readonly role: LegRole | null;
  readonly a: PlanNode;
  readonly b: PlanNode;
  readonly flows: readonly FlowId[];
  /** From a to b. */
  readonly there: Direction;
  readonly back: Direction;
  /** Of RTP, also where TURN carries it, in the order of their first packets; else empty. */
  readonly streams: readonly MediaStream[];
  /** The article's word: `local`, `Internet`, `ExpressRoute`, or several, joined by " and ". */
  readonly label: string;
}

export interface Observation {
  /** In the order of their first packets. */
  readonly legs: readonly Leg[];
  /** What listeners heard of senders, in the order of their first packets. */
  readonly media: readonly MediaPath[];
  readonly calls: readonly Call[];
  readonly drops: readonly DropGroup[];
  /** Packets that are not between two nodes of the plan: they are in no leg. */
  readonly unplaced: number;
}

/** Every leg of the run. One look at each packet. */
export function observe(ledger: Ledger, plan: Plan): Observation {
  const { legs: tallies, stitches, drops, unplaced } = scan(ledger, plan);
  const finished = tallies.map((tally) => {
    const streams = tally.streams.map((stream) => ({ tally: stream, finished: streamOf(stream) }));
    return { leg: finish(tally, streams, plan), streams };
  });
  const legs = finished.map(({ leg }) => leg);
  const streams = finished.flatMap(({ leg, streams: own }) => own.map((stream) => ({ ...stream, leg }))).sort((x, y) => inOrder(x.finished, y.finished));
  return { legs, media: mediaPaths(ledger, plan, { streams, stitches }), calls: callsOf(ledger, plan), drops, unplaced };
}

function inOrder(x: MediaStream, y: MediaStream): number {
  return x.first - y.first || x.ssrc - y.ssrc;
}

function finish(tally: LegTally, streams: readonly { readonly finished: MediaStream }[], plan: Plan): Leg {
  const there = tally.there.finish();
  const back = tally.back.finish();
  return {
    id: tally.id,
    medium: tally.medium,
    workload: tally.workload,
    role: tally.medium === 'signalling' ? roleOf(tally.a, tally.b, plan) : null,
    a: tally.a,
    b: tally.b,
    flows: [...tally.flows].sort((x, y) => x - y),
    there,
    back,
    streams: streams.map(({ finished }) => finished).sort(inOrder),
    label: labelOfDirections([there, back], plan),
  };
}

function roleOf(a: PlanNode, b: PlanNode, plan: Plan): LegRole {
  if (plan.users.some((user) => user.node === a.name && user.home === b.name)) return 'home';
  return a.traits.homes === true && b.traits.homes === true ? 'servers' : 'contact';
}

function streamOf(tally: StreamTally): MediaStream {
  const { first, last, workload, clockRate } = tally;
  const { ssrc, payloadType, flow, from, to } = tally.of;
  return {
    ssrc,
    payloadType,
    workload,
    clockRate,
    flow,
    from,
    to,
    sent: tally.direction.packets,
    first,
    last,
    told: tally.told !== null,
    ...tally.reception(),
  };
}

/** Legs of a medium that have all of these nodes at their ends. */
export function legsOf(observation: Observation, medium: Medium, ...nodes: readonly string[]): readonly Leg[] {
  return observation.legs.filter((leg) => leg.medium === medium && nodes.every((node) => leg.a.name === node || leg.b.name === node));
}
