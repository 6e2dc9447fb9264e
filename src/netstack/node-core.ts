/**
 * What every part of an emulated node shares: its name, the lab's services, and how a packet ends.
 *
 * The rule of endings: a packet that stops here goes through exactly one of {@link NodeCore.drop} (with a code and an
 * interned decision) and {@link NodeCore.end} (delivered, or used up by the node); both tell the tap once and give the
 * slot back.
 * @module
 */
import type { DecisionId, NodeId } from '../base/brand.js';
import { DROP_NAMES, type DropCode, type DropReason, dropName } from '../base/drop.js';
import type { Rng } from '../base/rng.js';
import type { Nanos } from '../base/time.js';
import type { Pairs } from '../capture/comment.js';
import type { Decisions } from '../capture/decisions.js';
import type { Tap } from '../fabric/link.js';
import type { Packet, PacketPool } from '../fabric/packet.js';
import type { Scheduler } from '../fabric/scheduler.js';
import type { AddressBook } from './address-book.js';

/** The lab's services, the same objects for every node but for `random`. */
export interface NodeDeps {
  readonly scheduler: Scheduler;
  readonly pool: PacketPool;
  readonly tap: Tap;
  /** The node's own stream. */
  readonly random: Rng;
  readonly book: AddressBook;
  readonly decisions: Decisions;
  /** Where a node's log goes; nowhere without one. */
  readonly events?: NodeEvents;
}

/** What takes remarks of nodes that no packet's record shows: the recorder. */
export interface NodeEvents {
  event(node: NodeId, now: Nanos, name: string, fields: Pairs): void;
}

/** Drop reasons that a node gives of itself. */
export type NodeDrop = Extract<DropReason, { at: 'node' }>['kind'];

export class NodeCore {
  readonly id: NodeId;
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly pool: PacketPool;
  readonly tap: Tap;
  readonly random: Rng;
  readonly book: AddressBook;
  readonly decisions: Decisions;
  readonly #events: NodeEvents | null;
  readonly #drops = new Float64Array(DROP_NAMES.length);
  readonly #known = new Map<string, DecisionId>();

  constructor(id: NodeId, name: string, deps: NodeDeps) {
    this.id = id;
    this.name = name;
    this.scheduler = deps.scheduler;
    this.pool = deps.pool;
    this.tap = deps.tap;
    this.random = deps.random;
    this.book = deps.book;
    this.decisions = deps.decisions;
    this.#events = deps.events ?? null;
  }

  /** An event of this node, at this moment. */
  note(name: string, fields: Pairs): void {
    this.#events?.event(this.id, this.scheduler.now, name, fields);
  }

  /** The decision to drop for that reason at that stage; text is made when it is first met. @param kind says it closer */
  why(reason: NodeDrop, stage: string, kind = ''): DecisionId {
    const key = `${reason}/${stage}/${kind}`;
    let id = this.#known.get(key);
    if (id === undefined) {
      id = this.decide(reason, stage, kind === '' ? {} : { kind });
      this.#known.set(key, id);
    }
    return id;
  }

  decide(reason: NodeDrop, stage: string, text: Readonly<Record<string, string>>): DecisionId {
    return this.decisions.intern({ node: this.id, stage, text, reason: { at: 'node', kind: reason } });
  }

  /** The packet ends here, undelivered. */
  drop(p: Packet, code: DropCode, why: DecisionId): void {
    this.#drops[code] = (this.#drops[code] ?? 0) + 1;
    p.time = this.scheduler.now;
    this.tap.dropped(p, this.id, code, why);
    this.tap.ended(p);
    this.pool.release(p);
  }

  /** The packet ends here, having done what it was sent for. */
  end(p: Packet): void {
    p.time = this.scheduler.now;
    this.tap.ended(p);
    this.pool.release(p);
  }

  /** Drops by reason, those that happened. */
  drops(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const [code, count] of this.#drops.entries()) if (count > 0) counts[dropName(code)] = count;
    return counts;
  }
}
