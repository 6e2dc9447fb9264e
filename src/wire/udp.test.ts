import { describe, expect, it } from 'vitest';
import { hex } from './bytes.js';
import { pseudo4, pseudo6 } from './checksum.js';
import { CHECK } from './malformed.js';
import { codecTrio } from '../../test/support/codec-trio.js';
import * as udp from './udp.js';
import { FRAMES } from '../../test/support/kernel-frames.js';

describe('udp', () => {
  codecTrio(udp, [
    {
      name: 'a datagram',
      bytes: FRAMES.udp4.subarray(34),
      unfilled: 6,
      value: { srcPort: 39297, dstPort: 9, payload: FRAMES.udp4.subarray(42) },
      text: 'udp 39297 > 9 len=8',
    },
    { name: 'an empty one', bytes: hex('ffff000100080000'), value: { srcPort: 65535, dstPort: 1, payload: new Uint8Array() }, text: 'udp 65535 > 1 len=0' },
  ]);

  it.each([
    ['a length below the header', 7],
    ['a length beyond the datagram', 17],
    ['length 0', 0],
  ])('refuses %s', (_, length) => {
    const b = FRAMES.udp4.slice(34);
    b[5] = length;
    expect(udp.check(b, 0, b.length)).toBe(CHECK.LENGTH);
  });

  it('a first fragment holds less than its length says', () => {
    const b = FRAMES.firstFragment4;
    expect(udp.check(b, 34, b.length - 34)).toBe(CHECK.LENGTH);
    expect(udp.checkHeader(b, 34, b.length - 34)).toBe(CHECK.OK);
    expect(udp.length(b, 34)).toBe(1508);
  });

  it('fills in the checksum that the kernel sent, in both families', () => {
    const b = FRAMES.udp4.slice();
    expect(udp.checksumOk(b, 34, pseudo4(b, 14, 17, 16))).toBe(true);
    udp.fillChecksum(b, 34, pseudo4(b, 14, 17, 16));
    expect(b).toEqual(FRAMES.udp4);
    const v = FRAMES.udp6.slice();
    udp.fillChecksum(v, 54, pseudo6(v, 14, 17, 16));
    expect(v).toEqual(FRAMES.udp6);
    v[60]! ^= 1;
    expect(udp.checksumOk(v, 54, pseudo6(v, 14, 17, 16))).toBe(false);
  });

  it('writes a sum of zero as ffff (RFC 768)', () => {
    // Pseudo-header and header add up to ffff: the checksum would be 0.
    const b = hex('000000000008a5a5');
    udp.fillChecksum(b, 0, 0xffff - 8);
    expect(udp.checksum(b, 0)).toBe(0xffff);
  });
});
