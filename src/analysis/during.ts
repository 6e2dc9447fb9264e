/**
 * Packets of flows within a stretch of time: the evidence for what a node told of.
 * @module
 */
import type { FlowId, PacketId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import type { Ledger } from '../capture/ledger.js';

/** Sent at `from` or later, up to `to`; in the order of the flows and then of sending. */
export function packetsDuring(ledger: Ledger, flows: readonly FlowId[], from: Nanos, to: Nanos): readonly PacketId[] {
  const found: PacketId[] = [];
  for (const flow of flows) {
    const ids = ledger.packetsOf(flow);
    for (let i = firstFrom(ledger, ids, from); i < ids.length && startOf(ledger, ids, i) <= to; i++) found.push(ids[i] as PacketId);
  }
  return found;
}

/** Packets of a flow stand in the order of their first records. */
function firstFrom(ledger: Ledger, ids: Uint32Array, from: Nanos): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (startOf(ledger, ids, middle) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function startOf(ledger: Ledger, ids: Uint32Array, i: number): number {
  return ledger.journey(ids[i] as PacketId)?.start ?? Infinity;
}
