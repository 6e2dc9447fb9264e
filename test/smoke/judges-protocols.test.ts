/**
 * DNS, STUN and packet marks as stock tools see them: discovery asks in the documented order, every request has its
 * response, connectivity checks carry what RFC 8445 wants of them, and speech is EF on every hop.
 */
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { PATIENCE, BY_LOOKS, SIP_ON_443, addressesOf, captures, outer, rows } from './judged.js';
import type { Captured, Row } from './judged.js';
import { judge, planWith, swap } from './support.js';

const FIELDS = [
  'frame.number',
  'frame.interface_name',
  'frame.packet_flags_direction',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'ip.proto',
  'ip.dsfield.dscp',
  'ipv6.tclass.dscp',
  'udp.srcport',
  'udp.dstport',
  'tcp.srcport',
  'icmpv6.type',
  'dns.id',
  'dns.flags.response',
  'dns.flags.rcode',
  'dns.qry.name',
  'dns.qry.type',
  'dns.count.queries',
  'dns.count.answers',
  'dns.response_to',
  'stun.type',
  'stun.id',
  'stun.response-to',
  'stun.att.type',
  'stun.att.crc32.status',
  'stun.att.username',
  'udp.payload',
  'sdp.media_attr',
] as const;
type Frame = Row<(typeof FIELDS)[number]>;

const SENT = 2;
const BINDING_REQUEST = '0x0001';
const BINDING_SUCCESS = '0x0101';
const STUN_PORT = '3478';
const ATTRIBUTE = {
  USERNAME: '0x0006',
  MESSAGE_INTEGRITY: '0x0008',
  XOR_MAPPED_ADDRESS: '0x0020',
  PRIORITY: '0x0024',
  FINGERPRINT: '0x8028',
  CONTROLLED: '0x8029',
  CONTROLLING: '0x802a',
};
const FINGERPRINT_IS_RIGHT = '1';
/** Octets of a STUN header, and of MESSAGE-INTEGRITY with its own (RFC 8489 sections 5 and 14.5). */
const STUN_HEADER = 20;
const INTEGRITY = 24;

const capture = captures();
const read = new Map<string, readonly Frame[]>();
const captured = new Map<string, Captured>();

const sentBy = (frame: Frame): string => outer(frame['ip.src'] || frame['ipv6.src']);
const sentTo = (frame: Frame): string => outer(frame['ip.dst'] || frame['ipv6.dst']);
const isSent = (frame: Frame): boolean => Number(frame['frame.packet_flags_direction']) === SENT;
const dscpOf = (frame: Frame): string => outer(frame['ip.dsfield.dscp'] || frame['ipv6.tclass.dscp']);
const isStun = (frame: Frame): boolean => frame['stun.type'] !== '' && frame['icmpv6.type'] === '';
const attributesOf = (frame: Frame): readonly string[] => frame['stun.att.type'].split(',');

/** The frames of a node's own file that it sent or that were for it (a LAN floods what it has not learned yet). */
function ownFrames(one: Captured, node: string): readonly Frame[] {
  const own = addressesOf(one.plan, node);
  return rows(one.at(node), FIELDS, ...SIP_ON_443, ...BY_LOOKS).filter((frame) => own.includes(sentBy(frame)) || own.includes(sentTo(frame)));
}

/** Names and types that were asked for, in their order. */
function asked(frames: readonly Frame[]): readonly string[] {
  const types: Readonly<Record<string, string>> = { 1: 'A', 28: 'AAAA', 33: 'SRV' };
  return frames.filter((frame) => frame['dns.flags.response'] === '0').map((frame) => `${types[frame['dns.qry.type']]} ${frame['dns.qry.name']}`);
}

/** The octets of the message that its MESSAGE-INTEGRITY covers, and what it holds. RFC 8489 section 14.5. */
function integrityOf(message: Uint8Array): { readonly covered: Uint8Array; readonly hmac: string } | null {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  for (let at = STUN_HEADER; at + 4 <= message.length; at += 4 + ((view.getUint16(at + 2) + 3) & ~3)) {
    if (view.getUint16(at) !== 0x0008) continue;
    const covered = message.slice(0, at);
    // "the Length field ... points to the end of the MESSAGE-INTEGRITY attribute"
    new DataView(covered.buffer).setUint16(2, at + INTEGRITY - STUN_HEADER);
    return { covered, hmac: hexOf(message.subarray(at + 4, at + INTEGRITY)) };
  }
  return null;
}

const hexOf = (bytes: Uint8Array): string => [...bytes].map((octet) => octet.toString(16).padStart(2, '0')).join('');
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** Passwords by user fragment, as the SDP in the decrypted SIP has them. */
function credentials(frames: readonly Frame[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const frame of frames) {
    const ufrag = /ice-ufrag:([^,]+)/.exec(frame['sdp.media_attr'])?.[1];
    const password = /ice-pwd:([^,]+)/.exec(frame['sdp.media_attr'])?.[1];
    if (ufrag !== undefined && password !== undefined) found.set(ufrag, password);
  }
  return found;
}

const CLIENTS = [
  ['hybrid-p2p-mixed', 'alice'],
  ['hybrid-p2p-mixed', 'bob'],
  ['online-p2p-internal', 'carol'],
  ['online-p2p-internal', 'erin'],
] as const;

describe.skipIf(!judge('tshark'))('what tshark reads at a client', () => {
  beforeAll(async () => {
    for (const id of ['hybrid-p2p-mixed', 'online-p2p-internal']) captured.set(id, await capture(id, id));
    for (const [id, node] of CLIENTS) read.set(node, ownFrames(captured.get(id)!, node));
  }, PATIENCE);
  const framesOf = (node: string): readonly Frame[] => read.get(node)!;

  it.each([
    ['alice', 'contoso.example', ['SRV _sipinternaltls._tcp.contoso.example', 'A sip.contoso.example', 'AAAA sip.contoso.example']],
    // The redirection names Microsoft's server, which is asked for then.
    [
      'bob',
      'contoso.example',
      [
        'SRV _sipinternaltls._tcp.contoso.example',
        'A sip.contoso.example',
        'AAAA sip.contoso.example',
        'A sipdir.online.lync.example',
        'AAAA sipdir.online.lync.example',
      ],
    ],
    [
      'carol',
      'cloud.contoso.example',
      [
        'SRV _sipinternaltls._tcp.cloud.contoso.example',
        'SRV _sip._tls.cloud.contoso.example',
        'A sipdir.online.lync.example',
        'AAAA sipdir.online.lync.example',
      ],
    ],
  ])('%s discovers the server in the documented order', (node, domain, then) => {
    const questions = asked(framesOf(node));
    expect(questions.slice(0, then.length + 2)).toEqual([`A lyncdiscoverinternal.${domain}`, `A lyncdiscover.${domain}`, ...then]);
  });

  it.each(CLIENTS)('%s: every question of %s has one answer, about itself', (_, node) => {
    const frames = framesOf(node).filter((frame) => frame['dns.id'] !== '');
    const questions = frames.filter((frame) => frame['dns.flags.response'] === '0');
    const answers = frames.filter((frame) => frame['dns.flags.response'] === '1');
    const of = (frame: Frame): string => `${frame['dns.id']} ${frame['dns.qry.type']} ${frame['dns.qry.name']}`;
    expect(questions.length).toBeGreaterThan(4);
    expect(answers.map((answer) => answer['dns.response_to'])).toEqual(questions.map((question) => question['frame.number']));
    expect(answers.map(of)).toEqual(questions.map(of));
    for (const frame of frames) expect(frame['dns.count.queries']).toBe('1');
    for (const answer of answers) {
      // NXDOMAIN (3) brings no answer; what exists brings some.
      const { 'dns.flags.rcode': code, 'dns.count.answers': count } = answer;
      expect(code === '3' ? count === '0' : code === '0').toBe(true);
    }
    expect(answers.some((answer) => Number(answer['dns.count.answers']) > 0)).toBe(true);
  });

  it.each(CLIENTS)('%s: every STUN request of and to %s has its response', (_, node) => {
    const frames = framesOf(node).filter(isStun);
    const byNumber = new Map(frames.map((frame) => [frame['frame.number'], frame]));
    const requests = frames.filter((frame) => frame['stun.type'] === BINDING_REQUEST);
    const responses = frames.filter((frame) => frame['stun.type'] !== BINDING_REQUEST);
    expect(responses.length).toBeGreaterThan(4);
    for (const response of responses) {
      const request = byNumber.get(response['stun.response-to'])!;
      expect(response['stun.type']).toBe(BINDING_SUCCESS);
      expect([response['stun.id'], sentBy(response), sentTo(response), response['udp.dstport']]).toEqual([
        request['stun.id'],
        sentTo(request),
        sentBy(request),
        request['udp.srcport'],
      ]);
      expect(attributesOf(response)).toContain(ATTRIBUTE.XOR_MAPPED_ADDRESS);
    }
    const answered = new Set(responses.map((response) => response['stun.id']));
    expect(requests.filter((request) => !answered.has(request['stun.id']))).toEqual([]);
  });

  it.each(CLIENTS)('%s: connectivity checks of %s are as RFC 8445 section 7 wants them', (_, node) => {
    const checks = framesOf(node).filter((frame) => isStun(frame) && frame['udp.srcport'] !== STUN_PORT && frame['udp.dstport'] !== STUN_PORT);
    expect(checks.filter((frame) => frame['stun.type'] === BINDING_REQUEST).length).toBeGreaterThan(2);
    for (const frame of checks) {
      const attributes = attributesOf(frame);
      // FINGERPRINT is the last one, MESSAGE-INTEGRITY stands before it (RFC 8489 section 14.7).
      expect(attributes.slice(-2)).toEqual([ATTRIBUTE.MESSAGE_INTEGRITY, ATTRIBUTE.FINGERPRINT]);
      expect(frame['stun.att.crc32.status']).toBe(FINGERPRINT_IS_RIGHT);
      if (frame['stun.type'] !== BINDING_REQUEST) continue;
      for (const attribute of [ATTRIBUTE.USERNAME, ATTRIBUTE.PRIORITY]) expect(attributes).toContain(attribute);
      expect(attributes.filter((attribute) => attribute === ATTRIBUTE.CONTROLLING || attribute === ATTRIBUTE.CONTROLLED)).toHaveLength(1);
    }
    const mine = checks.filter((frame) => isSent(frame) && frame['stun.type'] === BINDING_REQUEST).flatMap(attributesOf);
    const caller = node === 'alice' || node === 'carol';
    expect(mine.includes(ATTRIBUTE.CONTROLLING)).toBe(caller);
    expect(mine.includes(ATTRIBUTE.CONTROLLED)).toBe(!caller);
  });

  it.each(CLIENTS)('%s: the integrity of the checks at %s holds with the passwords of the SDP, and with no other', (_, node) => {
    const frames = framesOf(node);
    const passwords = credentials(frames);
    expect(passwords.size).toBe(2);
    const checks = frames.filter((frame) => isStun(frame) && attributesOf(frame).includes(ATTRIBUTE.MESSAGE_INTEGRITY));
    const users = new Map(checks.flatMap((frame) => (frame['stun.att.username'] === '' ? [] : [[frame['stun.id'], frame['stun.att.username']] as const])));
    for (const frame of checks) {
      // RFC 8445 section 7.2.2: "RFRAG:LFRAG", keyed by the password of who is asked; the response by the same.
      const [askedOne = '', asking = ''] = users.get(frame['stun.id'])!.split(':');
      const { covered, hmac } = integrityOf(bytesOf(outer(frame['udp.payload'])))!;
      expect(createHmac('sha1', passwords.get(askedOne)!).update(covered).digest('hex')).toBe(hmac);
      expect(createHmac('sha1', passwords.get(asking)!).update(covered).digest('hex')).not.toBe(hmac);
    }
    expect(checks.length).toBeGreaterThan(4);
  });

  it('one octet changed in a check is one wrong fingerprint', () => {
    const one = captured.get('hybrid-p2p-mixed')!;
    const bytes = readFileSync(one.at('alice'));
    const user = framesOf('alice').find((frame) => frame['stun.att.username'] !== '')!['stun.att.username'];
    const at = bytes.indexOf(user);
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(one.beside('changed'), bytes);
    const checks = rows(one.beside('changed'), FIELDS).filter((frame) => isStun(frame) && frame['stun.att.crc32.status'] !== '');
    expect(checks.filter((frame) => frame['stun.att.crc32.status'] !== FINGERPRINT_IS_RIGHT)).toHaveLength(1);
  });
});

describe.skipIf(!judge('tshark'))('DSCP on every hop', () => {
  const isMedia = (frame: Frame): boolean => {
    const port = Number(outer(frame['udp.srcport']));
    return frame['icmpv6.type'] === '' && port >= 50000 && port <= 50019;
  };

  it('speech of the clients is EF (46) at every point, SIP and DNS are not marked', () => {
    const frames = rows(captured.get('online-p2p-internal')!.file, FIELDS);
    const media = frames.filter(isMedia);
    const others = frames.filter((frame) => frame['tcp.srcport'] !== '' || frame['dns.id'] !== '');
    expect(new Set(media.map((frame) => frame['frame.interface_name'])).size).toBeGreaterThan(8);
    expect(media.length).toBeGreaterThan(5000);
    expect(new Set(media.map(dscpOf))).toEqual(new Set(['46']));
    expect(others.length).toBeGreaterThan(400);
    expect(new Set(others.map(dscpOf))).toEqual(new Set(['0']));
  });

  it('another policy is another mark', async () => {
    const one = await capture('hybrid-p2p-mixed', 'af41', planWith(swap('ports: 50000-50019, dscp: EF', 'ports: 50000-50019, dscp: AF41')));
    const media = rows(one.at('alice'), FIELDS).filter((frame) => isMedia(frame) && isSent(frame));
    expect(new Set(media.map(dscpOf))).toEqual(new Set(['34']));
  });
});
