import { describe, expect, it } from 'vitest';
import * as bytes from './bytes.js';

describe('bytes', () => {
  it('reads and writes in network order, at any offset', () => {
    const b = bytes.hex('00 01 02 fe ff 80 7f');
    expect(bytes.u8(b, 3)).toBe(0xfe);
    expect(bytes.u16(b, 3)).toBe(0xfeff);
    expect(bytes.u24(b, 2)).toBe(0x02feff);
    expect(bytes.u32(b, 3)).toBe(0xfeff807f);
    expect(bytes.u48(b, 1)).toBe(0x0102feff807f);
    const out = new Uint8Array(7).fill(0xa5);
    bytes.setU8(out, 0, 0);
    bytes.setU48(out, 1, 0x0102feff807f);
    expect(out).toEqual(b);
    bytes.setU32(out, 3, 0xfeff807f);
    bytes.setU24(out, 4, 0xff807f);
    bytes.setU16(out, 5, 0x807f);
    expect(out).toEqual(b);
  });

  it('compares like memcmp', () => {
    expect(bytes.compare(bytes.hex('0102'), bytes.hex('0102'))).toBe(0);
    expect(bytes.compare(bytes.hex('01ff'), bytes.hex('0200'))).toBeLessThan(0);
    expect(bytes.compare(bytes.hex('010200'), bytes.hex('0102'))).toBeGreaterThan(0);
    expect(bytes.equal(bytes.hex('aa0102'), 1, bytes.hex('0102'), 0, 2)).toBe(true);
    expect(bytes.equal(bytes.hex('aa0102'), 0, bytes.hex('0102'), 0, 2)).toBe(false);
  });

  it('copies short and long', () => {
    for (const n of [0, 1, 64, 65, 200]) {
      const from = Uint8Array.from({ length: n + 2 }, (_, i) => i);
      const to = new Uint8Array(n + 3).fill(0xa5);
      bytes.copy(from, 2, to, 1, n);
      expect([...to]).toEqual([0xa5, ...from.subarray(2), ...(n >= 0 ? [0xa5, 0xa5] : [])]);
    }
  });

  it('reads hexadecimal, refuses anything else', () => {
    expect(bytes.parseHex('de:ad be\nef')).toEqual(new Uint8Array([0xde, 0xad, 0xbe, 0xef]));
    expect(bytes.parseHex('abc')).toBeUndefined();
    expect(bytes.parseHex('zz')).toBeUndefined();
    expect(() => bytes.hex('0x')).toThrow(RangeError);
    expect(bytes.toHex(bytes.hex('00dead'), 1, 2, ':')).toBe('de:ad');
  });
});
