/**
 * Messages that know the grammar and break it: each field from a list of values, good and bad, then cut, doubled and filled
 * with what parsers stumble over. For property tests of parsers, machines, and roles behind their sockets.
 * @module
 */
import fc from 'fast-check';

/** What is let through here and thrown out there: white space of JavaScript, separators, names of Object's own properties ... */
export const NASTY = [
  '',
  ' ',
  '\t',
  '\f',
  '\v',
  '\u00a0',
  '\ufeff',
  '\u2028',
  '\0',
  '\x7f',
  '\r',
  '\n',
  '\r\n',
  '\r\n ',
  '\r\n\r\n',
  ',',
  ';',
  ';;',
  ':',
  '"',
  '\\',
  '\\"',
  '<',
  '>',
  '<>',
  '=',
  '@',
  '?',
  '*',
  '%',
  '%00',
  '[',
  ']',
  '::1',
  '0',
  '-1',
  '99999999999999999999',
  '__proto__',
  'constructor',
  'NaN',
  '1e9',
  '\u{1f4de}',
  'a..b',
];

const one = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

export const HOSTILE_URI = one(
  'sip:bob@contoso.example',
  'sip:bob@contoso.example;transport=tls',
  'sips:alice@contoso.example:5061',
  'sip:pool.contoso.example',
  'sip:192.0.2.22:5061;lr',
  'sip:[2001:db8::1]:5061;lr',
  'sip:[2001:DB8:0::1]',
  'sip:fe1.contoso.example:5061;transport=tls;lr',
  'sip:bob,x@contoso.example',
  'sip:bob@contoso.example?subject=x',
  'sip:bob@contoso.example;method=INVITE',
  'sip:%00@contoso.example:0',
  'sip:bob@contoso.example:65535',
  'sip:f1-0000000000000000@fe1.contoso.example:5061;lr',
  'tel:+14255550100',
  'mailto:bob@contoso.example',
  'http://x/',
  'sip:a..b',
  'sip:',
);

const display = one('', '"Bob" ', '"B\\"o\\\\b" ', 'Bob Smith ', '"\\\u0007" ', '  ', 'Bob');
const address = fc
  .tuple(
    display,
    HOSTILE_URI,
    one(
      '',
      ';tag=1',
      ';tag=stock',
      ';tag={TAG}',
      ';tag',
      ';tag="x"',
      ';tag=1;tag=2',
      ';expires=0',
      ';expires=60',
      ';q=0.5',
      ';q=7',
      ';+sip.instance="<urn:x>";reg-id=1',
    ),
  )
  .map(([name, uri, params]) => `${name}<${uri}>${params}`);
const addresses = fc
  .array(fc.oneof({ weight: 6, arbitrary: address }, { weight: 1, arbitrary: one('*', '', 'sip:bob@contoso.example') }), { minLength: 1, maxLength: 3 })
  .map((a) => a.join(', '));
const via = fc
  .tuple(
    one('SIP/2.0/TLS', 'SIP / 2.0 / TLS', 'SIP/2.0/UDP', 'X/1/Y'),
    one('192.0.2.9', 'x.example:5061', '[2001:db8::9]', '[2001:db8::9]:5061', 'h:0005061', 'a..b', 'h:0'),
    one('', ';branch=z9hG4bKa', ';branch=z9hG4bKb;rport', ';branch=z9hG4bKc;rport=abc', ';branch=x;received=[::1]', ';branch', ';maddr=1;ttl=1'),
  )
  .map(([protocol, sentBy, params]) => `${protocol} ${sentBy}${params}`);
export const METHODS = one('INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'REGISTER', 'UPDATE', 'MESSAGE', 'INFO', 'SUBSCRIBE', 'PRACK', 'X');

const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  Via: via,
  From: address,
  To: address,
  Contact: addresses,
  m: addresses,
  Route: addresses,
  'Record-Route': addresses,
  'Call-ID': one('one', 'two@x', '@', 'a b'),
  'Max-Forwards': one('70', '0', '1', '256', ''),
  'Content-Type': one('application/sdp', 'text/plain', 'multipart/mixed;boundary=b', 'multipart/mixed', 'application/x', ';', 'a/b;c="d,e"'),
  'Content-Disposition': one('session', 'session;handling=optional', ';'),
  'Content-Encoding': one('gzip', 'identity', ''),
  Expires: one('0', '600', '4294967296', '-1', 'x'),
  'Session-Expires': one('90', '1800;refresher=uac', '90;refresher=uas', '1', '0', 'x', '99999999999'),
  'Min-SE': one('90', '0', '99999999999', 'x'),
  'Retry-After': one('5', '5 (x);duration=1', '99999999999999', 'x'),
  Require: one('timer', '100rel', 'outbound, path', '', ','),
  Supported: one('timer', '', 'timer, 100rel'),
  'Proxy-Require': one('x', ''),
  Accept: one('application/sdp', '', '*/*', ',;'),
  Allow: one('INVITE, UPDATE', ''),
  Timestamp: one('54', '54.1 0.2', 'x'),
  Date: one('Sat, 13 Nov 2010 23:29:00 GMT', 'x'),
  Authorization: one(
    'Digest username="alice", realm="contoso.example", nonce="1", uri="sip:x", response="2"',
    'Digest',
    'Digest =,=',
    'Basic x',
    'Digest username="',
    'Digest nc=x, qop=auth',
  ),
  'Proxy-Authorization': one('Digest realm="contoso.example", username="alice", nonce="1", uri="sip:x", response="2", qop=auth, nc=00000001, cnonce="3"'),
  'WWW-Authenticate': one('Digest realm="x", nonce="y"', 'Digest realm="x\\\u0007", nonce="y", qop="auth"', 'Digest'),
  'Proxy-Authenticate': one('Digest realm="x", nonce="y", algorithm=SHA-256, qop="auth,auth-int"', 'Digest nonce='),
  __proto__x: one('x'),
  constructor: one('x'),
};

/** Spoils a text in up to three places. */
export function spoiled(text: fc.Arbitrary<string>, places = 3): fc.Arbitrary<string> {
  const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(6), put: one(...NASTY), again: fc.nat(3) });
  return fc.tuple(text, fc.array(edit, { maxLength: places })).map(([whole, edits]) =>
    edits.reduce((now, { at, cut, put, again }) => {
      const start = Math.floor(at * now.length);
      const rest = now.slice(start + cut);
      return now.slice(0, start) + put.repeat(again === 0 ? 1 : again) + rest;
    }, whole),
  );
}

export const HOSTILE_SDP: fc.Arbitrary<string> = fc
  .tuple(
    one('o=- 1 1 IN IP4 192.0.2.9', 'o=- 1 1 IN IP4 1', 'o=- 18446744073709551616 99999999999999999999 IN IP6 ::1', ''),
    one('c=IN IP4 192.0.2.9', 'c=IN IP4 1', 'c=IN IP6 2001:db8::1', 'c=IN IP4 224.2.1.1/127/3', 'c=IN IP4 host.example', 'c=IN IP4 0.0.0.0', ''),
    fc.array(
      fc.tuple(
        one(
          'm=audio 7000 RTP/AVP 0',
          'm=audio 7000 RTP/SAVP 0 8',
          'm=audio 0 RTP/AVP 0',
          'm=audio 65535 RTP/AVP 0',
          'm=audio 9 123 0',
          'm=audio 7000/2 RTP/AVP 0 0 200',
          'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
          'm=video 9 RTP/AVP 31',
          'm=audio 7000 RTP/AVP 127',
        ),
        fc.array(
          one(
            'a=rtpmap:0 PCMU/8000',
            'a=rtpmap:127 PCMU/8000/1',
            'a=rtpmap:0 PCMA/0',
            'a=fmtp:0 x',
            'a=sendonly',
            'a=inactive',
            'a=recvonly',
            'a=rtcp-mux',
            'a=rtcp:7001',
            'a=rtcp:99999',
            'a=rtcp:7001 IN IP4 1',
            'a=rtcp:0 IN IP6 ::1',
            'a=ptime:20',
            'a=ptime:0',
            'a=ice-ufrag:abcd',
            'a=ice-pwd:abcdefghijklmnopqrstuv',
            'a=ice-lite',
            'a=ice-options:ice2 trickle',
            'a=candidate:1 1 UDP 2130706431 192.0.2.9 7000 typ host',
            'a=candidate:1 1 UDP 1 ::1 0 typ relay raddr 1.1.1.1 rport 9',
            'a=candidate:1 2 TCP 1 192.0.2.9 9 typ host tcptype active',
            'a=candidate:1 1 UDP 1 x.local 9 typ host',
            'a=remote-candidates:1 192.0.2.9 7000',
            'a=remote-candidates:1 x 70000',
            'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR',
            'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^31|1:1',
            'a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^31|99999999:4',
            'a=crypto:0 X inline:AAAA',
            'a=mid:0',
            'a=mid:__proto__',
            'a=group:BUNDLE 0 1',
            'a=bundle-only',
            'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
            'a=extmap:255 urn:ietf:params:rtp-hdrext:sdes:mid',
            'a=label:x',
            'a=__proto__:x',
            'c=IN IP4 192.0.2.10',
            'b=AS:64',
            'o=late 1 1 IN IP4 192.0.2.9',
          ),
          { maxLength: 4 },
        ),
      ),
      { maxLength: 3 },
    ),
    one('a=group:BUNDLE 0', 'a=group:BUNDLE', 'a=ice-lite', 'a=sendonly', ''),
  )
  .map(([origin, connection, media, attribute]) =>
    ['v=0', origin, 's=-', connection, 't=0 0', attribute, ...media.flatMap(([line, attributes]) => [line, ...attributes])]
      .filter((line) => line !== '')
      .map((line) => `${line}\r\n`)
      .join(''),
  );

const BODIES = fc.oneof(
  fc.constant(''),
  HOSTILE_SDP,
  one(
    'hello',
    '--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--\r\n',
    '--b\r\n\r\n\r\n--b\r\nContent-Type: ;\r\n\r\nx\r\n--b--',
    '--b--',
    '--b\r\n--b--\r\n',
  ),
);

/** Fields that every request needs, unless a drawn one takes its place; `{TAG}` is for the tester to fill in. */
export const HOSTILE_REQUEST: fc.Arbitrary<string> = spoiled(
  fc
    .tuple(
      METHODS,
      HOSTILE_URI,
      fc.nat(9),
      fc.array(
        fc.constantFrom(...Object.keys(VALUES)).chain((name) => (VALUES[name] ?? fc.constant('')).map((value) => [name, value] as const)),
        { maxLength: 6 },
      ),
      BODIES,
      fc.boolean(),
      fc.nat(9999),
    )
    .map(([method, uri, sequence, drawn, body, dialog, branch]) => {
      const usual = [
        ['Via', `SIP/2.0/TLS 192.0.2.9;branch=z9hG4bK${branch}`],
        ['From', '<sip:alice@contoso.example>;tag=stock'],
        ['To', `<sip:bob@contoso.example>${dialog ? ';tag={TAG}' : ''}`],
        ['Call-ID', 'one'],
        ['CSeq', `${sequence} ${method}`],
        ['Content-Type', 'application/sdp'],
      ].filter(([name]) => !drawn.some(([other]) => other === name));
      const head = [...usual, ...drawn].map(([name, value]) => `${name}: ${value}\r\n`).join('');
      return `${method} ${uri} SIP/2.0\r\n${head}Content-Length: ${new TextEncoder().encode(body).length}\r\n\r\n${body}`;
    }),
  2,
);

/** What a response adds to the fields that it copies. */
export const HOSTILE_RESPONSE = fc.record({
  status: one(100, 180, 183, 200, 202, 301, 302, 401, 407, 408, 422, 423, 481, 486, 488, 491, 500, 503, 600, 699),
  tag: one('', 'stock', 'other'),
  headers: fc.array(
    one(
      'Contact',
      'Record-Route',
      'Session-Expires',
      'Min-SE',
      'Min-Expires',
      'Expires',
      'WWW-Authenticate',
      'Proxy-Authenticate',
      'Retry-After',
      'Content-Type',
      'Via',
      'Require',
      'Allow',
    ).chain((name) => (VALUES[name] ?? one('60', '0', 'x')).map((value) => [name, value] as const)),
    { maxLength: 5 },
  ),
  body: BODIES,
});
