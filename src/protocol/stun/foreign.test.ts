/**
 * What others send to a Binding server, answered, refused or discarded as RFC 8489 sections 5, 6.3, 14 and 14.7 say. The
 * vectors of RFC 5769 stand in `codec.test.ts`.
 */
import { describe, expect, it } from 'vitest';
import { ZERO } from '../../base/time.js';
import { BindingServer, type BindingServerOut } from './binding-server.js';
import { isMalformedStun, parseStun } from './codec.js';
import { errorOf } from './message.js';

const octets = (hex: string): Uint8Array => Uint8Array.from(hex.replace(/\s+/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const HEAD = '2112a442 0102030405060708090a0b0c';
const FROM = { address: '192.0.2.1', port: 40000, family: 4 } as const;
const LOCAL = { address: '192.0.2.9', port: 3478, family: 4 } as const;

/** The class of the answer with its error, or why there is none. */
function outcome(hex: string): string {
  const out: BindingServerOut[] = [];
  new BindingServer().handle({ kind: 'datagram', local: LOCAL, from: FROM, bytes: octets(hex) }, ZERO, out);
  const [first] = out;
  if (first === undefined || out.length > 1) return `${out.length} outputs`;
  if (first.kind === 'discard') return first.why;
  const answer = parseStun(first.bytes, 0, first.bytes.length);
  if (isMalformedStun(answer)) return answer.why;
  return answer.class === 'error' ? String(errorOf(answer)?.code) : answer.class;
}

const cases: readonly (readonly [string, string, string])[] = [
  ['a bare request', `0001 0000 ${HEAD}`, 'success'],
  ['an attribute that may be unknown', `0001 0008 ${HEAD} c001 0001 61000000`, 'success'],
  ['padding that is not zero', `0001 0008 ${HEAD} 8022 0001 61ffffff`, 'success'],
  ['an attribute that must be known', `0001 0008 ${HEAD} 7001 0004 00000000`, '420'],
  ['a wrong fingerprint', `0001 0008 ${HEAD} 8028 0004 00000000`, 'stun-fingerprint'],
  ['an attribute that runs over the end', `0001 0004 ${HEAD} 8022 0008`, '400'],
  ['MESSAGE-INTEGRITY of 19 octets', `0001 0018 ${HEAD} 0008 0013 ${'00'.repeat(20)}`, '400'],
  ['an attribute behind the fingerprint', `0001 000c ${HEAD} 8028 0004 00000000 8022 0000`, '400'],
  ['what follows MESSAGE-INTEGRITY is not looked at', `0001 0020 ${HEAD} 0008 0014 ${'00'.repeat(20)} 7001 0004 00000000`, 'success'],
  ['a length that is no multiple of 4', `0001 0002 ${HEAD} 0000`, 'not-stun'],
  ['a length beyond the end', `0001 0008 ${HEAD} 8022 0000`, 'not-stun'],
  ['no magic cookie', `0001 0000 2112a443 0102030405060708090a0b0c`, 'not-stun'],
  ['first bits that are not zero', `8001 0000 ${HEAD}`, 'not-stun'],
  ['an indication', `0011 0000 ${HEAD}`, 'stun-indication'],
  ['an answer', `0101 0000 ${HEAD}`, 'stun-success'],
  ['a method that is not served', `0003 0000 ${HEAD}`, 'stun-method'],
];

describe('messages of others', () => {
  it.each(cases)('%s', (_what, hex, expected) => {
    expect(outcome(hex)).toBe(expected);
  });
});
