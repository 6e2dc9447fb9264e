/**
 * Silences: stretches in which media was sent and nothing of it arrived.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import type { Journey, Ledger } from '../capture/ledger.js';
import type { Leg } from './legs.js';
import { udpPayload } from './payload.js';

export interface Silence {
  /** When the first and the last packet of it were sent. */
  readonly from: Nanos;
  readonly to: Nanos;
  readonly packets: readonly PacketId[];
}

/** The longest one of RTP from one node to another; null when everything that was sent arrived. */
export function longestSilence(ledger: Ledger, legs: readonly Leg[], sender: string): Silence | null {
  const journeys = legs.flatMap((leg) => leg.flows.flatMap((flow) => [...ledger.packetsOf(flow)])).flatMap((id) => spoken(ledger, id as PacketId, sender));
  journeys.sort((a, b) => a.start - b.start);
  let [best, start] = [{ from: 0, to: -1 }, 0];
  for (const [i, { end }] of journeys.entries()) {
    if (end.kind === 'delivered') start = i + 1;
    else if (best.to < 0 || lasting(journeys, start, i) > lasting(journeys, best.from, best.to)) best = { from: start, to: i };
  }
  const [first, last] = [journeys[best.from], journeys[best.to]];
  return first === undefined || last === undefined
    ? null
    : { from: first.start, to: last.start, packets: journeys.slice(best.from, best.to + 1).map(({ id }) => id) };
}

/** The packet's journey, if it is RTP of that node. */
function spoken(ledger: Ledger, id: PacketId, sender: string): readonly Journey[] {
  const journey = ledger.journey(id);
  const first = journey?.hops[0];
  if (journey === null || first === undefined || ledger.points.linkPoint(first.point).node !== sender || journey.end.kind === 'in-flight') return [];
  const frame = ledger.firstBytes(id);
  return frame !== null && udpPayload(frame)?.kind === 'rtp' ? [journey] : [];
}

function lasting(journeys: readonly Journey[], from: number, to: number): number {
  return (journeys[to]?.start ?? 0) - (journeys[from]?.start ?? 0);
}
