/**
 * Digest authentication for SIP (RFC 3261 section 22, RFC 7616, RFC 8760): MD5 and SHA-256, qop `auth`.
 * @module
 */
import { createHash } from 'node:crypto';
import type { Rng } from '../../base/rng.js';
import { plus, seconds, type Nanos } from '../../base/time.js';
import { randomHex } from './identifiers.js';
import { quote, splitList, trimWhite, unquote } from './syntax.js';

export type DigestAlgorithm = 'MD5' | 'SHA-256';

export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  /** False for RFC 2069 style challenges. */
  readonly qop: boolean;
  readonly opaque: string | null;
  readonly stale: boolean;
}

export interface Credentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  readonly opaque: string | null;
  /** Null without qop. */
  readonly nonceCount: number | null;
  readonly cnonce: string | null;
}

const HASHES = { MD5: 'md5', 'SHA-256': 'sha256' } as const;

function hash(algorithm: DigestAlgorithm, text: string): string {
  return createHash(HASHES[algorithm]).update(text, 'utf8').digest('hex');
}

export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly username: string;
  readonly realm: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  /** Null: without qop (RFC 2069). */
  readonly nonceCount: number | null;
  readonly cnonce: string | null;
}

const hex8 = (n: number): string => n.toString(16).padStart(8, '0');

/** The response directive (RFC 7616 section 3.4.1). */
export function digestResponse(d: DigestInput): string {
  const a1 = hash(d.algorithm, `${d.username}:${d.realm}:${d.password}`);
  const a2 = hash(d.algorithm, `${d.method}:${d.uri}`);
  if (d.nonceCount === null) return hash(d.algorithm, `${a1}:${d.nonce}:${a2}`);
  return hash(d.algorithm, `${a1}:${d.nonce}:${hex8(d.nonceCount)}:${d.cnonce ?? ''}:auth:${a2}`);
}

/** Directives by lower-case name, or null when the scheme is not Digest. */
function directives(value: string): Map<string, string> | null {
  const bare = trimWhite(value);
  if (!/^Digest[ \t]/i.test(bare)) return null;
  const found = new Map<string, string>();
  for (const part of splitList(bare.slice('Digest'.length))) {
    const equals = part.indexOf('=');
    if (equals > 0) found.set(trimWhite(part.slice(0, equals)).toLowerCase(), unquote(trimWhite(part.slice(equals + 1))));
  }
  return found;
}

function algorithmOf(text: string | undefined): DigestAlgorithm | null {
  if (text === undefined || text.toUpperCase() === 'MD5') return 'MD5';
  return text.toUpperCase() === 'SHA-256' ? 'SHA-256' : null;
}

/** Null: another scheme, an unknown algorithm, or directives that are missing. */
export function parseChallenge(value: string): Challenge | null {
  const d = directives(value);
  const realm = d?.get('realm');
  const nonce = d?.get('nonce');
  const algorithm = algorithmOf(d?.get('algorithm'));
  if (d === null || realm === undefined || nonce === undefined || algorithm === null) return null;
  const qop = d.get('qop')?.toLowerCase().split(',').map(trimWhite);
  if (qop !== undefined && !qop.includes('auth')) return null;
  return { realm, nonce, algorithm, qop: qop !== undefined, opaque: d.get('opaque') ?? null, stale: d.get('stale')?.toLowerCase() === 'true' };
}

export function formatChallenge(c: Challenge): string {
  const opaque = c.opaque === null ? '' : `, opaque=${quote(c.opaque)}`;
  return `Digest realm=${quote(c.realm)}, nonce=${quote(c.nonce)}, algorithm=${c.algorithm}${c.qop ? ', qop="auth"' : ''}${opaque}${c.stale ? ', stale=true' : ''}`;
}

/** Null when they are none of Digest, or incomplete. */
export function parseCredentials(value: string): Credentials | null {
  const d = directives(value);
  if (d === null) return null;
  const [username, realm, nonce, uri, response] = ['username', 'realm', 'nonce', 'uri', 'response'].map((name) => d.get(name));
  const algorithm = algorithmOf(d.get('algorithm'));
  if (username === undefined || realm === undefined || nonce === undefined || uri === undefined || response === undefined || algorithm === null) return null;
  let nonceCount: number | null = null;
  if (d.has('qop')) {
    const nc = d.get('nc') ?? '';
    if (d.get('qop')?.toLowerCase() !== 'auth' || !/^[0-9a-fA-F]{8}$/.test(nc) || !d.has('cnonce')) return null;
    nonceCount = parseInt(nc, 16);
  }
  return {
    username,
    realm,
    nonce,
    uri,
    response: response.toLowerCase(),
    algorithm,
    opaque: d.get('opaque') ?? null,
    nonceCount,
    cnonce: d.get('cnonce') ?? null,
  };
}

export function formatCredentials(c: Credentials): string {
  const qop = c.nonceCount === null ? '' : `, qop=auth, nc=${hex8(c.nonceCount)}, cnonce=${quote(c.cnonce ?? '')}`;
  const opaque = c.opaque === null ? '' : `, opaque=${quote(c.opaque)}`;
  return `Digest username=${quote(c.username)}, realm=${quote(c.realm)}, nonce=${quote(c.nonce)}, uri=${quote(c.uri)}, response=${quote(c.response)}, algorithm=${c.algorithm}${qop}${opaque}`;
}

/** The client's half: answers challenges, counts the uses of each nonce. */
export class DigestClient {
  readonly #username: string;
  readonly #password: string;
  readonly #rng: Rng;
  readonly #uses = new Map<string, number>();

  constructor(username: string, password: string, rng: Rng) {
    this.#username = username;
    this.#password = password;
    this.#rng = rng;
  }

  /** Credentials for the first challenge that is understood (the server's order is its preference, RFC 7616 section 3.7); null if none is. */
  answer(challenges: readonly string[], method: string, uri: string): string | null {
    for (const text of challenges) {
      const challenge = parseChallenge(text);
      if (challenge !== null) return this.#credentials(challenge, method, uri);
    }
    return null;
  }

  #credentials(challenge: Challenge, method: string, uri: string): string {
    const nonceCount = challenge.qop ? (this.#uses.get(challenge.nonce) ?? 0) + 1 : null;
    if (nonceCount !== null) this.#uses.set(challenge.nonce, nonceCount);
    const input = {
      algorithm: challenge.algorithm,
      username: this.#username,
      realm: challenge.realm,
      nonce: challenge.nonce,
      uri,
      nonceCount,
      cnonce: challenge.qop ? randomHex(this.#rng, 8) : null,
    };
    return formatCredentials({ ...input, opaque: challenge.opaque, response: digestResponse({ ...input, password: this.#password, method }) });
  }
}

export type Verdict = 'ok' | 'stale' | 'wrong' | 'replayed' | 'unknown-user';

export interface DigestServerOptions {
  readonly realm: string;
  readonly rng: Rng;
  /** In order of preference; one challenge each. */
  readonly algorithms?: readonly DigestAlgorithm[];
  /** How long a nonce may be used. */
  readonly lifetime?: Nanos;
}

/** The server's half: gives nonces out, refuses old and replayed ones. */
export class DigestServer {
  readonly realm: string;
  readonly #rng: Rng;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #lifetime: Nanos;
  readonly #nonces = new Map<string, { readonly expires: Nanos; highest: number }>();

  constructor(options: DigestServerOptions) {
    this.realm = options.realm;
    this.#rng = options.rng;
    this.#algorithms = options.algorithms ?? ['SHA-256', 'MD5'];
    this.#lifetime = options.lifetime ?? seconds(300);
  }

  /** Values for WWW-Authenticate or Proxy-Authenticate. @param stale the credentials were right, the nonce was old */
  challenge(now: Nanos, stale = false): string[] {
    for (const [nonce, entry] of this.#nonces) if (entry.expires <= now) this.#nonces.delete(nonce);
    const nonce = randomHex(this.#rng, 16);
    this.#nonces.set(nonce, { expires: plus(now, this.#lifetime), highest: 0 });
    return this.#algorithms.map((algorithm) => formatChallenge({ realm: this.realm, nonce, algorithm, qop: true, opaque: null, stale }));
  }

  /**
   * Judges credentials for this realm.
   * @param uri the Request-URI: credentials for another one are wrong (RFC 7616 section 3.4.6)
   * @param password null = no such user
   */
  verify(c: Credentials, method: string, uri: string, password: string | null, now: Nanos): Verdict {
    if (password === null) return 'unknown-user';
    if (c.realm !== this.realm || c.uri !== uri || c.nonceCount === null || !this.#algorithms.includes(c.algorithm)) return 'wrong';
    if (digestResponse({ ...c, password, method }) !== c.response) return 'wrong';
    const nonce = this.#nonces.get(c.nonce);
    if (nonce === undefined || nonce.expires <= now) return 'stale';
    if (c.nonceCount <= nonce.highest) return 'replayed';
    nonce.highest = c.nonceCount;
    return 'ok';
  }
}
