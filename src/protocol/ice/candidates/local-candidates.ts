/**
 * Our own candidates of one ICE session: foundations, unique priorities, redundancy. RFC 8445 sections 5.1.1.3, 5.1.2, 5.1.3.
 * @module
 */
import { formatAddress, sameAddress, type TransportAddress } from '../../stun/transport-address.js';
import type { CandidateType, IceBase, LocalCandidate } from './candidate.js';
import { candidatePriority } from './priority.js';

export interface NewCandidate {
  readonly type: CandidateType;
  readonly base: IceBase;
  readonly address: TransportAddress;
  /** The server that gave it; null for host candidates. For a peer-reflexive one the peer. */
  readonly learnedFrom: TransportAddress | null;
  readonly related?: TransportAddress;
  /** Given for peer-reflexive candidates: what PRIORITY of the check said (section 7.2.5.3.1). */
  readonly priority?: number;
}

export class LocalCandidates {
  readonly all: LocalCandidate[] = [];
  /** Foundations in the order in which their recipe was first met. */
  readonly #foundations = new Map<string, string>();
  readonly #priorities = new Set<string>();

  /** The new candidate; or the known one that makes it redundant (same transport address, same base). */
  add(c: NewCandidate): { readonly candidate: LocalCandidate; readonly fresh: boolean } {
    const known = this.all.find((a) => a.base === c.base && sameAddress(a.address, c.address));
    if (known !== undefined) return { candidate: known, fresh: false };
    const candidate: LocalCandidate = {
      foundation: this.#foundationOf(c),
      component: c.base.component,
      transport: c.base.transport,
      ...(c.base.tcpType !== undefined && { tcpType: c.base.tcpType }),
      priority: c.priority ?? this.#priorityOf(c.type, c.base),
      address: c.address,
      type: c.type,
      ...(c.related !== undefined && { related: c.related }),
      base: c.base,
      learnedFrom: c.learnedFrom === null ? '' : formatAddress(c.learnedFrom),
    };
    this.all.push(candidate);
    return { candidate, fresh: true };
  }

  /** The candidate that a mapped address names, among those that share the base's stream and component. */
  find(base: IceBase, mapped: TransportAddress): LocalCandidate | undefined {
    const here = this.all.filter(
      (a) => a.base.stream === base.stream && a.component === base.component && a.transport === base.transport && sameAddress(a.address, mapped),
    );
    return here.find((a) => a.base === base) ?? here[0];
  }

  /** The candidate that is the base itself: host or relayed. */
  ofBase(base: IceBase): LocalCandidate | undefined {
    return this.all.find((a) => a.base === base && (a.type === 'host' || a.type === 'relay'));
  }

  /** Same type, base address, server and transport: same foundation (section 5.1.1.3). */
  #foundationOf(c: NewCandidate): string {
    const recipe = `${c.type} ${c.base.address.address} ${c.learnedFrom?.address ?? ''} ${c.base.transport} ${c.base.tcpType ?? ''}`;
    const known = this.#foundations.get(recipe);
    if (known !== undefined) return known;
    const foundation = String(this.#foundations.size + 1);
    this.#foundations.set(recipe, foundation);
    return foundation;
  }

  /** "Each candidate for a data stream and component MUST have a unique priority": two servers behind one base would share it. */
  #priorityOf(type: CandidateType, base: IceBase): number {
    let preference = base.localPreference;
    const key = (): string => `${base.stream} ${base.component} ${type} ${preference}`;
    while (this.#priorities.has(key()) && preference > 0) preference -= 1;
    this.#priorities.add(key());
    return candidatePriority(type, preference, base.component);
  }
}
