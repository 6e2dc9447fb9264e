import { describe, expect, it } from 'vitest';
import { hex } from './bytes.js';
import { CHECK } from './malformed.js';
import * as ndp from './ndp.js';
import { codecTrio } from '../../test/support/codec-trio.js';
import { FRAMES } from '../../test/support/kernel-frames.js';

const message = (frame: Uint8Array): Uint8Array => frame.subarray(54);
const TARGET = hex('20010db8000000000000000000000002');

describe('ndp', () => {
  codecTrio(ndp, [
    {
      name: 'a solicitation',
      bytes: message(FRAMES.neighborSolicitation),
      unfilled: 2,
      value: { kind: 'neighbor-solicitation', target: TARGET, sourceMac: 0x020000000001 },
      text: 'ndp who-has 2001:db8::2 from 02:00:00:00:00:01',
    },
    {
      name: 'an advertisement',
      bytes: message(FRAMES.neighborAdvertisement),
      unfilled: 2,
      value: { kind: 'neighbor-advertisement', target: TARGET, router: false, solicited: true, override: true, targetMac: 0x020000000002 },
      text: 'ndp 2001:db8::2 is-at 02:00:00:00:00:02 [SO]',
    },
    {
      name: 'a router that says no address',
      bytes: hex('880000008000000020010db8000000000000000000000002'),
      value: { kind: 'neighbor-advertisement', target: TARGET, router: true, solicited: false, override: false },
      text: 'ndp 2001:db8::2 [R]',
    },
  ]);

  it('steps over options that it does not know (a nonce)', () => {
    const b = message(FRAMES.duplicateAddressDetection);
    expect(ndp.parse(b, 0, b.length)).toEqual({ kind: 'neighbor-solicitation', target: hex('fe80000000000000000000fffe000002') });
  });

  it.each([
    ['an option of length 0', 25, 0, CHECK.OPTIONS],
    ['an option beyond the message', 25, 2, CHECK.OPTIONS],
    ['a code', 1, 1, CHECK.VERSION],
    ['another type', 0, 133, CHECK.VERSION],
  ])('refuses %s (RFC 4861 7.1)', (_, at, value, code) => {
    const b = message(FRAMES.neighborSolicitation).slice();
    b[at] = value;
    expect(ndp.check(b, 0, b.length)).toBe(code);
  });

  it('refuses half an option', () => {
    expect(ndp.check(message(FRAMES.neighborSolicitation), 0, 25)).toBe(CHECK.OPTIONS);
  });
});
