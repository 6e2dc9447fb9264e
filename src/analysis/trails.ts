/**
 * What a trail says of every packet that has it, worked out once: the links that were crossed, by which records, and
 * where it began and ended. A run has few trails and many packets.
 * @module
 */
import type { LinkId, TrailId } from '../base/brand.js';
import type { Ledger, Step } from '../capture/ledger.js';

/** One crossing of a link; `out` and `in` are numbers of records, -1 = there is none. */
export interface Crossing {
  readonly link: LinkId;
  /** The end that sent. */
  readonly side: 0 | 1;
  readonly out: number;
  readonly in: number;
}

export interface TrailFacts {
  readonly crossings: readonly Crossing[];
  readonly links: readonly LinkId[];
  /** Equal for trails over the same links. */
  readonly key: string;
  /** Node that made the first record; null when a link made the packet (a duplicate). */
  readonly bornAt: string | null;
  /** Node that took the packet off its last link, when that is the last that is known of it. */
  readonly arrivedAt: string | null;
  /** Number of the last record. */
  readonly last: number;
  /** Point of the verdict, of the last record if there is none. */
  readonly endPoint: number;
  /** Decision of the node that dropped it; 0 for losses of links, and when nothing was dropped. */
  readonly endDecision: number;
}

/** Facts of trails, by id. */
export class TrailBook {
  readonly #ledger: Ledger;
  readonly #facts: (TrailFacts | undefined)[] = [];

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  of(trail: TrailId): TrailFacts {
    return (this.#facts[trail] ??= factsOf(this.#ledger, this.#ledger.trail(trail)));
  }
}

function factsOf(ledger: Ledger, steps: readonly Step[]): TrailFacts {
  const crossings = crossingsOf(steps);
  const links = crossings.map((crossing) => crossing.link);
  const first = steps[0];
  const last = steps.at(-1);
  const verdict = steps.findLast((step) => step.kind === 'lost' || step.kind === 'drop');
  const end = verdict ?? last;
  return {
    crossings,
    links,
    key: crossings.map(({ link, side }) => link * 2 + side).join(' '),
    bornAt: first === undefined || first.kind === 'in' ? null : nodeAt(ledger, first.point),
    arrivedAt: verdict === undefined && last?.kind === 'in' ? nodeAt(ledger, last.point) : null,
    last: steps.length - 1,
    endPoint: end?.point ?? ledger.points.lab,
    endDecision: verdict?.kind === 'drop' ? verdict.decision : 0,
  };
}

/** An arrival belongs to the latest departure from the other end that has none. */
export function crossingsOf(steps: readonly Step[]): readonly Crossing[] {
  const crossings: { link: LinkId; side: 0 | 1; out: number; in: number }[] = [];
  for (const [k, { kind, point }] of steps.entries()) {
    const link = (point >> 1) as LinkId;
    const side = (point & 1) as 0 | 1;
    if (kind === 'out') crossings.push({ link, side, out: k, in: -1 });
    else if (kind === 'in') {
      const open = crossings.findLast((crossing) => crossing.link === link && crossing.side === 1 - side && crossing.in < 0);
      if (open !== undefined) open.in = k;
      else crossings.push({ link, side: side === 0 ? 1 : 0, out: -1, in: k });
    }
  }
  return crossings;
}

/** Node at a capture point. */
export function nodeAt(ledger: Ledger, index: number): string {
  const point = ledger.points.at(index);
  return point.kind === 'lab' ? point.name : point.node;
}

/** It is a MAC bridge: what it sends others sent. */
export function isBridge(ledger: Ledger, node: string): boolean {
  const point = ledger.points.named(`node:${node}`);
  return point?.kind === 'node' && point.bridge;
}

/** Where something ended, for people: the link's name, or the node's. */
export function placeOf(ledger: Ledger, index: number): string {
  const point = ledger.points.at(index);
  return point.kind === 'link' ? point.linkName : point.kind === 'node' ? point.node : point.name;
}
