/**
 * Response context of a stateful proxy (RFC 3261 section 16.7): what the branches of one request came to.
 * @module
 */
import { NEVER, plus, seconds, type Nanos } from '../../../base/time.js';
import { canonicalName, reasonOf, type SipRequest, type SipResponse } from '../message.js';
import type { Hop } from '../transaction/layer.js';

/** Timer C is larger than three minutes (section 16.6 step 11). */
export const TIMER_C = seconds(181);

export interface Branch {
  readonly request: SipRequest;
  readonly hop: Hop;
  transaction: string;
  provisional: boolean;
  /** Final response, null while it is awaited. */
  final: SipResponse | null;
  cancel: 'no' | 'wanted' | 'sent';
  timerC: Nanos;
}

export class ResponseContext {
  /** Server transaction. */
  readonly transaction: string;
  readonly request: SipRequest;
  readonly branches: Branch[] = [];
  /** A final response other than 2xx has gone upstream. */
  answered = false;
  succeeded = false;

  constructor(transaction: string, request: SipRequest) {
    this.transaction = transaction;
    this.request = request;
  }

  get invite(): boolean {
    return this.request.method === 'INVITE';
  }

  get pending(): Branch[] {
    return this.branches.filter((b) => b.final === null);
  }

  get deadline(): Nanos {
    let first: Nanos = NEVER;
    for (const b of this.branches) if (b.final === null && b.timerC < first) first = b.timerC;
    return first;
  }

  /** A provisional response came: the branch lives, timer C starts again (section 16.7 step 2). */
  alive(branch: Branch, status: number, now: Nanos): void {
    branch.provisional = true;
    if (this.invite && status > 100) branch.timerC = plus(now, TIMER_C);
  }

  /** Step 6: the best of the final responses. A 503 of a branch says nothing of this proxy: 500 goes upstream. */
  best(): SipResponse | null {
    const finals = this.branches.flatMap((b) => (b.final === null ? [] : [b.final]));
    const chosen = finals.reduce<SipResponse | null>((best, r) => (best === null || rank(r.status) < rank(best.status) ? r : best), null);
    if (chosen === null) return null;
    const merged = chosen.status === 401 || chosen.status === 407 ? withAllChallenges(chosen, finals) : chosen;
    return merged.status === 503 ? { ...merged, status: 500, reason: reasonOf(500) } : merged;
  }
}

/** Lower is better: 6xx, then the lowest class; within 4xx those that tell how to go on. */
function rank(status: number): number {
  if (status >= 600) return 0;
  const helpful = [401, 407, 415, 420, 484].indexOf(status);
  const within = helpful >= 0 ? helpful : status === 408 || status === 503 ? 99 : 10 + (status % 100) / 100;
  return Math.floor(status / 100) * 100 + within;
}

/** Step 7: a 401 or 407 carries the challenges of all branches. */
function withAllChallenges(chosen: SipResponse, finals: readonly SipResponse[]): SipResponse {
  const challenges = finals
    .filter((r) => r !== chosen && (r.status === 401 || r.status === 407))
    .flatMap((r) => r.headers.filter((h) => ['www-authenticate', 'proxy-authenticate'].includes(canonicalName(h.name))));
  return { ...chosen, headers: [...chosen.headers, ...challenges] };
}
