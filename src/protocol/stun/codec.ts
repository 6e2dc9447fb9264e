/**
 * STUN between bytes and values (RFC 8489 sections 5 and 14). Parsing never throws: what is wrong is said with its place.
 * Messages of RFC 3489, without the magic cookie, are read where they are asked for.
 * Sealing (integrity, fingerprint) belongs to emitting, checking it to the parsed packet, because both cover the bytes.
 *
 * @example
 * const bytes = emitStun({ class: 'request', method: 1, transaction, attributes: [] }, { fingerprint: true });
 * const packet = parseStun(bytes, 0, bytes.length);
 * @module
 */
import { assertInvariant, unreachable } from '../../base/assert.js';
import { attributeCodeOf, attributeNameOf, isComprehensionRequired, STUN_ATTRIBUTES, type AttributeName, type StunAttribute } from './attribute.js';
import { equalBytes, fingerprint, hmac } from './integrity.js';
import { classAndMethod, isClassic, MAGIC_COOKIE, messageType, STUN_HEADER, type StunHeader, type StunMessage } from './message.js';
import { addressBytes, addressText, type TransportAddress } from './transport-address.js';

const ATTRIBUTE_HEADER = 4;
const SHA1_LENGTH = 20;
const SHA256_LENGTH = 32;

export interface StunMalformed {
  readonly malformed: true;
  readonly layer: 'stun';
  /** Offset from the start of the message. */
  readonly at: number;
  readonly why: string;
  /** Present when the header was sound, so that a server can answer 400. */
  readonly header?: StunHeader;
}

/** A parsed message with the bytes that its seals cover. */
export interface StunPacket extends StunMessage {
  /** A copy; the datagram may be gone. */
  readonly bytes: Uint8Array;
  /** Offset of the attribute's header, or -1. */
  readonly integrityAt: number;
  readonly integritySha256At: number;
  readonly fingerprintAt: number;
  /** Codes of attributes that must be understood and that this codec does not know. */
  readonly unknown: readonly number[];
}

export function isMalformedStun(value: StunPacket | StunMalformed): value is StunMalformed {
  return 'malformed' in value;
}

export interface StunSeal {
  /** Key of MESSAGE-INTEGRITY (HMAC-SHA1). */
  readonly integrity?: Uint8Array;
  /** Key of MESSAGE-INTEGRITY-SHA256. */
  readonly integritySha256?: Uint8Array;
  readonly fingerprint?: boolean;
  /** Octet that fills values up to 4. Zero by RFC 8489 section 14; senders of RFC 5389 were free in it. */
  readonly padding?: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

function u16(b: Uint8Array, o: number): number {
  return ((b[o] ?? 0) << 8) | (b[o + 1] ?? 0);
}

function u32(b: Uint8Array, o: number): number {
  return ((u16(b, o) << 16) | u16(b, o + 2)) >>> 0;
}

function hexOfBytes(b: Uint8Array, o: number, n: number): string {
  let text = '';
  for (let i = o; i < o + n; i++) text += (b[i] ?? 0).toString(16).padStart(2, '0');
  return text;
}

function malformed(at: number, why: string, header?: StunHeader): StunMalformed {
  return header === undefined ? { malformed: true, layer: 'stun', at, why } : { malformed: true, layer: 'stun', at, why, header };
}

/** Reads one message that fills `buf[off .. off + len)`. @param accept `classic`: also one of RFC 3489 */
export function parseStun(buf: Uint8Array, off: number, len: number, accept: { readonly classic?: boolean } = {}): StunPacket | StunMalformed {
  if (len < STUN_HEADER) return malformed(0, `${len} octets are less than the header of ${STUN_HEADER}`);
  const bytes = buf.slice(off, off + len);
  const type = u16(bytes, 0);
  if ((type & 0xc000) !== 0) return malformed(0, 'the first two bits are not zero');
  const classic = u32(bytes, 4) !== MAGIC_COOKIE;
  if (classic && accept.classic !== true) return malformed(4, 'no magic cookie');
  const header: StunHeader = { ...classAndMethod(type), transaction: classic ? hexOfBytes(bytes, 4, 16) : hexOfBytes(bytes, 8, 12) };
  const body = u16(bytes, 2);
  if ((body & 3) !== 0) return malformed(2, `length ${body} is no multiple of 4`, header);
  if (body + STUN_HEADER !== len) return malformed(2, `length says ${body + STUN_HEADER} octets, there are ${len}`, header);
  return parseAttributes(bytes, header);
}

function parseAttributes(bytes: Uint8Array, header: StunHeader): StunPacket | StunMalformed {
  const attributes: StunAttribute[] = [];
  const unknown: number[] = [];
  const seals = { integrity: -1, sha256: -1, fingerprint: -1 };
  let at = STUN_HEADER;
  while (at < bytes.length) {
    const code = u16(bytes, at);
    const n = u16(bytes, at + 2);
    const value = at + ATTRIBUTE_HEADER;
    if (value + n > bytes.length) return malformed(at, `attribute 0x${code.toString(16)} of ${n} octets runs over the end`, header);
    if (seals.fingerprint >= 0) return malformed(at, 'FINGERPRINT is not the last attribute', header);
    const why = takeAttribute(bytes, at, code, n, header.transaction, seals, attributes, unknown);
    if (why !== null) return malformed(at, why, header);
    at = value + ((n + 3) & ~3);
  }
  return { ...header, attributes, bytes, integrityAt: seals.integrity, integritySha256At: seals.sha256, fingerprintAt: seals.fingerprint, unknown };
}

function takeAttribute(
  bytes: Uint8Array,
  at: number,
  code: number,
  n: number,
  transaction: string,
  seals: { integrity: number; sha256: number; fingerprint: number },
  attributes: StunAttribute[],
  unknown: number[],
): string | null {
  const name = attributeNameOf(code);
  if (name === 'fingerprint') {
    if (n !== 4) return `FINGERPRINT of ${n} octets`;
    seals.fingerprint = at;
    return null;
  }
  if (name === 'message-integrity-sha256' && seals.sha256 < 0) {
    // RFC 8489 section 14.6: may be truncated, to no less than 16 octets and in steps of 4.
    if (n < 16 || n > SHA256_LENGTH || (n & 3) !== 0) return `MESSAGE-INTEGRITY-SHA256 of ${n} octets`;
    seals.sha256 = at;
    return null;
  }
  // RFC 8489 section 14.5: what follows the integrity is not covered by it and is ignored.
  if (seals.integrity >= 0 || seals.sha256 >= 0) return null;
  if (name === 'message-integrity') {
    if (n !== SHA1_LENGTH) return `MESSAGE-INTEGRITY of ${n} octets`;
    seals.integrity = at;
    return null;
  }
  if (name === undefined) {
    attributes.push({ name: 'unknown', code, bytes: bytes.slice(at + ATTRIBUTE_HEADER, at + ATTRIBUTE_HEADER + n) });
    if (isComprehensionRequired(code)) unknown.push(code);
    return null;
  }
  const attribute = parseValue(bytes, at + ATTRIBUTE_HEADER, n, name, transaction);
  if (typeof attribute === 'string') return attribute;
  attributes.push(attribute);
  return null;
}

/** The value, or what is wrong with it. */
function parseValue(b: Uint8Array, o: number, n: number, name: AttributeName, transaction: string): StunAttribute | string {
  const shape = STUN_ATTRIBUTES[name].shape;
  const wrong = `${name} of ${n} octets`;
  switch (shape) {
    case 'address':
    case 'xor-address': {
      const address = parseAddress(b, o, n, shape === 'xor-address' ? transaction : null);
      return typeof address === 'string' ? `${name}: ${address}` : ({ name, address } as StunAttribute);
    }
    case 'text':
      try {
        return { name, text: decoder.decode(b.subarray(o, o + n)) } as StunAttribute;
      } catch (error) {
        return `${name} is not UTF-8: ${error instanceof Error ? error.message : String(error)}`;
      }
    case 'u8':
      return n === 4 ? ({ name, value: b[o] ?? 0 } as StunAttribute) : wrong;
    case 'u16':
      return n === 4 ? ({ name, value: u16(b, o) } as StunAttribute) : wrong;
    case 'port':
      return n === 4 || n === 2 ? ({ name, value: u16(b, o) } as StunAttribute) : wrong;
    case 'u32':
      return n === 4 ? ({ name, value: u32(b, o) } as StunAttribute) : wrong;
    case 'u64':
      return n === 8 ? ({ name, hex: hexOfBytes(b, o, 8) } as StunAttribute) : wrong;
    case 'flag':
      return n === 0 ? ({ name } as StunAttribute) : wrong;
    case 'bytes':
      return { name, bytes: b.slice(o, o + n) } as StunAttribute;
    case 'error':
      return parseError(b, o, n);
    case 'types':
      if ((n & 1) !== 0) return wrong;
      return { name: 'unknown-attributes', types: Array.from({ length: n / 2 }, (_, i) => u16(b, o + 2 * i)) };
    default:
      return unreachable(shape);
  }
}

function parseError(b: Uint8Array, o: number, n: number): StunAttribute | string {
  if (n < 4) return `error-code of ${n} octets`;
  const hundreds = (b[o + 2] ?? 0) & 7;
  const rest = b[o + 3] ?? 0;
  if (hundreds < 3 || hundreds > 6 || rest > 99) return `error-code ${hundreds}/${rest}`;
  try {
    return { name: 'error-code', code: hundreds * 100 + rest, reason: decoder.decode(b.subarray(o + 4, o + n)) };
  } catch (error) {
    return `reason of error-code is not UTF-8: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Octet that the address is XORed with: magic cookie, then the transaction id (RFC 8489 section 14.2). */
function mask(transaction: string, i: number): number {
  if (i < 4) return (MAGIC_COOKIE >>> (24 - 8 * i)) & 0xff;
  return parseInt(transaction.slice(2 * (i - 4), 2 * (i - 4) + 2), 16);
}

function parseAddress(b: Uint8Array, o: number, n: number, transaction: string | null): TransportAddress | string {
  const code = b[o + 1] ?? 0;
  const size = code === 1 ? 4 : code === 2 ? 16 : 0;
  if (n < 4 || size === 0) return n < 4 ? `${n} octets` : `family ${code}`;
  if (n !== 4 + size) return `${n} octets for family ${code}`;
  const raw = b.slice(o + 4, o + 4 + size);
  let port = u16(b, o + 2);
  if (transaction !== null) {
    port ^= MAGIC_COOKIE >>> 16;
    for (let i = 0; i < size; i++) raw[i] = (raw[i] ?? 0) ^ mask(transaction, i);
  }
  return { address: addressText(raw), port, family: size === 4 ? 4 : 6 };
}

/** Writes a message and its seals. One of RFC 3489 knows none of the seals but integrity, and no padding. */
export function emitStun(message: StunMessage, seal: StunSeal = {}): Uint8Array {
  const classic = isClassic(message);
  assertInvariant(classic || message.transaction.length === 24, 'a STUN transaction id has 12 octets, or 16 in RFC 3489');
  const values = message.attributes.map((a) => ({ code: attributeCodeOf(a), value: valueBytes(a, message.transaction) }));
  assertInvariant(
    !classic || (seal.fingerprint !== true && values.every((v) => (v.value.length & 3) === 0)),
    'a message of RFC 3489 has no fingerprint and no padding',
  );
  const plain = values.reduce((sum, v) => sum + ATTRIBUTE_HEADER + ((v.value.length + 3) & ~3), STUN_HEADER);
  const total = plain + (seal.integrity ? 4 + SHA1_LENGTH : 0) + (seal.integritySha256 ? 4 + SHA256_LENGTH : 0) + (seal.fingerprint === true ? 8 : 0);
  const b = new Uint8Array(total);
  const view = new DataView(b.buffer);
  view.setUint16(0, messageType(message.class, message.method));
  view.setUint32(4, MAGIC_COOKIE);
  const id = STUN_HEADER - message.transaction.length / 2;
  for (let i = id; i < STUN_HEADER; i++) b[i] = parseInt(message.transaction.slice(2 * (i - id), 2 * (i - id) + 2), 16);
  let at = STUN_HEADER;
  const put = (code: number, value: Uint8Array): void => {
    view.setUint16(at, code);
    view.setUint16(at + 2, value.length);
    b.set(value, at + ATTRIBUTE_HEADER);
    const end = at + ATTRIBUTE_HEADER + ((value.length + 3) & ~3);
    b.fill(seal.padding ?? 0, at + ATTRIBUTE_HEADER + value.length, end);
    at = end;
  };
  for (const v of values) put(v.code, v.value);
  // The length field of the header counts up to and with the seal that is being computed (RFC 8489 section 14.5).
  const sealOver = (size: number): Uint8Array => {
    view.setUint16(2, at + ATTRIBUTE_HEADER + size - STUN_HEADER);
    return b.subarray(0, at);
  };
  if (seal.integrity) put(STUN_ATTRIBUTES['message-integrity'].code, hmac('sha1', seal.integrity, sealOver(SHA1_LENGTH)));
  if (seal.integritySha256) put(STUN_ATTRIBUTES['message-integrity-sha256'].code, hmac('sha256', seal.integritySha256, sealOver(SHA256_LENGTH)));
  if (seal.fingerprint === true) {
    const crc = fingerprint(sealOver(4), at);
    put(STUN_ATTRIBUTES.fingerprint.code, Uint8Array.of(crc >>> 24, crc >>> 16, crc >>> 8, crc));
  }
  view.setUint16(2, total - STUN_HEADER);
  return b;
}

function valueBytes(a: StunAttribute, transaction: string): Uint8Array {
  if ('address' in a) return emitAddress(a.address, STUN_ATTRIBUTES[a.name].shape === 'xor-address' ? transaction : null);
  if ('text' in a) return encoder.encode(a.text);
  if ('bytes' in a) return a.bytes;
  if ('hex' in a) return Uint8Array.from({ length: 8 }, (_, i) => parseInt(a.hex.slice(2 * i, 2 * i + 2), 16));
  if ('types' in a) return Uint8Array.from(a.types.flatMap((t) => [t >> 8, t & 0xff]));
  if ('reason' in a) return Uint8Array.of(0, 0, Math.floor(a.code / 100), a.code % 100, ...encoder.encode(a.reason));
  if ('value' in a) {
    const shape = STUN_ATTRIBUTES[a.name].shape;
    const word = shape === 'u8' ? a.value << 24 : shape === 'u16' || shape === 'port' ? a.value << 16 : a.value;
    return Uint8Array.of(word >>> 24, word >>> 16, word >>> 8, word);
  }
  return new Uint8Array(0);
}

function emitAddress(address: TransportAddress, transaction: string | null): Uint8Array {
  const raw = addressBytes(address.address);
  assertInvariant(raw !== undefined, `an IP address: ${address.address}`);
  const out = new Uint8Array(4 + raw.length);
  out[1] = raw.length === 4 ? 1 : 2;
  const port = transaction === null ? address.port : address.port ^ (MAGIC_COOKIE >>> 16);
  out[2] = port >> 8;
  out[3] = port & 0xff;
  for (let i = 0; i < raw.length; i++) out[4 + i] = (raw[i] ?? 0) ^ (transaction === null ? 0 : mask(transaction, i));
  return out;
}

/** The bytes before `at`, with the header's length as it stood when a seal of `size` octets was made. */
function coveredBy(packet: StunPacket, at: number, size: number): Uint8Array {
  const covered = packet.bytes.slice(0, at);
  const length = at + ATTRIBUTE_HEADER + size - STUN_HEADER;
  covered[2] = length >> 8;
  covered[3] = length & 0xff;
  return covered;
}

/** True when MESSAGE-INTEGRITY is there and made with this key. */
export function checkIntegrity(packet: StunPacket, key: Uint8Array): boolean {
  if (packet.integrityAt < 0) return false;
  const given = packet.bytes.subarray(packet.integrityAt + ATTRIBUTE_HEADER, packet.integrityAt + ATTRIBUTE_HEADER + SHA1_LENGTH);
  return equalBytes(given, hmac('sha1', key, coveredBy(packet, packet.integrityAt, SHA1_LENGTH)));
}

/** True when MESSAGE-INTEGRITY-SHA256 is there (whole or truncated) and made with this key. */
export function checkIntegritySha256(packet: StunPacket, key: Uint8Array): boolean {
  const at = packet.integritySha256At;
  if (at < 0) return false;
  const size = u16(packet.bytes, at + 2);
  const given = packet.bytes.subarray(at + ATTRIBUTE_HEADER, at + ATTRIBUTE_HEADER + size);
  return equalBytes(given, hmac('sha256', key, coveredBy(packet, at, size)).subarray(0, size));
}

/** `absent`, `right` or `wrong`. The fingerprint is the last attribute, so the header's length is already the right one. */
export function checkFingerprint(packet: StunPacket): 'absent' | 'right' | 'wrong' {
  const at = packet.fingerprintAt;
  if (at < 0) return 'absent';
  return u32(packet.bytes, at + ATTRIBUTE_HEADER) === fingerprint(packet.bytes, at) ? 'right' : 'wrong';
}
