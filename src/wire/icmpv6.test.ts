import { describe, expect, it } from 'vitest';
import { hex } from './bytes.js';
import { pseudo6 } from './checksum.js';
import * as icmpv6 from './icmpv6.js';
import { codecTrio } from '../../test/support/codec-trio.js';
import { FRAMES } from '../../test/support/kernel-frames.js';

const message = (frame: Uint8Array): Uint8Array => frame.subarray(54);

describe('icmpv6', () => {
  codecTrio(icmpv6, [
    {
      name: 'echo',
      bytes: message(FRAMES.icmpv6Echo),
      unfilled: 2,
      value: { kind: 'echo-request', identifier: 0x1234, sequence: 7, payload: FRAMES.icmpv6Echo.subarray(62) },
      text: 'icmp6 echo-request id=4660 seq=7 len=8',
    },
    {
      name: 'port unreachable',
      bytes: message(FRAMES.icmpv6Unreachable),
      unfilled: 2,
      value: { kind: 'destination-unreachable', code: 4, payload: FRAMES.icmpv6Unreachable.subarray(62) },
      text: 'icmp6 destination-unreachable code=4',
    },
    {
      name: 'packet too big, MTU 1280 (RFC 4443 3.2)',
      bytes: hex('0200000000000500'),
      value: { kind: 'packet-too-big', mtu: 1280, payload: new Uint8Array() },
      text: 'icmp6 packet-too-big mtu=1280',
    },
    {
      name: 'hop limit exceeded',
      bytes: hex('0300000000000000'),
      value: { kind: 'time-exceeded', code: 0, payload: new Uint8Array() },
      text: 'icmp6 time-exceeded code=0',
    },
    {
      name: 'echo reply',
      bytes: hex('8100000000010002'),
      value: { kind: 'echo-reply', identifier: 1, sequence: 2, payload: new Uint8Array() },
      text: 'icmp6 echo-reply id=1 seq=2 len=0',
    },
    {
      name: 'router solicitation',
      bytes: hex('85000000000000000101020000000002'),
      value: { kind: 'other', type: 133, code: 0, rest: 0, payload: hex('0101020000000002') },
      text: 'icmp6 type=133 code=0',
    },
  ]);

  it('checksum with its pseudo-header: the kernel agrees; other addresses do not', () => {
    const b = FRAMES.icmpv6Unreachable.slice();
    const n = b.length - 54;
    expect(icmpv6.checksumOk(b, 54, n, pseudo6(b, 14, 58, n))).toBe(true);
    const kernel = icmpv6.checksum(b, 54);
    b[37]! ^= 1;
    expect(icmpv6.checksumOk(b, 54, n, pseudo6(b, 14, 58, n))).toBe(false);
    b[37]! ^= 1;
    icmpv6.fillChecksum(b, 54, n, pseudo6(b, 14, 58, n));
    expect(icmpv6.checksum(b, 54)).toBe(kernel);
  });

  it('errors have the high bit clear (RFC 4443 2.1)', () => {
    expect([1, 2, 3, 4, 127, 128, 135].filter(icmpv6.isError)).toEqual([1, 2, 3, 4, 127]);
  });
});
