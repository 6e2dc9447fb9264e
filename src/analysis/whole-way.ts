/**
 * The way of a packet that the network made anew on its way (copies, duplicates, fragments), as one.
 * @module
 */
import { must } from '../base/assert.js';
import type { PacketId } from '../base/brand.js';
import type { Ledger, LedgerCursor } from '../capture/ledger.js';
import type { TimedCrossing } from './direction-tally.js';
import type { TrailFacts } from './trails.js';

/** Crossings of the packet at the cursor. */
export function timed(cursor: LedgerCursor, facts: TrailFacts): TimedCrossing[] {
  return facts.crossings.map((crossing) => ({
    link: crossing.link,
    side: crossing.side,
    out: crossing.out < 0 ? null : cursor.time(crossing.out),
    in: crossing.in < 0 ? null : cursor.time(crossing.in),
  }));
}

export function ownWay(ledger: Ledger, id: PacketId): readonly TimedCrossing[] {
  return must(ledger.journey(id), `packet ${id}`).hops.map(({ link, side, out, in: arrival }) => ({ link, side, out, in: arrival }));
}

/** The way of a packet from where its first ancestor was sent: each ancestor's up to where the next one was made. */
export function wholeWay(ledger: Ledger, id: PacketId): readonly TimedCrossing[] {
  const journey = must(ledger.journey(id), `packet ${id}`);
  const own = ownWay(ledger, id);
  const parent = journey.causes[0];
  const first = journey.hops[0];
  if (parent === undefined || first === undefined || ledger.flowOf(parent) !== journey.flow) return own;
  const before = wholeWay(ledger, parent);
  if (first.out === null) {
    // A link's duplicate: it left where its original did.
    const at = before.findLastIndex(({ link, side }) => link === first.link && side === first.side);
    return at < 0 ? own : [...before.slice(0, at), { ...must(before[at], 'crossing'), in: first.in }, ...own.slice(1)];
  }
  const maker = ledger.points.linkPoint(first.point).node;
  const at = before.findLastIndex(({ link, side }) => ledger.points.linkPoint(ledger.points.ofLink(link, side === 0 ? 1 : 0)).node === maker);
  return at < 0 ? own : [...before.slice(0, at + 1), ...own];
}
