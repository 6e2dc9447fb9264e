/**
 * What the network made of packets on their way: the copies of a bridge, the fragments of a router, a link's duplicates.
 * They are no packets of their own here, but how a packet went on. Of copies the best one counts, of fragments the worst.
 * @module
 */
import { must } from '../../base/assert.js';
import type { FlowId, PacketId, TrailId } from '../../base/brand.js';
import { DROP, type DropCode, dropCode } from '../../base/drop.js';
import type { Nanos } from '../../base/time.js';
import type { Flow, Ledger, LedgerCursor, Step } from '../../capture/ledger.js';
import { TrailBook, nodeAt } from '../trails.js';
import { Senders } from './senders.js';

/** Of a packet and of what it went on as. */
export interface WholeWay {
  readonly steps: readonly Step[];
  /** Whose each step is. */
  readonly owners: readonly PacketId[];
  readonly drop: DropCode;
  /** Those of all of them, the packet's own first. */
  readonly ids: readonly PacketId[];
}

interface Piece {
  readonly id: PacketId;
  readonly trail: TrailId;
  readonly drop: DropCode;
  readonly length: number;
  readonly start: Nanos;
}

/** Pieces of the packets of some flows. */
export class Pieces {
  readonly trails: TrailBook;
  readonly #ledger: Ledger;
  readonly #flows: ReadonlyMap<FlowId, Flow>;
  readonly #senders = new Map<FlowId, Senders>();
  /** What was made of a packet, by its id. */
  readonly #made = new Map<number, Piece[]>();
  readonly #origins = new Map<number, PacketId>();

  constructor(ledger: Ledger, flows: readonly Flow[]) {
    this.#ledger = ledger;
    this.trails = new TrailBook(ledger);
    this.#flows = new Map(flows.map((flow) => [flow.id, flow]));
  }

  /** Who sent what of a flow; null before {@link relate} has seen a packet of it. */
  senders(flow: FlowId): Senders | null {
    return this.#senders.get(flow) ?? null;
  }

  /** Takes a packet in; all of them, in their order. Gives whether it is a piece. hot. */
  relate(cursor: LedgerCursor): boolean {
    const { flow, cause, id, trail } = cursor;
    const wanted = this.#flows.get(flow);
    if (wanted === undefined) return false;
    let senders = this.#senders.get(flow);
    if (senders === undefined) this.#senders.set(flow, (senders = new Senders(this.#ledger, this.trails, wanted, this.trails.of(trail).bornAt)));
    if (cause === 0 || this.#ledger.flowOf(cause as PacketId) !== flow || !senders.isPiece(trail, id, cause as PacketId)) return false;
    const piece = { id, trail, drop: cursor.drop, length: cursor.length, start: cursor.start };
    const known = this.#made.get(cause);
    if (known === undefined) this.#made.set(cause, [piece]);
    else known.push(piece);
    this.#origins.set(id, this.#origins.get(cause) ?? (cause as PacketId));
    return true;
  }

  isPiece(id: PacketId): boolean {
    return this.#origins.has(id);
  }

  /** Something was made of it. */
  wentOn(id: PacketId): boolean {
    return this.#made.has(id);
  }

  /** The packet that an end sent, of which it is a piece; itself where it is none. */
  originOf(id: PacketId): PacketId {
    return this.#origins.get(id) ?? id;
  }

  /** How a packet went on to its end; null where nothing is recorded of it. */
  whole(id: PacketId): WholeWay | null {
    const [trail, journey] = [this.#ledger.trailOf(id), this.#ledger.journey(id)];
    if (trail === null || journey === null) return null;
    return this.wayOn({
      id,
      trail,
      drop: journey.end.kind === 'dropped' ? must(dropCode(journey.end.drop), 'a drop code') : DROP.NONE,
      length: journey.length,
    });
  }

  /** The steps of a packet and of what it went on as. */
  wayOn(packet: Omit<Piece, 'start'>): WholeWay {
    const steps = this.#ledger.trail(packet.trail);
    const own: WholeWay = { steps, owners: steps.map(() => packet.id), drop: packet.drop, ids: [packet.id] };
    const made = this.#made.get(packet.id);
    if (made === undefined) return own;
    const { arrivedAt } = this.trails.of(packet.trail);
    let remade = false;
    const [copies, fragments]: [WholeWay[], WholeWay[]] = [[], []];
    for (const piece of made) {
      const { bornAt } = this.trails.of(piece.trail);
      const before = this.#until(packet, steps, bornAt, piece);
      if (before === null) continue;
      // Taken by the node that made the pieces: it went on as these alone.
      remade ||= packet.drop === 0 && bornAt !== null && bornAt === arrivedAt;
      const on = this.wayOn(piece);
      const way = { ...on, steps: [...before, ...on.steps], owners: [...before.map(() => packet.id), ...on.owners] };
      (piece.length < packet.length ? fragments : copies).push(way);
    }
    const ids = [...new Set([packet.id, ...[...copies, ...fragments].flatMap((way) => way.ids)])];
    const worst = fragments.sort((a, b) => rank(b) - rank(a)).slice(0, 1);
    const ways = [...(remade ? [] : [own]), ...copies, ...worst].sort((a, b) => rank(a) - rank(b));
    return { ...must(ways[0], 'a way'), ids };
  }

  /** The steps of a packet up to where a piece was made of it: at a node that it had come to, or by a link. */
  #until({ id }: { readonly id: PacketId }, steps: readonly Step[], bornAt: string | null, piece: Piece): readonly Step[] | null {
    const first = this.#ledger.trail(piece.trail)[0];
    if (bornAt === null) {
      const left = steps.findIndex(({ kind, point }) => kind === 'out' && first !== undefined && point === (first.point ^ 1));
      return left < 0 ? null : steps.slice(0, left + 1);
    }
    const came = steps.flatMap(({ kind, point }, k) => (kind === 'in' && nodeAt(this.#ledger, point) === bornAt ? [k] : []));
    const at = came.length < 2 ? came[0] : this.#pass(id, steps, came, first, piece.start);
    return at === undefined ? null : steps.slice(0, at + 1);
  }

  /**
   * Of a packet that came to a node more than once: at which time the piece was made. A bridge sends a copy neither back nor
   * where the packet itself went, and nobody makes one before the packet is there.
   */
  #pass(id: PacketId, steps: readonly Step[], came: readonly number[], first: Step | undefined, start: Nanos): number | undefined {
    const arrivals = this.#ledger.journey(id)?.hops.flatMap((hop) => hop.in ?? []) ?? [];
    const at = (k: number): number => arrivals[steps.slice(0, k).filter(({ kind }) => kind === 'in').length] ?? start;
    const fits = came.filter((k) => first === undefined || (steps[k]?.point !== first.point && steps[k + 1]?.point !== first.point));
    return fits.findLast((k) => at(k) <= start) ?? fits[0] ?? came[0];
  }
}

/** Smaller is better. */
function rank({ steps, drop }: Pick<WholeWay, 'steps' | 'drop'>): number {
  if (drop === 0) return steps.at(-1)?.kind === 'in' ? 0 : 1;
  return drop === DROP.NOT_MINE ? 3 : 2;
}
