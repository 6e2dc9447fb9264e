/**
 * What the parts of one ICE session share: role, credentials, candidates, lists, transactions under way.
 * @module
 */
import { must } from '../../../base/assert.js';
import type { Rng } from '../../../base/rng.js';
import { millis, seconds, type Nanos } from '../../../base/time.js';
import { randomHex } from '../../stun/message.js';
import type { Retransmission } from '../../stun/retransmission.js';
import type { IceOut } from '../agent-io.js';
import type { CheckList } from './check-list.js';
import type { IceCredentials } from '../candidates/credentials.js';
import type { LocalCandidates } from '../candidates/local-candidates.js';
import type { Pacer } from '../candidates/pacer.js';
import type { CandidatePair, PairState } from './pair.js';

export interface IceSettings {
  /** Pairs of all check lists together (RFC 8445 section 6.1.2.5). */
  readonly maxPairs: number;
  /** Failure is not declared earlier after the start of checks (RFC 8863 section 4). */
  readonly pac: Nanos;
  /** The controlling agent settles for the best valid pair this long after its first success. */
  readonly nominationWait: Nanos;
  /** The controlled agent, with all checks done, gives up this long after the PAC timer. */
  readonly nominationPatience: Nanos;
  /** RFC 7675 section 5.1; off for peers that can't answer. */
  readonly consent: boolean;
  readonly consentInterval: Nanos;
  readonly consentTimeout: Nanos;
  /** Tr of RFC 8445 section 11; consent checks serve as keepalives where they are on. */
  readonly keepalive: Nanos;
}

export const DEFAULT_SETTINGS: IceSettings = {
  maxPairs: 100,
  pac: millis(39_500),
  nominationWait: seconds(3),
  nominationPatience: millis(39_500),
  consent: true,
  consentInterval: seconds(5),
  consentTimeout: seconds(30),
  keepalive: seconds(15),
};

/** One connectivity check under way. */
export interface Check {
  readonly transaction: string;
  readonly pair: CandidatePair;
  readonly bytes: Uint8Array;
  readonly schedule: Retransmission;
  /** The role that its request claimed. */
  readonly controlling: boolean;
  readonly useCandidate: boolean;
  readonly priority: number;
  /** Another check has taken its place; its answer still counts. */
  superseded: boolean;
}

export class IceContext {
  readonly options: IceSettings;
  readonly random: Rng;
  readonly pacer: Pacer;
  readonly credentials: IceCredentials;
  readonly local: LocalCandidates;
  readonly lists: readonly CheckList[];
  readonly nextPairId: () => number;
  readonly checks = new Map<string, Check>();
  controlling: boolean;
  /** 64 bits in hex. */
  tieBreaker: string;
  /** Own candidates may still come that open ways of their own. */
  pathsMayCome = true;
  /** When the peer's first description arrived; the PAC timer runs from here. */
  startedAt: Nanos | null = null;

  constructor(init: {
    readonly options: IceSettings;
    readonly random: Rng;
    readonly pacer: Pacer;
    readonly credentials: IceCredentials;
    readonly local: LocalCandidates;
    readonly lists: readonly CheckList[];
    readonly nextPairId: () => number;
    readonly controlling: boolean;
  }) {
    this.options = init.options;
    this.random = init.random;
    this.pacer = init.pacer;
    this.credentials = init.credentials;
    this.local = init.local;
    this.lists = init.lists;
    this.nextPairId = init.nextPairId;
    this.controlling = init.controlling;
    this.tieBreaker = randomHex(init.random, 8);
  }

  listOf(pair: { readonly stream: number }): CheckList {
    return must(this.lists[pair.stream], `check list of stream ${pair.stream}`);
  }

  /** The only way by which a pair's state changes. */
  change(pair: CandidatePair, state: PairState, why: string, now: Nanos, out: IceOut[]): void {
    pair.state = state;
    pair.history.push({ at: now, state, why });
    out.push({ kind: 'pair', id: pair.id, stream: pair.stream, component: pair.component, local: pair.local, remote: pair.remote, state, why });
  }

  /** Something worth knowing that changes no state. */
  note(pair: CandidatePair, why: string, now: Nanos): void {
    pair.history.push({ at: now, state: pair.state, why });
  }

  switchRole(controlling: boolean, why: string, out: IceOut[]): void {
    if (this.controlling === controlling) return;
    this.controlling = controlling;
    for (const list of this.lists) {
      for (const pair of [...list.pairs, ...list.discovered]) {
        pair.recompute(controlling);
        // A nomination in flight was made in a role that we do not have any more.
        pair.nominating = false;
      }
      list.sort();
    }
    out.push({ kind: 'role', controlling, why });
  }
}
