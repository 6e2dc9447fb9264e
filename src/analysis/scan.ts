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
import { PayloadLooker, placeFlows, unseen } from './media.js';
import type { PlacedFlow } from './media.js';
import type { Miss, StreamTally } from './rtp-streams.js';
import { Stitches } from './stitches.js';
import { TrailBook, placeOf } from './trails.js';
import type { TrailFacts } from './trails.js';
import { ownWay, timed, wholeWay } from './whole-way.js';
import { toldStreams } from './told-streams.js';

export interface Scanned {
  readonly legs: readonly LegTally[];
  /** What relays and mixers made of RTP packets. */
  readonly stitches: Stitches;
  readonly drops: readonly DropGroup[];
  /** Packets that are not between two nodes of the plan. */
  readonly unplaced: number;
}

/** A packet that has not arrived by itself: copies or fragments of it may. */
interface Waiting {
  readonly id: PacketId;
  readonly tally: DirectionTally;
  /** Of RTP: its stream, and its number there. */
  readonly stream: StreamTally | null;
  readonly number: number;
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
  readonly #stitches = new Stitches();
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
    this.#stitches.resolve(this.#ledger, this.#legs.streams(), this.#roots);
    return { legs: this.#legs.finish(), stitches: this.#stitches, drops: this.#drops.finish(), unplaced: this.#unplaced };
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
    const { medium, rtp } = flow.medium === null ? this.#looker.look(cursor.id, cursor.cause) : unseen(flow.medium);
    const stream = rtp === null ? null : this.#legs.stream(flow.id, medium, rtp, sender, receiver);
    const tally = stream === null ? this.#legs.direction(medium, flow.id, sender, receiver) : stream.direction;
    tally.sent(order, cursor.id);
    const number = stream === null || rtp === null ? -1 : stream.sent(order, cursor.id, cursor.start, rtp);
    if (stream !== null && cursor.cause !== 0) this.#stitches.caused(stream, number);
    if (facts.arrivedAt === receiver.name && cursor.drop === 0) {
      tally.arrived(cursor, facts);
      tally.crossed(cursor, facts);
      if (stream !== null) stream.arrived(number, cursor.time(facts.last));
      return;
    }
    const elsewhere = facts.arrivedAt !== null && cursor.drop === 0;
    const astray = elsewhere || cursor.drop === DROP.NOT_MINE;
    if (!astray) tally.crossed(cursor, facts);
    this.#waiting.set(cursor.id, {
      id: cursor.id,
      tally,
      stream,
      number,
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
    one.stream?.arrived(one.number, at);
    if (first.id !== one.id) one.stream?.arrivedAs.set(one.number, first.id);
  }

  #missed(one: Waiting): void {
    const where = placeOf(this.#ledger, one.facts.endPoint);
    const { fate, reason } = missOf(one, where);
    one.tally.missed(one.id, one.facts, fate, reason, where);
    one.stream?.misses.set(one.number, { fate, reason, where });
  }
}

function missOf({ drop, elsewhere, target }: Waiting, where: string): Pick<Miss, 'fate' | 'reason'> {
  if (drop === 0 && !elsewhere) return { fate: 'under-way', reason: 'in-flight' };
  if (drop === DROP.NO_LISTENER && where === target) return { fate: 'refused', reason: dropName(drop) };
  return { fate: 'lost', reason: drop === 0 ? 'incomplete' : dropName(drop) };
}
