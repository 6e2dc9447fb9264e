/**
 * Counts the packets of one direction, one after the other, without keeping them.
 * @module
 */
import { must } from '../base/assert.js';
import type { LinkId, PacketId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import type { LedgerCursor } from '../capture/ledger.js';
import type { Direction, Ending, LinkShare, Path } from './direction.js';
import { Times } from './times.js';
import type { TrailFacts } from './trails.js';

/** Packets that are named as evidence. */
export const EXAMPLES = 10;

/** What became of a packet that did not arrive. */
export type Fate = 'lost' | 'refused' | 'under-way';

interface PathCount {
  readonly key: string;
  readonly links: readonly LinkId[];
  packets: number;
  delivered: number;
  example: PacketId;
}

interface ShareCount {
  readonly link: LinkId;
  readonly side: 0 | 1;
  offered: number;
  readonly times: Times;
}

interface EndingCount {
  readonly reason: string;
  readonly where: string;
  packets: number;
  readonly examples: PacketId[];
}

/** A crossing with its times; null = not recorded. */
export interface TimedCrossing {
  readonly link: LinkId;
  readonly side: 0 | 1;
  readonly out: Nanos | null;
  readonly in: Nanos | null;
}

export class DirectionTally {
  packets = 0;
  delivered = 0;
  readonly #fates = { lost: 0, refused: 0, 'under-way': 0 };
  readonly #paths = new Map<string, PathCount>();
  readonly #pathOf = new Map<TrailFacts, PathCount>();
  readonly #shares = new Map<number, ShareCount>();
  readonly #sharesOf = new Map<TrailFacts, readonly ShareCount[]>();
  readonly #endings = new Map<string, EndingCount>();
  readonly #delay = new Times();
  /** Places in the ledger beside the ids, so that merged lists stay in its order. */
  #evidence: { readonly order: number; readonly id: PacketId }[] = [];
  /** Place in the ledger of the first packet. */
  first = Infinity;

  /** hot. A packet sent; what became of it is told by one of the others. `order` is its place in the ledger. */
  sent(order: number, id: PacketId): void {
    this.packets += 1;
    if (this.#evidence.length < EXAMPLES) this.#evidence.push({ order, id });
    if (order < this.first) this.first = order;
  }

  /** hot. The packet at the cursor arrived over the links of its own trail. */
  arrived(cursor: LedgerCursor, facts: TrailFacts): void {
    const path = this.#path(facts);
    path.packets += 1;
    path.delivered += 1;
    if (path.delivered === 1) path.example = cursor.id;
    this.delivered += 1;
    this.#delay.add(cursor.time(facts.last) - cursor.start);
  }

  /** The packet arrived by a copy or in pieces, over these links. */
  arrivedBy(id: PacketId, links: readonly LinkId[], key: string, delay: Nanos): void {
    const path = this.#pathNamed(key, links, id);
    path.packets += 1;
    path.delivered += 1;
    if (path.delivered === 1) path.example = id;
    this.delivered += 1;
    this.#delay.add(delay);
  }

  missed(id: PacketId, facts: TrailFacts, fate: Fate, reason: string, where: string): void {
    this.#missed(this.#path(facts, id), id, fate, reason, where);
  }

  /** The packet had crossed these links when it ended. */
  missedOn(id: PacketId, links: readonly LinkId[], key: string, fate: Fate, reason: string, where: string): void {
    this.#missed(this.#pathNamed(key, links, id), id, fate, reason, where);
  }

  #missed(path: PathCount, id: PacketId, fate: Fate, reason: string, where: string): void {
    path.packets += 1;
    this.#fates[fate] += 1;
    const key = `${reason} ${where}`;
    let ending = this.#endings.get(key);
    if (ending === undefined) this.#endings.set(key, (ending = { reason, where, packets: 0, examples: [] }));
    ending.packets += 1;
    if (ending.examples.length < EXAMPLES) ending.examples.push(id);
  }

  /** hot. The links that the packet at the cursor was offered to, and what they did. */
  crossed(cursor: LedgerCursor, facts: TrailFacts): void {
    let shares = this.#sharesOf.get(facts);
    if (shares === undefined) this.#sharesOf.set(facts, (shares = facts.crossings.map(({ link, side }) => this.#share(link, side))));
    for (let i = 0; i < shares.length; i++) {
      const crossing = must(facts.crossings[i], 'crossing');
      const share = must(shares[i], 'share');
      if (crossing.out >= 0) share.offered += 1;
      if (crossing.out >= 0 && crossing.in >= 0) share.times.add(cursor.time(crossing.in) - cursor.time(crossing.out));
    }
  }

  crossedAt(crossings: readonly TimedCrossing[]): void {
    for (const { link, side, out, in: arrival } of crossings) {
      const share = this.#share(link, side);
      if (out !== null) share.offered += 1;
      if (out !== null && arrival !== null) share.times.add(arrival - out);
    }
  }

  merge(other: DirectionTally): void {
    this.packets += other.packets;
    this.delivered += other.delivered;
    this.first = Math.min(this.first, other.first);
    for (const fate of ['lost', 'refused', 'under-way'] as const) this.#fates[fate] += other.#fates[fate];
    for (const path of other.#paths.values()) {
      const mine = this.#pathNamed(path.key, path.links, path.example);
      if (mine.delivered === 0 && path.delivered > 0) mine.example = path.example;
      mine.packets += path.packets;
      mine.delivered += path.delivered;
    }
    for (const share of other.#shares.values()) {
      const mine = this.#share(share.link, share.side);
      mine.offered += share.offered;
      mine.times.merge(share.times);
    }
    for (const [key, ending] of other.#endings) {
      const mine = this.#endings.get(key);
      if (mine === undefined) this.#endings.set(key, { ...ending, examples: [...ending.examples] });
      else {
        mine.packets += ending.packets;
        mine.examples.push(...ending.examples.slice(0, EXAMPLES - mine.examples.length));
      }
    }
    this.#delay.merge(other.#delay);
    this.#evidence = [...this.#evidence, ...other.#evidence].sort((a, b) => a.order - b.order).slice(0, EXAMPLES);
  }

  finish(): Direction {
    return {
      packets: this.packets,
      delivered: this.delivered,
      lost: this.#fates.lost,
      refused: this.#fates.refused,
      underWay: this.#fates['under-way'],
      paths: foldedPaths([...this.#paths.values()]),
      endings: [...this.#endings.values()].sort((a, b) => b.packets - a.packets) satisfies readonly Ending[],
      delay: this.#delay.spread,
      jitter: this.#delay.meanStep,
      links: [...this.#shares.values()].map(shareOf),
      evidence: this.#evidence.map(({ id }) => id),
    };
  }

  #path(facts: TrailFacts, id = 0 as PacketId): PathCount {
    let path = this.#pathOf.get(facts);
    if (path === undefined) this.#pathOf.set(facts, (path = this.#pathNamed(facts.key, facts.links, id)));
    return path;
  }

  #pathNamed(key: string, links: readonly LinkId[], example: PacketId): PathCount {
    let path = this.#paths.get(key);
    if (path === undefined) this.#paths.set(key, (path = { key, links, packets: 0, delivered: 0, example }));
    return path;
  }

  #share(link: LinkId, side: 0 | 1): ShareCount {
    const key = link * 2 + side;
    let share = this.#shares.get(key);
    if (share === undefined) this.#shares.set(key, (share = { link, side, offered: 0, times: new Times() }));
    return share;
  }
}

/** What was lost half-way down a path that others went to its end took that path: it is no path of its own. */
function foldedPaths(counts: readonly PathCount[]): readonly Path[] {
  const whole = counts.filter((path) => path.delivered > 0).map((path) => ({ ...path }));
  const kept = [...whole];
  for (const part of counts) {
    if (part.delivered > 0) continue;
    const owner = whole.find((path) => path.key === part.key || path.key.startsWith(`${part.key} `) || part.links.length === 0);
    if (owner !== undefined) owner.packets += part.packets;
    else if (part.links.length > 0) kept.push({ ...part });
  }
  return kept
    .sort((a, b) => b.delivered - a.delivered || b.packets - a.packets)
    .map(({ links, packets, delivered, example }) => ({ links, packets, delivered, example }));
}

function shareOf({ link, side, offered, times }: ShareCount): LinkShare {
  return { link, side, offered, carried: times.count, missing: offered - times.count, delay: times.spread, jitter: times.meanStep };
}
