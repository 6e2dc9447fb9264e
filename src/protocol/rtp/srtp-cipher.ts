/**
 * The cryptography of SRTP: key derivation (RFC 3711 section 4.3), AES counter mode with HMAC-SHA1 (4.1.1, 4.2.1) and
 * AES-GCM (RFC 7714). Pure transforms of ranges; indices, replay and streams are the business of `srtp.ts`.
 *
 * Cost: counter mode keeps one ECB cipher for its key stream, so a packet costs its key stream's buffer and an HMAC
 * object; GCM takes a cipher object per packet. Plain RTP pays nothing of it: this file is loaded by those who encrypt.
 * @module
 */
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual, type Cipher } from 'node:crypto';
import { setU32 } from '../../wire/bytes.js';
import { SUITES, type Suite } from './sdes.js';

/** Key stream of AES in counter mode: E(k, IV), E(k, IV + 1 mod 2^128), ... */
class CounterMode {
  readonly #ecb: Cipher;
  #blocks = new Uint8Array(16 * 16);

  constructor(key: Uint8Array) {
    this.#ecb = createCipheriv('aes-128-ecb', key, null);
    this.#ecb.setAutoPadding(false);
  }

  /** The stream for `n` octets. @param iv 16 octets of which the last two are the block counter, zero */
  stream(iv: Uint8Array, n: number): Uint8Array {
    const count = (n + 15) >>> 4;
    if (count * 16 > this.#blocks.length) this.#blocks = new Uint8Array(count * 16);
    for (let i = 0; i < count; i++) {
      this.#blocks.set(iv, i * 16);
      this.#blocks[i * 16 + 14] = i >>> 8;
      this.#blocks[i * 16 + 15] = i;
    }
    return this.#ecb.update(this.#blocks.subarray(0, count * 16));
  }
}

/** Key derivation with a derivation rate of zero. @param salt 14 octets @param label 0..5, RFC 3711 4.3.2 */
export function derive(masterKey: Uint8Array, salt: Uint8Array, label: number, length: number): Uint8Array {
  const x = new Uint8Array(16);
  x.set(salt);
  x[7] = (x[7] as number) ^ label;
  return new Uint8Array(new CounterMode(masterKey).stream(x, length).subarray(0, length));
}

export interface SessionKeys {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  /** Of HMAC-SHA1; empty for AEAD. */
  readonly authentication: Uint8Array;
}

/** The session keys of RTP (labels 0, 1, 2) or RTCP (3, 4, 5) from an SDES key. */
export function sessionKeys(suite: Suite, masterKeyAndSalt: Uint8Array, rtcp: boolean): SessionKeys {
  const { keyLength, saltLength } = SUITES[suite];
  const masterKey = masterKeyAndSalt.subarray(0, keyLength);
  // RFC 7714 section 11: a 96-bit salt is multiplied by 2^16, i.e. padded with zeros at its end.
  const salt = new Uint8Array(14);
  salt.set(masterKeyAndSalt.subarray(keyLength, keyLength + saltLength));
  const base = rtcp ? 3 : 0;
  return {
    key: derive(masterKey, salt, base, keyLength),
    authentication: suite === 'AEAD_AES_128_GCM' ? new Uint8Array() : derive(masterKey, salt, base + 1, 20),
    salt: derive(masterKey, salt, base + 2, saltLength),
  };
}

/** How one direction's RTP, or RTCP, is protected. All calls read `b` and write `out`, which must not overlap. */
export interface Transform {
  readonly tagLength: number;
  /**
   * @param header octets that stay clear
   * @param n octets of header and plaintext; `out` gets them, and the tag behind them
   * @param index RTP: 48 bits (roll-over counter, sequence number); RTCP: 31 bits
   * @param trailer authenticated after the packet: the roll-over counter, or RTCP's E bit and index; 4 octets
   */
  seal(b: Uint8Array, o: number, header: number, n: number, ssrc: number, index: number, trailer: Uint8Array, out: Uint8Array, at: number): void;
  /** The inverse; the tag stands at `tagAt`. False when it is not authentic: `out` is then not to be used. */
  open(
    b: Uint8Array,
    o: number,
    header: number,
    n: number,
    tagAt: number,
    ssrc: number,
    index: number,
    trailer: Uint8Array,
    out: Uint8Array,
    at: number,
  ): boolean;
}

export class CounterModeHmac implements Transform {
  readonly tagLength: number;
  readonly #keys: SessionKeys;
  readonly #mode: CounterMode;
  readonly #iv = new Uint8Array(16);

  constructor(keys: SessionKeys, tagLength: number) {
    this.#keys = keys;
    this.#mode = new CounterMode(keys.key);
    this.tagLength = tagLength;
  }

  /** (k_s * 2^16) XOR (SSRC * 2^64) XOR (i * 2^16), RFC 3711 4.1.1. */
  #crypt(b: Uint8Array, o: number, n: number, ssrc: number, index: number, out: Uint8Array, at: number): void {
    const iv = this.#iv;
    iv.fill(0);
    setU32(iv, 4, ssrc);
    setU32(iv, 8, Math.floor(index / 65536));
    iv[12] = (index % 65536) >>> 8;
    iv[13] = index % 256;
    for (let i = 0; i < 14; i++) iv[i] = (iv[i] as number) ^ (this.#keys.salt[i] as number);
    const stream = this.#mode.stream(iv, n);
    for (let i = 0; i < n; i++) out[at + i] = (b[o + i] as number) ^ (stream[i] as number);
  }

  #tag(b: Uint8Array, o: number, n: number, trailer: Uint8Array): Uint8Array {
    return createHmac('sha1', this.#keys.authentication)
      .update(b.subarray(o, o + n))
      .update(trailer)
      .digest()
      .subarray(0, this.tagLength);
  }

  seal(b: Uint8Array, o: number, header: number, n: number, ssrc: number, index: number, trailer: Uint8Array, out: Uint8Array, at: number): void {
    out.set(b.subarray(o, o + header), at);
    this.#crypt(b, o + header, n - header, ssrc, index, out, at + header);
    out.set(this.#tag(out, at, n, trailer), at + n);
  }

  open(
    b: Uint8Array,
    o: number,
    header: number,
    n: number,
    tagAt: number,
    ssrc: number,
    index: number,
    trailer: Uint8Array,
    out: Uint8Array,
    at: number,
  ): boolean {
    if (!timingSafeEqual(this.#tag(b, o, n, trailer), b.subarray(tagAt, tagAt + this.tagLength))) return false;
    out.set(b.subarray(o, o + header), at);
    this.#crypt(b, o + header, n - header, ssrc, index, out, at + header);
    return true;
  }
}

const GCM = { authTagLength: 16 } as const;

export class Gcm implements Transform {
  readonly tagLength = 16;
  readonly #keys: SessionKeys;
  readonly #rtcp: boolean;
  readonly #iv = new Uint8Array(12);

  constructor(keys: SessionKeys, rtcp: boolean) {
    this.#keys = keys;
    this.#rtcp = rtcp;
  }

  /** RFC 7714 8.1 (RTP: 00 00, SSRC, ROC, SEQ) and 9.1 (RTCP: 00 00, SSRC, 00 00, index), each XOR the salt. */
  #nonce(ssrc: number, index: number): Uint8Array {
    const iv = this.#iv;
    iv.fill(0);
    setU32(iv, 2, ssrc);
    if (this.#rtcp) setU32(iv, 8, index);
    else {
      setU32(iv, 6, Math.floor(index / 65536));
      iv[10] = (index % 65536) >>> 8;
      iv[11] = index % 256;
    }
    for (let i = 0; i < 12; i++) iv[i] = (iv[i] as number) ^ (this.#keys.salt[i] as number);
    return iv;
  }

  /** RTP authenticates its header; RTCP its first eight octets with the E bit and index (RFC 7714 8.2, 9.2). */
  #associated(b: Uint8Array, o: number, header: number, trailer: Uint8Array): Uint8Array {
    if (!this.#rtcp) return b.subarray(o, o + header);
    const aad = new Uint8Array(header + 4);
    aad.set(b.subarray(o, o + header));
    aad.set(trailer, header);
    return aad;
  }

  seal(b: Uint8Array, o: number, header: number, n: number, ssrc: number, index: number, trailer: Uint8Array, out: Uint8Array, at: number): void {
    const cipher = createCipheriv('aes-128-gcm', this.#keys.key, this.#nonce(ssrc, index), GCM);
    cipher.setAAD(this.#associated(b, o, header, trailer));
    out.set(b.subarray(o, o + header), at);
    out.set(cipher.update(b.subarray(o + header, o + n)), at + header);
    cipher.final();
    out.set(cipher.getAuthTag(), at + n);
  }

  open(
    b: Uint8Array,
    o: number,
    header: number,
    n: number,
    tagAt: number,
    ssrc: number,
    index: number,
    trailer: Uint8Array,
    out: Uint8Array,
    at: number,
  ): boolean {
    const decipher = createDecipheriv('aes-128-gcm', this.#keys.key, this.#nonce(ssrc, index), GCM);
    decipher.setAAD(this.#associated(b, o, header, trailer));
    decipher.setAuthTag(b.subarray(tagAt, tagAt + 16));
    const plain = decipher.update(b.subarray(o + header, o + n));
    try {
      decipher.final();
    } catch {
      // The only thing that `final` of a GCM decipher can complain of is the tag.
      return false;
    }
    out.set(b.subarray(o, o + header), at);
    out.set(plain, at + header);
    return true;
  }
}

/** @param rtcp RTCP has a tag of 80 bits in both HMAC suites (RFC 4568 section 6.2.2) */
export function transformOf(suite: Suite, keys: SessionKeys, rtcp: boolean): Transform {
  switch (suite) {
    case 'AES_CM_128_HMAC_SHA1_80':
      return new CounterModeHmac(keys, 10);
    case 'AES_CM_128_HMAC_SHA1_32':
      return new CounterModeHmac(keys, rtcp ? 10 : 4);
    case 'AEAD_AES_128_GCM':
      return new Gcm(keys, rtcp);
  }
}
