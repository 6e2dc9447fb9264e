/**
 * SDP security descriptions for SRTP (RFC 4568): the `a=crypto` attribute, which hands over a master key in the clear
 * of the signalling. AEAD suites: RFC 7714 section 14.2.
 * @module
 */
import type { Rng } from '../../base/rng.js';

export const SUITES = {
  AES_CM_128_HMAC_SHA1_80: { keyLength: 16, saltLength: 14 },
  AES_CM_128_HMAC_SHA1_32: { keyLength: 16, saltLength: 14 },
  AEAD_AES_128_GCM: { keyLength: 16, saltLength: 12 },
} as const;

export type Suite = keyof typeof SUITES;

export function isSuite(text: string): text is Suite {
  return Object.hasOwn(SUITES, text);
}

/** What one side brings: a suite and its own key for it. */
export interface SuiteKey {
  readonly suite: Suite;
  /** Master key and master salt, concatenated. */
  readonly key: Uint8Array;
}

export interface CryptoAttribute extends SuiteKey {
  readonly tag: number;
  /** Packets that the key may protect, as written: a decimal number or `2^N`. */
  readonly lifetime?: string;
  /** Master key identifier and its length in octets. */
  readonly mki?: { readonly value: number; readonly length: number };
  /** KDR=, UNENCRYPTED_SRTP, FEC_ORDER=, ... */
  readonly sessionParameters: readonly string[];
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

function parseMki(text: string): { value: number; length: number } | undefined {
  const match = /^(\d{1,10}):(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const length = Number(match[2]);
  return length >= 1 && length <= 128 ? { value: Number(match[1]), length } : undefined;
}

/** Reads `inline:KEY[|lifetime][|MKI:length]`. */
function parseKey(text: string, suite: Suite): Pick<CryptoAttribute, 'key' | 'lifetime' | 'mki'> | undefined {
  if (!/^inline:/i.test(text)) return undefined;
  const [keyText, ...rest] = text.slice('inline:'.length).split('|');
  const key = fromBase64(keyText ?? '');
  const { keyLength, saltLength } = SUITES[suite];
  if (key === undefined || key.length !== keyLength + saltLength || rest.length > 2) return undefined;
  let lifetime: string | undefined;
  let mki: { value: number; length: number } | undefined;
  for (const [i, part] of rest.entries()) {
    if (i === 0 && /^(?:2\^)?\d{1,15}$/.test(part)) lifetime = part;
    else {
      mki = parseMki(part);
      if (mki === undefined || i < rest.length - 1) return undefined;
    }
  }
  return { key, ...(lifetime !== undefined && { lifetime }), ...(mki !== undefined && { mki }) };
}

/**
 * Reads the attribute's value (what stands after `a=crypto:`; the prefix may be there). `undefined` for bad text,
 * suites that are not supported, and more than one key: an offerer says the same line again with another tag.
 */
export function parseCrypto(text: string): CryptoAttribute | undefined {
  const match = /^(?:a=)?(?:crypto:)?\s*(0|[1-9]\d{0,8}) ([A-Za-z0-9_]+) (\S+)((?: \S+)*)\s*$/.exec(text);
  if (match === null) return undefined;
  const suite = match[2] as string;
  if (!isSuite(suite)) return undefined;
  const key = parseKey(match[3] as string, suite);
  if (key === undefined) return undefined;
  return { tag: Number(match[1]), suite, ...key, sessionParameters: (match[4] as string).split(' ').filter((p) => p !== '') };
}

/** The key parameter alone: `inline:KEY|lifetime|MKI:length`. */
export function formatKey(v: CryptoAttribute): string {
  const lifetime = v.lifetime === undefined ? '' : `|${v.lifetime}`;
  const mki = v.mki === undefined ? '' : `|${v.mki.value}:${v.mki.length}`;
  return `inline:${toBase64(v.key)}${lifetime}${mki}`;
}

/** The attribute's value, without `a=crypto:`. */
export function formatCrypto(v: CryptoAttribute): string {
  return [`${v.tag} ${v.suite} ${formatKey(v)}`, ...v.sessionParameters].join(' ');
}

/** A fresh key. RFC 4568 6.1 wants it unpredictable; in a lab it is as predictable as its seed, by intent. */
export function newCrypto(tag: number, suite: Suite, random: Rng): CryptoAttribute {
  const key = new Uint8Array(SUITES[suite].keyLength + SUITES[suite].saltLength);
  random.fill(key, 0, key.length);
  return { tag, suite, key, sessionParameters: [] };
}

/**
 * The answerer's choice (RFC 4568 5.1.2): the offer's first line of a suite that it takes and whose session parameters
 * and key identifier it understands (none here).
 */
export function chooseCrypto(offered: readonly CryptoAttribute[], accepted: readonly Suite[]): CryptoAttribute | undefined {
  return offered.find((line) => accepted.includes(line.suite) && line.mki === undefined && line.sessionParameters.every((p) => p.startsWith('-')));
}
