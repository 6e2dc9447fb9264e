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

export interface LegTally {
  readonly id: string;
  readonly medium: Medium;
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
  readonly #told: ReadonlyMap<number, ReadonlySet<string>>;
  readonly #legs = new Map<string, LegTally>();
  /** By flow, medium and direction: one look-up a packet. */
  readonly #directions = new Map<FlowId, Map<string, DirectionTally>>();
  readonly #streams = new Map<FlowId, Map<number, StreamPlace>>();

  /** @param told SSRCs that nodes told of, with who told */
  constructor(told: ReadonlyMap<number, ReadonlySet<string>>) {
    this.#told = told;
  }

  /** hot. */
  direction(medium: Medium, flow: FlowId, sender: PlanNode, receiver: PlanNode): DirectionTally {
    let known = this.#directions.get(flow);
    if (known === undefined) this.#directions.set(flow, (known = new Map<string, DirectionTally>()));
    const key = `${medium} ${sender.id}`;
    let tally = known.get(key);
    if (tally === undefined) {
      const leg = this.#leg(medium, sender, receiver);
      leg.flows.add(flow);
      known.set(key, (tally = leg.a === sender ? leg.there : leg.back));
    }
    return tally;
  }

  /** hot. */
  stream(flow: FlowId, header: RtpHeader, sender: PlanNode, receiver: PlanNode): StreamTally {
    let known = this.#streams.get(flow);
    if (known === undefined) this.#streams.set(flow, (known = new Map<number, StreamPlace>()));
    const key = header.ssrc * 2 + (sender.id < receiver.id ? 0 : 1);
    const place = known.get(key);
    if (place !== undefined) return place.tally;
    const tellers = this.#told.get(header.ssrc);
    const told = tellers !== undefined && (tellers.has(sender.name) || tellers.has(receiver.name));
    const tally = new StreamTally({ flow, ssrc: header.ssrc, payloadType: header.payloadType, from: sender.name, to: receiver.name, told });
    known.set(key, { tally, sender, receiver });
    return tally;
  }

  /** In the order of their first packets. The table is spent after that. */
  finish(): readonly LegTally[] {
    for (const { tally, sender, receiver } of [...this.#streams.values()].flatMap((known) => [...known.values()])) {
      const leg = this.#leg(tally.valid ? 'audio' : 'other', sender, receiver);
      leg.flows.add(tally.flow);
      (leg.a === sender ? leg.there : leg.back).merge(tally.direction);
      if (tally.valid) leg.streams.push(tally);
    }
    const first = (leg: LegTally): number => Math.min(leg.there.first, leg.back.first);
    return [...this.#legs.values()].sort((x, y) => first(x) - first(y));
  }

  #leg(medium: Medium, sender: PlanNode, receiver: PlanNode): LegTally {
    const [a, b] = inOrder(sender, receiver);
    const id = `${medium}/${a.name}-${b.name}`;
    let leg = this.#legs.get(id);
    if (leg === undefined)
      this.#legs.set(id, (leg = { id, medium, a, b, flows: new Set(), there: new DirectionTally(), back: new DirectionTally(), streams: [] }));
    return leg;
  }
}

/** Clients before servers, then by name: so an id does not depend on who spoke first. */
function inOrder(x: PlanNode, y: PlanNode): readonly [PlanNode, PlanNode] {
  const rank = (node: PlanNode): number => (node.kind === 'client' ? 0 : 1);
  const swap = rank(x) !== rank(y) ? rank(x) > rank(y) : x.name > y.name;
  return swap ? [y, x] : [x, y];
}
