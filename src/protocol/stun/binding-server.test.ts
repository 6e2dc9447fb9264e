import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import type { Cause } from '../../base/brand.js';
import { play } from '../testing/play.js';
import type { StunAttribute } from './attribute.js';
import { BindingServer, type BindingServerOptions, type BindingServerOut } from './binding-server.js';
import { checkFingerprint, emitStun, isMalformedStun, parseStun, type StunPacket } from './codec.js';
import { looksLikeStun } from './framing.js';
import { addressOf, errorOf, textOf, type StunClass } from './message.js';
import type { TransportAddress } from './transport-address.js';

const local = { address: '198.51.100.1', port: 3478, family: 4 } as const;
const from = { address: '192.0.2.1', port: 32853, family: 4 } as const;
const ID = '0123456789abcdef01234567';

function ask(bytes: Uint8Array, options: BindingServerOptions = {}): BindingServerOut {
  const server = play(new BindingServer(options)).in({ kind: 'datagram', local, from, bytes, cause: 7 as Cause });
  const out = server.take();
  expect(out).toHaveLength(1);
  server.quiet();
  return must(out[0], 'output');
}

function answer(out: BindingServerOut): StunPacket {
  if (out.kind !== 'send') throw new Error(out.why);
  expect([out.local, out.to, out.cause]).toEqual([local, from, 7]);
  const packet = parseStun(out.bytes, 0, out.bytes.length);
  if (isMalformedStun(packet)) throw new Error(packet.why);
  expect(checkFingerprint(packet)).toBe('right');
  return packet;
}

function message(c: StunClass, attributes: readonly StunAttribute[] = [], method = 1): Uint8Array {
  return emitStun({ class: c, method, transaction: ID, attributes }, { fingerprint: true });
}

describe('Binding server (RFC 8489 sections 6.3 and 12)', () => {
  it('answers with the address that it saw', () => {
    const packet = answer(ask(message('request'), { software: 'callpath', responseOrigin: true }));
    expect([packet.class, packet.transaction]).toEqual(['success', ID]);
    expect(addressOf(packet, 'xor-mapped-address')).toEqual(from);
    expect(addressOf(packet, 'response-origin')).toEqual(local);
    expect(textOf(packet, 'software')).toBe('callpath');
  });

  it('6.3.1: 420 with the list of what must be understood and is not', () => {
    const packet = answer(
      ask(
        message('request', [
          { name: 'unknown', code: 0x7f01, bytes: new Uint8Array(3) },
          { name: 'unknown', code: 0x8f01, bytes: new Uint8Array(0) },
        ]),
      ),
    );
    expect(errorOf(packet)).toMatchObject({ code: 420 });
    expect(packet.attributes.find((a) => a.name === 'unknown-attributes')).toEqual({ name: 'unknown-attributes', types: [0x7f01] });
  });

  it('400 for a request with a broken attribute', () => {
    const bytes = emitStun({ class: 'request', method: 1, transaction: ID, attributes: [{ name: 'unknown', code: 0x0024, bytes: new Uint8Array(2) }] });
    expect(errorOf(answer(ask(bytes)))).toMatchObject({ code: 400 });
  });

  it.each([
    ['an indication', message('indication'), 'stun-indication'],
    ['an answer', message('success'), 'stun-success'],
    ['another method', message('request', [], 3), 'stun-method'],
    ['noise', Uint8Array.of(1, 2, 3), 'not-stun'],
    [
      'a wrong fingerprint',
      emitStun({ class: 'request', method: 1, transaction: ID, attributes: [{ name: 'unknown', code: 0x8028, bytes: new Uint8Array(4) }] }),
      'stun-fingerprint',
    ],
  ])('discards %s', (_name, bytes, why) => {
    expect(ask(bytes)).toEqual({ kind: 'discard', why, cause: 7 });
  });
});

describe('Binding server for clients of RFC 3489 (RFC 5389 section 12.2)', () => {
  const hex = (text: string): Uint8Array => Uint8Array.from(must(text.replace(/\s+/g, '').match(/../g), 'hex'), (h) => parseInt(h, 16));
  const TRANSACTION = '00112233445566778899aabbccddeeff';
  const request = (attributes: string): Uint8Array =>
    hex(`0001 ${(attributes.replace(/\s+/g, '').length / 2).toString(16).padStart(4, '0')} ${TRANSACTION} ${attributes}`);
  const OTHER = { address: '198.51.100.2', port: 3479, family: 4 } as const;
  const classic = (bytes: Uint8Array, options: BindingServerOptions = {}): { readonly bytes: Uint8Array; readonly from: TransportAddress } => {
    const out = ask(bytes, { software: 'callpath', classic: true, ...options });
    if (out.kind !== 'send') throw new Error(out.why);
    return { bytes: out.bytes, from: out.local };
  };
  // 192.0.2.1:32853 and 198.51.100.1:3478, as RFC 3489 section 11.2.1 writes them.
  const MAPPED = '0001 0008 0001 8055 c0000201';
  const SOURCE = '0004 0008 0001 0d96 c6336401';

  it('the address as it is, the whole of the transaction id, no cookie, no fingerprint, nothing optional', () => {
    expect(classic(request(''))).toEqual({ bytes: hex(`0101 0018 ${TRANSACTION} ${MAPPED} ${SOURCE}`), from: local });
  });

  it.each([
    ['RESPONSE-ADDRESS', '0002 0008 0001 1388 c0000263', '0002 0002'],
    ['CHANGE-REQUEST of a server with one address', '0003 0004 00000006', '0003 0003'],
    ['both', '0002 0008 0001 1388 c0000263 0003 0004 00000006', '0003 0002'],
  ])('%s is answered by 420, a reason and a list that fill whole words', (_name, attributes, types) => {
    // RFC 3489 sections 11.2.9 and 11.2.10: of an odd number of types one is repeated.
    const reason = [...new TextEncoder().encode('Unknown Attribute   ')].map((b) => b.toString(16).padStart(2, '0')).join('');
    expect(classic(request(attributes)).bytes).toEqual(hex(`0111 0024 ${TRANSACTION} 0009 0018 00000414 ${reason} 000a 0004 ${types}`));
  });

  it.each([
    // RFC 5780 section 6.1, table 1; CHANGED-ADDRESS is the same whatever was asked for.
    ['no flag', '00000000', '198.51.100.1', 3478],
    ['change port', '00000002', '198.51.100.1', 3479],
    ['change IP', '00000004', '198.51.100.2', 3478],
    ['both', '00000006', '198.51.100.2', 3479],
  ])('%s: it answers from there', (_name, flags, address, port) => {
    const answered = classic(request(`0003 0004 ${flags}`), { other: () => OTHER });
    expect(answered.from).toEqual({ address, port, family: 4 });
    const packet = parseStun(answered.bytes, 0, answered.bytes.length, { classic: true });
    if (isMalformedStun(packet)) throw new Error(packet.why);
    expect(packet.attributes).toEqual([
      { name: 'mapped-address', address: from },
      { name: 'source-address', address: answered.from },
      { name: 'changed-address', address: OTHER },
    ]);
  });

  it('clients of RFC 5780 get the same by its own names', () => {
    const out = ask(message('request', [{ name: 'change-request', value: 6 }]), { other: () => OTHER });
    if (out.kind !== 'send') throw new Error(out.why);
    const packet = parseStun(out.bytes, 0, out.bytes.length);
    if (isMalformedStun(packet)) throw new Error(packet.why);
    expect([out.local, checkFingerprint(packet)]).toEqual([OTHER, 'right']);
    expect(packet.attributes).toEqual([
      { name: 'xor-mapped-address', address: from },
      { name: 'mapped-address', address: from },
      { name: 'other-address', address: OTHER },
      { name: 'response-origin', address: OTHER },
    ]);
    expect(errorOf(answer(ask(message('request', [{ name: 'change-request', value: 6 }]))))).toMatchObject({ code: 420 });
  });

  it('RESPONSE-PORT: the answer goes to another port of who asks, and says what port that was (RFC 5780 section 7.5)', () => {
    for (const value of ['0027 0004 1388 0000', '0027 0002 1388 0000']) {
      const bytes = hex(`0001 0008 2112a442 ${ID} ${value}`);
      const out = ask(bytes, { other: () => OTHER });
      if (out.kind !== 'send') throw new Error(out.why);
      const packet = parseStun(out.bytes, 0, out.bytes.length);
      if (isMalformedStun(packet)) throw new Error(packet.why);
      expect([out.to, addressOf(packet, 'xor-mapped-address')]).toEqual([{ ...from, port: 5000 }, from]);
    }
  });

  it('PADDING: the answer has it too, longer than an MTU (RFC 5780 section 7.6)', () => {
    const packet = answer(ask(message('request', [{ name: 'padding', bytes: new Uint8Array(8) }]), { other: () => OTHER }));
    expect(packet.class).toBe('success');
    expect(packet.bytes.length).toBeGreaterThan(1500);
    expect(packet.attributes.filter((a) => a.name === 'padding')).toHaveLength(1);
  });

  it('both at once are refused: nobody has fragments sent to others', () => {
    const both: StunAttribute[] = [
      { name: 'padding', bytes: new Uint8Array(8) },
      { name: 'response-port', value: 5000 },
    ];
    expect(errorOf(answer(ask(message('request', both), { other: () => OTHER })))).toMatchObject({ code: 400 });
  });

  it('without another address none of them is known', () => {
    const asked: StunAttribute[] = [
      { name: 'change-request', value: 6 },
      { name: 'response-port', value: 5000 },
    ];
    const packet = answer(ask(message('request', asked)));
    expect(errorOf(packet)).toMatchObject({ code: 420 });
    expect(packet.attributes).toContainEqual({ name: 'unknown-attributes', types: [3, 0x27] });
    expect(packet.attributes.some((a) => a.name === 'other-address')).toBe(false);
  });

  it('who was not asked to know RFC 3489 takes such a request for noise', () => {
    expect(ask(request(''))).toEqual({ kind: 'discard', why: 'not-stun', cause: 7 });
    expect(ask(request('').subarray(1), { classic: true })).toMatchObject({ kind: 'discard', why: 'not-stun' });
  });
});

describe('demultiplexing (RFC 8489 section 5)', () => {
  it('RTP is not taken for STUN, nor a STUN of the wrong length', () => {
    const stun = message('request');
    expect(looksLikeStun(stun, 0, stun.length)).toBe(true);
    expect(looksLikeStun(stun, 0, stun.length - 4)).toBe(false);
    const rtp = stun.slice();
    rtp[0] = 0x80;
    expect(looksLikeStun(rtp, 0, rtp.length)).toBe(false);
  });
});
