/**
 * Client side of one STUN request: sends it, sends it again, hands up the answer or the silence (RFC 8489 section 6.2).
 * @module
 */
import type { Nanos } from '../../base/time.js';
import { NEVER, plus } from '../../base/time.js';
import type { Machine } from '../machine.js';
import type { StunPacket } from './codec.js';
import { RELIABLE_TIMEOUT, Retransmission, type RetransmissionOptions } from './retransmission.js';

export type StunClientIn = { readonly kind: 'response'; readonly packet: StunPacket } | { readonly kind: 'cancel' };

export type StunClientOut =
  | { readonly kind: 'send'; readonly bytes: Uint8Array /** From 1. */; readonly attempt: number }
  | { readonly kind: 'answer'; readonly packet: StunPacket /** Since the first transmission. */; readonly after: Nanos; readonly attempts: number }
  | { readonly kind: 'timeout'; readonly attempts: number };

export interface StunClientOptions extends Partial<RetransmissionOptions> {
  /** Over a stream: sent once, waited for 39.5 s (RFC 8489 section 6.2.2). */
  readonly reliable?: boolean;
}

export class StunClientTransaction implements Machine<StunClientIn, StunClientOut> {
  readonly transaction: string;
  readonly #request: Uint8Array;
  readonly #reliable: boolean;
  readonly #startedAt: Nanos;
  readonly #schedule: Retransmission;
  #ended = false;
  #reliableDeadline: Nanos;

  /** Wants its first `tick` at `startAt`. */
  constructor(transaction: string, request: Uint8Array, startAt: Nanos, options: StunClientOptions = {}) {
    this.transaction = transaction;
    this.#request = request;
    this.#reliable = options.reliable ?? false;
    this.#startedAt = startAt;
    this.#reliableDeadline = startAt;
    this.#schedule = new Retransmission(startAt, options);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get deadline(): Nanos {
    if (this.#ended) return NEVER;
    return this.#reliable ? this.#reliableDeadline : this.#schedule.deadline;
  }

  handle(input: StunClientIn, now: Nanos, out: StunClientOut[]): void {
    if (this.#ended) return;
    if (input.kind === 'response' && input.packet.transaction !== this.transaction) return;
    this.#ended = true;
    if (input.kind === 'response') {
      out.push({ kind: 'answer', packet: input.packet, after: (now - this.#startedAt) as Nanos, attempts: this.#attempts });
    }
  }

  tick(now: Nanos, out: StunClientOut[]): void {
    if (now < this.deadline) return;
    const first = this.#reliable && this.#reliableDeadline === this.#startedAt;
    const step = this.#reliable ? (first ? 'send' : 'timeout') : this.#schedule.step(now);
    if (step === 'send') {
      if (this.#reliable) this.#reliableDeadline = plus(this.#startedAt, RELIABLE_TIMEOUT);
      out.push({ kind: 'send', bytes: this.#request, attempt: this.#attempts });
    } else if (step === 'timeout') {
      this.#ended = true;
      out.push({ kind: 'timeout', attempts: this.#attempts });
    }
  }

  get #attempts(): number {
    return this.#reliable ? 1 : this.#schedule.sent;
  }
}
