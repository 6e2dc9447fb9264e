import { describe, expect, it } from 'vitest';
import * as g711 from './g711.js';

const octets = Array.from({ length: 256 }, (_, i) => i);

describe('G.711', () => {
  it.each([
    // ITU-T G.711 table 2a/2b decision values and outputs (14 bits, here times 4), first and last of each sign.
    [0x80, 32124],
    [0x00, -32124],
    [0xff, 0],
    [0x7f, 0],
    [0xfe, 8],
    [0x7e, -8],
    [0xef, 132],
    [0x8f, 16764],
    [0x9f, 8316],
  ])('mu-law %i is %i', (octet, level) => {
    expect(g711.decodeUlaw(octet)).toBe(level);
  });

  it.each([
    // Table 1a/1b: outputs (13 bits, here times 8), even bits inverted.
    [0xd5, 8],
    [0x55, -8],
    [0xaa, 32256],
    [0x2a, -32256],
    [0xd4, 24],
    [0xc5, 264],
    [0xf5, 528],
    [0xa5, 16896],
  ])('A-law %i is %i', (octet, level) => {
    expect(g711.decodeAlaw(octet)).toBe(level);
  });

  it('every octet survives decoding and encoding, but for the negative zero of mu-law', () => {
    for (const octet of octets) {
      expect(g711.encodeUlaw(g711.decodeUlaw(octet))).toBe(octet === 0x7f ? 0xff : octet);
      expect(g711.encodeAlaw(g711.decodeAlaw(octet))).toBe(octet);
    }
  });

  it('every sample comes back within half a step of its segment; encoding is monotone', () => {
    const wrong: number[] = [];
    let previousU = -40000;
    let previousA = -40000;
    for (let sample = -32768; sample < 32768; sample++) {
      const u = g711.decodeUlaw(g711.encodeUlaw(sample));
      const a = g711.decodeAlaw(g711.encodeAlaw(sample));
      // Steps double from 8 (mu-law, biased by 132) and 16 (A-law); clipping lies above the last level.
      const size = Math.abs(sample);
      const stepU = Math.max(8, 2 ** (Math.floor(Math.log2(Math.min(32635, size) + 132)) - 4));
      const stepA = Math.max(16, 2 ** (Math.floor(Math.log2(Math.max(1, size))) - 4));
      const near = Math.abs(u - sample) <= (size > 32635 ? 32768 - 32124 : stepU / 2 + 4) && Math.abs(a - sample) <= stepA / 2 + 16;
      if (!near || u < previousU || a < previousA) wrong.push(sample);
      previousU = u;
      previousA = a;
    }
    expect(wrong).toEqual([]);
  });

  it('ranges, and silence', () => {
    for (const law of ['PCMU', 'PCMA'] as const) {
      const out = new Uint8Array(6).fill(0xa5);
      g711.encode(law, Int16Array.of(0, 1000, -1000, 7), 3, out, 2);
      expect([out[0], out[1], out[2], out[5]]).toEqual([0xa5, 0xa5, g711.silence(law), 0xa5]);
      const back = new Int16Array(3);
      g711.decode(law, out, 2, 3, back);
      expect(Math.abs(back[1]! - 1000)).toBeLessThan(32);
      expect(Math.abs(back[2]! + 1000)).toBeLessThan(32);
    }
  });
});
