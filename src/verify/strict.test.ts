import { expect, it } from 'vitest';
import type { BrokenFlow, Losses } from '../analysis/losses.js';
import type { FlowId, PacketId } from '../base/brand.js';
import { strictFindings } from './strict.js';

const flow = (number: number, hurt: readonly string[]): BrokenFlow => ({
  flow: number as FlowId,
  name: `udp 192.0.2.1:${number} > 192.0.2.2:7`,
  media: ['rtp'],
  hurt,
  why: `why ${number}`,
  example: (number * 10) as PacketId,
});
const losses = (...broken: readonly BrokenFlow[]): Losses => ({ groups: [], broken });

it('a finding for each leg that was hurt, with its first flow', () => {
  expect(strictFindings(losses(flow(1, []), flow(2, ['audio/a-b', 'rtcp/a-b']), flow(3, ['audio/a-b'])))).toMatchObject([
    {
      status: 'fail',
      check: 'strict/audio/a-b',
      subject: 'audio/a-b',
      expected: 'nothing breaks',
      observed: 'broken: udp 192.0.2.1:2 > 192.0.2.2:7',
      evidence: { packets: [20], drops: ['why 2'] },
    },
    { check: 'strict/rtcp/a-b', evidence: { packets: [20] } },
  ]);
});

it('none where nothing that counts broke', () => {
  expect(strictFindings(losses())).toEqual([]);
  expect(strictFindings(losses(flow(1, [])))).toEqual([]);
});
