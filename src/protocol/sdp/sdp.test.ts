import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TransportAddress } from '../stun/transport-address.js';
import { agree, answerDirection, makeAnswer, makeOffer, mirrored, type LocalMedia, type Origin } from './offer-answer.js';
import { formatSdp } from './format.js';
import { parseSdp } from './parse.js';
import { DIRECTIONS, type SdpSession } from './session.js';

const origin = (address: string): Origin => ({ username: '-', sessionId: '18446744073709551615', version: 1, address });
// RFC 4568 section 6.1.
const TEXT_A = 'PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR';
const KEY_A = Uint8Array.from(Buffer.from(TEXT_A, 'base64'));
const KEY_B = Uint8Array.from(Buffer.from('WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz', 'base64'));

const at = (address: string, port: number): TransportAddress => ({ address, port, family: address.includes(':') ? 6 : 4 });

function audio(address: string, key: Uint8Array, change: Partial<LocalMedia> = {}): LocalMedia {
  return {
    kind: 'audio',
    protocol: 'RTP/SAVP',
    address,
    port: 50000,
    rtcp: { address, port: 50001 },
    codecs: [
      { payloadType: 0, name: 'PCMU', clockRate: 8000 },
      { payloadType: 8, name: 'PCMA', clockRate: 8000 },
    ],
    direction: 'sendrecv',
    rtcpMux: true,
    ptime: 20,
    ice: { ufrag: 'F7gI', password: 'x9cml/YzichV2+XlhiMu8g' },
    candidates: [
      { foundation: '1', component: 1, transport: 'udp', priority: 2130706431, address: at(address, 50000), type: 'host' },
      {
        foundation: '2',
        component: 1,
        transport: 'udp',
        priority: 1694498815,
        address: at('192.0.2.3', 45664),
        type: 'srflx',
        related: at(address, 50000),
      },
      { foundation: '3', component: 1, transport: 'tcp', priority: 1518149375, address: at(address, 9), type: 'host', tcpType: 'active' },
      {
        foundation: '4',
        component: 2,
        transport: 'udp',
        priority: 16777214,
        address: at('2001:db8::3', 50101),
        type: 'relay',
        related: at('192.0.2.3', 9),
      },
    ],
    keys: [{ suite: 'AES_CM_128_HMAC_SHA1_80', key }],
    ...change,
  };
}

const offer = makeOffer(origin('10.0.1.1'), [audio('10.0.1.1', KEY_A)]);

describe('text', () => {
  it('an offer, line by line', () => {
    // The order of attributes is free.
    expect(formatSdp(offer).split('\r\n').sort()).toEqual(
      [
        'v=0',
        'o=- 18446744073709551615 1 IN IP4 10.0.1.1',
        's=-',
        't=0 0',
        'm=audio 50000 RTP/SAVP 0 8',
        'c=IN IP4 10.0.1.1',
        'a=rtpmap:0 PCMU/8000',
        'a=rtpmap:8 PCMA/8000',
        'a=ptime:20',
        'a=sendrecv',
        'a=ice-ufrag:F7gI',
        'a=ice-pwd:x9cml/YzichV2+XlhiMu8g',
        'a=candidate:1 1 UDP 2130706431 10.0.1.1 50000 typ host',
        'a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 10.0.1.1 rport 50000',
        'a=candidate:3 1 TCP 1518149375 10.0.1.1 9 typ host tcptype active',
        'a=candidate:4 2 UDP 16777214 2001:db8::3 50101 typ relay raddr 192.0.2.3 rport 9',
        `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${TEXT_A}`,
        'a=rtcp-mux',
        '',
      ].sort(),
    );
  });
  it('parses what it wrote', () => expect(parseSdp(formatSdp(offer))).toEqual(offer));
  it('remote-candidates, several m-lines, IPv6', () => {
    const second: SdpSession = makeOffer(origin('2001:db8::1'), [
      audio('2001:db8::1', KEY_A, {
        remoteCandidates: [
          { component: 1, address: '192.0.2.9', port: 4000 },
          { component: 2, address: '192.0.2.9', port: 4001 },
        ],
        rtcpMux: false,
      }),
      {
        ...audio('2001:db8::1', KEY_B),
        kind: 'applicationsharing',
        protocol: 'TCP/RTP/SAVP',
        codecs: [{ payloadType: 127, name: 'x-data', clockRate: 90000 }],
      },
    ]);
    expect(parseSdp(formatSdp(second))).toEqual(second);
    expect(formatSdp(second)).toContain('a=remote-candidates:1 192.0.2.9 4000 2 192.0.2.9 4001\r\n');
  });
  it('the session of RFC 3264 section 10.1', () => {
    const s = parseSdp(
      'v=0\r\no=alice 2890844526 2890844526 IN IP4 host.anywhere.com\r\ns=\r\nc=IN IP4 host.anywhere.com\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\nm=video 51372 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\nm=video 53000 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n',
    );
    expect(s.media.map((m) => [m.kind, m.port, m.codecs[0]?.name, m.address, m.direction])).toEqual([
      ['audio', 49170, 'PCMU', 'host.anywhere.com', 'sendrecv'],
      ['video', 51372, 'H261', 'host.anywhere.com', 'sendrecv'],
      ['video', 53000, 'MPV', 'host.anywhere.com', 'sendrecv'],
    ]);
  });
  it('passes over candidates and keys that it cannot use, and keeps the rest in order', () => {
    const text = formatSdp(offer)
      .replace('a=candidate:2 ', 'a=candidate:9 1 UDP 5 4cb1.local 5 typ host\r\na=candidate:2 ')
      .replace('a=crypto:', 'a=crypto:9 F8_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\na=crypto:');
    expect(parseSdp(text)).toEqual(offer);
  });
  const good = formatSdp(offer);
  it.each([
    ['no version', good.replace('v=0\r\n', ''), /line 1 .*v=0/],
    ['another version', good.replace('v=0', 'v=1'), /line 1 .*version 1/],
    ['no origin', good.replace(/o=.*\r\n/, ''), /no origin/],
    ['no session name', good.replace('s=-\r\n', ''), /no session name/],
    ['origin', good.replace('IN IP4', 'IN IP5'), /line 2 .*origin/],
    ['port', good.replace('audio 50000', 'audio 70000'), /media description/],
    ['a line that is none', good.replace('t=0 0', 't=0 0\r\nhello'), /line 5 .*no type/],
    ['candidate', good.replace('typ srflx', 'typ magic'), /candidate/],
    ['crypto', good.replace('inline:', 'outline:'), /crypto/],
    ['half of the ICE credentials', good.replace(/a=ice-pwd.*\r\n/, ''), /go together/],
    ['short password', good.replace('x9cml/YzichV2+XlhiMu8g', 'short'), /ice-pwd/],
    ['no connection data', good.replace('c=IN IP4 10.0.1.1\r\n', ''), /no connection data/],
  ])('refuses: %s', (_what, text, why) => {
    expect(() => parseSdp(text)).toThrow(why);
    expect(() => parseSdp(text)).toThrow(expect.objectContaining({ code: 'SDP_MALFORMED' }));
  });
  it('refuses by LabError only, whatever comes', () => {
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(good.length), fc.string({ maxLength: 4 }), (at, cut, put) => {
        try {
          parseSdp(good.slice(0, at) + put + good.slice(at + (cut % 7)));
        } catch (error) {
          expect(error).toMatchObject({ code: 'SDP_MALFORMED' });
        }
      }),
      { seed: 8866, numRuns: 400 },
    );
  });
});

describe('offer and answer (RFC 3264)', () => {
  const answer = (change: Partial<LocalMedia> = {}, o = offer) => makeAnswer(origin('10.0.2.2'), o, () => audio('10.0.2.2', KEY_B, change));

  it('both sides come to the same, keys crosswise', () => {
    const { session, refused } = answer({ codecs: [{ payloadType: 8, name: 'pcma', clockRate: 8000 }] });
    expect(refused).toEqual([null]);
    const [caller] = agree(offer, session, 'offerer');
    const [callee] = agree(offer, parseSdp(formatSdp(session)), 'answerer');
    expect(caller).toMatchObject({ codec: { name: 'PCMA', payloadType: 8 }, direction: 'sendrecv', rtcpMux: true, keys: { local: KEY_A, remote: KEY_B } });
    expect(callee).toMatchObject({ codec: { name: 'PCMA' }, keys: { local: KEY_B, remote: KEY_A } });
  });
  it('the answer keeps tag and suite of the key that was taken (RFC 4568 5.1.2)', () => {
    const two = makeOffer(origin('10.0.1.1'), [
      audio('10.0.1.1', KEY_A, {
        keys: [
          { suite: 'AEAD_AES_128_GCM', key: KEY_B },
          { suite: 'AES_CM_128_HMAC_SHA1_80', key: KEY_A },
        ],
      }),
    ]);
    expect(answer({}, two).session.media[0]?.cryptos).toEqual([{ tag: 2, suite: 'AES_CM_128_HMAC_SHA1_80', key: KEY_B, sessionParameters: [] }]);
  });
  it.each([
    ['no-codec', { codecs: [{ payloadType: 9, name: 'G722', clockRate: 8000 }] }],
    ['no-key', { keys: [{ suite: 'AES_CM_128_HMAC_SHA1_32', key: KEY_B }] }],
    ['protocol', { protocol: 'RTP/AVP' }],
  ] as const)('refuses an m-line: %s', (why, change) => {
    const a = answer(change as Partial<LocalMedia>);
    expect(a.refused).toEqual([why]);
    expect(a.session.media[0]).toMatchObject({ kind: 'audio', port: 0 });
    expect(agree(offer, a.session, 'offerer')).toEqual([null]);
    expect(parseSdp(formatSdp(a.session)).media[0]?.port).toBe(0);
  });
  it('the table of directions (section 6.1)', () => {
    expect(DIRECTIONS.map((theirs) => answerDirection('sendrecv', theirs))).toEqual(['sendrecv', 'recvonly', 'sendonly', 'inactive']);
    expect(answerDirection('recvonly', 'recvonly')).toBe('inactive');
    expect(mirrored('sendonly')).toBe('recvonly');
    const held = agree(offer, answer({ direction: 'sendonly' }).session, 'offerer')[0];
    expect(held?.direction).toBe('recvonly');
  });
  it('without ICE or rtcp-mux in the offer there is none in the answer', () => {
    const plain = makeOffer(origin('10.0.1.1'), [audio('10.0.1.1', KEY_A, { ice: null, candidates: [], rtcpMux: false })]);
    expect(answer({}, plain).session.media[0]).toMatchObject({ ice: null, candidates: [], rtcpMux: false, rtcp: { port: 50001 } });
  });
  it.each([
    ['too few m-lines', (s: SdpSession): SdpSession => ({ ...s, media: [] }), /m-lines/],
    ['another kind', (s: SdpSession): SdpSession => ({ ...s, media: s.media.map((m) => ({ ...m, kind: 'video' })) }), /video/],
    [
      'a codec that was not offered',
      (s: SdpSession): SdpSession => ({ ...s, media: s.media.map((m) => ({ ...m, codecs: [{ payloadType: 9, name: 'G722', clockRate: 8000 }] })) }),
      /codec/,
    ],
    [
      'a key that was not offered',
      (s: SdpSession): SdpSession => ({
        ...s,
        media: s.media.map((m) => ({ ...m, cryptos: [{ tag: 7, suite: 'AES_CM_128_HMAC_SHA1_80' as const, key: KEY_B, sessionParameters: [] }] })),
      }),
      /crypto/,
    ],
  ])('an answer that does not fit: %s', (_what, spoil, why) => expect(() => agree(offer, spoil(answer().session), 'offerer')).toThrow(why));
  it('a direction that does not answer', () => {
    const hold = makeOffer(origin('10.0.1.1'), [audio('10.0.1.1', KEY_A, { direction: 'sendonly' })]);
    const a = answer({}, hold).session;
    expect(agree(hold, a, 'answerer')[0]?.direction).toBe('recvonly');
    expect(() => agree(hold, { ...a, media: a.media.map((m) => ({ ...m, direction: 'sendrecv' as const })) }, 'offerer')).toThrow(/does not answer/);
  });
});

describe('BUNDLE (RFC 9143)', () => {
  const lineOf = (mid: string, change: Partial<LocalMedia> = {}): LocalMedia =>
    audio('10.0.1.1', KEY_A, { rtcp: { address: '10.0.1.1', port: 50000 }, bundle: { mid, state: 'offered' }, ...change });
  const video: Partial<LocalMedia> = { kind: 'video', codecs: [{ payloadType: 96, name: 'H264', clockRate: 90000 }] };
  const offered = makeOffer(origin('10.0.1.1'), [lineOf('foo'), lineOf('bar', video)]);
  const ours = (mid: string, change: Partial<LocalMedia> = {}): LocalMedia =>
    audio('10.0.2.2', KEY_B, { port: 20000, bundle: { mid, state: 'offered' }, ...change });
  const both = (_: unknown, i: number): LocalMedia => (i === 0 ? ours('x') : ours('y', video));

  it('an offer: one group, the first m-line is the tagged one, the other is bundle-only and says nothing of the transport', () => {
    expect(offered.bundles).toEqual([['foo', 'bar']]);
    expect(offered.media[0]).toMatchObject({ mid: 'foo', port: 50000, rtcpMux: true });
    expect(offered.media[1]).toMatchObject({ mid: 'bar', port: 0, bundleOnly: true, ice: null, candidates: [], cryptos: [], rtcpMux: false });
    const text = formatSdp(offered);
    for (const one of ['a=group:BUNDLE foo bar', 'a=mid:foo', 'a=mid:bar', 'a=bundle-only', 'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid']) {
      expect(text).toContain(`${one}\r\n`);
    }
    expect(parseSdp(text)).toEqual(offered);
  });

  it('an answer: both taken at one port, names and extension as offered, the transport said once', () => {
    const { session, refused } = makeAnswer(origin('10.0.2.2'), parseSdp(formatSdp(offered)), both);
    expect(refused).toEqual([null, null]);
    expect(session.bundles).toEqual([['foo', 'bar']]);
    expect(session.media.map((m) => [m.mid, m.port, m.candidates.length > 0, m.cryptos.length, m.bundleOnly])).toEqual([
      ['foo', 20000, true, 1, undefined],
      ['bar', 20000, false, 0, undefined],
    ]);
    const answer = parseSdp(formatSdp(session));
    const [first, second] = agree(offered, answer, 'offerer');
    expect(second).toMatchObject({
      kind: 'video',
      codec: { name: 'H264', payloadType: 96 },
      rtcpMux: true,
      bundled: { mid: 'bar', extension: 1 },
      remote: { port: 20000, ice: first?.remote.ice, candidates: first?.remote.candidates },
      keys: { local: KEY_A, remote: KEY_B },
    });
    expect(agree(offered, answer, 'answerer').map((a) => [a?.bundled, a?.keys?.local])).toEqual([
      [{ mid: 'foo', extension: 1 }, KEY_B],
      [{ mid: 'bar', extension: 1 }, KEY_B],
    ]);
  });

  it('a later offer gives all the same port (section 7.5)', () => {
    const agreed = (mid: string, change: Partial<LocalMedia> = {}): LocalMedia => lineOf(mid, { ...change, bundle: { mid, state: 'agreed' } });
    const again = makeOffer(origin('10.0.1.1'), [agreed('foo'), agreed('bar', video)]);
    expect(again.media.map((m) => [m.port, m.bundleOnly, m.ice === null])).toEqual([
      [50000, undefined, false],
      [50000, undefined, true],
    ]);
  });

  it('who does not bundle refuses what is bundle-only', () => {
    const single = (_: unknown, i: number): LocalMedia => audio('10.0.2.2', KEY_B, i === 0 ? {} : video);
    const { session, refused } = makeAnswer(origin('10.0.2.2'), offered, single);
    expect(refused).toEqual([null, 'no-transport']);
    expect(session.bundles).toBeUndefined();
    expect(agree(offered, session, 'offerer').map((a) => a?.bundled)).toEqual([null, undefined]);
  });

  it('when the tagged m-line is refused, so is what has no transport without it', () => {
    const { session, refused } = makeAnswer(origin('10.0.2.2'), offered, (_, i) => (i === 0 ? null : ours('y', video)));
    expect(refused).toEqual(['not-wanted', 'no-transport']);
    expect(session.media.map((m) => m.port)).toEqual([0, 0]);
    expect(session.bundles).toBeUndefined();
  });

  it('one transport of ours serves one m-line of a peer that does not bundle', () => {
    const plain = makeOffer(origin('10.0.1.1'), [audio('10.0.1.1', KEY_A), audio('10.0.1.1', KEY_A, { ...video, port: 50002 })]);
    const { session, refused } = makeAnswer(origin('10.0.2.2'), plain, both);
    expect(refused).toEqual([null, 'no-transport']);
    expect(session.bundles).toBeUndefined();
  });

  it.each([
    ['a group that was not offered', (s: SdpSession): SdpSession => ({ ...s, bundles: [['foo', 'baz']] }), /was not offered/],
    ['a refused m-line in the group', (s: SdpSession): SdpSession => ({ ...s, media: s.media.map((m, i) => (i === 1 ? { ...m, port: 0 } : m)) }), /refused/],
    ['a bundle-only m-line outside the group', (s: SdpSession): SdpSession => ({ ...s, bundles: [['foo']] }), /m-line 2 was not offered/],
  ])('an answer that does not fit: %s', (_what, spoil, why) => {
    const { session } = makeAnswer(origin('10.0.2.2'), offered, both);
    expect(() => agree(offered, spoil(session), 'offerer')).toThrow(why);
  });
});
