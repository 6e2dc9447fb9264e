/**
 * Whatever segments come, in whatever order: nothing throws, nothing is left when all is over, and a connection of somebody
 * else carries its bytes as if nothing had been.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLAG } from '../../wire/tcp.js';
import { A, B, Network, Peer } from './pipe.testkit.js';

const flags = fc.nat(255);
const near = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }));
const segment = fc.record({ flags, seq: near, ack: near, window: fc.nat(65535), payload: fc.uint8Array({ maxLength: 40 }), raw: fc.boolean() });

describe('hostile segments', () => {
  it('end no connection but their own', () => {
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 25 }), fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (segments, noise) => {
        const net = new Network();
        const layer = net.host(A);
        const got: number[] = [];
        layer.listen({ address: A, port: 5061 }, (socket) => {
          socket.onChange = () => got.push(...socket.read(1000));
        });
        const [hostile, honest] = [new Peer(net, 5061, 666), new Peer(net, 5061, 1000)];
        for (const { flags: set, seq, ack, ...extra } of segments) hostile.send(set, seq, ack, extra);
        for (const bytes of noise) net.inject(B, A, bytes);
        const before = net.seen.length;
        honest.send(FLAG.SYN, 0);
        const answer = net.seen.slice(before).find((seen) => seen.tcp.dstPort === 1000);
        const first = net.seen.find((seen) => seen.from === A)?.tcp.seq ?? 0;
        // The peer of the test kit counts from the first number that A ever sent.
        const theirs = (((answer?.tcp.seq ?? 0) - first) | 0) + 1;
        honest.send(FLAG.ACK, 1, theirs);
        honest.send(FLAG.ACK | FLAG.PSH, 1, theirs, { payload: Uint8Array.of(7, 8, 9) });
        net.runFor(1e9 as Parameters<typeof net.runFor>[0]);
        expect(got.slice(-3)).toEqual([7, 8, 9]);
      }),
      { numRuns: 300 },
    );
  });
});
