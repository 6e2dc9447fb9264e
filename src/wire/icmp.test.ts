import { describe, expect, it } from 'vitest';
import { hex } from './bytes.js';
import * as icmp from './icmp.js';
import { codecTrio } from '../../test/support/codec-trio.js';
import { FRAMES } from '../../test/support/kernel-frames.js';

const message = (frame: Uint8Array): Uint8Array => frame.subarray(34);

describe('icmp', () => {
  codecTrio(icmp, [
    {
      name: 'echo',
      bytes: message(FRAMES.icmpEcho),
      value: { kind: 'echo-request', identifier: 0x1234, sequence: 7, payload: FRAMES.icmpEcho.subarray(42) },
      text: 'icmp echo-request id=4660 seq=7 len=8',
    },
    {
      name: 'echo reply',
      bytes: message(FRAMES.icmpEchoReply),
      value: { kind: 'echo-reply', identifier: 0x1234, sequence: 7, payload: FRAMES.icmpEchoReply.subarray(42) },
      text: 'icmp echo-reply id=4660 seq=7 len=8',
    },
    {
      name: 'port unreachable',
      bytes: message(FRAMES.icmpUnreachable),
      value: { kind: 'destination-unreachable', code: 3, nextHopMtu: 0, payload: FRAMES.icmpUnreachable.subarray(42) },
      text: 'icmp destination-unreachable code=3',
    },
    {
      name: 'fragmentation needed, MTU 1400 (RFC 1191 section 4)',
      bytes: hex('0304f78300000578'),
      value: { kind: 'destination-unreachable', code: 4, nextHopMtu: 1400, payload: new Uint8Array() },
      text: 'icmp destination-unreachable code=4 mtu=1400',
    },
    {
      name: 'time exceeded',
      bytes: hex('0b00f4ff00000000'),
      value: { kind: 'time-exceeded', code: 0, payload: new Uint8Array() },
      text: 'icmp time-exceeded code=0',
    },
    {
      name: 'redirect',
      bytes: hex('050138fcc0000202'),
      value: { kind: 'other', type: 5, code: 1, rest: 0xc0000202, payload: new Uint8Array() },
      text: 'icmp type=5 code=1',
    },
    {
      name: 'an echo of another code is left as it is',
      bytes: hex('0801f7fe00000000'),
      value: { kind: 'other', type: 8, code: 1, rest: 0, payload: new Uint8Array() },
      text: 'icmp type=8 code=1',
    },
  ]);

  it('checksum: the kernel agrees; a flipped bit does not', () => {
    const b = message(FRAMES.icmpUnreachable).slice();
    expect(icmp.checksumOk(b, 0, b.length)).toBe(true);
    b[20]! ^= 4;
    expect(icmp.checksumOk(b, 0, b.length)).toBe(false);
  });

  it('errors are those of RFC 1122 3.2.2', () => {
    expect([0, 3, 4, 5, 8, 11, 12, 13].filter(icmp.isError)).toEqual([3, 4, 5, 11, 12]);
  });
});
