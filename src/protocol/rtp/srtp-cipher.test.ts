import { describe, expect, it } from 'vitest';
import { hex } from '../../wire/bytes.js';
import { CounterModeHmac, derive, Gcm, sessionKeys } from './srtp-cipher.js';

describe('key derivation', () => {
  it('RFC 3711 B.3', () => {
    const master = hex('E1F97A0D3E018BE0D64FA32C06DE4139');
    const salt = hex('0EC675AD498AFEEBB6960B3AABE6');
    expect(derive(master, salt, 0, 16)).toEqual(hex('C61E7A93744F39EE10734AFE3FF7A087'));
    expect(derive(master, salt, 2, 14)).toEqual(hex('30CBBC08863D8C85D49DB34A9AE1'));
    expect(derive(master, salt, 1, 94)).toEqual(
      hex(`CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175578EF72270986371C10C9A369AC2F94A8C5F
        BCDDDC256D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2`),
    );
    const keys = sessionKeys('AES_CM_128_HMAC_SHA1_80', hex('E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6'), false);
    expect(keys.key).toEqual(hex('C61E7A93744F39EE10734AFE3FF7A087'));
    expect(keys.authentication).toEqual(hex('CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4'));
  });
});

describe('counter mode', () => {
  it('RFC 3711 B.2: the key stream, which is what zeros become', () => {
    const keys = { key: hex('2B7E151628AED2A6ABF7158809CF4F3C'), salt: hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD'), authentication: new Uint8Array(20) };
    const out = new Uint8Array(58);
    new CounterModeHmac(keys, 10).seal(new Uint8Array(48), 0, 0, 48, 0, 0, new Uint8Array(4), out, 0);
    expect(out.subarray(0, 48)).toEqual(hex('E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0'));
  });

  it('takes packets longer than its first buffer', () => {
    const keys = sessionKeys('AES_CM_128_HMAC_SHA1_80', new Uint8Array(30), false);
    const mode = new CounterModeHmac(keys, 10);
    const plain = Uint8Array.from({ length: 1400 }, (_, i) => i);
    const sealed = new Uint8Array(1410);
    mode.seal(plain, 0, 12, 1400, 1, 2, new Uint8Array(4), sealed, 0);
    const opened = new Uint8Array(1400);
    expect(mode.open(sealed, 0, 12, 1400, 1400, 1, 2, new Uint8Array(4), opened, 0)).toBe(true);
    expect(opened).toEqual(plain);
  });
});

describe('GCM', () => {
  const keys = { key: hex('000102030405060708090a0b0c0d0e0f'), salt: hex('517569642070726f2071756f'), authentication: new Uint8Array() };

  it('RFC 7714 16.1.1: SRTP', () => {
    const plain = hex(`8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573`);
    const sealed = hex(`8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833
      899d7f27beb16a9152cf765ee4390cce`);
    const out = new Uint8Array(sealed.length);
    const gcm = new Gcm(keys, false);
    gcm.seal(plain, 0, 12, plain.length, 0x5501a0b2, 0xf17b, new Uint8Array(4), out, 0);
    expect(out).toEqual(sealed);
    const opened = new Uint8Array(plain.length);
    expect(gcm.open(sealed, 0, 12, plain.length, plain.length, 0x5501a0b2, 0xf17b, new Uint8Array(4), opened, 0)).toBe(true);
    expect(opened).toEqual(plain);
  });

  it('RFC 7714 17.1: SRTCP', () => {
    const plain = hex('81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef');
    const sealed = hex(`81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b
      c84aa45896cf4d2fc5abf87245d9eade`);
    const out = new Uint8Array(sealed.length);
    new Gcm(keys, true).seal(plain, 0, 8, plain.length, 0x4d617273, 0x5d4, hex('800005d4'), out, 0);
    expect(out).toEqual(sealed);
  });
});
