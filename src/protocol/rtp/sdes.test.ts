import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import * as sdes from './sdes.js';

describe('a=crypto', () => {
  it.each([
    // RFC 4568 sections 5.1 and 6.1
    '1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 FEC_ORDER=FEC_SRTP',
    '1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:32',
    '2 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj|1048576',
    '1 AES_CM_128_HMAC_SHA1_32 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj',
    '1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|1:4',
    '3 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0OD1F1aWQgcHJvIHF1bw==',
  ])('%s reads and writes', (text) => {
    const parsed = sdes.parseCrypto(text);
    expect(parsed && sdes.formatCrypto(parsed)).toBe(text);
    expect(sdes.parseCrypto(`a=crypto:${text}`)).toEqual(parsed);
  });

  it('gives the parts', () => {
    const v = sdes.parseCrypto('1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 FEC_ORDER=FEC_SRTP');
    expect(v).toMatchObject({
      tag: 1,
      suite: 'AES_CM_128_HMAC_SHA1_80',
      lifetime: '2^20',
      mki: { value: 1, length: 4 },
      sessionParameters: ['FEC_ORDER=FEC_SRTP'],
    });
    expect(v?.key.length).toBe(30);
  });

  it.each([
    ['an unknown suite', '1 F8_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz'],
    ['a suite called like a property', '1 toString inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz'],
    ['a key too short', '1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVu'],
    ['a key of the other length', '1 AEAD_AES_128_GCM inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz'],
    ['no base64', '1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubG!z'],
    ['another method', '1 AES_CM_128_HMAC_SHA1_80 uri:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz'],
    ['two keys', '1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|1:4;inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2:4'],
    ['parts the wrong way round', '1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|1:4|2^20'],
    ['no tag', 'AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz'],
    ['a tag with a leading zero', '01 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz'],
    ['a key identifier of 0 octets', '1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|1:0'],
  ])('refuses %s', (_, text) => {
    expect(sdes.parseCrypto(text)).toBeUndefined();
  });

  it('new keys have the right length and differ; the same seed gives the same key', () => {
    const make = (seed: number) => sdes.newCrypto(1, 'AEAD_AES_128_GCM', randomRoot(seed).stream('node:alice:srtp'));
    expect(make(1).key.length).toBe(28);
    expect(make(1)).toEqual(make(1));
    expect(make(1)).not.toEqual(make(2));
    expect(sdes.parseCrypto(sdes.formatCrypto(make(1)))).toEqual(make(1));
  });

  it('the answerer takes the first line that it can honour', () => {
    const rng = randomRoot(1).stream('x');
    const a = { ...sdes.newCrypto(1, 'AEAD_AES_128_GCM', rng), mki: { value: 1, length: 4 } };
    const b = { ...sdes.newCrypto(2, 'AES_CM_128_HMAC_SHA1_80', rng), sessionParameters: ['UNENCRYPTED_SRTP'] };
    const c = { ...sdes.newCrypto(3, 'AES_CM_128_HMAC_SHA1_32', rng), sessionParameters: ['-optional'] };
    const accepted = ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32', 'AEAD_AES_128_GCM'] as const;
    expect(sdes.chooseCrypto([a, b, c], accepted)).toBe(c);
    expect(sdes.chooseCrypto([a, b], accepted)).toBeUndefined();
    expect(sdes.chooseCrypto([c], ['AEAD_AES_128_GCM'])).toBeUndefined();
  });
});
