/**
 * Consent to send on a selected pair: RFC 7675 section 5.1. A check every 5 s, spread by +-20 %, never sent again; 30 s
 * without a valid answer and the pair must fall silent. The checks also keep NAT mappings alive, so no keepalives beside them.
 * @module
 */
import { NO_CAUSE } from '../../../base/brand.js';
import { NEVER, plus, type Nanos } from '../../../base/time.js';
import { checkIntegrity, emitStun, type StunPacket } from '../../stun/codec.js';
import { shortTermKey } from '../../stun/integrity.js';
import { randomHex, STUN_METHOD } from '../../stun/message.js';
import { sameAddress, type TransportAddress } from '../../stun/transport-address.js';
import type { IceOut } from '../agent-io.js';
import type { IceBase } from '../candidates/candidate.js';
import { emitCheck } from './client-checks.js';
import type { IceContext } from './context.js';
import type { CandidatePair } from './pair.js';

export interface ConsentSnapshot {
  readonly pair: number;
  readonly sent: number;
  readonly answered: number;
  readonly lastAnswerAt: Nanos;
  readonly expired: boolean;
  readonly rtt: Nanos | null;
}

export class Consent {
  readonly pair: CandidatePair;
  readonly #ctx: IceContext;
  readonly #underway = new Map<string, Nanos>();
  #next: Nanos;
  #lastAnswerAt: Nanos;
  #sent = 0;
  #answered = 0;
  #expired = false;
  #rtt: Nanos | null = null;

  constructor(ctx: IceContext, pair: CandidatePair, now: Nanos) {
    this.#ctx = ctx;
    this.pair = pair;
    this.#lastAnswerAt = now;
    this.#next = this.#spread(now);
  }

  get expired(): boolean {
    return this.#expired;
  }

  get deadline(): Nanos {
    if (this.#expired) return NEVER;
    return this.#ctx.options.consent ? (Math.min(this.#next, this.#expiry) as Nanos) : this.#next;
  }

  tick(now: Nanos, out: IceOut[]): void {
    if (now < this.deadline) return;
    const ctx = this.#ctx;
    if (ctx.options.consent && now >= this.#expiry) {
      this.#expired = true;
      ctx.note(this.pair, `consent expired: no answer to ${this.#underway.size} checks in ${ctx.options.consentTimeout / 1e9} s`, now);
      out.push({ kind: 'consent-expired', stream: this.pair.stream, component: this.pair.component, pair: this.pair.id });
      return;
    }
    this.#next = this.#spread(now);
    const transaction = randomHex(ctx.random, 12);
    if (ctx.options.consent) this.#underway.set(transaction, now);
    // RFC 8445 section 11: a keepalive is an indication, with FINGERPRINT and nothing else.
    const bytes = ctx.options.consent
      ? emitCheck(ctx, ctx.listOf(this.pair), this.pair, transaction, false)
      : emitStun({ class: 'indication', method: STUN_METHOD.BINDING, transaction, attributes: [] }, { fingerprint: true });
    this.#sent += 1;
    out.push({ kind: 'send', base: this.pair.local.base, to: this.pair.remote.address, bytes, cause: NO_CAUSE });
  }

  /** True when the answer was to one of its checks. */
  handleResponse(base: IceBase, from: TransportAddress, packet: StunPacket, now: Nanos): boolean {
    const sentAt = this.#underway.get(packet.transaction);
    if (sentAt === undefined) return false;
    const remote = this.#ctx.listOf(this.pair).remote;
    const proved = packet.class === 'success' && packet.unknown.length === 0 && remote !== null && checkIntegrity(packet, shortTermKey(remote.pwd));
    if (!proved || base !== this.pair.local.base || !sameAddress(from, this.pair.remote.address)) {
      this.#ctx.note(this.pair, 'ignored an answer to a consent check: not a signed success from the peer', now);
      return true;
    }
    this.#underway.clear();
    this.#answered += 1;
    this.#lastAnswerAt = now;
    this.#rtt = (now - sentAt) as Nanos;
    return true;
  }

  snapshot(): ConsentSnapshot {
    return { pair: this.pair.id, sent: this.#sent, answered: this.#answered, lastAnswerAt: this.#lastAnswerAt, expired: this.#expired, rtt: this.#rtt };
  }

  get #expiry(): Nanos {
    return plus(this.#lastAnswerAt, this.#ctx.options.consentTimeout);
  }

  /** 0.8 to 1.2 of the interval; a keepalive without consent comes every Tr. */
  #spread(now: Nanos): Nanos {
    const { consent, consentInterval, keepalive } = this.#ctx.options;
    return plus(now, (consent ? Math.round(consentInterval * (0.8 + 0.4 * this.#ctx.random.float())) : keepalive) as Nanos);
  }
}
