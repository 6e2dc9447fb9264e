/**
 * Legs: what the documentation speaks of. Who talked to whom about what, over which links, and the word for it.
 * Found in the ledger and the plan alone.
 * @module
 */
import type { FlowId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import type { Ledger } from '../capture/ledger.js';
import type { Plan, PlanNode, Segment } from '../topology/plan.js';
import { callsOf } from './calls.js';
import type { Call } from './calls.js';
import { segmentsOf } from './direction.js';
import type { Direction } from './direction.js';
import type { DropGroup } from './drops.js';
import type { LegTally } from './leg-table.js';
import type { Medium } from './media.js';
import type { Reception, StreamTally } from './rtp-streams.js';
import { scan } from './scan.js';

export type { Medium } from './media.js';

/**
 * What a signalling leg is for: `home` = a client and the home of a user who sits at it; `contact` = a client and
 * another front end, which redirects it; `servers` = two front ends.
 */
export type LegRole = 'home' | 'contact' | 'servers';

/** One SSRC in one direction. */
export interface MediaStream extends Reception {
  readonly ssrc: number;
  readonly payloadType: number;
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
  /** `signalling/bob-online-fe`, `audio/alice-bob`: stable from run to run. */
  readonly id: string;
  readonly medium: Medium;
  /** Of signalling, else null. */
  readonly role: LegRole | null;
  readonly a: PlanNode;
  readonly b: PlanNode;
  readonly flows: readonly FlowId[];
  /** From a to b. */
  readonly there: Direction;
  readonly back: Direction;
  /** Of audio, in the order of their first packets; else empty. */
  readonly streams: readonly MediaStream[];
  /** The article's word: `local`, `Internet`, `ExpressRoute`, or several, joined by " and ". */
  readonly label: string;
}

export interface Observation {
  /** In the order of their first packets. */
  readonly legs: readonly Leg[];
  readonly calls: readonly Call[];
  readonly drops: readonly DropGroup[];
  /** Packets that are not between two nodes of the plan: they are in no leg. */
  readonly unplaced: number;
}

/** Every leg of the run. One look at each packet. */
export function observe(ledger: Ledger, plan: Plan): Observation {
  const { legs, drops, unplaced } = scan(ledger, plan);
  return { legs: legs.map((tally) => finish(tally, plan)), calls: callsOf(ledger, plan), drops, unplaced };
}

function finish(tally: LegTally, plan: Plan): Leg {
  const there = tally.there.finish();
  const back = tally.back.finish();
  return {
    id: tally.id,
    medium: tally.medium,
    role: tally.medium === 'signalling' ? roleOf(tally.a, tally.b, plan) : null,
    a: tally.a,
    b: tally.b,
    flows: [...tally.flows].sort((x, y) => x - y),
    there,
    back,
    streams: tally.streams.map(streamOf).sort((x, y) => x.first - y.first || x.ssrc - y.ssrc),
    label: labelOf(new Set([...segmentsOf(there, plan), ...segmentsOf(back, plan)])),
  };
}

function roleOf(a: PlanNode, b: PlanNode, plan: Plan): LegRole {
  if (plan.users.some((user) => user.node === a.name && user.home === b.name)) return 'home';
  return a.kind === b.kind ? 'servers' : 'contact';
}

function streamOf(tally: StreamTally): MediaStream {
  const { ssrc, payloadType, flow, from, to, first, last, told } = tally;
  return { ssrc, payloadType, flow, from, to, sent: tally.direction.packets, first, last, told, ...tally.reception() };
}

/** The article's word for a set of segments. Microsoft's own network alone counts as `local` to it. */
export function labelOf(segments: ReadonlySet<Segment>): string {
  if (segments.size === 0) return 'nothing';
  const words: string[] = [];
  if (segments.has('expressroute')) words.push('ExpressRoute');
  if (segments.has('internet')) words.push('Internet');
  return words.length === 0 ? 'local' : words.join(' and ');
}

/** Legs of a medium that have all of these nodes at their ends. */
export function legsOf(observation: Observation, medium: Medium, ...nodes: readonly string[]): readonly Leg[] {
  return observation.legs.filter((leg) => leg.medium === medium && nodes.every((node) => leg.a.name === node || leg.b.name === node));
}
