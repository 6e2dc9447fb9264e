/**
 * A read file as the checks see it: plain values, and the place of each in what a person wrote.
 * @module
 */
import type { LabError, SourceRef } from '../../base/error.js';

export type Path = readonly (string | number)[];

/** Whether the fault is in the key (unknown, missing beneath it) or in what it holds. */
export type PlaceOn = 'key' | 'value';

/** Where values stand. */
export interface Places {
  /** Place of the key or value at `path`, or of the nearest thing above it that exists. */
  place(path: Path, on?: PlaceOn): SourceRef;
  /** Place of the character at `offset` (from 0) of the text at `path`. */
  placeWithin(path: Path, offset: number): SourceRef;
}

export interface Source extends Places {
  /** The file's name; single values may stand elsewhere. */
  readonly file: string;
  /** Faults of what was read, before anybody asked what it means. */
  readonly errors: readonly LabError[];
  /** False when the text is no YAML at all, so that {@link value} says nothing. */
  readonly usable: boolean;
  /** The whole as plain values. */
  readonly value: unknown;
}
