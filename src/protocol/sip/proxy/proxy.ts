/**
 * Stateful proxy core (RFC 3261 section 16): forwards requests by a routing function, forks in parallel, collects
 * responses, stays on the path of dialogs by Record-Route. What it is to answer itself goes up as `local`.
 * @module
 */
import type { Rng } from '../../../base/rng.js';
import { NEVER, plus, type Nanos } from '../../../base/time.js';
import type { Machine } from '../../machine.js';
import { nextHop } from '../dialog.js';
import { routes, toTag } from '../fields.js';
import { newBranch, newTag, randomHex } from '../identifiers.js';
import { makeResponse, withoutTop, withTop, type HeaderPairs, type SipMessage, type SipRequest, type SipResponse } from '../message.js';
import { cancelledKey, TransactionLayer, type Hop, type LayerOut, type Send, type Source } from '../transaction/layer.js';
import { TIMERS, wait64, type SipTimers } from '../transaction/timers.js';
import type { SipUri } from '../uri.js';
import { cancelFor } from '../user-agent/requests.js';
import { ResponseContext, TIMER_C, type Branch } from './response-context.js';
import { advance, FlowTokens, loopHash, preprocess, recordRoute, validate, withRecordRoutes, type Face } from './routing.js';
import { hostPort } from '../../../wire/address.js';

export interface Target {
  /** New Request-URI; null keeps it. */
  readonly uri: string | null;
  /** Null: by Route or Request-URI. */
  readonly hop: Hop | null;
}

export type Decision =
  /** To all of them at once; an empty list is 480. */
  | { readonly kind: 'forward'; readonly targets: readonly Target[] }
  /** Any final response: 301/302 with Contact, 404, 403, 407 with a challenge ... */
  | { readonly kind: 'respond'; readonly status: number; readonly reason?: string; readonly headers?: HeaderPairs }
  /** The element itself answers (REGISTER, OPTIONS to it ...). */
  | { readonly kind: 'local' };

export interface ProxyOptions {
  readonly rng: Rng;
  /** Whether a URI of a Route, or host and port of a Via, mean this element. */
  readonly isMe: (host: string, port: number | null) => boolean;
  /** What this element is called on the side that a request came from, or that it goes to (null: not by a connection that was accepted). */
  readonly face: (source: Source | null) => Face;
  /** Called for requests whose way no Route of ours or of others says. */
  readonly route: (request: SipRequest, source: Source, now: Nanos) => Decision;
  /** Before anything is forwarded, routed requests too. Null: let it pass. */
  readonly authorize?: (request: SipRequest, source: Source, now: Nanos) => (Decision & { kind: 'respond' }) | null;
  readonly extensions?: readonly string[];
  readonly timers?: SipTimers;
}

export type ProxyIn =
  | { readonly kind: 'received'; readonly message: SipMessage; readonly source: Source }
  | { readonly kind: 'transport-error'; readonly transaction: string; readonly detail: string }
  | { readonly kind: 'connection-closed'; readonly connection: number }
  /** Answer to a `local` request. */
  | { readonly kind: 'respond'; readonly transaction: string; readonly response: SipResponse };

export type ProxyOut = Send | { readonly kind: 'local'; readonly transaction: string; readonly request: SipRequest; readonly source: Source };

const DIALOG_MAKERS = new Set(['INVITE', 'SUBSCRIBE', 'REFER']);

export class Proxy implements Machine<ProxyIn, ProxyOut> {
  readonly #options: ProxyOptions;
  readonly #layer: TransactionLayer;
  readonly #tokens: FlowTokens;
  readonly #contexts = new Map<string, ResponseContext>();
  /** By client transaction. */
  readonly #branches = new Map<string, { readonly context: ResponseContext; readonly branch: Branch }>();
  readonly #open = new Set<number>();

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#layer = new TransactionLayer(options.timers === undefined ? {} : { timers: options.timers });
    this.#tokens = new FlowTokens(randomHex(options.rng, 16));
  }

  get deadline(): Nanos {
    let first = this.#layer.deadline;
    for (const context of this.#contexts.values()) if (context.deadline < first) first = context.deadline;
    return first;
  }

  /** Requests that are being worked on. */
  get contexts(): number {
    return this.#contexts.size;
  }

  handle(input: ProxyIn, now: Nanos, out: ProxyOut[]): void {
    switch (input.kind) {
      case 'received':
        this.#open.add(input.source.connection);
        this.#run((made) => this.#layer.received(input.message, input.source, now, made), now, out);
        return;
      case 'transport-error':
        this.#run((made) => this.#layer.transportError(input.transaction, input.detail, now, made), now, out);
        return;
      case 'connection-closed':
        this.#open.delete(input.connection);
        return;
      case 'respond':
        this.#respond(input.transaction, input.response, now, out);
    }
  }

  tick(now: Nanos, out: ProxyOut[]): void {
    if (this.#layer.deadline <= now) this.#run((made) => this.#layer.tick(now, made), now, out);
    for (const context of [...this.#contexts.values()]) {
      for (const branch of context.pending) if (branch.timerC <= now) this.#timerC(context, branch, now, out);
    }
  }

  #run(step: (made: LayerOut[]) => void, now: Nanos, out: ProxyOut[]): void {
    const made: LayerOut[] = [];
    step(made);
    for (const o of made) {
      switch (o.kind) {
        case 'send':
          out.push(o);
          break;
        case 'request':
          this.#request(o.transaction, o.request, o.source, now, out);
          break;
        case 'ack':
          this.#ack(o.request, o.source, out);
          break;
        case 'response':
          this.#response(o.transaction, o.response, now, out);
          break;
        case 'failed':
          this.#failed(o.transaction, o.why, o.detail, now, out);
          break;
        case 'ended':
          this.#contexts.delete(o.transaction);
          this.#branches.delete(o.transaction);
          break;
        case 'stray':
          // RFC 6026 section 8.9: a response that matches nothing is not forwarded.
          break;
      }
    }
  }

  // ---- requests

  #request(transaction: string, request: SipRequest, source: Source, now: Nanos, out: ProxyOut[]): void {
    if (request.method === 'CANCEL') {
      this.#cancel(transaction, request, now, out);
      return;
    }
    const refused = validate(request, this.#options.extensions ?? [], this.#options.isMe);
    if (refused !== null) {
      this.#answer(transaction, request, { kind: 'respond', ...refused }, now, out);
      return;
    }
    const isMe = (uri: SipUri): boolean => this.#options.isMe(uri.host, uri.port);
    const { request: stripped, flow, routed } = preprocess(request, isMe, this.#tokens, source.connection);
    const denied = this.#options.authorize?.(stripped, source, now) ?? null;
    const decision = denied ?? this.#decide(stripped, flow, routed, source, now);
    if (decision.kind === 'local') out.push({ kind: 'local', transaction, request: stripped, source });
    else if (decision.kind === 'respond') this.#answer(transaction, request, decision, now, out);
    else if (decision.targets.length === 0) this.#answer(transaction, request, { kind: 'respond', status: 480 }, now, out);
    else this.#forward(transaction, stripped, source, decision.targets, now, out);
  }

  #decide(request: SipRequest, flow: number | null, routed: boolean, source: Source, now: Nanos): Decision {
    if (flow !== null && this.#open.has(flow)) return { kind: 'forward', targets: [{ uri: null, hop: { kind: 'connection', connection: flow } }] };
    if (routes(request).length > 0) return { kind: 'forward', targets: [{ uri: null, hop: null }] };
    // RFC 5626 section 5.3.1: the flow that the route named is gone.
    if (flow !== null) return { kind: 'respond', status: 430 };
    if (routed && toTag(request) !== '') return { kind: 'forward', targets: [{ uri: null, hop: null }] };
    return this.#options.route(request, source, now);
  }

  #answer(transaction: string, request: SipRequest, decision: Decision & { kind: 'respond' }, now: Nanos, out: ProxyOut[]): void {
    this.#respond(
      transaction,
      makeResponse(request, decision.status, {
        toTag: newTag(this.#options.rng),
        headers: decision.headers ?? [],
        ...(decision.reason !== undefined && { reason: decision.reason }),
      }),
      now,
      out,
    );
  }

  #respond(transaction: string, response: SipResponse, now: Nanos, out: ProxyOut[]): void {
    this.#run((made) => this.#layer.respond(transaction, response, now, made), now, out);
  }

  #forward(transaction: string, request: SipRequest, source: Source, targets: readonly Target[], now: Nanos, out: ProxyOut[]): void {
    const context = new ResponseContext(transaction, request);
    this.#contexts.set(transaction, context);
    // Section 16.2: a stateful proxy says 100 at once, so that the INVITE is not repeated.
    if (context.invite) this.#respond(transaction, makeResponse(request, 100), now, out);
    for (const target of targets) {
      const branch = this.#branch(request, source, target);
      if (branch === null) continue;
      context.branches.push(branch);
      branch.timerC = context.invite ? plus(now, TIMER_C) : NEVER;
    }
    if (context.branches.length === 0) {
      this.#answer(transaction, request, { kind: 'respond', status: 416 }, now, out);
      return;
    }
    for (const branch of context.branches) {
      const made: LayerOut[] = [];
      branch.transaction = this.#layer.request(branch.request, branch.hop, now, made);
      this.#branches.set(branch.transaction, { context, branch });
      this.#run((o) => o.push(...made), now, out);
    }
  }

  #branch(request: SipRequest, source: Source, target: Target): Branch | null {
    const retargeted = target.uri === null ? request : { ...request, uri: target.uri };
    const recorded = DIALOG_MAKERS.has(request.method) && toTag(request) === '' ? this.#record(retargeted, source, target.hop) : retargeted;
    const advanced = advance(recorded);
    const hop = target.hop ?? nextHop(advanced);
    return hop === null
      ? null
      : { request: this.#withVia(advanced, request), hop, transaction: '', provisional: false, final: null, cancel: 'no', timerC: NEVER };
  }

  #withVia(request: SipRequest, original: SipRequest): SipRequest {
    const { host, port } = this.#options.face(null);
    return withTop(request, 'Via', `SIP/2.0/TLS ${hostPort(host, port)};branch=${newBranch(this.#options.rng)}.${loopHash(original)}`);
  }

  #record(request: SipRequest, source: Source, hop: Hop | null): SipRequest {
    const inward = recordRoute(this.#options.face(source), source.local === null ? null : this.#tokens.make(source.connection));
    const facing = this.#options.face(null);
    if (hop?.kind === 'connection') return withRecordRoutes(request, inward, recordRoute(facing, this.#tokens.make(hop.connection)));
    const inFace = this.#options.face(source);
    return withRecordRoutes(request, inward, inFace.host === facing.host && inFace.port === facing.port ? null : recordRoute(facing, null));
  }

  /** ACK for a 2xx: forwarded without a transaction. */
  #ack(request: SipRequest, source: Source, out: ProxyOut[]): void {
    if (validate(request, this.#options.extensions ?? [], this.#options.isMe) !== null) return;
    const isMe = (uri: SipUri): boolean => this.#options.isMe(uri.host, uri.port);
    const { request: stripped, flow } = preprocess(request, isMe, this.#tokens, source.connection);
    const advanced = advance(stripped);
    const hop: Hop | null = flow !== null && this.#open.has(flow) ? { kind: 'connection', connection: flow } : nextHop(advanced);
    if (hop !== null) out.push({ kind: 'send', to: hop, message: this.#withVia(advanced, stripped), transaction: '' });
  }

  /** Section 16.10. */
  #cancel(transaction: string, cancel: SipRequest, now: Nanos, out: ProxyOut[]): void {
    const context = this.#contexts.get(cancelledKey(cancel));
    this.#respond(transaction, makeResponse(cancel, context === undefined ? 481 : 200, { toTag: newTag(this.#options.rng) }), now, out);
    if (context !== undefined) this.#cancelPending(context, now, out);
  }

  #cancelPending(context: ResponseContext, now: Nanos, out: ProxyOut[]): void {
    if (!context.invite) return;
    for (const branch of context.pending) this.#cancelBranch(branch, now, out);
  }

  #cancelBranch(branch: Branch, now: Nanos, out: ProxyOut[]): void {
    if (branch.cancel === 'sent') return;
    branch.cancel = branch.provisional ? 'sent' : 'wanted';
    if (!branch.provisional) return;
    // Section 9.1: an INVITE that is not answered within 64*T1 of its CANCEL is over.
    branch.timerC = plus(now, wait64(this.#options.timers ?? TIMERS));
    this.#run(
      (made) => {
        this.#layer.request(cancelFor(branch.request), branch.hop, now, made);
      },
      now,
      out,
    );
  }

  #timerC(context: ResponseContext, branch: Branch, now: Nanos, out: ProxyOut[]): void {
    branch.timerC = NEVER;
    if (branch.provisional && branch.cancel === 'no') {
      // Section 16.8: the branch rang too long.
      this.#cancelBranch(branch, now, out);
    } else this.#final(context, branch, makeResponse(branch.request, branch.cancel === 'sent' ? 487 : 408, { toTag: newTag(this.#options.rng) }), now, out);
  }

  // ---- responses

  #response(transaction: string, response: SipResponse, now: Nanos, out: ProxyOut[]): void {
    const found = this.#branches.get(transaction);
    if (found === undefined) return;
    const { context, branch } = found;
    if (response.status >= 200) {
      this.#final(context, branch, response, now, out);
      return;
    }
    context.alive(branch, response.status, now);
    if (branch.cancel === 'wanted') this.#cancelBranch(branch, now, out);
    if (response.status > 100 && !context.answered && !context.succeeded) this.#respond(context.transaction, withoutTop(response, 'Via'), now, out);
  }

  #failed(transaction: string, why: 'timeout' | 'transport', detail: string, now: Nanos, out: ProxyOut[]): void {
    const found = this.#branches.get(transaction);
    if (found === undefined || found.branch.final !== null) return;
    // Sections 16.8 and 16.9.
    this.#final(
      found.context,
      found.branch,
      makeResponse(found.branch.request, why === 'timeout' ? 408 : 503, { reason: detail, toTag: newTag(this.#options.rng) }),
      now,
      out,
    );
  }

  #final(context: ResponseContext, branch: Branch, response: SipResponse, now: Nanos, out: ProxyOut[]): void {
    const success = response.status < 300;
    if (branch.final !== null && !success) return;
    branch.final = response;
    branch.timerC = NEVER;
    if (success) {
      // Step 5: every 2xx of an INVITE goes upstream at once; the others are cancelled.
      if (context.invite || !context.succeeded) this.#respond(context.transaction, withoutTop(response, 'Via'), now, out);
      context.succeeded = true;
      this.#cancelPending(context, now, out);
      return;
    }
    if (response.status >= 600) this.#cancelPending(context, now, out);
    if (context.pending.length > 0 || context.succeeded || context.answered) return;
    const best = context.best();
    if (best === null) return;
    context.answered = true;
    this.#respond(context.transaction, withoutTop(best, 'Via'), now, out);
  }
}
