import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import type { Cause } from '../../base/brand.js';
import type { Nanos } from '../../base/time.js';
import type { StunAttribute } from './attribute.js';
import { BindingServer, type BindingServerOptions, type BindingServerOut } from './binding-server.js';
import { checkFingerprint, emitStun, isMalformedStun, parseStun, type StunPacket } from './codec.js';
import { looksLikeStun } from './demux.js';
import { addressOf, errorOf, textOf, type StunClass } from './message.js';

const local = { address: '198.51.100.1', port: 3478, family: 4 } as const;
const from = { address: '192.0.2.1', port: 32853, family: 4 } as const;
const ID = '0123456789abcdef01234567';

function ask(bytes: Uint8Array, options: BindingServerOptions = {}): BindingServerOut {
  const out: BindingServerOut[] = [];
  new BindingServer(options).handle({ kind: 'datagram', local, from, bytes, cause: 7 as Cause }, 0 as Nanos, out);
  expect(out).toHaveLength(1);
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
    const packet = answer(ask(message('request', [{ name: 'unknown', code: 0x7f01, bytes: new Uint8Array(3) }, { name: 'unknown', code: 0x8f01, bytes: new Uint8Array(0) }])));
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
    ['a wrong fingerprint', emitStun({ class: 'request', method: 1, transaction: ID, attributes: [{ name: 'unknown', code: 0x8028, bytes: new Uint8Array(4) }] }), 'stun-fingerprint'],
  ])('discards %s', (_name, bytes, why) => {
    expect(ask(bytes)).toEqual({ kind: 'discard', why, cause: 7 });
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
