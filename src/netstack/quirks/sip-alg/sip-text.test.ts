import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rewriteSip, type SipEndpoint, type SipSwap } from './sip-text.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text.replaceAll('\n', '\r\n'));
const text = (b: Uint8Array | null): string | null => (b === null ? null : new TextDecoder().decode(b).replaceAll('\r\n', '\n'));

/** 10.0.1.1 is 198.51.100.200 outside, signalling ports plus 1000, media ports plus 2000. */
const swap: SipSwap = {
  signalling: ({ address, port }): SipEndpoint | null => (address === '10.0.1.1' ? { address: '198.51.100.200', port: port + 1000 } : null),
  media: ({ address, port }): SipEndpoint | null => (address === '10.0.1.1' ? { address: '198.51.100.200', port: port + 2000 } : null),
};

const SDP = `v=0
o=alice 1 1 IN IP4 10.0.1.1
s=-
c=IN IP4 10.0.1.1
t=0 0
m=audio 50000 RTP/AVP 0
a=rtcp:50001 IN IP4 10.0.1.1
a=candidate:1 1 UDP 2130706431 10.0.1.1 50000 typ host
a=candidate:2 1 UDP 1694498815 198.51.100.7 60000 typ srflx raddr 10.0.1.1 rport 50000
m=video 0 RTP/AVP 34
`;

const INVITE = (length: number): string => `INVITE sip:bob@203.0.113.9:5060 SIP/2.0
Via: SIP/2.0/UDP 10.0.1.1:5060;branch=z9hG4bK1;rport
v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK0
From: <sip:alice@10.0.1.1>;tag=1
To: <sip:bob@example.com>
Contact: "Alice" <sip:alice@10.0.1.1:5060;transport=udp>
Call-ID: 1@10.0.1.1
Content-Type: application/sdp
Content-Length: ${length}

`;

test('an INVITE: Via, Contact, and what the SDP says of media; From, Call-ID and strangers stay', () => {
  const result = text(rewriteSip(bytes(INVITE(bytes(SDP).length) + SDP), swap));
  expect(result).toBe(`INVITE sip:bob@203.0.113.9:5060 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.200:6060;branch=z9hG4bK1;rport
v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK0
From: <sip:alice@10.0.1.1>;tag=1
To: <sip:bob@example.com>
Contact: "Alice" <sip:alice@198.51.100.200:6060;transport=udp>
Call-ID: 1@10.0.1.1
Content-Type: application/sdp
Content-Length: ${bytes(SDP).length + 6 * 5}

v=0
o=alice 1 1 IN IP4 198.51.100.200
s=-
c=IN IP4 198.51.100.200
t=0 0
m=audio 52000 RTP/AVP 0
a=rtcp:52001 IN IP4 198.51.100.200
a=candidate:1 1 UDP 2130706431 198.51.100.200 52000 typ host
a=candidate:2 1 UDP 1694498815 198.51.100.7 60000 typ srflx raddr 198.51.100.200 rport 52000
m=video 0 RTP/AVP 34
`);
});

test('an answer, and a request that comes in', () => {
  expect(text(rewriteSip(bytes('SIP/2.0 200 OK\nVia: SIP/2.0/TCP 10.0.1.1:4060\nRecord-Route: <sip:10.0.1.1;lr>\nl: 0\n\n'), swap))).toBe(
    'SIP/2.0 200 OK\nVia: SIP/2.0/TCP 198.51.100.200:5060\nRecord-Route: <sip:198.51.100.200:6060;lr>\nl: 0\n\n',
  );
  expect(text(rewriteSip(bytes('BYE sip:alice@10.0.1.1:5060 SIP/2.0\nContent-Length: 0\n\n'), swap))).toContain('BYE sip:alice@198.51.100.200:6060 SIP/2.0');
});

test.each([
  ['no SIP', 'GET / HTTP/1.1\nHost: 10.0.1.1\n\n'],
  ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\n\n'],
  ['no end of the head', 'OPTIONS sip:x@10.0.1.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.1.1\n'],
  ['nothing that it knows', 'OPTIONS sip:x@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2\n\n'],
])('%s is left alone', (_what, message) => {
  expect(rewriteSip(bytes(message), swap)).toBeNull();
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(400), (noise, at) => {
      const message = bytes(INVITE(10) + SDP);
      message.set(noise.subarray(0, Math.max(0, message.length - at)), Math.min(at, message.length));
      rewriteSip(message, swap);
      rewriteSip(noise, swap);
    }),
    { seed: 3261, numRuns: 300 },
  );
});
