/**
 * Several causes as one. A mixer sends one packet because of several: a set of causes gets a number of its own, so that
 * what flows with a packet stays one number: 0 = none, above 0 = the id of a packet, below 0 = a set.
 *
 * A set is looked up when the packet that carries it is first recorded, moments after it was made. So only the last
 * {@link KEPT} sets are kept, and a run's memory is bounded however long a conference lasts.
 *
 * @example
 * const both = sets.of([61 as Cause, 62 as Cause]);
 * sets.of([62 as Cause, 61 as Cause]) === both; // true
 * sets.ids(both); // [61, 62]
 * @module
 */
import { assertInvariant } from './assert.js';
import { type Cause, NO_CAUSE } from './brand.js';

/** Sets that are kept. */
export const KEPT = 1 << 16;
/** Members of a set: as text they fit an option of the capture file. */
export const MEMBERS = 4096;

const NOTHING: readonly number[] = [];

export class CauseSets {
  /** By serial number modulo KEPT. */
  readonly #sets: (readonly number[])[] = [];
  readonly #serials: number[] = [];
  readonly #bySame = new Map<string, number>();
  #next = 1;

  /**
   * The same members give the same cause, in whatever order; sets among them are opened, {@link NO_CAUSE} counts for
   * nothing. None gives NO_CAUSE, one gives itself.
   */
  of(causes: readonly Cause[]): Cause {
    if (causes.length === 1) return causes[0] ?? NO_CAUSE;
    const ids = [...new Set(causes.flatMap((cause) => this.ids(cause)))].sort((a, b) => a - b);
    if (ids.length < 2) return (ids[0] ?? NO_CAUSE) as Cause;
    assertInvariant(ids.length <= MEMBERS, `a set has at most ${MEMBERS} causes`);
    const same = ids.join();
    const serial = this.#bySame.get(same) ?? this.#keep(ids, same);
    return -serial as Cause;
  }

  /** Ids in ascending order; empty for NO_CAUSE, and for a set that is no longer kept. */
  ids(cause: number): readonly number[] {
    if (cause === 0) return NOTHING;
    if (cause > 0) return [cause];
    const at = -cause % KEPT;
    return this.#serials[at] === -cause ? (this.#sets[at] ?? NOTHING) : NOTHING;
  }

  #keep(ids: readonly number[], same: string): number {
    const serial = this.#next++;
    const at = serial % KEPT;
    const before = this.#sets[at];
    if (before !== undefined) this.#bySame.delete(before.join());
    this.#sets[at] = ids;
    this.#serials[at] = serial;
    this.#bySame.set(same, serial);
    return serial;
  }
}
