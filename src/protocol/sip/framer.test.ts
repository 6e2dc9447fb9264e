import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Framer, PING, PONG, type Frame } from './framer.js';
import { textBody } from './message.js';
import { INVALID, VALID } from './testing/torture/messages.js';
import { torture } from './testing/torture/semantics.js';

const name = (n: string) => [...VALID, ...INVALID].find((t) => t.name === n)!.bytes;
const register = VALID.find((t) => t.name === 'escnull')!.bytes;

function frames(chunks: Uint8Array[], side: 'server' | 'client' = 'server', limits?: { head: number; body: number }): Frame[] {
  const framer = new Framer(side, limits);
  const out: Frame[] = [];
  for (const chunk of chunks) framer.push(chunk, out);
  return out;
}

const join = (parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((p) => [...p]));

describe('framing by Content-Length', () => {
  it('any chunking gives the same frames', () => {
    const messages = ['wsinv', 'intmeth', 'mpart01', 'longreq', 'escnull'].map(name);
    const wire = join([messages[0]!, PING, messages[1]!, messages[2]!, PING, PING, messages[3]!, messages[4]!]);
    const whole = frames([wire]);
    expect(whole.map((f) => (f.kind === 'message' ? f.bytes : f.kind))).toEqual([
      messages[0],
      'ping',
      messages[1],
      messages[2],
      'ping',
      'ping',
      messages[3],
      messages[4],
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 60 }), (sizes) => {
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) chunks.push(wire.subarray(at, (at += size)));
        chunks.push(wire.subarray(at));
        expect(frames(chunks)).toEqual(whole);
      }),
      { seed: 183, numRuns: 60 },
    );
    expect(frames(Array.from(wire, (b) => Uint8Array.of(b)))).toEqual(whole);
  });
  it('waits for what Content-Length promises (RFC 4475 3.1.2.2 on a stream)', () => expect(frames([name('clerr')])).toEqual([]));
});

describe('keep-alive (RFC 5626 3.5.1)', () => {
  it('the side that accepted hears pings, the side that opened hears pongs', () => {
    expect(frames([PING])).toEqual([{ kind: 'ping' }]);
    expect(frames([PONG])).toEqual([]);
    expect(frames([PONG, register])).toMatchObject([{ kind: 'message' }]);
    expect(frames([PONG, register, PONG, register], 'client').map((f) => f.kind)).toEqual(['pong', 'message', 'pong', 'message']);
  });
});

describe('what cannot be followed', () => {
  it.each([
    ['negative length', name('ncl'), 'content-length'],
    ['two lengths (RFC 4475 3.3.9)', torture('mcl01'), 'content-length'],
    ['no length', torture('inv2543'), 'no-content-length'],
  ])('%s', (_what, bytes, reason) => expect(frames([bytes, register])).toEqual([{ kind: 'fault', reason }]));
  it('limits', () => {
    expect(frames([register], 'server', { head: 100, body: 10 })).toEqual([{ kind: 'fault', reason: 'head-too-long' }]);
    expect(frames([textBody('x'.repeat(101))], 'server', { head: 100, body: 10 })).toEqual([{ kind: 'fault', reason: 'head-too-long' }]);
    expect(frames([textBody('A sip:b SIP/2.0\r\nl: 11\r\n\r\n')], 'server', { head: 100, body: 10 })).toEqual([{ kind: 'fault', reason: 'body-too-long' }]);
    expect(frames([textBody('A sip:b SIP/2.0\r\nl: 3\r\n\r\nabc')], 'server', { head: 100, body: 10 })).toMatchObject([{ kind: 'message' }]);
  });
});
