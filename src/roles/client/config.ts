/**
 * What a client's node is given under `config`.
 * @module
 */
import { z } from 'zod';

const port = z.int().min(1024).max(65535);

export const clientConfig = z.strictObject({
  stun: z.string().optional().describe('STUN server: the name of a node, or an address; without it only host candidates are gathered'),
  stunPort: z.int().min(1).max(65535).default(3478).describe('UDP port of the STUN server'),
  audioPorts: z
    .strictObject({ from: port, to: port })
    .default({ from: 50000, to: 50019 })
    .describe('source ports of audio, as media port ranges of Teams and Skype for Business (QoS policies mark by them)'),
  srtp: z.boolean().default(true).describe('false: plain RTP instead of SRTP by SDES'),
  rtcpMux: z.boolean().default(true).describe('false: RTCP has a port of its own (RFC 3550), and does nothing for the mappings of RTP'),
  consent: z.boolean().default(true).describe('false: no consent checks (RFC 7675); what keeps mappings alive are keepalives then'),
  keepAlive: z.int().min(15).max(3600).default(15).describe('seconds between keepalives where there are no consent checks (RFC 8445, Tr)'),
  answer: z.enum(['auto', 'decline', 'ignore']).default('auto').describe('what it does when it is called'),
  ringFor: z.int().min(0).max(60_000).default(500).describe('milliseconds that it rings before it answers'),
});

export type ClientConfig = z.infer<typeof clientConfig>;
