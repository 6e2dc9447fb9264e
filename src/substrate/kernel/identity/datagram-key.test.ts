import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIpv6 } from '../../../wire/address.js';
import { FRAMES } from '../../../../test/support/kernel-frames.js';
import { type DatagramEnd, datagramKey, keyOfFrame, NO_KEY } from './datagram-key.js';

const end = (bytes: Uint8Array, port: number): DatagramEnd => ({ bytes, at: 0, length: bytes.length, port });
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const v4 = (last: number): Uint8Array => Uint8Array.of(192, 0, 2, last);

describe("a datagram's key", () => {
  it('is the same for the role, which sees the payload, and for the tap, which sees the frame', () => {
    const payload = text('callpath');
    expect(keyOfFrame(FRAMES.udp4, 0, FRAMES.udp4.length)).toBe(datagramKey(end(v4(1), 0x9981), end(v4(2), 9), payload, 0, 8));
    const v6 = (host: string): Uint8Array => parseIpv6(`2001:db8::${host}`) ?? new Uint8Array(0);
    expect(keyOfFrame(FRAMES.udp6, 0, FRAMES.udp6.length)).toBe(datagramKey(end(v6('1'), 0xe175), end(v6('2'), 9), payload, 0, 8));
  });

  it('does not depend on where the bytes lie', () => {
    const frame = new Uint8Array(FRAMES.udp4.length + 9).fill(0xa5);
    frame.set(FRAMES.udp4, 5);
    expect(keyOfFrame(frame, 5, FRAMES.udp4.length)).toBe(keyOfFrame(FRAMES.udp4, 0, FRAMES.udp4.length));
  });

  it('there is none of fragments, other protocols, and frames cut short', () => {
    const { udp4, firstFragment4, lastFragment4, firstFragment6, icmpEcho, icmpUnreachable, arpRequest, syn4, syn6 } = FRAMES;
    for (const frame of [firstFragment4, lastFragment4, firstFragment6, icmpEcho, icmpUnreachable, arpRequest, syn4, syn6]) {
      expect(keyOfFrame(frame, 0, frame.length)).toBe(NO_KEY);
    }
    for (let n = 0; n < udp4.length; n++) expect(keyOfFrame(udp4, 0, n)).toBe(NO_KEY);
  });

  it('property: another octet, port, address, direction or length is another key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(199), fc.integer({ min: 1, max: 255 }), (payload, at, flip) => {
        const key = datagramKey(end(v4(1), 5000), end(v4(2), 9), payload, 0, payload.length);
        const changed = payload.slice();
        changed[at % payload.length]! ^= flip;
        const others = [
          datagramKey(end(v4(1), 5000), end(v4(2), 9), changed, 0, changed.length),
          datagramKey(end(v4(1), 5000 ^ flip), end(v4(2), 9), payload, 0, payload.length),
          datagramKey(end(v4(1), 5000), end(v4(2 ^ flip), 9), payload, 0, payload.length),
          datagramKey(end(v4(2), 9), end(v4(1), 5000), payload, 0, payload.length),
          datagramKey(end(v4(1), 5000), end(v4(2), 9), payload, 0, payload.length - 1),
        ];
        expect(others).not.toContain(key);
        expect(Number.isSafeInteger(key) && key >= 0).toBe(true);
      }),
    );
  });
});
