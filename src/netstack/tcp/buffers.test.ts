import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantBroken } from '../../base/assert.js';
import { pattern } from './pipe.testkit.js';
import { ReceiveBuffer } from './receive-buffer.js';
import { SendBuffer } from './send-buffer.js';

describe('send buffer', () => {
  it('gives back what was written, whatever was released meanwhile', () => {
    const step = fc.record({ write: fc.integer({ min: 0, max: 9000 }), release: fc.integer({ min: 0, max: 100 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), fc.array(step, { maxLength: 30 }), (capacity, steps) => {
        const buffer = new SendBuffer(capacity);
        const all = pattern(300_000);
        let written = 0;
        for (const { write, release } of steps) {
          const taken = buffer.append(all, written, write);
          expect(taken).toBe(Math.min(write, capacity - (written - (buffer.start - 1))));
          written += taken;
          expect(buffer.end).toBe(written + 1);
          const held = buffer.end - buffer.start;
          const out = new Uint8Array(held);
          buffer.copy(buffer.start, held, out, 0);
          expect(out).toEqual(all.subarray(buffer.start - 1, written));
          buffer.release(buffer.start + Math.floor((held * release) / 100));
        }
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it('refuses to give what it does not hold', () => {
    const buffer = new SendBuffer(100);
    buffer.append(pattern(10), 0, 10);
    buffer.release(5);
    expect(() => buffer.copy(1, 3, new Uint8Array(3), 0)).toThrow(InvariantBroken);
    expect(() => buffer.copy(8, 10, new Uint8Array(10), 0)).toThrow(InvariantBroken);
    expect(() => buffer.release(12)).toThrow(InvariantBroken);
  });
});

describe('receive buffer', () => {
  it('puts any pieces in order, each octet once', () => {
    const piece = fc.record({ at: fc.integer({ min: -100, max: 3000 }), len: fc.integer({ min: 0, max: 900 }), read: fc.integer({ min: 0, max: 500 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.array(piece, { maxLength: 60 }), (capacity, pieces) => {
        const buffer = new ReceiveBuffer(capacity);
        const all = pattern(6000);
        const have = new Set<number>();
        let read = 0;
        let next = 0;
        for (const { at, len, read: want } of pieces) {
          const from = Math.max(0, at);
          const grown = buffer.insert(at + 1, bytesAt(all, at, len), 0, len);
          for (let p = from; p < at + len && p < read + capacity; p++) have.add(p);
          const before = next;
          while (have.has(next)) next += 1;
          const told = [grown, buffer.next, buffer.readable];
          const got = buffer.read(want);
          const wanted = [next - before, next + 1, next - read, capacity - (next - read - got.length), all.subarray(read, read + got.length)];
          expect([...told, buffer.window, got]).toEqual(wanted);
          read += got.length;
        }
        const early = buffer.outOfOrder.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i - 1));
        expect(early.filter((p) => !have.has(p))).toEqual([]);
      }),
      { seed: 2, numRuns: 150 },
    );
  });

  it('has nothing to read at first, and takes nothing when full', () => {
    const buffer = new ReceiveBuffer(10);
    expect(buffer.read(5).length).toBe(0);
    expect(buffer.insert(1, pattern(20), 0, 20)).toBe(10);
    expect(buffer.insert(11, pattern(20), 0, 20)).toBe(0);
    expect(buffer.window).toBe(0);
  });
});

function bytesAt(all: Uint8Array, at: number, len: number): Uint8Array {
  const out = new Uint8Array(len);
  for (let i = 0; i < len; i++) out[i] = all[at + i] ?? 0;
  return out;
}
