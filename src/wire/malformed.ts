/**
 * What a codec says of bytes that it cannot read: a small number on the hot path ({@link CHECK}), a value on the
 * cold one ({@link Malformed}). A bad packet is a result, never an exception.
 *
 * Every codec of this folder has the same five parts: field offsets; `HEADER` (fewest header bytes);
 * `check(b, o, n)`; views `name(b, o)` / `setName(b, o, v)`; and the value with `parse`, `emit`, `format`.
 * `n` is the number of octets that the layer below offers from `o` on. After `check` returned 0 every view is safe;
 * before, none is. Setters fix no checksum. `emit` writes every octet that it counts, so the target may be dirty.
 * @module
 */

/** Codes of `check`. 0 = fine. */
export const CHECK = {
  OK: 0,
  /** Fewer octets than the header needs. */
  TRUNCATED: 1,
  /** A version, hardware type or other constant is not this protocol's. */
  VERSION: 2,
  /** A header length field is impossible. */
  HEADER_LENGTH: 3,
  /** A total or payload length field does not fit the octets that there are. */
  LENGTH: 4,
  /** A chain of options or extension headers is broken. */
  OPTIONS: 5,
} as const;

const WHY = ['fine', 'truncated', 'wrong version', 'impossible header length', 'impossible length', 'broken option chain'] as const;

/** English for a code of `check`. */
export function why(code: number): string {
  return WHY[code] ?? `code ${code}`;
}

export interface Malformed {
  readonly malformed: true;
  /** Name of the codec. */
  readonly layer: string;
  /** Offset, in the caller's bytes, of the header that is bad. */
  readonly at: number;
  readonly why: string;
}

export function malformed(layer: string, at: number, reason: number | string): Malformed {
  return { malformed: true, layer, at, why: typeof reason === 'number' ? why(reason) : reason };
}

export function isMalformed(value: unknown): value is Malformed {
  return typeof value === 'object' && value !== null && (value as { malformed?: unknown }).malformed === true;
}
