/**
 * What others send, taken or refused as the RFCs say: IPv6 in SIP (RFC 5118 section 4), and the grammar of RFC 3261
 * section 25.1 where RFC 4475 has no message for it.
 */
import { describe, expect, it } from 'vitest';
import { parseSdp } from '../sdp/parse.js';
import { hopTo } from './dialog.js';
import * as fields from './fields.js';
import { textBody, type SipMessage } from './message.js';
import { parseMessage } from './parser.js';
import { parseUri, sameUri, type Uri } from './uri.js';
import { sentBy, stampVia } from './via.js';

type Fields = Readonly<Record<string, string>>;

function text(start: string, change: Fields): string {
  const [method = ''] = start.split(' ');
  const usual: Fields = {
    Via: 'SIP/2.0/TLS [2001:db8::9:1];branch=z9hG4bKas3-111',
    'Max-Forwards': '70',
    From: '<sip:user@example.com>;tag=81x2',
    To: '<sip:user@example.com>',
    'Call-ID': 'SSG9559905523997077@hlau_4100',
    CSeq: `98176 ${method === 'SIP/2.0' ? 'INVITE' : method}`,
  };
  const lines = Object.entries({ ...usual, ...change }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${start}\r\n${lines.join('')}Content-Length: 0\r\n\r\n`;
}

function taken(start: string, change: Fields = {}): SipMessage {
  const message = parseMessage(textBody(text(start, change)));
  if ('malformed' in message) throw new Error(message.why);
  return message;
}

function refused(start: string, change: Fields = {}): number | null {
  const message = parseMessage(textBody(text(start, change)));
  if (!('malformed' in message)) throw new Error('was taken');
  return message.status;
}

const REGISTER = 'REGISTER sip:[2001:db8::10] SIP/2.0';
const uri = (message: SipMessage): Uri | null => (message.kind === 'request' ? parseUri(message.uri) : null);

describe('RFC 5118', () => {
  it('4.1 a reference in brackets is taken', () => {
    const m = taken(REGISTER, { Contact: '<sip:user@[2001:db8::1]>' });
    expect([hopTo(uri(m)), fields.topVia(m).host]).toEqual([{ kind: 'target', host: '2001:db8::10', port: 5061 }, '[2001:db8::9:1]']);
  });
  it('4.2 without brackets nobody knows where the port begins: 400', () => expect(refused('REGISTER sip:2001:db8::10 SIP/2.0')).toBe(400));
  it('4.3 what looks like a port within the brackets is of the address', () =>
    expect(uri(taken('REGISTER sip:[2001:db8::10:5070] SIP/2.0'))).toMatchObject({ host: '[2001:db8::10:5070]', port: null }));
  it('4.4 a port behind them', () => expect(uri(taken('REGISTER sip:[2001:db8::10]:5070 SIP/2.0'))).toMatchObject({ host: '[2001:db8::10]', port: 5070 }));
  it.each(['[2001:db8::9:255]', '2001:db8::9:255'])('4.5 received=%s', (received) =>
    expect(
      fields.topVia(taken('BYE sip:[2001:db8::10] SIP/2.0', { Via: `SIP/2.0/TLS [2001:db8::9:1];received=${received};branch=z9hG4bKas3-111` })).params[0],
    ).toEqual({
      name: 'received',
      value: received,
    }),
  );
  it('4.6 and 4.8 descriptions with addresses of both families', () => {
    const body =
      'v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\ns=-\r\nt=0 0\r\nm=audio 6000 RTP/AVP 97 98\r\nc=IN IP6 2001:db8::1\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP4 192.0.2.1\r\n';
    expect(parseSdp(body).media.map((m) => m.address)).toEqual(['2001:db8::1', '192.0.2.1']);
  });
  it('4.7 addresses of both families in one message', () => {
    const m = taken('BYE sip:user@host.example.net SIP/2.0', {
      Via: 'SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144',
      Route: '<sip:[2001:db8::10]:5070;lr>, <sip:192.0.2.9;lr>',
    });
    expect([fields.vias(m).map((v) => [v.host, v.port]), fields.routes(m).length]).toEqual([
      [
        ['[2001:db8::9:1]', 6050],
        ['192.0.2.1', null],
      ],
      2,
    ]);
  });
  it('4.9 addresses that are mapped from IPv4', () =>
    expect(fields.topVia(taken(REGISTER, { Via: 'SIP/2.0/TLS [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19' })).port).toBe(19823));
  it('4.10 an address of RFC 3261 with three colons is none', () => {
    taken('OPTIONS sip:user@[2001:db8::192.0.2.1] SIP/2.0');
    expect(refused('OPTIONS sip:user@[2001:db8:::192.0.2.1] SIP/2.0')).toBe(400);
  });
  it('two spellings of one address are one host (RFC 5952)', () => {
    const [a, b] = ['sip:bob@[2001:DB8::1]', 'sip:bob@[2001:db8:0:0::1]'].map(parseUri);
    expect([a, b].map((u) => hopTo(u))).toEqual([hopTo(a), hopTo(a)]);
    expect(a !== undefined && b !== undefined && a !== null && b !== null && sameUri(a, b)).toBe(true);
    const via = fields.topVia(taken(REGISTER, { Via: 'SIP/2.0/TLS [2001:DB8:0::9];branch=z9hG4bK1' }));
    expect(sentBy(via)).toBe('[2001:db8::9]:5061');
    // The source is who it says: nothing is added.
    expect(stampVia(via, { address: '2001:db8::9', port: 40000 })).toBe(via);
  });
});

describe('RFC 3261 section 25.1', () => {
  const OPTIONS = 'OPTIONS sip:bob@example.com SIP/2.0';
  it.each<[what: string, change: Fields]>([
    ['a form feed before the value (it is no white space)', { From: '\f<sip:a@b.example>;tag=1' }],
    ['a no-break space behind it', { To: '<sip:a@b.example>\u00a0' }],
    ['a control character in a value', { Subject: 'a\u0001b' }],
    ['DEL in a value', { 'X-Any': 'a\x7f' }],
    ['two tags', { From: '<sip:a@b.example>;tag=1;tag=2' }],
    ['a tag that is no token', { From: '<sip:a@b.example>;tag="1"' }],
    ['a tag without value', { To: '<sip:a@b.example>;tag' }],
    ['a display name without an address', { From: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }],
    ['rport that is no number (RFC 3581)', { Via: 'SIP/2.0/TLS a.example;branch=z9hG4bK1;rport=abc' }],
    ['received that is no address', { Via: 'SIP/2.0/TLS a.example;branch=z9hG4bK1;received=a' }],
    ['a TTL above 255', { Via: 'SIP/2.0/TLS a.example;branch=z9hG4bK1;ttl=256' }],
    ['a branch in quotes', { Via: 'SIP/2.0/TLS a.example;branch="z9hG4bK1"' }],
    ['a host with an empty label', { Via: 'SIP/2.0/TLS a..b;branch=z9hG4bK1' }],
    ['a host that ends with a hyphen', { Contact: '<sip:a@b->' }],
    ['an IPv4 address above 255', { Contact: '<sip:a@192.0.2.256>' }],
    ['a host of numbers that is no address', { Contact: '<sip:a@1.2.3>' }],
    ['a parameter twice', { Contact: '<sip:a@b.example>;q=0.1;Q=0.2' }],
    ['a URI parameter twice', { Contact: '<sip:a@b.example;lr;lr>' }],
    ['Contact: * in what is no REGISTER', { Contact: '*' }],
    ['an empty Route', { Route: '' }],
    ['a Timestamp that is no time', { Timestamp: 'now' }],
  ])('%s: 400', (_what, change) => {
    taken(OPTIONS);
    expect(refused(OPTIONS, change)).toBe(400);
  });
  it('Contact: * stands alone', () => {
    taken(REGISTER, { Contact: '*', Expires: '0' });
    expect(refused(REGISTER, { Contact: '*\r\nContact: <sip:a@b.example>' })).toBe(400);
    expect(refused(REGISTER, { Contact: '*, <sip:a@b.example>' })).toBe(400);
  });
  it.each<[what: string, change: Fields]>([
    ['a port with zeros in front (1*DIGIT)', { Contact: '<sip:a@b.example:0005061>', Via: 'SIP/2.0/TLS a.example:0005061;branch=z9hG4bK1' }],
    ['a control character behind a backslash in quotes', { From: '"\\\u0007" <sip:a@b.example>;tag=1' }],
    ['a trailing dot of a name', { Contact: '<sip:a@b.example.>' }],
    ['rport without value', { Via: 'SIP/2.0/TLS a.example;branch=z9hG4bK1;rport' }],
    ['Timestamp with a delay', { Timestamp: '54.3 0.2' }],
    ['Supported without a tag', { Supported: '' }],
    ['an unknown field with quotes that do not balance', { 'X-Any': 'five o"clock' }],
    ['names that are those of objects', { constructor: 'x', toString: 'y' }],
  ])('%s: taken', (_what, change) => expect(taken(OPTIONS, change).headers.length).toBeGreaterThan(6));
  it('a port is what its digits say', () => expect(parseUri('sip:a@b.example:0005061')).toMatchObject({ port: 5061 }));
});
