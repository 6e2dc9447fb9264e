/**
 * Collects every fault of a file, so that all are reported at once, each with its place.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { ErrorCode, LabErrorDetails } from '../../base/error.js';
import type { Path, PlaceOn, Source } from './source.js';

export interface FaultDetails {
  readonly expected?: string;
  readonly hint?: string;
  readonly on?: PlaceOn;
  /** Character (from 0) within the text at the path. */
  readonly offset?: number;
}

export class Faults {
  readonly source: Source;
  readonly #found: LabError[] = [];

  constructor(source: Source) {
    this.source = source;
  }

  get count(): number {
    return this.#found.length;
  }

  add(code: ErrorCode, path: Path, message: string, details: FaultDetails = {}): void {
    const where = details.offset === undefined ? this.source.place(path, details.on) : this.source.placeWithin(path, details.offset);
    const more: LabErrorDetails = {
      where,
      ...(details.expected !== undefined && { expected: details.expected }),
      ...(details.hint !== undefined && { hint: details.hint }),
    };
    this.#found.push(new LabError(code, message, more));
  }

  /** A fault with a place of its own, such as one in a rule file. */
  report(error: LabError): void {
    this.#found.push(error);
  }

  /** Everything found, in the order of the file; what stands elsewhere comes last. Faults of one place and code that say the same are one. */
  sorted(): readonly LabError[] {
    const all = [...this.source.errors, ...this.#found];
    const seen = new Set<string>();
    const once = all.filter((e) => {
      const key = `${e.where?.file}:${e.where?.line}:${e.where?.column}:${e.code}:${e.message}`;
      const fresh = !seen.has(key);
      seen.add(key);
      return fresh;
    });
    const elsewhere = (e: LabError): number => (e.where === undefined || e.where.file === this.source.file ? 0 : 1);
    return once.sort((a, b) => elsewhere(a) - elsewhere(b) || (a.where?.line ?? 0) - (b.where?.line ?? 0) || (a.where?.column ?? 0) - (b.where?.column ?? 0));
  }
}
