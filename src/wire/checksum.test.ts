import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex, setU16, setU32, u16, u32 } from './bytes.js';
import * as checksum from './checksum.js';
import { FRAMES } from '../../test/support/kernel-frames.js';

const runs = { seed: 1071, numRuns: 300 };

describe('checksum', () => {
  it('RFC 1071 section 3: 00 01 f2 03 f4 f5 f6 f7', () => {
    const b = hex('0001f203f4f5f6f7');
    expect(checksum.sum(b, 0, 8)).toBe(0x2ddf0);
    expect(checksum.fold(0x2ddf0)).toBe(0xddf2);
    expect(checksum.compute(b, 0, 8)).toBe(0x220d);
  });

  it('pads an odd last octet with zero', () => {
    expect(checksum.sum(hex('0001f2'), 0, 3)).toBe(0x0001 + 0xf200);
  });

  it('RFC 1624 section 4: DD2F, 5555 to 3285, gives 0000 and not FFFF', () => {
    expect(checksum.adjusted16(0xdd2f, 0x5555, 0x3285)).toBe(0x0000);
  });

  it('pseudo-headers: what the kernel sent adds up', () => {
    const u = FRAMES.udp4;
    expect(checksum.verify(u, 34, 16, checksum.pseudo4(u, 14, 17, 16))).toBe(true);
    expect(checksum.verify(u, 34, 16, checksum.pseudo4Of(0xc0000201, 0xc0000202, 17, 16))).toBe(true);
    expect(checksum.verify(u, 34, 16, checksum.pseudo4(u, 14, 6, 16))).toBe(false);
    const v = FRAMES.udp6;
    expect(checksum.verify(v, 54, 16, checksum.pseudo6(v, 14, 17, 16))).toBe(true);
    expect(checksum.verify(v, 54, 16, checksum.pseudo6Of(v.subarray(22, 38), v.subarray(38, 54), 17, 16))).toBe(true);
  });

  it('takes a length of more than 16 bits (RFC 8200 8.1)', () => {
    const zero = new Uint8Array(16);
    expect(checksum.pseudo6Of(zero, zero, 6, 0x12345)).toBe(0x1 + 0x2345 + 6);
  });

  it('an incremental update is a full recompute', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 64 }), fc.nat(63), fc.nat(0xffff), fc.nat(0xffffffff), (data, where, word, long) => {
        const b = new Uint8Array(2 + (data.length & ~3) + 2);
        b.set(data.subarray(0, data.length & ~3), 2);
        b[b.length - 1] = 0x45; // never all zero, as an IP header is not
        setU16(b, 0, checksum.compute(b, 2, b.length - 2));
        const at = 2 + ((where % (data.length & ~3)) & ~3);
        const old16 = u16(b, at);
        setU16(b, at, word);
        checksum.adjust16(b, 0, old16, word);
        expect(u16(b, 0)).toBe(checksum.compute(b, 2, b.length - 2));
        const old32 = u32(b, at);
        setU32(b, at, long);
        checksum.adjust32(b, 0, old32, long);
        expect(u16(b, 0)).toBe(checksum.compute(b, 2, b.length - 2));
        expect(checksum.verify(b, 0, b.length)).toBe(true);
      }),
      runs,
    );
  });

  it('a range adjusts word by word', () => {
    const b = FRAMES.udp6.slice();
    const other = hex('20010db8000100020003000400050006');
    checksum.adjustRange(b, 60, b, 22, other, 0, 16);
    b.set(other, 22);
    expect(checksum.verify(b, 54, 16, checksum.pseudo6(b, 14, 17, 16))).toBe(true);
  });

  it('UDP: none stays none, and zero is written as ffff (RFC 768)', () => {
    const b = hex('0000');
    checksum.adjustUdp16(b, 0, 1, 2);
    checksum.adjustUdp32(b, 0, 1, 2);
    expect(u16(b, 0)).toBe(0);
    setU16(b, 0, 0xdd2f);
    checksum.adjustUdp16(b, 0, 0x5555, 0x3285);
    expect(u16(b, 0)).toBe(0xffff);
    setU16(b, 0, 0xdd2f);
    checksum.adjustUdp32(b, 0, 0x5555, 0x3285);
    expect(u16(b, 0)).toBe(0xffff);
    expect(checksum.finishUdp(0xffff)).toBe(0xffff);
    expect(checksum.finish(0xffff)).toBe(0);
  });

  it('is exact for the largest kernel frame (64 KiB of ones)', () => {
    expect(checksum.fold(checksum.sum(new Uint8Array(65535).fill(0xff), 0, 65535))).toBe(0xff00);
  });
});
