/**
 * Trails: what happened to a packet, in order, as one number. A trail is a list of steps (point, kind, decision);
 * equal lists have equal ids. It grows by a transition table of numbers that compares what it finds: two journeys
 * are never taken for one.
 * @module
 */
import { assertInvariant } from '../../base/assert.js';
import type { TrailId } from '../../base/brand.js';

/** What a record says of a packet. `out` and `in`: it crossed a link's end; `lost`: a late verdict of the link; `drop`: a node's. */
export const STEP_KINDS = ['out', 'in', 'lost', 'drop'] as const;
export type StepKind = (typeof STEP_KINDS)[number];
export const STEP = { OUT: 0, IN: 1, LOST: 2, DROP: 3 } as const;
export type StepCode = (typeof STEP)[keyof typeof STEP];

export interface Step {
  /** Capture point. */
  readonly point: number;
  readonly kind: StepKind;
  /** Number of the decision's text, 0 = none. */
  readonly decision: number;
}

export class TrailTable {
  // Columns by trail id; 0 is the empty trail.
  #parent = new Int32Array(256);
  #event = new Int32Array(256);
  #decision = new Int32Array(256);
  #size = 1;
  /** Open addressing: trail ids found by (parent, event, decision). A power of two, at most half full. */
  #table = new Int32Array(1024);
  readonly #steps = new Map<number, readonly Step[]>();

  /** Number of trails, the empty one included. */
  get size(): number {
    return this.#size;
  }

  /** hot. The trail that follows `trail` by one step. */
  next(trail: number, point: number, kind: StepCode, decision: number): TrailId {
    const event = point * 4 + kind;
    const table = this.#table;
    const mask = table.length - 1;
    let at = mix(trail, event, decision) & mask;
    for (;;) {
      const id = table[at] as number;
      if (id === 0) return this.#add(trail, event, decision, at);
      if (this.#parent[id] === trail && this.#event[id] === event && this.#decision[id] === decision) return id as TrailId;
      at = (at + 1) & mask;
    }
  }

  /** Its last step as point * 4 + kind; -1 for the empty trail. */
  last(trail: number): number {
    return trail === 0 ? -1 : (this.#event[trail] as number);
  }

  /** cold, kept. */
  steps(trail: number): readonly Step[] {
    assertInvariant(trail >= 0 && trail < this.#size, `trail ${trail}`);
    const known = this.#steps.get(trail);
    if (known !== undefined) return known;
    const steps: Step[] = [];
    for (let id = trail; id !== 0; id = this.#parent[id] as number) {
      const event = this.#event[id] as number;
      steps.push({ point: event >> 2, kind: STEP_KINDS[event & 3] as StepKind, decision: this.#decision[id] as number });
    }
    steps.reverse();
    this.#steps.set(trail, steps);
    return steps;
  }

  #add(trail: number, event: number, decision: number, at: number): TrailId {
    const id = this.#size++;
    if (id === this.#parent.length) {
      this.#parent = doubled(this.#parent);
      this.#event = doubled(this.#event);
      this.#decision = doubled(this.#decision);
    }
    this.#parent[id] = trail;
    this.#event[id] = event;
    this.#decision[id] = decision;
    this.#table[at] = id;
    if (this.#size * 2 > this.#table.length) this.#rehash();
    return id as TrailId;
  }

  #rehash(): void {
    const table = new Int32Array(this.#table.length * 2);
    const mask = table.length - 1;
    for (let id = 1; id < this.#size; id++) {
      let at = mix(this.#parent[id] as number, this.#event[id] as number, this.#decision[id] as number) & mask;
      while (table[at] !== 0) at = (at + 1) & mask;
      table[at] = id;
    }
    this.#table = table;
  }
}

function mix(a: number, b: number, c: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  // Signed, since the upper half of the unsigned ones is beyond 31 bits; only low bits are used.
  return h ^ (h >>> 13);
}

function doubled(a: Int32Array): Int32Array<ArrayBuffer> {
  const b = new Int32Array(a.length * 2);
  b.set(a);
  return b;
}
