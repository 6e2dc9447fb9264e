/**
 * A Binding server: tells who asks how it looks from here. RFC 8489 sections 6.3 and 12; RESPONSE-ORIGIN of RFC 5780.
 * Stateless, so it has no deadline.
 * @module
 */
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import { NEVER, type Nanos } from '../../base/time.js';
import type { Machine } from '../machine.js';
import type { StunAttribute } from './attribute.js';
import { checkFingerprint, emitStun, isMalformedStun, parseStun } from './codec.js';
import { looksLikeStun } from './demux.js';
import { STUN_METHOD, type StunHeader } from './message.js';
import type { TransportAddress } from './transport-address.js';

export interface BindingServerIn {
  readonly kind: 'datagram';
  /** Where it was received, so that the answer leaves from there. */
  readonly local: TransportAddress;
  readonly from: TransportAddress;
  readonly bytes: Uint8Array;
  readonly cause?: Cause;
}

export type BindingServerOut =
  | { readonly kind: 'send'; readonly local: TransportAddress; readonly to: TransportAddress; readonly bytes: Uint8Array; readonly cause: Cause }
  | { readonly kind: 'discard'; readonly why: string; readonly cause: Cause };

export interface BindingServerOptions {
  readonly software?: string;
  /** Adds RESPONSE-ORIGIN to answers. */
  readonly responseOrigin?: boolean;
}

export class BindingServer implements Machine<BindingServerIn, BindingServerOut> {
  readonly #options: BindingServerOptions;
  readonly deadline: Nanos = NEVER;

  constructor(options: BindingServerOptions = {}) {
    this.#options = options;
  }

  handle(input: BindingServerIn, _now: Nanos, out: BindingServerOut[]): void {
    const cause = input.cause ?? NO_CAUSE;
    const discard = (why: string): void => {
      out.push({ kind: 'discard', why, cause });
    };
    if (!looksLikeStun(input.bytes, 0, input.bytes.length)) {
      discard('not-stun');
      return;
    }
    const packet = parseStun(input.bytes, 0, input.bytes.length);
    if (isMalformedStun(packet)) {
      if (packet.header?.class === 'request') this.#answerError(input, packet.header, 400, 'Bad Request', [], out);
      else discard('stun-malformed');
      return;
    }
    if (packet.class !== 'request') {
      discard(`stun-${packet.class}`);
      return;
    }
    // RFC 8489 section 6.3: a method that is not served is discarded without an answer.
    if (packet.method !== STUN_METHOD.BINDING) {
      discard('stun-method');
      return;
    }
    if (checkFingerprint(packet) === 'wrong') {
      discard('stun-fingerprint');
      return;
    }
    if (packet.unknown.length > 0) {
      this.#answerError(input, packet, 420, 'Unknown Attribute', [{ name: 'unknown-attributes', types: packet.unknown }], out);
      return;
    }
    this.#answer(input, packet, 'success', [{ name: 'xor-mapped-address', address: input.from }], out);
  }

  tick(): void {
    // Nothing ever becomes due.
  }

  #answerError(input: BindingServerIn, header: StunHeader, code: number, reason: string, more: readonly StunAttribute[], out: BindingServerOut[]): void {
    this.#answer(input, header, 'error', [{ name: 'error-code', code, reason }, ...more], out);
  }

  #answer(input: BindingServerIn, header: StunHeader, kind: 'success' | 'error', body: readonly StunAttribute[], out: BindingServerOut[]): void {
    const attributes: StunAttribute[] = [...body];
    if (this.#options.responseOrigin === true) attributes.push({ name: 'response-origin', address: input.local });
    if (this.#options.software !== undefined) attributes.push({ name: 'software', text: this.#options.software });
    const bytes = emitStun({ class: kind, method: header.method, transaction: header.transaction, attributes }, { fingerprint: true });
    out.push({ kind: 'send', local: input.local, to: input.from, bytes, cause: input.cause ?? NO_CAUSE });
  }
}
