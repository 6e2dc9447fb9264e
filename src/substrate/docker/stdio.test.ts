import fc from 'fast-check';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Demultiplexer, stdioOf } from './stdio.js';

/** As Docker's reference writes it: `[STREAM_TYPE, 0, 0, 0, SIZE1..SIZE4]`, big endian, then the payload. */
function piece(stream: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length);
  bytes[0] = stream;
  new DataView(bytes.buffer).setUint32(4, payload.length);
  bytes.set(payload, 8);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): number[] {
  return parts.flatMap((part) => [...part]);
}

describe('the multiplexed stream', () => {
  it('gives output and errors back, however it is cut', () => {
    const pieces = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })), { maxLength: 12 });
    fc.assert(
      fc.property(pieces, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }), (said, cuts) => {
        const wire = Uint8Array.from(joined(said.map(([stream, payload]) => piece(stream, payload))));
        const heard: Record<number, Uint8Array[]> = { 1: [], 2: [] };
        const parts = new Demultiplexer((stream, bytes) => heard[stream]?.push(bytes.slice()));
        for (let at = 0, turn = 0; at < wire.length; turn++) {
          const end = at + (cuts[turn % cuts.length] ?? 1);
          parts.push(wire.subarray(at, end));
          at = end;
        }
        for (const stream of [1, 2]) {
          expect(joined(heard[stream] ?? [])).toEqual(joined(said.filter(([which]) => which === stream).map(([, payload]) => payload)));
        }
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it('ends both when the other side is gone, even by an error', async () => {
    const stream = new PassThrough();
    const { stdout, stderr } = stdioOf(stream);
    stream.once('data', () => stream.destroy(new Error('connection reset')));
    stream.write(piece(2, new TextEncoder().encode('oh')));
    expect(await Promise.all([stdout.toArray(), stderr.toArray()])).toEqual([[], [expect.objectContaining({ length: 2 })]]);
  });
});
