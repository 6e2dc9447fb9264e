/**
 * SRTP keys in a capture. No secrets block of pcapng carries SDES keys, so they are events:
 *
 *     at=alice event=srtp-key local=10.0.0.1:50000 remote=[2001:db8::1]:50002 ssrc=305419896
 *         suite=AES_CM_128_HMAC_SHA1_80 inline="WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
 *
 * `inline` is what stands after `inline:` in the SDP (RFC 4568 section 6.1): base64 of master key and salt.
 * @module
 */
import type { Pairs } from './comment.js';

export const SRTP_KEY_EVENT = 'srtp-key';

export interface SrtpKey {
  /** `ADDRESS:PORT`, IPv6 in brackets: of the node that told the key. */
  readonly local: string;
  readonly remote: string;
  readonly ssrc: number;
  /** RFC 4568 crypto suite. */
  readonly suite: string;
  /** Master key and salt. */
  readonly key: Uint8Array;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const n = Math.min(3, bytes.length - i);
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let k = 0; k < 4; k++) text += k <= n ? ALPHABET.charAt((word >>> (18 - 6 * k)) & 63) : '=';
  }
  return text;
}

function fromBase64(text: string): Uint8Array | null {
  const digits = text.replace(/={0,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let word = 0;
  let bits = 0;
  let at = 0;
  for (const digit of digits) {
    word = ((word << 6) | ALPHABET.indexOf(digit)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (word >>> bits) & 0xff;
    }
  }
  return bytes;
}

/** The fields of the event. */
export function formatSrtpKey(key: SrtpKey): Pairs {
  return { local: key.local, remote: key.remote, ssrc: String(key.ssrc), suite: key.suite, inline: toBase64(key.key) };
}

/** Null when the fields are not those of a key. */
export function parseSrtpKey(fields: Pairs): SrtpKey | null {
  const { local, remote, ssrc, suite, inline } = fields;
  const key = fromBase64(inline ?? '');
  if (local === undefined || remote === undefined || suite === undefined || !/^\d{1,10}$/.test(ssrc ?? '') || key === null || key.length === 0) return null;
  return { local, remote, ssrc: Number(ssrc), suite, key };
}
