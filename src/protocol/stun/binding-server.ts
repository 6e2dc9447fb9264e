/**
 * A Binding server: tells who asks how it looks from here. RFC 8489 sections 6.3 and 12; where it is asked to be, also for
 * clients of RFC 3489 (RFC 5389 section 12.2), and from other places than the one that was asked (RFC 5780 section 6.1).
 * Stateless, so it has no deadline.
 * @module
 */
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import { NEVER, type Nanos } from '../../base/time.js';
import type { Machine } from '../machine.js';
import { STUN_ATTRIBUTES, type StunAttribute } from './attribute.js';
import { checkFingerprint, emitStun, isMalformedStun, parseStun, type StunPacket } from './codec.js';
import { isFramedAsStun, looksLikeStun } from './framing.js';
import { isClassic, numberOf, STUN_METHOD, type StunHeader } from './message.js';
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
  /** Answers requests without the magic cookie as well. Not where STUN shares its port with anything else. */
  readonly classic?: boolean;
  /** What has both another address and another port than `local`, and answers too; null = nothing does. */
  readonly other?: (local: TransportAddress) => TransportAddress | null;
}

/** Bits of CHANGE-REQUEST (RFC 5780 section 7.2, the same in RFC 3489). */
const CHANGE_IP = 4;
const CHANGE_PORT = 2;

/** RFC 5780 section 7.6: as long as the MTU of the way out, so that the answer is fragmented. */
const PADDING: StunAttribute = { name: 'padding', bytes: new Uint8Array(1500) };

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
    const classic = this.#options.classic === true;
    const looksRight = classic ? isFramedAsStun : looksLikeStun;
    if (!looksRight(input.bytes, 0, input.bytes.length)) {
      discard('not-stun');
      return;
    }
    const packet = parseStun(input.bytes, 0, input.bytes.length, { classic });
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
    this.#serve(input, packet, out);
  }

  tick(): void {
    // Nothing ever becomes due.
  }

  #serve(input: BindingServerIn, packet: StunPacket, out: BindingServerOut[]): void {
    const other = this.#options.other?.(input.local) ?? null;
    const change = numberOf(packet, 'change-request');
    // RFC 5389 section 12.2 and RFC 5780 section 6.1: who has no other address does not know the attributes.
    const unknown = other === null ? [...behaviourOf(packet), ...packet.unknown] : packet.unknown;
    if (unknown.length > 0) {
      this.#answerError(input, packet, 420, 'Unknown Attribute', unknown, out);
      return;
    }
    const responsePort = numberOf(packet, 'response-port');
    const padded = packet.attributes.some((attribute) => attribute.name === 'padding');
    // RFC 5780 section 7.6: fragments that anybody asks for are not sent to others.
    if (responsePort !== undefined && padded) {
      this.#answerError(input, packet, 400, 'Bad Request', [], out);
      return;
    }
    const origin = other === null || change === undefined ? input.local : changed(input.local, other, change);
    const body = isClassic(packet) ? classicBody(input, origin, other) : this.#body(input, origin, other);
    const to = responsePort === undefined ? input.from : { ...input.from, port: responsePort };
    this.#answer(input, origin, packet, 'success', padded ? [...body, PADDING] : body, out, to);
  }

  #body(input: BindingServerIn, origin: TransportAddress, other: TransportAddress | null): readonly StunAttribute[] {
    const body: StunAttribute[] = [{ name: 'xor-mapped-address', address: input.from }];
    // RFC 5780 section 6.1: beside the plain address, by which clients see what rewrites addresses in payloads.
    if (other !== null) body.push({ name: 'mapped-address', address: input.from }, { name: 'other-address', address: other });
    if (other !== null || this.#options.responseOrigin === true) body.push({ name: 'response-origin', address: origin });
    return body;
  }

  #answerError(input: BindingServerIn, header: StunHeader, code: number, reason: string, unknown: readonly number[], out: BindingServerOut[]): void {
    const attributes = isClassic(header) ? classicError(code, reason, unknown) : plainError(code, reason, unknown);
    this.#answer(input, input.local, header, 'error', attributes, out);
  }

  #answer(
    input: BindingServerIn,
    origin: TransportAddress,
    header: StunHeader,
    kind: 'success' | 'error',
    body: readonly StunAttribute[],
    out: BindingServerOut[],
    to: TransportAddress = input.from,
  ): void {
    const { software } = this.#options;
    const modern = !isClassic(header);
    const attributes: readonly StunAttribute[] = modern && software !== undefined ? [...body, { name: 'software', text: software }] : body;
    const bytes = emitStun({ class: kind, method: header.method, transaction: header.transaction, attributes }, { fingerprint: modern });
    out.push({ kind: 'send', local: origin, to, bytes, cause: input.cause ?? NO_CAUSE });
  }
}

/** Codes of the attributes that ask for what only a server with another address does. */
function behaviourOf(packet: StunPacket): readonly number[] {
  const asked = (['change-request', 'padding', 'response-port'] as const).filter((name) => packet.attributes.some((attribute) => attribute.name === name));
  return asked.map((name) => STUN_ATTRIBUTES[name].code);
}

function changed(local: TransportAddress, other: TransportAddress, change: number): TransportAddress {
  return { address: ((change & CHANGE_IP) === 0 ? local : other).address, port: ((change & CHANGE_PORT) === 0 ? local : other).port, family: local.family };
}

/** RFC 5389 section 12.2: MAPPED-ADDRESS instead of XOR-MAPPED-ADDRESS; the rest as RFC 3489 section 8.1 has it, as far as there is another address. */
function classicBody(input: BindingServerIn, origin: TransportAddress, other: TransportAddress | null): readonly StunAttribute[] {
  const body: StunAttribute[] = [
    { name: 'mapped-address', address: input.from },
    { name: 'source-address', address: origin },
  ];
  return other === null ? body : [...body, { name: 'changed-address', address: other }];
}

function plainError(code: number, reason: string, types: readonly number[]): readonly StunAttribute[] {
  const error: StunAttribute = { name: 'error-code', code, reason };
  return types.length === 0 ? [error] : [error, { name: 'unknown-attributes', types }];
}

/** RFC 3489 knows no padding: a reason fills whole words, and of an odd number of types one is told twice (sections 11.2.9 and 11.2.10). */
function classicError(code: number, reason: string, types: readonly number[]): readonly StunAttribute[] {
  const [first] = types;
  return plainError(code, reason.padEnd(Math.ceil(reason.length / 4) * 4), first !== undefined && types.length % 2 === 1 ? [...types, first] : types);
}
