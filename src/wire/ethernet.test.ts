import { describe, expect, it } from 'vitest';
import { hex } from './bytes.js';
import * as ethernet from './ethernet.js';
import { codecTrio } from '../../test/support/codec-trio.js';
import { FRAMES } from '../../test/support/kernel-frames.js';

describe('ethernet', () => {
  codecTrio(ethernet, [
    {
      name: 'a broadcast',
      bytes: FRAMES.arpRequest,
      value: { dst: 0xffffffffffff, src: 0x020000000001, type: 0x0806, payload: FRAMES.arpRequest.subarray(14) },
      text: '02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff type=0x0806 len=28',
    },
    {
      name: 'an empty frame',
      bytes: hex('02000000000202000000000188b5'),
      value: { dst: 0x020000000002, src: 0x020000000001, type: ethernet.ETHERTYPE.EVENT, payload: new Uint8Array() },
      text: '02:00:00:00:00:01 > 02:00:00:00:00:02 type=0x88b5 len=0',
    },
  ]);

  it('tells group addresses', () => {
    expect(ethernet.isGroup(FRAMES.arpRequest, 0)).toBe(true);
    expect(ethernet.isGroup(FRAMES.neighborSolicitation, 0)).toBe(true);
    expect(ethernet.isGroup(FRAMES.udp4, 0)).toBe(false);
  });
});
