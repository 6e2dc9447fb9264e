/**
 * Broken invariants are our own mistakes: they throw, and nothing below the command line catches them.
 * @module
 */
export class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken';
}

export function assertInvariant(condition: unknown, what: string): asserts condition {
  if (!condition) throw new InvariantBroken(what);
}

/** For the `default` of an exhaustive switch. */
export function unreachable(value: never, what = 'unhandled case'): never {
  throw new InvariantBroken(`${what}: ${JSON.stringify(value)}`);
}

/** The value, where the code knows that it is there. */
export function must<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new InvariantBroken(`missing: ${what}`);
  return value;
}
