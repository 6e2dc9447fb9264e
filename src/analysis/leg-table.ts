/**
 * The tallies of a scan, by leg: medium, two nodes, two directions. RTP is counted by stream first, since whether a
 * stream is one is known only when more of it was seen.
 * @module
 */
import type { FlowId } from '../base/brand.js';
import type { PlanNode } from '../topology/plan.js';
import { DirectionTally } from './direction-tally.js';
import type { Medium } from './media.js';
import type { RtpHeader } from './payload.js';
import { StreamTally } from './rtp-streams.js';
import type { Told, Workload } from './told-streams.js';

export interface LegTally {
  readonly id: string;
  readonly medium: Medium;
  /** Of RTP, where it was told. */
  readonly workload: Workload | null;
  readonly a: PlanNode;
  readonly b: PlanNode;
  readonly flows: Set<FlowId>;
  /** From a to b. */
  readonly there: DirectionTally;
  readonly back: DirectionTally;
  readonly streams: StreamTally[];
}

interface StreamPlace {
  readonly tally: StreamTally;
  readonly sender: PlanNode;
  readonly receiver: PlanNode;
}

export class LegTable {
  readonly #told: ReadonlyMap<number, Told>;
  readonly #legs = new Map<string, LegTally>();
  /** By flow, medium and direction: one look-up a packet. */
  readonly #directions = new Map<FlowId, Map<string, DirectionTally>>();
  readonly #streams = new Map<FlowId, Map<number, StreamPlace>>();

  /** @param told what nodes told of streams, by SSRC */
  constructor(told: ReadonlyMap<number, Told>) {
    this.#told = told;
  }

  /** hot. */
  direction(medium: Medium, flow: FlowId, sender: PlanNode, receiver: PlanNode): DirectionTally {
    let known = this.#directions.get(flow);
    if (known === undefined) this.#directions.set(flow, (known = new Map<string, DirectionTally>()));
    const key = `${medium} ${sender.id}`;
    let tally = known.get(key);
    if (tally === undefined) {
      const leg = this.#leg(medium, null, sender, receiver);
      leg.flows.add(flow);
      known.set(key, (tally = leg.a === sender ? leg.there : leg.back));
    }
    return tally;
  }

  /** hot. */
  stream(flow: FlowId, medium: Medium, header: RtpHeader, sender: PlanNode, receiver: PlanNode): StreamTally {
    let known = this.#streams.get(flow);
    if (known === undefined) this.#streams.set(flow, (known = new Map<number, StreamPlace>()));
    const wrapped = medium === 'turn';
    const key = header.ssrc * 4 + (wrapped ? 2 : 0) + (sender.id < receiver.id ? 0 : 1);
    const place = known.get(key);
    if (place !== undefined) return place.tally;
    const said = this.#told.get(header.ssrc);
    const told = said !== undefined && (said.nodes.has(sender.name) || said.nodes.has(receiver.name)) ? said : null;
    const { ssrc, payloadType } = header;
    const tally = new StreamTally({ flow, ssrc, payloadType, from: sender.name, to: receiver.name, wrapped, told });
    known.set(key, { tally, sender, receiver });
    return tally;
  }

  /** All, valid or not. */
  streams(): readonly StreamTally[] {
    return [...this.#streams.values()].flatMap((known) => [...known.values()].map(({ tally }) => tally));
  }

  /** In the order of their first packets. The table is spent after that. */
  finish(): readonly LegTally[] {
    for (const { tally, sender, receiver } of [...this.#streams.values()].flatMap((known) => [...known.values()])) {
      const { flow, wrapped } = tally.of;
      const medium = wrapped ? 'turn' : tally.valid ? 'rtp' : 'other';
      const leg = this.#leg(medium, medium === 'rtp' ? tally.workload : null, sender, receiver);
      leg.flows.add(flow);
      (leg.a === sender ? leg.there : leg.back).merge(tally.direction);
      if (tally.valid) leg.streams.push(tally);
    }
    const first = (leg: LegTally): number => Math.min(leg.there.first, leg.back.first);
    return [...this.#legs.values()].sort((x, y) => first(x) - first(y));
  }

  #leg(medium: Medium, workload: Workload | null, sender: PlanNode, receiver: PlanNode): LegTally {
    const [a, b] = inOrder(sender, receiver);
    const id = `${workload ?? medium}/${a.name}-${b.name}`;
    let leg = this.#legs.get(id);
    if (leg === undefined)
      this.#legs.set(id, (leg = { id, medium, workload, a, b, flows: new Set(), there: new DirectionTally(), back: new DirectionTally(), streams: [] }));
    return leg;
  }
}

/** Endpoints before the rest, then by name: so an id does not depend on who spoke first. */
export function inOrder(x: PlanNode, y: PlanNode): readonly [PlanNode, PlanNode] {
  const rank = (node: PlanNode): number => (node.traits.is === 'endpoint' ? 0 : 1);
  const swap = rank(x) !== rank(y) ? rank(x) > rank(y) : x.name > y.name;
  return swap ? [y, x] : [x, y];
}
