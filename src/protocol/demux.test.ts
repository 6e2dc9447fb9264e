import { expect, it } from 'vitest';
import { demux, KIND, kindName } from './demux.js';

it('sorts by the first octet as RFC 7983 figure 3, and RTCP by the second as RFC 5761 section 4', () => {
  const kind = (...octets: number[]): string => kindName(demux(Uint8Array.of(0xaa, ...octets), 1, octets.length));
  const byFirst = (first: number): string => kind(first, 0);
  expect([0, 1, 3].map(byFirst)).toEqual(['stun', 'stun', 'stun']);
  expect([4, 15, 80, 127, 192, 255].map(byFirst)).toEqual(Array(6).fill('unknown'));
  expect([16, 19].map(byFirst)).toEqual(['zrtp', 'zrtp']);
  expect([20, 22, 63].map(byFirst)).toEqual(['dtls', 'dtls', 'dtls']);
  expect([64, 79].map(byFirst)).toEqual(['turn-channel', 'turn-channel']);
  expect([128, 191].map(byFirst)).toEqual(['rtp', 'rtp']);
  expect([191, 192, 200, 223, 224].map((second) => kind(0x80, second))).toEqual(['rtp', 'rtcp', 'rtcp', 'rtcp', 'rtp']);
  expect(kind()).toBe('empty');
  expect(kind(0x80)).toBe('unknown');
  expect(kindName(99)).toBe('unknown');
  expect(KIND.RTP).toBe(5);
});
