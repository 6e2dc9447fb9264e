/** Descriptions that know the grammar and break it: refused by SDP_MALFORMED, or answered with what can be read. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOSTILE_SDP, spoiled } from '../sip/testing/hostile.testkit.js';
import { LabError } from '../../base/error.js';
import { formatSdp } from './format.js';
import { agree, makeAnswer, makeOffer, type LocalMedia, type Origin } from './offer-answer.js';
import { parseSdp } from './parse.js';
import type { SdpSession } from './session.js';

const ORIGIN: Origin = { username: '-', sessionId: '1', version: 1, address: '192.0.2.1' };
const local = (srtp: boolean, bundle: boolean, mid: string): LocalMedia => ({
  kind: 'audio',
  protocol: srtp ? 'RTP/SAVP' : 'RTP/AVP',
  address: '192.0.2.1',
  port: 50000,
  codecs: [{ payloadType: 0, name: 'PCMU', clockRate: 8000 }],
  direction: 'sendrecv',
  rtcpMux: true,
  ice: { ufrag: 'F7gI', password: 'x9cml/YzichV2+XlhiMu8g' },
  candidates: [],
  keys: srtp ? [{ suite: 'AES_CM_128_HMAC_SHA1_80', key: new Uint8Array(30) }] : [],
  ...(bundle && { bundle: { mid, state: 'offered' as const } }),
});

/** Null: refused. Anything but SDP_MALFORMED goes through. */
function read(text: string): SdpSession | null {
  try {
    return parseSdp(text);
  } catch (error) {
    if (LabError.is(error) && error.code === 'SDP_MALFORMED') return null;
    throw error;
  }
}

function unlessUnfit(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!LabError.is(error) || error.code !== 'SDP_MALFORMED') throw error;
  }
}

describe('whatever a description says', () => {
  it('it is refused, or comes back equal, is answered, and is agreed on or not', () => {
    let taken = 0;
    fc.assert(
      fc.property(spoiled(HOSTILE_SDP, 1), fc.boolean(), fc.boolean(), (text, srtp, bundle) => {
        const session = read(text);
        if (session === null) return;
        taken++;
        expect(parseSdp(formatSdp(session)).media).toEqual(session.media);
        const { session: answer, refused } = makeAnswer(ORIGIN, session, (_, i) => local(srtp, bundle, String(i)));
        expect([answer.media.length, refused.length]).toEqual([session.media.length, session.media.length]);
        expect(parseSdp(formatSdp(answer)).media).toEqual(answer.media);
        unlessUnfit(() => agree(session, answer, 'answerer'));
        unlessUnfit(() =>
          agree(
            makeOffer(
              ORIGIN,
              session.media.map((_, i) => local(srtp, bundle, String(i))),
            ),
            session,
            'offerer',
          ),
        );
      }),
      { seed: 8866, numRuns: 4000 },
    );
    expect(taken).toBeGreaterThan(300);
  });
});

describe('the time grows with the text', () => {
  const PIECES = [
    'a',
    ' ',
    '=',
    '\r\n',
    'a=',
    'a=x:y\r\n',
    'm=audio 1 RTP/AVP 0\r\n',
    '0 ',
    '0',
    '1 ',
    ':',
    '/',
    ' raddr',
    'a=rtpmap:0 x/8000\r\n',
    'a=mid:0\r\n',
    '2^',
    '|',
    'A',
    '+',
    '\t',
    '\r',
  ];
  const HEADS = [
    '',
    'm=audio 1 RTP/AVP ',
    'a=candidate:',
    'a=candidate:1 1 udp 1 1.1.1.1 1 typ host ',
    'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:',
    'a=crypto:1 ',
    'a=rtpmap:',
    'a=remote-candidates:',
    'a=group:BUNDLE ',
    'c=IN IP4 ',
    'o=',
    'a=extmap:1',
    'a=fmtp:0 ',
  ];
  it.each(HEADS)('60,000 characters of one thing behind "%s"', (head) => {
    for (const piece of PIECES) {
      const before = performance.now();
      read(`v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=-\r\nc=IN IP4 1.1.1.1\r\nt=0 0\r\nm=audio 1 RTP/AVP 0\r\n${head}${piece.repeat(60_000 / piece.length)}`);
      expect(performance.now() - before, piece).toBeLessThan(5000);
    }
  });
});

describe('faults of one line', () => {
  const good = 'v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 7000 RTP/AVP 0\r\na=rtcp-mux\r\n';
  it.each([
    ['an address that is none', good.replace('c=IN IP4 192.0.2.9', 'c=IN IP4 1')],
    ['an address of the other family', good.replace('c=IN IP4 192.0.2.9', 'c=IN IP4 ::1')],
    ['an m-line before the origin', good.replace('o=- 1', 'm=audio 1 RTP/AVP 0\r\no=- 1')],
    ['two origins', good.replace('s=-', 'o=- 1 1 IN IP4 192.0.2.9\r\ns=-')],
    ['a version in the middle', good.replace('t=0 0', 'v=0\r\nt=0 0')],
    ['no timing', good.replace('t=0 0\r\n', '')],
    ['a port for RTCP that is none', good.replace('a=rtcp-mux', 'a=rtcp:65536')],
    ['a packet time of nothing', good.replace('a=rtcp-mux', 'a=ptime:0')],
    ['a NUL', good.replace('s=-', 's=\0')],
    ['a CR in a line', good.replace('s=-', 's=a\rb')],
    ['an attribute without name', good.replace('a=rtcp-mux', 'a=:x')],
    ['a payload type above 127', good.replace('AVP 0', 'AVP 128')],
    ['remote candidates without port', good.replace('a=rtcp-mux', 'a=remote-candidates:1 192.0.2.9')],
  ])('%s is refused', (_what, text) => {
    expect(read(good)).not.toBeNull();
    expect(read(text)).toBeNull();
  });
  it.each([
    ['a numeric protocol', good.replace('RTP/AVP', '123'), { protocol: '123' }],
    ['a name for an address', good.replaceAll('192.0.2.9', 'host.example'), { address: 'host.example' }],
    ['TTL and number of a multicast address (RFC 8866 section 5.7)', good.replace('c=IN IP4 192.0.2.9', 'c=IN IP4 224.2.1.1/127/3'), { address: '224.2.1.1' }],
    ['LF for CRLF', good.replaceAll('\r\n', '\n'), { port: 7000 }],
    ['the session as the origin of a direction', good.replace('t=0 0', 't=0 0\r\na=sendonly'), { direction: 'sendonly' }],
    ['formats that are no payload types', good.replace('RTP/AVP 0', 'UDP/DTLS/SCTP webrtc-datachannel'), { codecs: [], formats: ['webrtc-datachannel'] }],
    ['a number of ports', good.replace('7000 RTP', '7000/2 RTP'), { port: 7000 }],
  ])('%s is taken', (_what, text, media) => expect(read(text)?.media[0]).toMatchObject(media));
});
