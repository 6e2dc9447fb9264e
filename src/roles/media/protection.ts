/**
 * SRTP of one session, both directions, keyed by SDES (RFC 4568): contexts, scratch, and what was refused.
 * @module
 */
import { LabError } from '../../base/error.js';
import { isSuite, type Suite } from '../../protocol/rtp/sdes.js';
import { SrtpContext, srtpFailure, type SrtpFailure } from '../../protocol/rtp/srtp.js';

export interface ProtectionKeys {
  readonly suite: string;
  /** Base64 of master key and salt. */
  readonly local: string;
  readonly remote: string;
}

/** Room for any datagram that a link of 1500 octets carries, and its tag. */
const SCRATCH = 2048;

export function keyBytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

export function keyText(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

export class Protection {
  readonly keys: ProtectionKeys;
  readonly suite: Suite;
  readonly localKey: Uint8Array;
  readonly remoteKey: Uint8Array;
  /** What `protect` wrote. */
  readonly sent = new Uint8Array(SCRATCH);
  /** What `unprotect` wrote. */
  readonly received = new Uint8Array(SCRATCH);
  readonly refused: Record<SrtpFailure, number> = { malformed: 0, authentication: 0, replayed: 0, 'too-old': 0, unencrypted: 0 };
  readonly #out: SrtpContext;
  readonly #in: SrtpContext;

  /** Errors: MEDIA_FAILED for a suite that is not known. */
  constructor(keys: ProtectionKeys) {
    if (!isSuite(keys.suite)) throw new LabError('MEDIA_FAILED', `crypto suite "${keys.suite}" is not known`);
    this.keys = keys;
    this.suite = keys.suite;
    this.localKey = keyBytes(keys.local);
    this.remoteKey = keyBytes(keys.remote);
    this.#out = new SrtpContext(keys.suite, this.localKey);
    this.#in = new SrtpContext(keys.suite, this.remoteKey);
  }

  same(keys: ProtectionKeys): boolean {
    return keys.suite === this.keys.suite && keys.local === this.keys.local && keys.remote === this.keys.remote;
  }

  /** @returns octets in `sent`, or below zero */
  protect(control: boolean, b: Uint8Array, n: number): number {
    return control ? this.#out.protectRtcp(b, 0, n, this.sent, 0) : this.#out.protectRtp(b, 0, n, this.sent, 0);
  }

  /** @returns octets in `received`; below zero the packet was refused, and counted */
  unprotect(control: boolean, b: Uint8Array, o: number, n: number): number {
    if (n > SCRATCH) return this.#refuse(-1);
    const length = control ? this.#in.unprotectRtcp(b, o, n, this.received, 0) : this.#in.unprotectRtp(b, o, n, this.received, 0);
    return length < 0 ? this.#refuse(length) : length;
  }

  #refuse(result: number): number {
    const why = srtpFailure(result);
    if (why !== null) this.refused[why] += 1;
    return result;
  }
}
