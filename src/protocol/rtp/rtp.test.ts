import { describe, expect, it } from 'vitest';
import { codecTrio } from '../../../test/support/codec-trio.js';
import { hex } from '../../wire/bytes.js';
import { CHECK } from '../../wire/malformed.js';
import * as rtp from './rtp.js';

describe('rtp', () => {
  codecTrio(rtp, [
    {
      // The packet of RFC 7714 section 16.
      name: 'a plain packet',
      bytes: hex('8040f17b8041f8d35501a0b247616c6c6961'),
      value: {
        marker: false,
        payloadType: 0x40,
        sequenceNumber: 0xf17b,
        timestamp: 0x8041f8d3,
        ssrc: 0x5501a0b2,
        csrcs: [],
        extension: null,
        padding: 0,
        payload: hex('47616c6c6961'),
      },
      text: 'rtp pt=64 seq=61819 ts=2151807187 ssrc=0x5501a0b2 len=6',
    },
    {
      name: 'everything: marker, two CSRCs, a one-byte extension (RFC 8285), padding',
      bytes: hex('b2e5 0001 00000002 00000003 0000000a 0000000b bede0001 10ff0000 d5d5 000003'),
      value: {
        marker: true,
        payloadType: 101,
        sequenceNumber: 1,
        timestamp: 2,
        ssrc: 3,
        csrcs: [10, 11],
        extension: { profile: 0xbede, data: hex('10ff0000') },
        padding: 3,
        payload: hex('d5d5'),
      },
      text: 'rtp pt=101 seq=1 ts=2 ssrc=0x00000003 M len=2',
    },
    {
      name: 'no payload',
      bytes: hex('800000000000000000000000'),
      value: { marker: false, payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0, csrcs: [], extension: null, padding: 0, payload: new Uint8Array() },
      text: 'rtp pt=0 seq=0 ts=0 ssrc=0x00000000 len=0',
    },
  ]);

  it.each([
    ['version 1', '400000000000000000000000', CHECK.VERSION],
    ['CSRCs beyond the packet', '810000000000000000000000', CHECK.HEADER_LENGTH],
    ['half an extension header', '900000000000000000000000bede', CHECK.HEADER_LENGTH],
    ['an extension beyond the packet', '900000000000000000000000bede000110', CHECK.HEADER_LENGTH],
    ['padding of 0', 'a0000000000000000000000000', CHECK.LENGTH],
    ['padding into the header', 'a0000000000000000000000002', CHECK.LENGTH],
    ['padding without an octet', 'a00000000000000000000000', CHECK.LENGTH],
  ])('refuses %s', (_, text, code) => {
    expect(rtp.check(hex(text), 0, hex(text).length)).toBe(code);
  });
});
