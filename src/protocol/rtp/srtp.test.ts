import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtectionProfileAeadAes128Gcm, ProtectionProfileAes128CmHmacSha1_80, RtpHeader, SrtcpSession, SrtpSession } from 'werift-rtp';
import { hex } from '../../wire/bytes.js';
import * as rtp from './rtp.js';
import { SUITES, type Suite } from './sdes.js';
import { FAILURE, SrtpContext, srtpFailure } from './srtp.js';

const suites = Object.keys(SUITES) as Suite[];
const keyOf = (suite: Suite): Uint8Array => Uint8Array.from({ length: SUITES[suite].keyLength + SUITES[suite].saltLength }, (_, i) => i * 7 + 1);
const ROOM = 64;

function packet(seq: number, ssrc = 0x12345678, size = 160): Uint8Array {
  const b = new Uint8Array(12 + size);
  rtp.writeHeader(b, 0, false, 0, seq, seq * 160, ssrc);
  for (let i = 0; i < size; i++) b[12 + i] = (seq + i) & 0xff;
  return b;
}
const REPORT = hex('80c90001 00000001 81ca0003 00000001 01056140622e6300 81cb0001 00000001');

function seal(context: SrtpContext, b: Uint8Array, kind: 'rtp' | 'rtcp' = 'rtp'): Uint8Array {
  const out = new Uint8Array(b.length + ROOM);
  const n = kind === 'rtp' ? context.protectRtp(b, 0, b.length, out, 0) : context.protectRtcp(b, 0, b.length, out, 0);
  return out.slice(0, n);
}
function open(context: SrtpContext, b: Uint8Array, kind: 'rtp' | 'rtcp' = 'rtp'): Uint8Array | string {
  const out = new Uint8Array(b.length);
  const n = kind === 'rtp' ? context.unprotectRtp(b, 0, b.length, out, 0) : context.unprotectRtcp(b, 0, b.length, out, 0);
  return srtpFailure(n) ?? out.slice(0, n);
}

describe('srtp', () => {
  it('the reference packet of libsrtp (srtp_driver.c)', () => {
    const key = hex('e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6');
    const plain = hex('800f1234decafbadcafebabe abababababababababababababababab');
    expect(seal(new SrtpContext('AES_CM_128_HMAC_SHA1_80', key), plain)).toEqual(
      hex('800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb'),
    );
  });

  it.each(suites)('%s: RTP and RTCP there and back, at an offset, with the right growth', (suite) => {
    const [a, b] = [new SrtpContext(suite, keyOf(suite)), new SrtpContext(suite, keyOf(suite))];
    const growth = { AES_CM_128_HMAC_SHA1_80: 10, AES_CM_128_HMAC_SHA1_32: 4, AEAD_AES_128_GCM: 16 }[suite];
    const plain = new Uint8Array(200).fill(0x5a);
    plain.set(packet(7), 3);
    const sealed = new Uint8Array(300).fill(0xa5);
    expect(a.protectRtp(plain, 3, 172, sealed, 5)).toBe(172 + growth);
    expect(a.rtpOverhead).toBe(growth);
    expect([sealed[4], sealed[5 + 172 + growth]]).toEqual([0xa5, 0xa5]);
    const back = new Uint8Array(300).fill(0xa5);
    expect(b.unprotectRtp(sealed, 5, 172 + growth, back, 1)).toBe(172);
    expect(back.subarray(1, 173)).toEqual(packet(7));
    expect(sealed.subarray(17, 177)).not.toEqual(packet(7).subarray(12));

    const report = seal(a, REPORT, 'rtcp');
    // The tag of RTCP is 80 bits in both HMAC suites (RFC 4568 6.2.2).
    expect(report.length).toBe(REPORT.length + 4 + (suite === 'AEAD_AES_128_GCM' ? 16 : 10));
    expect(open(b, report, 'rtcp')).toEqual(REPORT);
  });

  it.each(suites)('%s: any flipped bit is noticed, and leaves the context as it was', (suite) => {
    const [a, b] = [new SrtpContext(suite, keyOf(suite)), new SrtpContext(suite, keyOf(suite))];
    const sealed = seal(a, packet(1, 9, 20));
    const report = seal(a, REPORT, 'rtcp');
    for (let bit = 0; bit < sealed.length * 8; bit += 5) {
      const bad = sealed.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expect(['authentication', 'malformed']).toContain(open(b, bad));
    }
    for (let bit = 64; bit < report.length * 8; bit += 5) {
      const bad = report.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expect(['authentication', 'unencrypted']).toContain(open(b, bad, 'rtcp'));
    }
    expect(open(b, sealed)).toEqual(packet(1, 9, 20));
    expect(open(b, report, 'rtcp')).toEqual(REPORT);
  });

  it.each(suites)('%s: another key is an authentication failure', (suite) => {
    const other = keyOf(suite).map((v) => v ^ 1);
    expect(open(new SrtpContext(suite, other), seal(new SrtpContext(suite, keyOf(suite)), packet(1)))).toBe('authentication');
  });

  it('replays, and what is older than the window, are refused; a reader may let them through', () => {
    const suite = 'AES_CM_128_HMAC_SHA1_80';
    const a = new SrtpContext(suite, keyOf(suite));
    const b = new SrtpContext(suite, keyOf(suite));
    const reader = new SrtpContext(suite, keyOf(suite), { replayWindow: 0 });
    const first = seal(a, packet(100));
    const late = seal(a, packet(101));
    const next = seal(a, packet(102));
    expect([first, next, late].map((p) => typeof open(b, p))).toEqual(['object', 'object', 'object']);
    expect([first, next, late].map((p) => open(b, p))).toEqual(['replayed', 'replayed', 'replayed']);
    expect(typeof open(b, seal(a, packet(230)))).toBe('object');
    expect(open(b, late)).toBe('too-old');
    expect([first, first].map((p) => typeof open(reader, p))).toEqual(['object', 'object']);
    const report = seal(a, REPORT, 'rtcp');
    expect(open(b, report, 'rtcp')).toEqual(REPORT);
    expect(open(b, report, 'rtcp')).toBe('replayed');
    expect([report, report].map((p) => typeof open(reader, p, 'rtcp'))).toEqual(['object', 'object']);
  });

  it('sequence numbers wrap under any loss and reordering that the estimate of RFC 3711 3.3.1 can bear', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...suites),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 16000 }), fc.boolean()), { minLength: 5, maxLength: 30 }),
        (suite, steps) => {
          const [a, b] = [new SrtpContext(suite, keyOf(suite)), new SrtpContext(suite, keyOf(suite))];
          let seq = 30000;
          let held: [Uint8Array, Uint8Array] | null = null;
          // Two steps at most lie between what is received: below 2^15, which is what the estimate tells apart.
          for (const [step, hold] of [[0, false] as const, ...steps]) {
            // What lies between was sent and lost: the sender still counts it.
            for (let skip = seq + 4000; skip < seq + step; skip += 4000) seal(a, packet(skip & 0xffff, 1, 4));
            seq += step;
            const plain = packet(seq & 0xffff, 1, 4);
            const sealed = seal(a, plain);
            if (hold && held === null) {
              held = [plain, sealed];
              seal(a, packet((seq + 1) & 0xffff, 1, 4));
              continue;
            }
            expect(open(b, sealed)).toEqual(plain);
            if (held !== null) {
              const verdict = open(b, held[1]);
              if (typeof verdict !== 'string') expect(verdict).toEqual(held[0]);
              else expect(verdict).toBe('too-old');
              held = null;
            }
          }
        },
      ),
      { seed: 33, numRuns: 60 },
    );
  });

  it('a packet from before the first, across zero, is too old', () => {
    const suite = 'AES_CM_128_HMAC_SHA1_80';
    const b = new SrtpContext(suite, keyOf(suite));
    open(b, seal(new SrtpContext(suite, keyOf(suite)), packet(3)));
    expect(open(b, seal(new SrtpContext(suite, keyOf(suite)), packet(65535)))).toBe('too-old');
  });

  it('what is too short or no RTP is malformed, and never throws', () => {
    for (const suite of suites) {
      const b = new SrtpContext(suite, keyOf(suite));
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
          expect(typeof open(b, bytes)).toBe('string');
          expect(typeof open(b, bytes, 'rtcp')).toBe('string');
        }),
        { seed: 1, numRuns: 100 },
      );
      expect(open(b, new Uint8Array(12))).toBe('malformed');
      expect(b.protectRtp(new Uint8Array(11), 0, 11, new Uint8Array(64), 0)).toBe(FAILURE.MALFORMED);
      expect(b.protectRtcp(new Uint8Array(7), 0, 7, new Uint8Array(64), 0)).toBe(FAILURE.MALFORMED);
    }
    expect(srtpFailure(0)).toBeNull();
  });

  it.each([
    ['AES_CM_128_HMAC_SHA1_80', ProtectionProfileAes128CmHmacSha1_80],
    ['AEAD_AES_128_GCM', ProtectionProfileAeadAes128Gcm],
  ] as const)('%s: werift reads ours and we read werift’s', (suite, profile) => {
    const key = keyOf(suite);
    const masterKey = Buffer.from(key.subarray(0, 16));
    const masterSalt = Buffer.from(key.subarray(16));
    const keys = { localMasterKey: masterKey, localMasterSalt: masterSalt, remoteMasterKey: masterKey, remoteMasterSalt: masterSalt };
    const peer = new SrtpSession({ keys, profile });
    const peerRtcp = new SrtcpSession({ keys, profile });
    const ours = new SrtpContext(suite, key);
    const reader = new SrtpContext(suite, key);
    for (const seq of [65534, 65535, 0, 1]) {
      const plain = packet(seq);
      expect(new Uint8Array(peer.decrypt(Buffer.from(seal(ours, plain))))).toEqual(plain);
      expect(open(reader, new Uint8Array(peer.encrypt(Buffer.from(plain.subarray(12)), RtpHeader.deSerialize(Buffer.from(plain)))))).toEqual(plain);
    }
    for (let i = 0; i < 3; i++) {
      expect(new Uint8Array(peerRtcp.decrypt(Buffer.from(seal(ours, REPORT, 'rtcp'))))).toEqual(REPORT);
      expect(open(reader, new Uint8Array(peerRtcp.encrypt(Buffer.from(REPORT))), 'rtcp')).toEqual(REPORT);
    }
  });
});
