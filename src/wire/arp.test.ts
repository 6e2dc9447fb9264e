import { describe, expect, it } from 'vitest';
import * as arp from './arp.js';
import { CHECK } from './malformed.js';
import { codecTrio } from '../../test/support/codec-trio.js';
import { FRAMES } from '../../test/support/kernel-frames.js';

describe('arp', () => {
  codecTrio(arp, [
    {
      name: 'a request',
      bytes: FRAMES.arpRequest.subarray(14),
      value: { operation: 1, senderHardware: 0x020000000001, senderProtocol: 0xc0000201, targetHardware: 0, targetProtocol: 0xc0000202 },
      text: 'arp who-has 192.0.2.2 tell 192.0.2.1',
    },
    {
      name: 'a reply',
      bytes: FRAMES.arpReply.subarray(14),
      value: { operation: 2, senderHardware: 0x020000000002, senderProtocol: 0xc0000202, targetHardware: 0x020000000001, targetProtocol: 0xc0000201 },
      text: 'arp 192.0.2.2 is-at 02:00:00:00:00:02',
    },
  ]);

  it.each([0, 1, 2, 4, 5])('is not ours when octet %i of the types and lengths differs', (at) => {
    const b = FRAMES.arpRequest.slice(14);
    b[at]! ^= 1;
    expect(arp.check(b, 0, b.length)).toBe(CHECK.VERSION);
  });
});
