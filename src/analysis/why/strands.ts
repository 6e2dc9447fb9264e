/**
 * The packets of flows, by direction and by what happened to them: one look at the ledger's columns, no object a packet.
 * What the network made of a packet is no packet of its own here ({@link Pieces}): it is how the packet went on.
 * @module
 */
import { must } from '../../base/assert.js';
import type { FlowId, PacketId } from '../../base/brand.js';
import type { DropCode } from '../../base/drop.js';
import type { Nanos } from '../../base/time.js';
import { type Admitted, admittedOf } from '../../capture/admitted.js';
import type { Flow, Ledger, LedgerCursor, Step } from '../../capture/ledger.js';
import { EXAMPLES } from '../direction-tally.js';
import { nodeAt } from '../trails.js';
import { Pieces } from './pieces.js';

/** Packets of one direction with equal journeys. */
export interface Strand {
  readonly direction: 'there' | 'back';
  readonly steps: readonly Step[];
  /** Whose each step of the first of them is: its own, or that of what it went on as. */
  readonly owners: readonly PacketId[];
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

/** What is being put together for one flow. */
interface Work {
  readonly flow: Flow;
  readonly from: string | null;
  readonly strands: Map<string, Strand>;
  readonly byTrail: Map<number, Strand>;
  /** When a packet of the flow last left each node. */
  readonly passed: Map<string, Nanos>;
}

export function strandsOf(ledger: Ledger, flows: readonly Flow[], pieces: Pieces = new Pieces(ledger, flows)): readonly FlowStrands[] {
  return new Strands(ledger, flows, pieces).run();
}

class Strands {
  readonly #ledger: Ledger;
  readonly #pieces: Pieces;
  readonly #wanted: ReadonlyMap<FlowId, Flow>;
  readonly #works = new Map<FlowId, Work>();
  readonly #effects = new Map<number, PacketId[]>();
  readonly #admitted = new Map<number, Admitted[]>();

  constructor(ledger: Ledger, flows: readonly Flow[], pieces: Pieces) {
    this.#ledger = ledger;
    this.#pieces = pieces;
    this.#wanted = new Map(flows.map((flow) => [flow.id, flow]));
    for (const event of ledger.events()) {
      const admitted = admittedOf(event);
      if (admitted !== null) push(this.#admitted, admitted.packet, admitted);
    }
  }

  run(): readonly FlowStrands[] {
    for (const cursor = this.#ledger.cursor(); cursor.next(); ) this.#relate(cursor);
    for (const cursor = this.#ledger.cursor(); cursor.next(); ) if (this.#wanted.has(cursor.flow) && !this.#pieces.isPiece(cursor.id)) this.#add(cursor);
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
      const from = this.#pieces.trails.of(cursor.trail).bornAt;
      this.#works.set(flow, { flow: wanted, from, strands: new Map(), byTrail: new Map(), passed: new Map() });
    }
    this.#pieces.relate(cursor);
    if (cause === 0) return;
    const causeFlow = this.#ledger.flowOf(cause as PacketId);
    if (causeFlow !== null && causeFlow !== flow && this.#wanted.has(causeFlow)) push(this.#effects, cause, id);
  }

  /** Second look: counts a packet with its like. */
  #add(cursor: LedgerCursor): void {
    const { id, trail, drop: ownDrop, length } = cursor;
    const work = must(this.#works.get(cursor.flow), 'flow');
    const whole = this.#pieces.wentOn(id) ? this.#pieces.wayOn({ id, trail, drop: ownDrop, length }) : null;
    let strand = whole === null ? work.byTrail.get(trail) : undefined;
    if (strand === undefined) {
      const steps = whole?.steps ?? this.#ledger.trail(trail);
      const drop = whole?.drop ?? ownDrop;
      const key = `${drop} ${steps.map(({ point, kind, decision }) => `${point}${kind}${decision}`).join(' ')}`;
      strand = work.strands.get(key);
      if (strand === undefined) work.strands.set(key, (strand = this.#open(work, cursor, steps, whole?.owners ?? steps.map(() => id), drop)));
      if (whole === null) work.byTrail.set(trail, strand);
    }
    strand.packets += 1;
    strand.last = cursor.start;
    if (strand.examples.length < EXAMPLES) strand.examples.push(id);
    for (const one of whole?.ids ?? [id]) {
      strand.effects.push(...(this.#effects.get(one) ?? []));
      strand.admitted.push(...(this.#admitted.get(one) ?? []));
    }
    for (const { kind, point } of strand.steps) if (kind === 'out') work.passed.set(nodeAt(this.#ledger, point), cursor.start);
  }

  #open(work: Work, cursor: LedgerCursor, steps: readonly Step[], owners: readonly PacketId[], drop: DropCode): Strand {
    const verdict = drop === 0 ? undefined : steps.findLast(({ kind }) => kind === 'drop');
    const passed = verdict === undefined ? undefined : work.passed.get(nodeAt(this.#ledger, verdict.point));
    const senders = must(this.#pieces.senders(cursor.flow), 'senders of a flow');
    return {
      direction: senders.direction(cursor.trail, cursor.id, cursor.cause as PacketId),
      steps,
      owners,
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
}

function push<V>(map: Map<number, V[]>, key: number, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
