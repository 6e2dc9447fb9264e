/**
 * SRTP of one transport, both directions: contexts, scratch, and what was refused.
 * @module
 */
import type { Suite } from '../../protocol/rtp/sdes.js';
import { SrtpContext, srtpFailure, type SrtpFailure } from '../../protocol/rtp/srtp.js';
import type { SessionKeys } from '../../protocol/sdp/offer-answer.js';

/** Room for any datagram that a link of 1500 octets carries, and its tag. */
const SCRATCH = 2048;

export class Protection {
  readonly keys: SessionKeys;
  /** What `protect` wrote. */
  readonly sent = new Uint8Array(SCRATCH);
  /** What `unprotect` wrote. */
  readonly received = new Uint8Array(SCRATCH);
  readonly refused: Record<SrtpFailure, number> = { malformed: 0, authentication: 0, replayed: 0, 'too-old': 0, unencrypted: 0 };
  readonly #out: SrtpContext;
  readonly #in: SrtpContext;

  constructor(keys: SessionKeys) {
    this.keys = keys;
    this.#out = new SrtpContext(keys.suite, keys.local);
    this.#in = new SrtpContext(keys.suite, keys.remote);
  }

  get suite(): Suite {
    return this.keys.suite;
  }

  same(keys: SessionKeys): boolean {
    return keys.suite === this.keys.suite && sameBytes(keys.local, this.keys.local) && sameBytes(keys.remote, this.keys.remote);
  }

  /** @returns octets in `sent`, or below zero */
  protect(control: boolean, b: Uint8Array, o: number, n: number): number {
    return control ? this.#out.protectRtcp(b, o, n, this.sent, 0) : this.#out.protectRtp(b, o, n, this.sent, 0);
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

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
