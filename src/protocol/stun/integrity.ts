/**
 * Keys and checks of STUN messages: HMAC-SHA1 and HMAC-SHA256 integrity, CRC-32 fingerprint.
 * RFC 8489 sections 14.5 to 14.7 and 9. Synchronous, so that a machine can run within one event.
 * @module
 */
import { createHash, createHmac } from 'node:crypto';

const encoder = new TextEncoder();

/** XORed into the CRC, so that a message with a CRC of its own underneath is told apart ("STUN"). */
export const FINGERPRINT_XOR = 0x5354554e;

/** Short-term key: the password itself (RFC 8489 section 9.1.1). Passwords of ICE are ASCII, so no string preparation. */
export function shortTermKey(password: string): Uint8Array {
  return encoder.encode(password);
}

/** Long-term key: MD5 of `user:realm:password` (RFC 8489 section 9.2.2). The password must be prepared (RFC 8265). */
export function longTermKey(username: string, realm: string, password: string): Uint8Array {
  return new Uint8Array(createHash('md5').update(`${username}:${realm}:${password}`, 'utf8').digest());
}

export function hmac(algorithm: 'sha1' | 'sha256', key: Uint8Array, covered: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac(algorithm, key).update(covered).digest());
}

const CRC_TABLE = crcTable();

function crcTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = (c & 1) === 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    table[n] = c >>> 0;
  }
  return table;
}

/** CRC-32 of ITU-T V.42 (ISO 3309), as zlib's. */
export function crc32(bytes: Uint8Array, off = 0, len = bytes.length - off): number {
  let c = 0xffffffff;
  for (let i = off; i < off + len; i++) c = (CRC_TABLE[(c ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

export function fingerprint(bytes: Uint8Array, len: number): number {
  return (crc32(bytes, 0, len) ^ FINGERPRINT_XOR) >>> 0;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
