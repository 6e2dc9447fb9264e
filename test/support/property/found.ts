/**
 * What property tests have found by seeds of their own, in a file: each is run again before the property's other cases, until
 * somebody takes it out because it has become a test of its own.
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export interface Found {
  /** File, test, and which property of the test. */
  readonly property: string;
  readonly seed: number;
  /** How fast-check comes to the counterexample at once. */
  readonly path: string;
  /** For people. */
  readonly counterexample: string;
}

export class FoundFile {
  readonly #file: string;
  #read: readonly Found[] | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  of(property: string): readonly Found[] {
    this.#read ??= this.#all();
    return this.#read.filter((found) => found.property === property);
  }

  /** Once. Other workers file theirs at the same time, so the file is read anew. */
  add(found: Found): void {
    const before = this.#all();
    if (before.some(({ property, counterexample }) => property === found.property && counterexample === found.counterexample)) return;
    const sorted = [...before, found].sort((a, b) => (a.property < b.property ? -1 : a.property > b.property ? 1 : a.seed - b.seed));
    writeFileSync(this.#file, `${JSON.stringify(sorted, null, 2)}\n`);
  }

  #all(): readonly Found[] {
    return existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Found[]) : [];
  }
}

/** A seed for each property out of one for all: 32 bits, as fast-check takes them (the finalizer of MurmurHash3). */
export function mixedSeed(fresh: number, own: number): number {
  let h = (Math.imul(fresh, 0x9e3779b1) ^ own) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
