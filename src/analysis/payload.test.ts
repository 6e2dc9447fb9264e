import { describe, expect, it, test } from 'vitest';
import { ipv4Frame, ipv6Frame, tcpPayload, udpPayload as datagram } from '../capture/testing/small-lab.js';
import { RTCP, STUN, channelData, indication, rtp } from './ledger.testkit.js';
import type { UdpPayload } from './payload.js';
import { isTurn, kindOf, rtpHeader, turnData, udpPayload } from './payload.js';

describe('the payload of UDP', () => {
  const bytes = rtp(0xdeadbeef, 4660, 305419896, 8);
  const frames = {
    IPv4: ipv4Frame('10.0.0.1', '10.0.0.2', 17, datagram(50000, 50002, bytes)),
    IPv6: ipv6Frame('2001:db8::1', '2001:db8::2', 17, datagram(50000, 50002, bytes)),
    // RFC 8200 section 4.6: destination options, 8 octets of PadN, then UDP.
    'IPv6 behind options': ipv6Frame('2001:db8::1', '2001:db8::2', 60, Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0, ...datagram(50000, 50002, bytes))),
  };

  it.each(Object.entries(frames))('is found in %s', (_, frame) => {
    const payload = udpPayload(frame);
    expect(payload).toMatchObject({ kind: 'rtp', srcPort: 50000, dstPort: 50002, cut: false });
    expect(payload?.bytes).toEqual(bytes);
    expect(payload && rtpHeader(payload.bytes)).toEqual({ ssrc: 0xdeadbeef, sequence: 4660, timestamp: 305419896, payloadType: 8 });
  });

  it('does not run into the padding of a short frame', () => {
    const frame = ipv4Frame('10.0.0.1', '10.0.0.2', 17, datagram(1, 2, STUN));
    expect(udpPayload(Uint8Array.of(...frame, 0, 0, 0, 0))?.bytes).toEqual(STUN);
  });

  it('is cut in a first fragment and not there in a later one', () => {
    const whole = datagram(1, 2, new Uint8Array([...STUN, ...new Uint8Array(100)]));
    expect(udpPayload(ipv4Frame('10.0.0.1', '10.0.0.2', 17, whole.subarray(0, 64), 0x2000))).toMatchObject({ kind: 'stun', cut: true });
    expect(udpPayload(ipv4Frame('10.0.0.1', '10.0.0.2', 17, whole.subarray(64), 8))).toBeNull();
  });

  it('is nowhere in TCP, in half a header and in nothing', () => {
    const frame = ipv4Frame('10.0.0.1', '10.0.0.2', 17, datagram(1, 2, STUN));
    expect(udpPayload(ipv4Frame('10.0.0.1', '10.0.0.2', 6, tcpPayload(1, 2, 3, 2, STUN)))).toBeNull();
    for (let length = 0; length < 14 + 20 + 8; length++) expect(udpPayload(frame.subarray(0, length))).toBeNull();
  });
});

test.each([
  ['stun', STUN],
  ['rtcp', RTCP],
  // RFC 7983 section 7: 20 to 63 is DTLS.
  ['dtls', Uint8Array.of(22, 254, 253)],
  ['rtp', rtp(1, 1)],
  // Payload type 72 with the marker is RTCP's 200: a sender report (RFC 5761 section 4).
  ['rtcp', rtp(1, 1, 0, 200)],
  ['other', rtp(1, 1).subarray(0, 11)],
  // RFC 7983 section 7: 64 to 79 is a TURN channel; RFC 8656 section 12.4: four octets of header.
  ['turn-channel', Uint8Array.of(64, 0, 0, 0)],
  ['other', Uint8Array.of(64, 0, 0)],
  ['other', Uint8Array.of(80, 0, 0, 0)],
  ['other', STUN.subarray(0, 19)],
  ['other', new Uint8Array(0)],
])('%s is told by its first octets', (kind, bytes) => {
  expect(kindOf(bytes)).toBe(kind);
});

describe('what TURN carries', () => {
  const payloadOf = (bytes: Uint8Array): UdpPayload => ({ kind: kindOf(bytes), bytes, srcPort: 1, dstPort: 3478, cut: false });
  const media = rtp(7, 1);

  it.each([
    ['ChannelData', channelData(media)],
    // Over UDP a channel's message may be followed by padding (RFC 8656 section 12.5).
    ['ChannelData with padding', Uint8Array.of(...channelData(media.subarray(0, 171)), 0)],
    ['a Send indication', indication(0x0016, media)],
    ['a Data indication', indication(0x0017, media.subarray(0, 170))],
  ])('is found in %s', (_, bytes) => {
    const data = turnData(payloadOf(bytes));
    expect(data !== null && media.subarray(0, data.length)).toEqual(data);
    expect(data?.length).toBeGreaterThanOrEqual(170);
    expect(isTurn(payloadOf(bytes))).toBe(true);
  });

  it.each([
    ['RTP that nothing wraps', media, false],
    // RFC 8489 section 18.2: method 1 is Binding; RFC 8656 section 17: 3 is Allocate.
    ['a Binding request', STUN, false],
    ['an Allocate request', Uint8Array.of(0, 3, ...STUN.subarray(2)), true],
    ['an answer to CreatePermission', Uint8Array.of(1, 8, ...STUN.subarray(2)), true],
    ['a Send indication without DATA', indication(0x0016, media).subarray(0, 32), true],
    ['an indication of Binding, a keepalive', Uint8Array.of(0, 0x11, ...STUN.subarray(2)), false],
  ])('is nothing in %s', (_, bytes, turn) => {
    expect(turnData(payloadOf(bytes))).toBeNull();
    expect(isTurn(payloadOf(bytes))).toBe(turn);
  });
});
