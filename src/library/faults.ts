/**
 * Faults of what people handed in: each is a {@link LabError}, and of one input several are told together.
 * @module
 */
import { LabError } from '../base/error.js';

/** Several faults of one input, told together. */
export class Faults extends Error {
  readonly errors: readonly LabError[];

  constructor(errors: readonly LabError[]) {
    super(errors.map((e) => e.message).join('; '));
    this.errors = errors;
  }
}

/** The faults behind what was thrown, or null when it is a defect of ours. */
export function faultsOf(error: unknown): readonly LabError[] | null {
  if (error instanceof Faults) return error.errors;
  return LabError.is(error) ? [error] : null;
}

/** What `make` gives; null where it throws faults, which go to those that are there. */
export function collect<T>(faults: LabError[], make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    const known = faultsOf(error);
    if (known === null) throw error;
    faults.push(...known);
    return null;
  }
}
