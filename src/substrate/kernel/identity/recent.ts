/**
 * A map that forgets what nobody touched for a while: between its age and twice its age. Two maps, the younger of which
 * becomes the older one now and then, so that forgetting costs nothing per entry.
 * @module
 */
import type { Nanos } from '../../../base/time.js';

export class Recent<V> {
  readonly #age: Nanos;
  #young = new Map<number, V>();
  #old = new Map<number, V>();
  #turn: number;

  constructor(age: Nanos) {
    this.#age = age;
    this.#turn = age;
  }

  /** Touches it. */
  get(key: number, now: Nanos): V | undefined {
    this.#pass(now);
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.#young.set(key, old);
    return old;
  }

  set(key: number, value: V, now: Nanos): void {
    this.#pass(now);
    this.#young.set(key, value);
  }

  #pass(now: Nanos): void {
    if (now < this.#turn) return;
    this.#old = now < this.#turn + this.#age ? this.#young : new Map();
    this.#young = new Map();
    this.#turn = now + this.#age;
  }
}
