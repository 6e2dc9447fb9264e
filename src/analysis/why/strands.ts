/**
 * The packets of flows, by direction and by what happened to them: one look at the ledger's columns, no object a packet.
 *
 * What the network made of a packet (the copies of a bridge, the fragments of a router, a link's duplicate) is no packet
 * of its own here: it is how the packet went on. Of copies the best one counts, of fragments the worst.
 * @module
 */
import { must } from '../../base/assert.js';
import type { FlowId, PacketId, TrailId } from '../../base/brand.js';
import { DROP, type DropCode } from '../../base/drop.js';
import type { Nanos } from '../../base/time.js';
import { type Admitted, admittedOf } from '../../capture/admitted.js';
import type { Flow, Ledger, LedgerCursor, Step } from '../../capture/ledger.js';
import { EXAMPLES } from '../direction-tally.js';
import { TrailBook, nodeAt } from '../trails.js';
import { Senders } from './senders.js';

/** Packets of one direction with equal journeys. */
export interface Strand {
  readonly direction: 'there' | 'back';
  readonly steps: readonly Step[];
  readonly drop: DropCode;
  packets: number;
  readonly examples: PacketId[];
  readonly first: Nanos;
  last: Nanos;
  /** Time since a packet of the flow last left the node at which these end, when the first of them was sent; null = none ever did. */
  readonly silence: Nanos | null;
  /** Packets in other flows that these caused. */
  readonly effects: PacketId[];
  /** What nodes told of these packets when they were gone. */
  readonly admitted: Admitted[];
}

export interface FlowStrands {
  readonly flow: Flow;
  /** Node that sent its first packet; null when that is not recorded. */
  readonly from: string | null;
  /** In the order of their first packets. */
  readonly strands: readonly Strand[];
}

interface Piece {
  readonly id: PacketId;
  readonly trail: TrailId;
  readonly drop: DropCode;
  readonly length: number;
}

/** Of a packet and of what it went on as; `ids` are those of all of them. */
interface WholeWay {
  readonly steps: readonly Step[];
  readonly drop: DropCode;
  readonly ids: readonly PacketId[];
}

/** What is being put together for one flow. */
interface Work {
  readonly flow: Flow;
  readonly from: string | null;
  readonly senders: Senders;
  readonly strands: Map<string, Strand>;
  readonly byTrail: Map<number, Strand>;
  /** When a packet of the flow last left each node. */
  readonly passed: Map<string, Nanos>;
}

export function strandsOf(ledger: Ledger, flows: readonly Flow[]): readonly FlowStrands[] {
  return new Strands(ledger, flows).run();
}

class Strands {
  readonly #ledger: Ledger;
  readonly #trails: TrailBook;
  readonly #wanted: ReadonlyMap<FlowId, Flow>;
  readonly #works = new Map<FlowId, Work>();
  /** What was made of a packet, by its id. */
  readonly #pieces = new Map<number, Piece[]>();
  readonly #isPiece = new Set<number>();
  readonly #effects = new Map<number, PacketId[]>();
  readonly #admitted = new Map<number, Admitted[]>();

  constructor(ledger: Ledger, flows: readonly Flow[]) {
    this.#ledger = ledger;
    this.#trails = new TrailBook(ledger);
    this.#wanted = new Map(flows.map((flow) => [flow.id, flow]));
    for (const event of ledger.events()) {
      const admitted = admittedOf(event);
      if (admitted !== null) push(this.#admitted, admitted.packet, admitted);
    }
  }

  run(): readonly FlowStrands[] {
    for (const cursor = this.#ledger.cursor(); cursor.next(); ) this.#relate(cursor);
    for (const cursor = this.#ledger.cursor(); cursor.next(); ) if (this.#wanted.has(cursor.flow) && !this.#isPiece.has(cursor.id)) this.#add(cursor);
    return [...this.#wanted.keys()].flatMap((id) => {
      const work = this.#works.get(id);
      return work === undefined ? [] : [{ flow: work.flow, from: work.from, strands: [...work.strands.values()] }];
    });
  }

  /** First look: who sent first, what is a piece of what, what caused what. */
  #relate(cursor: LedgerCursor): void {
    const { flow, cause, id } = cursor;
    const wanted = this.#wanted.get(flow);
    if (wanted !== undefined && !this.#works.has(flow)) {
      const from = this.#trails.of(cursor.trail).bornAt;
      this.#works.set(flow, {
        flow: wanted,
        from,
        senders: new Senders(this.#ledger, this.#trails, wanted, from),
        strands: new Map(),
        byTrail: new Map(),
        passed: new Map(),
      });
    }
    if (cause === 0) return;
    const causeFlow = this.#ledger.flowOf(cause as PacketId);
    if (causeFlow === null || !this.#wanted.has(causeFlow)) return;
    if (causeFlow !== flow) {
      push(this.#effects, cause, id);
      return;
    }
    const { senders } = must(this.#works.get(flow), 'flow');
    if (!senders.isPiece(cursor.trail, id, cause as PacketId)) return;
    this.#isPiece.add(id);
    push(this.#pieces, cause, { id, trail: cursor.trail, drop: cursor.drop, length: cursor.length });
  }

  /** Second look: counts a packet with its like. */
  #add(cursor: LedgerCursor): void {
    const work = must(this.#works.get(cursor.flow), 'flow');
    const whole = this.#pieces.has(cursor.id) ? this.#wayOn({ id: cursor.id, trail: cursor.trail, drop: cursor.drop, length: cursor.length }) : null;
    let strand = whole === null ? work.byTrail.get(cursor.trail) : undefined;
    if (strand === undefined) {
      const steps = whole?.steps ?? this.#ledger.trail(cursor.trail);
      const drop = whole?.drop ?? cursor.drop;
      const key = `${drop} ${steps.map(({ point, kind, decision }) => `${point}${kind}${decision}`).join(' ')}`;
      strand = work.strands.get(key);
      if (strand === undefined) work.strands.set(key, (strand = this.#open(work, cursor, steps, drop)));
      if (whole === null) work.byTrail.set(cursor.trail, strand);
    }
    strand.packets += 1;
    strand.last = cursor.start;
    if (strand.examples.length < EXAMPLES) strand.examples.push(cursor.id);
    for (const id of whole?.ids ?? [cursor.id]) {
      strand.effects.push(...(this.#effects.get(id) ?? []));
      strand.admitted.push(...(this.#admitted.get(id) ?? []));
    }
    for (const { kind, point } of strand.steps) if (kind === 'out') work.passed.set(nodeAt(this.#ledger, point), cursor.start);
  }

  #open(work: Work, cursor: LedgerCursor, steps: readonly Step[], drop: DropCode): Strand {
    const verdict = drop === 0 ? undefined : steps.findLast(({ kind }) => kind === 'drop');
    const passed = verdict === undefined ? undefined : work.passed.get(nodeAt(this.#ledger, verdict.point));
    return {
      direction: work.senders.direction(cursor.trail, cursor.id, cursor.cause as PacketId),
      steps,
      drop,
      packets: 0,
      examples: [],
      first: cursor.start,
      last: cursor.start,
      silence: passed === undefined ? null : ((cursor.start - passed) as Nanos),
      effects: [],
      admitted: [],
    };
  }

  /** The steps of a packet and of what it went on as. */
  #wayOn(packet: Piece): WholeWay {
    const own: WholeWay = { steps: this.#ledger.trail(packet.trail), drop: packet.drop, ids: [packet.id] };
    const { arrivedAt } = this.#trails.of(packet.trail);
    let remade = false;
    const [copies, fragments]: [WholeWay[], WholeWay[]] = [[], []];
    for (const piece of this.#pieces.get(packet.id) ?? []) {
      const { bornAt } = this.#trails.of(piece.trail);
      const made = this.#until(own.steps, bornAt, this.#ledger.trail(piece.trail)[0]);
      if (made === null) continue;
      // Taken by the node that made the pieces: it went on as these alone.
      remade ||= packet.drop === 0 && bornAt !== null && bornAt === arrivedAt;
      const on = this.#wayOn(piece);
      (piece.length < packet.length ? fragments : copies).push({ ...on, steps: [...made, ...on.steps] });
    }
    const ids = [...new Set([packet.id, ...[...copies, ...fragments].flatMap((way) => way.ids)])];
    const worst = fragments.sort((a, b) => this.#rank(b) - this.#rank(a)).slice(0, 1);
    const ways = [...(remade ? [] : [own]), ...copies, ...worst].sort((a, b) => this.#rank(a) - this.#rank(b));
    return { ...must(ways[0], 'a way'), ids };
  }

  /** The steps of a packet up to where a piece was made of it: at a node that it had come to, or by a link. */
  #until(steps: readonly Step[], bornAt: string | null, first: Step | undefined): readonly Step[] | null {
    const last =
      bornAt === null
        ? steps.findIndex(({ kind, point }) => kind === 'out' && first !== undefined && point === (first.point ^ 1))
        : steps.findIndex(({ kind, point }) => kind === 'in' && nodeAt(this.#ledger, point) === bornAt);
    return last < 0 ? null : steps.slice(0, last + 1);
  }

  /** Smaller is better. */
  #rank({ steps, drop }: { readonly steps: readonly Step[]; readonly drop: DropCode }): number {
    if (drop === 0) return steps.at(-1)?.kind === 'in' ? 0 : 1;
    return drop === DROP.NOT_MINE ? 3 : 2;
  }
}

function push<V>(map: Map<number, V[]>, key: number, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
