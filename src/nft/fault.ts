/**
 * Faults of a rule file: made in one place, so that each has its place, what was expected and how to mend it. Collected,
 * so that all of a file are told at once.
 * @module
 */
import { LabError } from '../base/error.js';
import type { ErrorCode, SourceRef } from '../base/error.js';

export type NftCode = Extract<ErrorCode, `NFT_${string}`>;

export interface FaultWords {
  readonly expected?: string;
  readonly hint?: string;
}

export function fault(code: NftCode, at: SourceRef, message: string, words: FaultWords = {}): LabError {
  const { file, line, column } = at;
  return new LabError(code, message, { where: { file, line, column }, ...words });
}

/** What nft knows and callpath does not. @param construct as a person would call it: `ct helper`, `a quota` */
export function unsupported(at: SourceRef, construct: string, words: FaultWords = {}): LabError {
  return fault('NFT_UNSUPPORTED', at, `${construct} is not supported`, words);
}

/** What is wrong because something else is, which has been told: told by nobody. */
export class FollowOn extends Error {}

/** More would help nobody. */
const MOST = 200;

export class FaultList {
  readonly #found: LabError[] = [];

  get count(): number {
    return this.#found.length;
  }

  /** True when so much is wrong that it makes no sense to go on. */
  get full(): boolean {
    return this.#found.length >= MOST;
  }

  add(error: LabError): void {
    if (!this.full) this.#found.push(error);
  }

  /** Runs a step; a fault that it throws is kept, and the step has no result. */
  attempt<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (error instanceof FollowOn) return undefined;
      if (!LabError.is(error)) throw error;
      this.add(error);
      return undefined;
    }
  }

  /** In the order of the files and their lines, each once. */
  sorted(files: readonly string[]): readonly LabError[] {
    const rank = new Map(files.map((file, i) => [file, i]));
    const of = (e: LabError): readonly number[] => [rank.get(e.where?.file ?? '') ?? files.length, e.where?.line ?? 0, e.where?.column ?? 0];
    const once = new Map(this.#found.map((e) => [`${e.where?.file}:${e.where?.line}:${e.where?.column}:${e.code}:${e.message}`, e]));
    return [...once.values()].sort((a, b) => {
      const [x, y] = [of(a), of(b)];
      return (x[0] ?? 0) - (y[0] ?? 0) || (x[1] ?? 0) - (y[1] ?? 0) || (x[2] ?? 0) - (y[2] ?? 0);
    });
  }
}
