import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECK } from '../../wire/malformed.js';
import { findElement, oneByteExtension } from './header-extension.js';
import * as rtp from './rtp.js';

/** A packet with this extension and two CSRCs, at an offset. */
function packet(extension: Uint8Array): { b: Uint8Array; o: number; n: number } {
  const profile = ((extension[0] ?? 0) << 8) | (extension[1] ?? 0);
  const b = new Uint8Array(200);
  const n = rtp.emit(
    {
      marker: false,
      payloadType: 96,
      sequenceNumber: 1,
      timestamp: 2,
      ssrc: 3,
      csrcs: [4, 5],
      extension: { profile, data: extension.subarray(4) },
      padding: 0,
      payload: Uint8Array.of(1, 2, 3),
    },
    b,
    7,
  );
  return { b, o: 7, n };
}

function value(extension: Uint8Array, id: number): number[] | null {
  const { b, o, n } = packet(extension);
  expect(rtp.check(b, o, n)).toBe(CHECK.OK);
  const found = findElement(b, o, id);
  return found < 0 ? null : [...b.subarray(Math.floor(found / 256), Math.floor(found / 256) + (found & 0xff))];
}

describe('header extensions (RFC 8285)', () => {
  it('the figure of section 4.2: three elements with padding between', () => {
    // 0xBEDE, length 3; ID 1 of 1 octet, ID 2 of 2 octets, two of padding, ID 3 of 4 octets.
    const figure = Uint8Array.of(0xbe, 0xde, 0, 3, 0x10, 0xa1, 0x21, 0xb1, 0xb2, 0, 0, 0x33, 0xc1, 0xc2, 0xc3, 0xc4);
    expect([1, 2, 3, 4].map((id) => value(figure, id))).toEqual([[0xa1], [0xb1, 0xb2], [0xc1, 0xc2, 0xc3, 0xc4], null]);
  });

  it('the figure of section 4.3: two-byte form, an element without octets', () => {
    const figure = Uint8Array.of(0x10, 0x00, 0, 3, 1, 0, 2, 1, 0xb1, 0, 3, 4, 0xc1, 0xc2, 0xc3, 0xc4);
    expect([1, 2, 3].map((id) => value(figure, id))).toEqual([[], [0xb1], [0xc1, 0xc2, 0xc3, 0xc4]]);
  });

  it('ID 15 ends the one-byte form; elements that reach out of it, and other profiles, are none', () => {
    expect(value(Uint8Array.of(0xbe, 0xde, 0, 1, 0xf0, 0, 0x20, 9), 2)).toBeNull();
    expect(value(Uint8Array.of(0xbe, 0xde, 0, 1, 0x17, 1, 2, 3), 1)).toBeNull();
    expect(value(Uint8Array.of(0x10, 0x00, 0, 1, 1, 9, 2, 3), 1)).toBeNull();
    expect(value(Uint8Array.of(0x10, 0x00, 0, 1, 0, 0, 0, 1), 1)).toBeNull();
    expect(value(Uint8Array.of(0xab, 0xac, 0, 1, 0x10, 1, 0, 0), 1)).toBeNull();
  });

  it('a packet without an extension has no element', () => {
    const b = new Uint8Array(20);
    rtp.writeHeader(b, 0, false, 0, 1, 2, 3);
    expect(findElement(b, 0, 1)).toBe(-1);
  });

  it('whatever is written is found; nothing else throws or is found beyond the extension', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 14 }),
        fc.uint8Array({ minLength: 1, maxLength: 16 }),
        fc.uint8Array({ minLength: 8, maxLength: 40 }),
        (id, v, junk) => {
          expect(value(oneByteExtension(id, v), id)).toEqual([...v]);
          const words = Math.floor(junk.length / 4) - 1;
          const extension = junk.slice(0, 4 + words * 4);
          extension.set([0, words], 2);
          for (const profile of [
            [0xbe, 0xde],
            [0x10, 0x05],
          ]) {
            extension.set(profile, 0);
            const { b, o } = packet(extension);
            const found = findElement(b, o, id);
            if (found >= 0) expect(Math.floor(found / 256) + (found & 0xff)).toBeLessThanOrEqual(o + rtp.headerLength(b, o));
          }
        },
      ),
      { seed: 8285, numRuns: 300 },
    );
  });
});
