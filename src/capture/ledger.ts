/**
 * The ledger: what became of every packet of a run. Made by the live recorder or read from a file, it answers the
 * same. It knows points, times, decisions and bytes, and no protocol above the transport's ports.
 * @module
 */
import { must } from '../base/assert.js';
import type { FlowId, LinkId, PacketId, TrailId } from '../base/brand.js';
import { type DropCode, type DropName, dropName } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import { type Pairs, parseComment } from './comment.js';
import { ColumnCursor, type LedgerCursor } from './ledger-cursor.js';
import type { LabEvent, LedgerBuilder } from './ledger-builder.js';
import type { Points } from './points.js';
import type { RunInfo } from './run-info.js';
import type { EndpointPair } from './store/flow-table.js';
import { NOT_IP } from './store/flow-tuple.js';
import { ROW_MASK } from './store/packet-columns.js';
import type { Step } from './store/trail-table.js';

export type { LedgerCursor } from './ledger-cursor.js';
export type { LabEvent } from './ledger-builder.js';
export type { Step } from './store/trail-table.js';

/** One crossing of a link. */
export interface Hop {
  readonly link: LinkId;
  /** The end that it was sent by. */
  readonly side: 0 | 1;
  /** Capture point of that end. */
  readonly point: number;
  /** When it was offered to the link; null when only its arrival was recorded (a copy that the link made). */
  readonly out: Nanos | null;
  /** When it left the link at the other end; null when it did not, or that end is not recorded. */
  readonly in: Nanos | null;
  /** Why the sender sent it here, in the comment grammar; empty when it said nothing. */
  readonly decision: string;
}

export type JourneyEnd =
  | { readonly kind: 'delivered'; readonly at: Nanos /** Point at which it arrived. */; readonly point: number }
  | { readonly kind: 'in-flight' }
  /** Only senders were recorded: whether the last link delivered it is not in the records. */
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'dropped';
      readonly drop: DropName;
      readonly at: Nanos;
      /** A link's end (the link lost it) or a node's point (the node decided). */
      readonly point: number;
      /** In the comment grammar; empty for losses of links. */
      readonly decision: string;
    };

export interface Journey {
  readonly id: PacketId;
  readonly flow: FlowId;
  readonly start: Nanos;
  /** Bytes of the frame at its first record. */
  readonly length: number;
  readonly causes: readonly PacketId[];
  /** Packets that this one caused. */
  readonly effects: readonly PacketId[];
  readonly hops: readonly Hop[];
  readonly end: JourneyEnd;
}

export interface Flow {
  readonly id: FlowId;
  /** IP protocol, or 0x10000 + EtherType of what is no IP. */
  readonly protocol: number;
  /** `ADDRESS:PORT`, IPv6 in brackets, no port where the protocol has none. `a` sent first. */
  readonly a: string;
  readonly b: string;
  /** The other names that translations gave it. */
  readonly aliases: readonly EndpointPair[];
  readonly packets: number;
}

export interface Ledger {
  readonly points: Points;
  /** Number of packets. */
  readonly packets: number;
  /** Times of the first and the last record; 0 and 0 when there is none. */
  readonly first: Nanos;
  readonly last: Nanos;
  /** Null for an id that has no record. */
  journey(id: PacketId): Journey | null;
  /**
   * Packets that it was sent because of, and those that these were sent because of, and so on: the nearest first, each
   * once, only such as have records. Of a mixed packet all that went into it.
   */
  ancestors(id: PacketId): readonly PacketId[];
  /** Packets that were sent because of it, and because of those, as {@link ancestors}. */
  descendants(id: PacketId): readonly PacketId[];
  flows(): readonly Flow[];
  /** Ids, in the order of their first records. */
  packetsOf(flow: FlowId): Uint32Array;
  flowOf(id: PacketId): FlowId | null;
  trailOf(id: PacketId): TrailId | null;
  /** Ids of packets that were dropped, in the order of their first records. */
  drops(): Uint32Array;
  cursor(): LedgerCursor;
  /** The steps of a trail; kept, so a scan asks once per trail and not once per packet. */
  trail(id: TrailId): readonly Step[];
  /** Text of a step's decision in the comment grammar; empty for 0. */
  decision(number: number): string;
  /** Its pairs. */
  decisionPairs(number: number): Pairs;
  /** The frame as it was recorded first at that point; from the file. Null when there is no such record, or no file. */
  bytes(id: PacketId, point: number): Uint8Array | null;
  /** The frame at its first record. */
  firstBytes(id: PacketId): Uint8Array | null;
  events(): readonly LabEvent[];
  run(): RunInfo;
  /** Closes the file that `bytes` reads. */
  close(): void;
}

/** Where the frames are that records were made of. */
export interface FrameStore {
  /** The frame of the packet's record at that point and time; null when it is not there (any more). */
  find(id: number, point: number, time: Nanos): Uint8Array | null;
  close(): void;
}

export class PacketLedger implements Ledger {
  readonly points: Points;
  readonly #b: LedgerBuilder;
  readonly #run: RunInfo;
  readonly #bytes: FrameStore | null;
  #flowList: readonly Flow[] | null = null;
  #byFlow: ReadonlyMap<FlowId, Uint32Array> | null = null;
  #effects: ReadonlyMap<number, readonly PacketId[]> | null = null;
  readonly #pairs = new Map<number, Pairs>();

  /** @param builder finished */
  constructor(builder: LedgerBuilder, run: RunInfo, frames: FrameStore | null) {
    this.points = builder.points;
    this.#b = builder;
    this.#run = run;
    this.#bytes = frames;
  }

  get packets(): number {
    return this.#b.columns.rows;
  }

  get first(): Nanos {
    return this.packets === 0 ? (0 as Nanos) : this.#b.first;
  }

  get last(): Nanos {
    return this.packets === 0 ? (0 as Nanos) : this.#b.last;
  }

  journey(id: PacketId): Journey | null {
    const row = this.#b.columns.find(id);
    if (row < 0) return null;
    const chunk = this.#b.columns.chunk(row);
    const i = row & ROW_MASK;
    const steps = this.trail(chunk.trail[i] as TrailId);
    const times = this.#times(row, steps.length);
    return {
      id,
      flow: this.#b.flows.root(chunk.flow[i] as number) as FlowId,
      start: chunk.start[i] as Nanos,
      length: chunk.length[i] as number,
      causes: this.#causesOf(id),
      effects: this.#effectsOf(id),
      hops: this.#hops(steps, times),
      end: this.#end(steps, times, chunk.drop[i] as DropCode),
    };
  }

  #times(row: number, count: number): Float64Array {
    const chunk = this.#b.columns.chunk(row);
    const times = new Float64Array(count);
    this.#b.times.read(chunk.times[row & ROW_MASK] as number, chunk.start[row & ROW_MASK] as Nanos, count, times);
    return times;
  }

  #hops(steps: readonly Step[], times: Float64Array): readonly Hop[] {
    const hops: { link: LinkId; side: 0 | 1; point: number; out: Nanos | null; in: Nanos | null; decision: string }[] = [];
    for (const [k, step] of steps.entries()) {
      const link = (step.point >> 1) as LinkId;
      const time = times[k] as Nanos;
      if (step.kind === 'out') {
        hops.push({ link, side: (step.point & 1) as 0 | 1, point: step.point, out: time, in: null, decision: this.decision(step.decision) });
      } else if (step.kind === 'in') {
        const sender = step.point ^ 1;
        const open = hops.findLast((hop) => hop.point === sender && hop.in === null);
        if (open !== undefined) open.in = time;
        else hops.push({ link, side: (sender & 1) as 0 | 1, point: sender, out: null, in: time, decision: '' });
      }
    }
    return hops;
  }

  #end(steps: readonly Step[], times: Float64Array, drop: DropCode): JourneyEnd {
    const verdict = steps.findLastIndex((s) => s.kind === 'lost' || s.kind === 'drop');
    const k = verdict >= 0 ? verdict : steps.length - 1;
    const step = must(steps[k], 'a step');
    const at = times[k] as Nanos;
    if (drop !== 0) {
      // A frame that the link lost at once carries the decision to send it, which is not why it ended.
      const decision = step.kind === 'drop' ? this.decision(step.decision) : '';
      return { kind: 'dropped', drop: dropName(drop), at, point: step.point, decision };
    }
    if (step.kind === 'in') return { kind: 'delivered', at, point: step.point };
    return { kind: this.#run.records === 'both' ? 'in-flight' : 'unknown' };
  }

  ancestors(id: PacketId): readonly PacketId[] {
    return this.#reached(id, (one) => this.#causesOf(one));
  }

  descendants(id: PacketId): readonly PacketId[] {
    return this.#reached(id, (one) => this.#effectsOf(one));
  }

  /** What can be reached from it by steps, breadth first. A file may say anything, so circles end here too. */
  #reached(from: PacketId, next: (id: PacketId) => readonly PacketId[]): readonly PacketId[] {
    const met = new Set([from]);
    // A set is walked in the order of its growth, and what is added meanwhile is walked as well.
    for (const id of met) for (const one of next(id)) met.add(one);
    return [...met].filter((id) => id !== from && this.#b.columns.find(id) >= 0);
  }

  /** Of a packet without records too, if they were told. */
  #causesOf(id: number): readonly PacketId[] {
    const row = this.#b.columns.find(id);
    if (row < 0) return (this.#b.unseenCauses.get(id) ?? []) as readonly PacketId[];
    const cause = this.#b.columns.chunk(row).cause[row & ROW_MASK] as PacketId;
    const more = (this.#b.moreCauses.get(row) ?? []) as readonly number[] as readonly PacketId[];
    return cause === 0 ? more : [cause, ...more];
  }

  #effectsOf(id: number): readonly PacketId[] {
    if (this.#effects === null) {
      const effects = new Map<number, Set<PacketId>>();
      for (const cursor = new ColumnCursor(this.#b); cursor.next(); ) {
        for (const cause of this.#seenCausesOf(cursor.id)) {
          const known = effects.get(cause);
          if (known === undefined) effects.set(cause, new Set([cursor.id]));
          else known.add(cursor.id);
        }
      }
      this.#effects = new Map([...effects].map(([cause, ids]) => [cause, [...ids]]));
    }
    return this.#effects.get(id) ?? [];
  }

  /** Through packets without records to those that have some. */
  #seenCausesOf(id: PacketId): readonly PacketId[] {
    const direct = this.#causesOf(id);
    if (this.#b.unseenCauses.size === 0) return direct;
    const met = new Set(direct);
    for (const one of met) if (this.#b.columns.find(one) < 0) for (const cause of this.#causesOf(one)) met.add(cause);
    return [...met];
  }

  flows(): readonly Flow[] {
    this.#flowList ??= this.#makeFlows();
    return this.#flowList;
  }

  #makeFlows(): readonly Flow[] {
    const byFlow = this.#packetsByFlow();
    const flows: Flow[] = [];
    for (const [id, [name, ...aliases]] of this.#b.flows.names()) {
      const packets = byFlow.get(id)?.length ?? 0;
      if (name !== undefined && packets > 0) flows.push({ id, ...name, aliases, packets });
    }
    return flows;
  }

  packetsOf(flow: FlowId): Uint32Array {
    return this.#packetsByFlow().get(flow) ?? new Uint32Array(0);
  }

  flowOf(id: PacketId): FlowId | null {
    const row = this.#b.columns.find(id);
    return row < 0 ? null : (this.#b.flows.root(this.#b.columns.chunk(row).flow[row & ROW_MASK] as number) as FlowId);
  }

  trailOf(id: PacketId): TrailId | null {
    const row = this.#b.columns.find(id);
    return row < 0 ? null : (this.#b.columns.chunk(row).trail[row & ROW_MASK] as TrailId);
  }

  #packetsByFlow(): ReadonlyMap<FlowId, Uint32Array> {
    if (this.#byFlow !== null) return this.#byFlow;
    const counts = new Int32Array(this.#b.flows.keys);
    for (const cursor = new ColumnCursor(this.#b); cursor.next(); ) counts[cursor.flow] = (counts[cursor.flow] as number) + 1;
    const lists = new Map<FlowId, Uint32Array>();
    for (const [flow, count] of counts.entries()) if (count > 0) lists.set(flow as FlowId, new Uint32Array(count));
    counts.fill(0);
    for (const cursor = new ColumnCursor(this.#b); cursor.next(); ) {
      const at = counts[cursor.flow] as number;
      must(lists.get(cursor.flow), 'list of a flow')[at] = cursor.id;
      counts[cursor.flow] = at + 1;
    }
    this.#byFlow = lists;
    return lists;
  }

  drops(): Uint32Array {
    const ids: number[] = [];
    for (const cursor = new ColumnCursor(this.#b); cursor.next(); ) if (cursor.drop !== 0) ids.push(cursor.id);
    return Uint32Array.from(ids);
  }

  cursor(): LedgerCursor {
    return new ColumnCursor(this.#b);
  }

  trail(id: TrailId): readonly Step[] {
    return this.#b.trails.steps(id);
  }

  decision(number: number): string {
    return must(this.#b.decisions[number], `decision ${number}`);
  }

  decisionPairs(number: number): Pairs {
    let pairs = this.#pairs.get(number);
    if (pairs === undefined) {
      pairs = parseComment(this.decision(number)) ?? {};
      this.#pairs.set(number, pairs);
    }
    return pairs;
  }

  bytes(id: PacketId, point: number): Uint8Array | null {
    const row = this.#b.columns.find(id);
    if (row < 0 || this.#bytes === null) return null;
    const steps = this.trail(this.#b.columns.chunk(row).trail[row & ROW_MASK] as TrailId);
    const k = steps.findIndex((step) => step.point === point);
    if (k < 0) return null;
    return this.#bytes.find(id, point, this.#times(row, steps.length)[k] as Nanos);
  }

  firstBytes(id: PacketId): Uint8Array | null {
    const row = this.#b.columns.find(id);
    if (row < 0) return null;
    const first = this.trail(this.#b.columns.chunk(row).trail[row & ROW_MASK] as TrailId)[0];
    return first === undefined ? null : this.bytes(id, first.point);
  }

  events(): readonly LabEvent[] {
    return this.#b.events;
  }

  run(): RunInfo {
    return this.#run;
  }

  close(): void {
    this.#bytes?.close();
  }
}

const PROTOCOL_NAMES: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6', [NOT_IP + 0x0806]: 'arp' };

/** `udp`, `tcp`, `icmp`, `icmpv6`, `arp`; a number for the rest. */
export function protocolName(protocol: number): string {
  return PROTOCOL_NAMES[protocol] ?? (protocol >= NOT_IP ? `ethertype-0x${(protocol - NOT_IP).toString(16).padStart(4, '0')}` : `ip-${protocol}`);
}
