/**
 * The ledger of a few packets, in memory and without a file: for who asks a network one thing after the other. It makes
 * the same records as the {@link Recorder}, and can be begun anew at no cost.
 * @module
 */
import type { DecisionId, NodeId } from '../base/brand.js';
import { DROP, type DropCode } from '../base/drop.js';
import { type Nanos, ZERO } from '../base/time.js';
import type { LinkEnd, Tap } from '../fabric/link.js';
import type { Packet } from '../fabric/packet.js';
import type { DecisionTable } from './decision-table.js';
import { type FrameStore, type Ledger, PacketLedger } from './ledger.js';
import { LedgerBuilder } from './ledger-builder.js';
import type { Points } from './points.js';
import type { RunInfo } from './run-info.js';
import { STEP, type StepCode } from './store/trail-table.js';

export class ShortLedger implements Tap, FrameStore {
  readonly #points: Points;
  readonly #decisions: DecisionTable;
  readonly #run: RunInfo;
  readonly #builder: LedgerBuilder;
  /** Frames at their records, by packet. */
  readonly #frames = new Map<number, { readonly point: number; readonly bytes: Uint8Array }[]>();

  #start = ZERO;
  #lastId = 0;

  constructor(points: Points, decisions: DecisionTable, run: RunInfo) {
    this.#points = points;
    this.#decisions = decisions;
    this.#run = run;
    this.#builder = new LedgerBuilder(points);
  }

  /** Of what was recorded since {@link reset}; of use until the next one. */
  ledger(): Ledger {
    this.#builder.finish();
    return new PacketLedger(this.#builder, this.#run, this);
  }

  /** What comes from now on is as in a run that begins here: times are since `start`, and ids count on from `lastId`. */
  reset(start: Nanos, lastId: number): void {
    this.#builder.reset();
    this.#frames.clear();
    this.#start = start;
    this.#lastId = lastId;
  }

  sent(p: Packet, end: LinkEnd, drop: DropCode): void {
    this.#record(STEP.OUT, end.link * 2 + end.side, p, drop, p.decision);
  }

  received(p: Packet, end: LinkEnd): void {
    this.#record(STEP.IN, end.link * 2 + end.side, p, DROP.NONE, 0);
  }

  lost(p: Packet, end: LinkEnd, drop: DropCode): void {
    this.#record(STEP.LOST, end.link * 2 + end.side, p, drop, 0);
  }

  dropped(p: Packet, node: NodeId, drop: DropCode, why: DecisionId): void {
    this.#record(STEP.DROP, this.#points.ofNode(node), p, drop, why);
  }

  ended(p: Packet): void {
    this.#builder.ended(p.id - this.#lastId, p.slot);
  }

  find(id: number, point: number): Uint8Array | null {
    return this.#frames.get(id)?.find((frame) => frame.point === point)?.bytes ?? null;
  }

  close(): void {
    this.#frames.clear();
  }

  #record(kind: StepCode, point: number, p: Packet, drop: DropCode, decision: number): void {
    const builder = this.#builder;
    builder.time = (p.time - this.#start) as Nanos;
    const id = p.id - this.#lastId;
    const cause = p.cause > this.#lastId ? p.cause - this.#lastId : 0;
    const number = decision === 0 ? 0 : builder.decision(this.#decisions.text(decision as DecisionId));
    p.trail = builder.record(kind, point, id, p.slot, p.buf, p.off, p.len, drop, number, cause);
    p.slot = builder.slot;
    const frame = { point, bytes: p.buf.slice(p.off, p.off + p.len) };
    const known = this.#frames.get(id);
    if (known === undefined) this.#frames.set(id, [frame]);
    else known.push(frame);
  }
}
