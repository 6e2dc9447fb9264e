import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantBroken } from '../../../base/assert.js';
import { LabError } from '../../../base/error.js';
import { type Answer, encodeFrame, errorAnswer, errorOf, parseFromRole, parseRequest, type Request } from './frame.js';
import { encodePlain } from './plain-data.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('plain data', () => {
  it.each([
    ['not a number', NaN],
    ['infinite', Infinity],
    ['bytes', Uint8Array.of(1)],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a function', () => 1],
    ['a big number', 1n],
    ['an error', new Error('x')],
  ])('%s is refused, with its key', (_name, value) => {
    expect(() => encodePlain({ deep: [{ bad: value }] })).toThrow(/"bad" is /);
    expect(() => encodePlain(value)).toThrow(LabError);
  });

  it('a hole in an array is refused, a key without a value is left out', () => {
    expect(() => encodePlain([1, undefined])).toThrow(/"1" is undefined/);
    expect(encodePlain({ a: undefined, b: null })).toBe('{"b":null}');
  });

  it('what JSON can say comes back equal', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const request = parseRequest(text(encodeFrame({ id: 1, call: 'x', argument: value as never })).trimEnd());
        // -0 is 0 in JSON, which == agrees with.
        expect(JSON.stringify(request)).toBe(JSON.stringify({ id: 1, call: 'x', argument: value }));
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});

describe('frames', () => {
  it.each<Request>([
    { id: 1, start: { node: 'a' } },
    { id: 2, call: 'dial', argument: null },
    { id: 3, ask: 'waiting' },
    { id: 4, stop: true },
  ])('the lab says %j', (request) => {
    const bytes = encodeFrame(request);
    expect(bytes.indexOf(10)).toBe(bytes.length - 1);
    expect(parseRequest(text(bytes))).toEqual(request);
    expect(parseFromRole(text(bytes))).toBeUndefined();
  });

  it.each([
    { id: 1, ok: null },
    { id: 1, error: { code: 'SIP_REFUSED', message: '486 Busy Here' } },
    { id: 1, fault: { name: 'TypeError', message: 'x', stack: '' } },
    { event: 'ringing', at: 5, data: { from: 'bob' } },
    { note: 'discard', at: 5, fields: { cause: '0' } },
    { causes: { received: [[1, 77, 5, 0, 5]], sent: [[78, 6, 0, 6, 1, 2]] } },
    { reveal: { kind: 'tls', line: 'CLIENT_RANDOM 00 11' }, at: 5 },
    { reveal: { kind: 'srtp', local: '192.0.2.1:4', remote: '[2001:db8::1]:6', ssrc: 1, suite: 'AES_CM_128_HMAC_SHA1_80', key: '00ff' }, at: 5 },
  ])('a role says %j', (frame) => {
    const line = JSON.stringify(frame);
    expect(parseFromRole(line)).toEqual(frame);
    expect(parseRequest(line)).toBeUndefined();
  });

  it.each([
    '',
    'hello',
    '{}',
    '[]',
    '{"id":1}',
    '{"id":0,"ok":null}',
    '{"id":1,"ok":null,"more":1}',
    '{"id":1,"error":{"code":"NO_SUCH","message":""}}',
    '{"event":"x","data":1}',
    '{"reveal":{"kind":"srtp","local":"","remote":"","ssrc":1,"suite":"","key":"0"},"at":1}',
    '{"id":1,"ok":',
  ])('%j is no frame', (line) => {
    expect(parseFromRole(line)).toBeUndefined();
    expect(parseRequest(line)).toBeUndefined();
  });

  it('a LabError crosses with all that it says', () => {
    const error = new LabError('SIP_REFUSED', '486', { where: { file: 'f', line: 1, column: 2 }, expected: 'an answer', hint: 'call later' });
    const answer = parseFromRole(JSON.stringify(errorAnswer(3, error))) as Exclude<Answer, { ok: unknown }>;
    const back = errorOf(answer, 'alice');
    expect(LabError.is(back) && back.toJSON()).toEqual(error.toJSON());
  });

  it('a mistake in the code of a role is no LabError, and says where it happened', () => {
    const back = errorOf(errorAnswer(3, new TypeError('x is undefined')) as Exclude<Answer, { ok: unknown }>, 'alice');
    expect(back).toBeInstanceOf(InvariantBroken);
    expect(back.message).toBe('alice: TypeError: x is undefined');
    expect(back.stack).toContain('frame.test.ts');
    expect(errorOf(errorAnswer(3, 'a text') as Exclude<Answer, { ok: unknown }>, 'alice').message).toBe('alice: Error: a text');
  });
});
