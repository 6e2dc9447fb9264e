/**
 * The three tests that every codec here passes: a vector goes to its value and back, octet for octet, into a dirty
 * buffer; no length that is too short is accepted; and no input at all makes `check` or `parse` throw.
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CHECK, isMalformed, type Malformed } from '../../src/wire/malformed.js';

export interface Codec<V> {
  readonly HEADER: number;
  check(b: Uint8Array, o: number, n: number): number;
  parse(b: Uint8Array, o: number, n: number): V | Malformed;
  emit(v: V, b: Uint8Array, o: number): number;
  format(v: V): string;
}

export interface Vector<V> {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly value: V;
  readonly text: string;
  /** Offset of a checksum that `emit` leaves zero, because it covers what is not the codec's. */
  readonly unfilled?: number;
}

export function codecTrio<V>(codec: Codec<V>, vectors: readonly Vector<V>[]): void {
  it.each(vectors)('$name: to its value, its text and back', (vector) => {
    // At an odd offset, between other bytes, so that a missing "+ o" shows.
    const b = new Uint8Array(vector.bytes.length + 8).fill(0x5a);
    b.set(vector.bytes, 3);
    expect(codec.check(b, 3, vector.bytes.length)).toBe(CHECK.OK);
    const value = codec.parse(b, 3, vector.bytes.length);
    expect(value).toEqual(vector.value);
    if (isMalformed(value)) throw new Error(value.why);
    expect(codec.format(value)).toBe(vector.text);

    const out = new Uint8Array(vector.bytes.length + 8).fill(0xa5);
    const n = codec.emit(value, out, 3);
    const expected = vector.bytes.slice();
    if (vector.unfilled !== undefined) expected.fill(0, vector.unfilled, vector.unfilled + 2);
    expect(n).toBe(expected.length);
    expect(out.subarray(3, 3 + n)).toEqual(expected);
    expect([...out.subarray(0, 3), ...out.subarray(3 + n)]).toEqual(new Array(8).fill(0xa5));
  });

  it('refuses every length below its header', () => {
    for (const vector of vectors) {
      for (let n = 0; n < codec.HEADER; n++) {
        expect(codec.check(vector.bytes, 0, n)).not.toBe(CHECK.OK);
        expect(isMalformed(codec.parse(vector.bytes, 0, n))).toBe(true);
      }
    }
  });

  it('never throws: any bytes, any cut, any flipped octet; parse agrees with check', () => {
    const start = fc.constantFrom(...vectors.map((v) => v.bytes));
    const mutated = fc.tuple(start, fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }), fc.nat(100)).map(([bytes, flips, cut]) => {
      const b = bytes.slice(0, Math.max(0, bytes.length - Math.max(0, cut - 50)));
      for (const [at, value] of flips) if (at < b.length) b[at] = value;
      return b;
    });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), (b) => {
        const value = codec.parse(b, 0, b.length);
        expect(isMalformed(value)).toBe(codec.check(b, 0, b.length) !== CHECK.OK);
        if (!isMalformed(value)) expect(typeof codec.format(value)).toBe('string');
      }),
      { seed: 42, numRuns: 300 },
    );
  });
}
