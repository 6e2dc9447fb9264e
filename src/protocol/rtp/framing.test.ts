import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FRAME_LIMIT, FrameReader, writeFrame } from './framing.js';

function frame(packet: Uint8Array): Uint8Array {
  const out = new Uint8Array(packet.length + 2);
  expect(writeFrame(packet, 0, packet.length, out, 0)).toBe(out.length);
  return out;
}

function read(...pieces: readonly Uint8Array[]): { packets: number[][]; pending: number } {
  const packets: number[][] = [];
  const reader = new FrameReader((b, o, n) => packets.push([...b.subarray(o, o + n)]));
  for (const piece of pieces) reader.push(piece);
  return { packets, pending: reader.pending };
}

it('the figure of RFC 4571 section 2: 16 bits of length, most significant octet first, then the packet', () => {
  expect([...frame(Uint8Array.of(0x80, 0, 1))]).toEqual([0, 3, 0x80, 0, 1]);
  expect([...frame(new Uint8Array(0x0102)).subarray(0, 2)]).toEqual([1, 2]);
  const out = new Uint8Array(8).fill(0xaa);
  expect(writeFrame(Uint8Array.of(9, 8, 7, 6), 1, 2, out, 3)).toBe(4);
  expect([...out]).toEqual([0xaa, 0xaa, 0xaa, 0, 2, 8, 7, 0xaa]);
});

it('whatever the pieces, the packets come back whole and in order; those without octets are none', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 12 }), fc.array(fc.nat(900), { maxLength: 10 }), (packets, cuts) => {
      const stream = Uint8Array.from(packets.flatMap((p) => [...frame(p)]));
      const places = [0, ...cuts.map((c) => Math.min(c, stream.length)).sort((a, b) => a - b), stream.length];
      const pieces = places.slice(1).map((end, i) => stream.slice(places[i], end));
      expect(read(...pieces)).toEqual({ packets: packets.filter((p) => p.length > 0).map((p) => [...p]), pending: 0 });
    }),
    { seed: 4571, numRuns: 300 },
  );
});

it('keeps its own copy of what a piece leaves over', () => {
  const [first, second] = [Uint8Array.of(0, 3, 1), Uint8Array.of(2, 3)];
  const packets: number[][] = [];
  const reader = new FrameReader((b, o, n) => packets.push([...b.subarray(o, o + n)]));
  reader.push(first);
  first.fill(0xff);
  reader.push(second);
  expect(packets).toEqual([[1, 2, 3]]);
});

it('a packet that no length says is not written; an unfinished frame waits', () => {
  const longest = new Uint8Array(FRAME_LIMIT + 1);
  expect(writeFrame(longest, 0, FRAME_LIMIT + 1, new Uint8Array(FRAME_LIMIT + 8), 0)).toBe(0);
  expect(writeFrame(longest, 0, FRAME_LIMIT, new Uint8Array(FRAME_LIMIT + 8), 0)).toBe(FRAME_LIMIT + 2);
  expect(read(Uint8Array.of(0))).toEqual({ packets: [], pending: 1 });
  expect(read(Uint8Array.of(0xff, 0xff, 1))).toEqual({ packets: [], pending: 3 });
  expect(read(Uint8Array.of(0, 0, 0, 0))).toEqual({ packets: [], pending: 0 });
});
