/**
 * Who waits for what: promises of the lab register here while they are pending, so that a run which cannot go on
 * (LAB_STALLED) can say what it lacks. Order of registration is the order shown.
 * @module
 */

/** What a task that does not end waits for, for LAB_STALLED. */
export interface Waiting {
  readonly who: string;
  readonly what: string;
}

export class WaitingList {
  readonly #entries = new Set<Waiting>();

  /** Registers; the returned function takes it off again and may be called more than once. */
  add(who: string, what: string): () => void {
    const entry: Waiting = { who, what };
    this.#entries.add(entry);
    return () => {
      this.#entries.delete(entry);
    };
  }

  get size(): number {
    return this.#entries.size;
  }

  list(): readonly Waiting[] {
    return [...this.#entries];
  }
}
