/**
 * What was dropped in a run, by reason and place.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import { dropName } from '../base/drop.js';
import type { DropName } from '../base/drop.js';
import type { Ledger, LedgerCursor } from '../capture/ledger.js';
import { EXAMPLES } from './direction-tally.js';
import { placeOf } from './trails.js';
import type { TrailFacts } from './trails.js';

export interface DropGroup {
  readonly reason: DropName;
  /** Name of the node or link. */
  readonly where: string;
  readonly at: 'node' | 'link';
  /** The stage of the node's work, such as `forward`; null for links. */
  readonly stage: string | null;
  /** The decision in the capture's comment grammar; empty for losses of links. */
  readonly decision: string;
  readonly packets: number;
  /** The first ones, at most ten. */
  readonly examples: readonly PacketId[];
}

interface Count {
  readonly point: number;
  readonly drop: number;
  readonly decision: number;
  packets: number;
  readonly examples: PacketId[];
}

export class DropTally {
  readonly #ledger: Ledger;
  readonly #counts = new Map<string, Count>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  add(cursor: LedgerCursor, facts: TrailFacts): void {
    const { drop, id } = cursor;
    const { endPoint: point, endDecision: decision } = facts;
    // Both ends of a link are one place.
    const place = point < this.#ledger.points.links * 2 ? point & ~1 : point;
    const key = `${place} ${drop} ${decision}`;
    let count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, (count = { point, drop, decision, packets: 0, examples: [] }));
    count.packets += 1;
    if (count.examples.length < EXAMPLES) count.examples.push(id);
  }

  /** Most packets first. */
  finish(): readonly DropGroup[] {
    return [...this.#counts.values()]
      .sort((a, b) => b.packets - a.packets)
      .map(({ point, drop, decision, packets, examples }) => ({
        reason: dropName(drop),
        where: placeOf(this.#ledger, point),
        at: this.#ledger.points.at(point).kind === 'link' ? 'link' : 'node',
        stage: decision === 0 ? null : (this.#ledger.decisionPairs(decision)['stage'] ?? null),
        decision: decision === 0 ? '' : this.#ledger.decision(decision),
        packets,
        examples,
      }));
  }
}
