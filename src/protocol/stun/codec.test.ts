import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import type { StunAttribute } from './attribute.js';
import { checkFingerprint, checkIntegrity, checkIntegritySha256, emitStun, isMalformedStun, parseStun, type StunPacket } from './codec.js';
import { crc32, longTermKey, shortTermKey } from './integrity.js';
import { addressOf, classAndMethod, errorOf, hexOf, messageType, numberOf, STUN_CLASSES, textOf } from './message.js';

const hex = (text: string): Uint8Array => Uint8Array.from(must(text.replace(/\s+/g, '').match(/../g), 'hex'), (h) => parseInt(h, 16));

function parsed(bytes: Uint8Array): StunPacket {
  const packet = parseStun(bytes, 0, bytes.length);
  if (isMalformedStun(packet)) throw new Error(`${packet.at}: ${packet.why}`);
  return packet;
}

/** RFC 5769; the SHA-1 and CRC inside prove the transcription. */
const REQUEST = hex(`00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74
  00240004 6e0001ff 80290008 932ff9b151263b36 00060009 6576746a3a6836765920202000080014
  9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf`);
const RESPONSE4 = hex(`0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 00200008 0001a147e112a643
  00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96`);
const RESPONSE6 = hex(`01010048 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 00200014 0002a147
  0113a9faa5d3f179bc25f4b5bed2b9d9 00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c`);
const LONG_TERM = hex(`00010060 2112a442 78ad3433c6ad72c029da412e 00060012 e3839ee38388e383aae38383e382afe382b90000
  0015001c 662f2f3439396b39353464364f4c33346f4c394653547679363473 41 0014000b 6578616d706c652e6f726700
  00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666`);
const KEY = shortTermKey('VOkJxbRl1RmTxUk/WvJxBt');

describe('RFC 5769 vectors', () => {
  it('2.1 sample request', () => {
    const p = parsed(REQUEST);
    expect([p.class, p.method, p.transaction]).toEqual(['request', 1, 'b7e7a701bc34d686fa87dfae']);
    expect(textOf(p, 'software')).toBe('STUN test client');
    expect(textOf(p, 'username')).toBe('evtj:h6vY');
    expect(numberOf(p, 'priority')).toBe(0x6e0001ff);
    expect(hexOf(p, 'ice-controlled')).toBe('932ff9b151263b36');
    expect(checkIntegrity(p, KEY)).toBe(true);
    expect(checkFingerprint(p)).toBe('right');
    expect(emitStun(p, { integrity: KEY, fingerprint: true, padding: 0x20 })).toEqual(REQUEST);
  });

  it('2.2 sample IPv4 response', () => {
    const p = parsed(RESPONSE4);
    expect([p.class, textOf(p, 'software')]).toEqual(['success', 'test vector']);
    expect(addressOf(p, 'xor-mapped-address')).toEqual({ address: '192.0.2.1', port: 32853, family: 4 });
    expect([checkIntegrity(p, KEY), checkFingerprint(p)]).toEqual([true, 'right']);
    expect(emitStun(p, { integrity: KEY, fingerprint: true, padding: 0x20 })).toEqual(RESPONSE4);
  });

  it('2.3 sample IPv6 response', () => {
    const p = parsed(RESPONSE6);
    expect(addressOf(p, 'xor-mapped-address')).toEqual({ address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32853, family: 6 });
    expect([checkIntegrity(p, KEY), checkFingerprint(p)]).toEqual([true, 'right']);
    expect(emitStun(p, { integrity: KEY, fingerprint: true, padding: 0x20 })).toEqual(RESPONSE6);
  });

  it('2.4 sample request with long-term authentication', () => {
    const p = parsed(LONG_TERM);
    const username = must(textOf(p, 'username'), 'username');
    expect(username).toBe('\u30de\u30c8\u30ea\u30c3\u30af\u30b9');
    expect(textOf(p, 'nonce')).toBe('f//499k954d6OL34oL9FSTvy64sA');
    expect(textOf(p, 'realm')).toBe('example.org');
    const key = longTermKey(username, 'example.org', 'TheMatrIX');
    expect([checkIntegrity(p, key), checkFingerprint(p)]).toEqual([true, 'absent']);
    expect(emitStun(p, { integrity: key })).toEqual(LONG_TERM);
  });

  it('a wrong password and a changed octet are noticed', () => {
    expect(checkIntegrity(parsed(REQUEST), shortTermKey('other'))).toBe(false);
    const bent = REQUEST.slice();
    bent[30] = (bent[30] ?? 0) ^ 1;
    expect([checkIntegrity(parsed(bent), KEY), checkFingerprint(parsed(bent))]).toEqual([false, 'wrong']);
  });
});

describe('message type (RFC 8489 section 5, figure 3)', () => {
  it('Binding is 0001 0011 0101 0111', () => {
    expect(STUN_CLASSES.map((c) => messageType(c, 1))).toEqual([0x0001, 0x0011, 0x0101, 0x0111]);
  });

  it('holds 12 bits of method and 2 of class', () => {
    for (let method = 0; method < 0x1000; method += 7) {
      for (const c of STUN_CLASSES) expect(classAndMethod(messageType(c, method))).toEqual({ class: c, method });
    }
  });
});

describe('integrity', () => {
  it('CRC-32 of "123456789" is cbf43926 (ITU-T V.42)', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('MESSAGE-INTEGRITY-SHA256 covers what stands before it; what follows is ignored (14.5, 14.6)', () => {
    const bytes = emitStun(
      { class: 'request', method: 1, transaction: '0'.repeat(24), attributes: [{ name: 'username', text: 'a:b' }] },
      { integrity: KEY, integritySha256: KEY, fingerprint: true },
    );
    const p = parsed(bytes);
    expect([checkIntegrity(p, KEY), checkIntegritySha256(p, KEY), checkFingerprint(p)]).toEqual([true, true, 'right']);
    expect(checkIntegritySha256(p, shortTermKey('x'))).toBe(false);
    const late = emitStun({ class: 'request', method: 1, transaction: '0'.repeat(24), attributes: [] }, { integrity: KEY });
    const more = new Uint8Array(late.length + 8);
    more.set(late);
    more.set([0x00, 0x25, 0, 0, 0x00, 0x25, 0, 0], late.length);
    more[3] = more.length - 20;
    expect(parsed(more).attributes).toEqual([]);
    expect(checkIntegrity(parsed(more), KEY)).toBe(true);
  });
});

describe('malformed messages say what is wrong', () => {
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['short', hex('0001'), 'less than the header'],
    ['not STUN', hex('80010000 2112a442 000000000000000000000000'), 'first two bits'],
    ['RFC 3489', hex('00010000 2112a443 000000000000000000000000'), 'magic cookie'],
    ['odd length', hex('00010002 2112a442 000000000000000000000000 0000'), 'multiple of 4'],
    ['length too large', hex('00010008 2112a442 000000000000000000000000 80220000'), 'length says 28'],
    ['attribute over the end', hex('00010004 2112a442 000000000000000000000000 80220001'), 'runs over the end'],
    ['family 3', hex('0101000c 2112a442 000000000000000000000000 00200008 0003000000000000'), 'family 3'],
    ['PRIORITY of 2', hex('00010008 2112a442 000000000000000000000000 00240002 00000000'), 'priority of 2'],
    ['not UTF-8', hex('00010008 2112a442 000000000000000000000000 00060001 ff000000'), 'not UTF-8'],
    ['error 200', hex('01110008 2112a442 000000000000000000000000 00090004 00000200'), 'error-code 2/0'],
    ['after FINGERPRINT', hex('0001000c 2112a442 000000000000000000000000 80280004 00000000 80220000'), 'not the last'],
  ];
  it.each(cases)('%s', (_name, bytes, why) => {
    const result = parseStun(bytes, 0, bytes.length);
    expect(isMalformedStun(result) && result.why).toContain(why);
  });

  it('every cut of a good message is malformed', () => {
    for (let n = 0; n < REQUEST.length; n++) expect(isMalformedStun(parseStun(REQUEST, 0, n))).toBe(true);
  });

  it('no input makes the parser throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(107), fc.nat(255), (noise, at, value) => {
        parseStun(noise, 0, noise.length);
        const bent = REQUEST.slice();
        bent[at] = value;
        const p = parseStun(bent, 0, bent.length);
        if (!isMalformedStun(p)) checkIntegrity(p, KEY);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

const address = fc.oneof(
  fc.record({ address: fc.ipV4(), port: fc.nat(65535), family: fc.constant(4 as const) }),
  fc.record({ address: fc.constantFrom('2001:db8::1', 'fe80::1:2', '::1', '2001:db8:1:2:3:4:5:6'), port: fc.nat(65535), family: fc.constant(6 as const) }),
);
const attribute: fc.Arbitrary<StunAttribute> = fc.oneof(
  fc.record({ name: fc.constantFrom('mapped-address', 'xor-mapped-address', 'xor-peer-address', 'alternate-server', 'other-address'), address }),
  fc.record({ name: fc.constantFrom('username', 'realm', 'nonce', 'software'), text: fc.string({ maxLength: 40, unit: 'grapheme' }) }),
  fc.record({ name: fc.constantFrom('priority', 'lifetime'), value: fc.nat(0xffffffff) }),
  fc.record({ name: fc.constant('channel-number' as const), value: fc.nat(0xffff) }),
  fc.record({ name: fc.constant('requested-transport' as const), value: fc.nat(0xff) }),
  fc.record({ name: fc.constantFrom('ice-controlling', 'ice-controlled'), hex: fc.stringMatching(/^[0-9a-f]{16}$/) }),
  fc.record({ name: fc.constantFrom('use-candidate', 'dont-fragment') }),
  fc.record({ name: fc.constantFrom('data', 'reservation-token'), bytes: fc.uint8Array({ maxLength: 30 }) }),
  fc.record({ name: fc.constant('error-code' as const), code: fc.integer({ min: 300, max: 699 }), reason: fc.string({ maxLength: 20 }) }),
  fc.record({ name: fc.constant('unknown-attributes' as const), types: fc.array(fc.nat(0xffff), { maxLength: 5 }) }),
  fc.record({ name: fc.constant('unknown' as const), code: fc.integer({ min: 0x8100, max: 0x81ff }), bytes: fc.uint8Array({ maxLength: 9 }) }),
);

describe('round trip', () => {
  it('any message comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...STUN_CLASSES),
        fc.nat(0xfff),
        fc.stringMatching(/^[0-9a-f]{24}$/),
        fc.array(attribute, { maxLength: 8 }),
        (c, method, transaction, attributes) => {
          const message = { class: c, method, transaction, attributes };
          const p = parsed(emitStun(message, { integrity: KEY, fingerprint: true }));
          expect({ class: p.class, method: p.method, transaction: p.transaction, attributes: p.attributes }).toEqual(message);
          expect([checkIntegrity(p, KEY), checkFingerprint(p)]).toEqual([true, 'right']);
        },
      ),
      { seed: 2, numRuns: 300 },
    );
  });

  it('an error keeps its number and reason', () => {
    const p = parsed(
      emitStun({ class: 'error', method: 1, transaction: '1'.repeat(24), attributes: [{ name: 'error-code', code: 487, reason: 'Role Conflict' }] }),
    );
    expect(errorOf(p)).toMatchObject({ code: 487, reason: 'Role Conflict' });
  });
});
