/**
 * The one look at all packets of a ledger: each is given to the tally of its leg and direction.
 *
 * A packet that the network made of another one (a copy that a bridge sends out of every port, a duplicate, the
 * fragments of a datagram too long for a link) is not sent anew: it is told to be the other one's way on. A copy that
 * arrived means that the packet did; of fragments all must.
 * @module
 */
import { must } from '../base/assert.js';
import type { PacketId } from '../base/brand.js';
import { DROP, dropName } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import type { Ledger, LedgerCursor } from '../capture/ledger.js';
import type { Plan, PlanNode } from '../topology/plan.js';
import type { DirectionTally, TimedCrossing } from './direction-tally.js';
import { DropTally } from './drops.js';
import type { DropGroup } from './drops.js';
import { LegTable } from './leg-table.js';
import type { LegTally } from './leg-table.js';
import { PayloadLooker, placeFlows, toldStreams } from './media.js';
import type { PlacedFlow, Seen } from './media.js';
import type { StreamTally } from './rtp-streams.js';
import { TrailBook, placeOf } from './trails.js';
import type { TrailFacts } from './trails.js';

export interface Scanned {
  readonly legs: readonly LegTally[];
  readonly drops: readonly DropGroup[];
  /** Packets that are not between two nodes of the plan. */
  readonly unplaced: number;
}

/** A packet that has not arrived by itself: copies or fragments of it may. */
interface Waiting {
  readonly id: PacketId;
  readonly tally: DirectionTally;
  readonly stream: { readonly of: StreamTally; readonly sequence: number; readonly timestamp: number } | null;
  readonly facts: TrailFacts;
  readonly start: Nanos;
  readonly drop: number;
  /** Ended at a node that is not the one it was sent to. */
  readonly elsewhere: boolean;
  /** Its own crossings count only when nothing carries it on. */
  readonly crossings: readonly TimedCrossing[] | null;
  readonly target: string;
  pieces: number;
  /** Pieces or copies that arrived: which, and when the last one did. */
  arrived: { readonly id: PacketId; readonly at: Nanos }[];
  readonly whole: TimedCrossing[];
}

export function scan(ledger: Ledger, plan: Plan): Scanned {
  return new Scan(ledger, plan).run();
}

class Scan {
  readonly #ledger: Ledger;
  readonly #flows: ReadonlyMap<number, PlacedFlow>;
  readonly #trails: TrailBook;
  readonly #looker: PayloadLooker;
  readonly #legs: LegTable;
  readonly #drops: DropTally;
  readonly #waiting = new Map<number, Waiting>();
  /** First ancestor of what the network made. */
  readonly #roots = new Map<number, number>();
  #unplaced = 0;

  constructor(ledger: Ledger, plan: Plan) {
    this.#ledger = ledger;
    this.#flows = placeFlows(ledger.flows(), plan);
    this.#trails = new TrailBook(ledger);
    this.#looker = new PayloadLooker(ledger);
    this.#legs = new LegTable(toldStreams(ledger));
    this.#drops = new DropTally(ledger);
  }

  run(): Scanned {
    let order = 0;
    for (const cursor = this.#ledger.cursor(); cursor.next(); order++) this.#packet(cursor, order);
    for (const one of this.#waiting.values()) this.#settle(one);
    return { legs: this.#legs.finish(), drops: this.#drops.finish(), unplaced: this.#unplaced };
  }

  /** hot. */
  #packet(cursor: LedgerCursor, order: number): void {
    const facts = this.#trails.of(cursor.trail);
    if (cursor.drop !== 0) this.#drops.add(cursor, facts);
    const flow = this.#flows.get(cursor.flow);
    if (flow === undefined) {
      this.#unplaced += 1;
      return;
    }
    const sender = facts.bornAt === flow.from.name ? flow.from : facts.bornAt === flow.to.name ? flow.to : null;
    if (sender === null) this.#made(cursor, facts, flow);
    else this.#sent(cursor, facts, flow, sender, order);
  }

  /** hot. */
  #sent(cursor: LedgerCursor, facts: TrailFacts, flow: PlacedFlow, sender: PlanNode, order: number): void {
    const receiver = sender === flow.from ? flow.to : flow.from;
    const seen: Seen = flow.medium === null || flow.medium === 'audio' ? this.#looker.look(cursor.id, cursor.cause) : { medium: flow.medium };
    const stream = seen.medium === 'audio' ? this.#legs.stream(flow.id, seen.header, sender, receiver) : null;
    const tally = stream === null ? this.#legs.direction(seen.medium, flow.id, sender, receiver) : stream.direction;
    tally.sent(order, cursor.id);
    if (stream !== null && seen.medium === 'audio') stream.sent(cursor.start, seen.header.sequence);
    if (facts.arrivedAt === receiver.name && cursor.drop === 0) {
      tally.arrived(cursor, facts);
      tally.crossed(cursor, facts);
      if (stream !== null && seen.medium === 'audio') stream.arrived(cursor.time(facts.last), seen.header.sequence, seen.header.timestamp);
      return;
    }
    const elsewhere = facts.arrivedAt !== null && cursor.drop === 0;
    const astray = elsewhere || cursor.drop === DROP.NOT_MINE;
    if (!astray) tally.crossed(cursor, facts);
    this.#waiting.set(cursor.id, {
      id: cursor.id,
      tally,
      stream: stream === null || seen.medium !== 'audio' ? null : { of: stream, sequence: seen.header.sequence, timestamp: seen.header.timestamp },
      facts,
      start: cursor.start,
      drop: cursor.drop,
      elsewhere,
      crossings: astray ? timed(cursor, facts) : null,
      target: receiver.name,
      pieces: 0,
      arrived: [],
      whole: [],
    });
  }

  /** What no end of the flow sent: a copy or a fragment, if it comes from a packet of the same flow. */
  #made(cursor: LedgerCursor, facts: TrailFacts, flow: PlacedFlow): void {
    if (cursor.cause === 0 || this.#ledger.flowOf(cursor.cause as PacketId) !== flow.id) {
      this.#unplaced += 1;
      return;
    }
    const root = this.#roots.get(cursor.cause) ?? cursor.cause;
    this.#roots.set(cursor.id, root);
    const waiting = this.#waiting.get(root);
    if (waiting === undefined) return;
    waiting.pieces += 1;
    if (waiting.elsewhere) waiting.whole.push(...timed(cursor, facts));
    if (facts.arrivedAt === waiting.target && cursor.drop === 0) waiting.arrived.push({ id: cursor.id, at: cursor.time(facts.last) });
  }

  #settle(one: Waiting): void {
    const first = one.arrived[0];
    const complete = one.elsewhere ? one.pieces > 0 && one.arrived.length === one.pieces : one.arrived.length > 0;
    if (first === undefined || !complete) {
      if (one.crossings !== null) one.tally.crossedAt([...one.crossings, ...one.whole]);
      this.#missed(one);
      return;
    }
    const way = wholeWay(this.#ledger, first.id);
    // Of a packet that was lost by itself its own crossings are counted already.
    if (one.elsewhere) one.tally.crossedAt([...must(one.crossings, 'crossings'), ...one.whole]);
    else one.tally.crossedAt(one.crossings === null ? ownWay(this.#ledger, first.id) : way);
    const at = one.elsewhere ? Math.max(...one.arrived.map((piece) => piece.at)) : first.at;
    one.tally.arrivedBy(
      one.id,
      way.map(({ link }) => link),
      way.map(({ link, side }) => link * 2 + side).join(' '),
      (at - one.start) as Nanos,
    );
    one.stream?.of.arrived(at, one.stream.sequence, one.stream.timestamp);
  }

  #missed(one: Waiting): void {
    const where = placeOf(this.#ledger, one.facts.endPoint);
    if (one.drop === 0 && !one.elsewhere) one.tally.missed(one.id, one.facts, 'under-way', 'in-flight', where);
    else if (one.drop === DROP.NO_LISTENER && where === one.target) one.tally.missed(one.id, one.facts, 'refused', dropName(one.drop), where);
    else one.tally.missed(one.id, one.facts, 'lost', one.drop === 0 ? 'incomplete' : dropName(one.drop), where);
  }
}

function timed(cursor: LedgerCursor, facts: TrailFacts): TimedCrossing[] {
  return facts.crossings.map((crossing) => ({
    link: crossing.link,
    side: crossing.side,
    out: crossing.out < 0 ? null : cursor.time(crossing.out),
    in: crossing.in < 0 ? null : cursor.time(crossing.in),
  }));
}

function ownWay(ledger: Ledger, id: PacketId): readonly TimedCrossing[] {
  return must(ledger.journey(id), `packet ${id}`).hops.map(({ link, side, out, in: arrival }) => ({ link, side, out, in: arrival }));
}

/** The way of a packet from where its first ancestor was sent: each ancestor's up to where the next one was made. */
function wholeWay(ledger: Ledger, id: PacketId): readonly TimedCrossing[] {
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
