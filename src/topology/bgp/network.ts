/**
 * All speakers of a lab and the sessions between them: what becomes of a change of a link, in time. Pure: `step` gives
 * another state and leaves the one it was given as it is; the clock is the caller's.
 *
 * Times: a message takes as long as its way, and a millisecond to be worked through. There is no MRAI (RFC 4271
 * 9.2.1.1), as routers of today have none unless it is asked for. Of the hold timer the worst case is played: the last
 * KEEPALIVE came just before the way broke.
 *
 * @example
 * let state = BgpNetwork.converged(plan);
 * const { state: next, changes } = step(state, { kind: 'link', link, side: 0, change: { up: false } }, now);
 * // then, when next.deadline has come:
 * step(next, { kind: 'time' }, next.deadline)
 * @module
 */
import { assertInvariant, must } from '../../base/assert.js';
import type { LinkId } from '../../base/brand.js';
import { formatDuration, millis, type Nanos, NEVER, plus, ZERO } from '../../base/time.js';
import type { ImpairmentSpec } from '../impairment.js';
import type { Plan, PlanRoute, RouteChange } from '../plan.js';
import {
  delayTo,
  type End,
  ENDS,
  forkSession,
  handshake,
  isWhole,
  newSession,
  otherEnd,
  peeringsOf,
  type Reach,
  reachOf,
  type Session,
  type Watch,
} from './session.js';
import { type Outcome, Speaker, type Update } from './speaker.js';
import { Underlay } from './underlay.js';

export type BgpEvent =
  | { readonly kind: 'link'; readonly link: LinkId; readonly side: 0 | 1 | 'both'; readonly change: Partial<ImpairmentSpec> & { readonly up?: boolean } }
  /** What was booked up to now happens. */
  | { readonly kind: 'time' };

export interface NodeChange extends RouteChange {
  readonly node: string;
}

const SESSION_EVENT = 'bgp-session';
const ROUTE_EVENT = 'bgp-route';

/** What is worth telling: a session or a route of a node changed. */
export interface BgpNote {
  readonly node: string;
  readonly event: typeof SESSION_EVENT | typeof ROUTE_EVENT;
  readonly fields: Readonly<Record<string, string>>;
}

export interface BgpStepResult {
  readonly state: BgpNetwork;
  /** In order. */
  readonly changes: readonly NodeChange[];
  readonly notes: readonly BgpNote[];
}

type Job =
  | { readonly do: 'expire'; readonly session: number; readonly end: End }
  | { readonly do: 'reset'; readonly session: number }
  | { readonly do: 'establish'; readonly session: number }
  | { readonly do: 'deliver'; readonly session: number; readonly to: End; readonly epoch: number; readonly update: Update };

interface Booked {
  readonly at: Nanos;
  readonly id: number;
  readonly job: Job;
}

/** What a router takes to work a message through. Without it two that contradict each other would stop the clock. */
const PROCESSING = millis(1);

/** Moments in which something happens, before all is quiet: after so many it never will be. */
const RESTLESS = 3000;

/** @param now not before any time that the state was given */
export function step(state: BgpNetwork, event: BgpEvent, now: Nanos): BgpStepResult {
  const next = state.fork();
  const turn = next.turn(now);
  if (event.kind === 'link') turn.link(event);
  else turn.runDue();
  return { state: next, changes: turn.changes, notes: turn.notes };
}

export class BgpNetwork {
  underlay: Underlay;
  readonly speakers: ReadonlyMap<string, Speaker>;
  readonly sessions: readonly Session[];
  /** By time, then by id. */
  queue: readonly Booked[];
  nextId: number;

  private constructor(underlay: Underlay, speakers: ReadonlyMap<string, Speaker>, sessions: readonly Session[], queue: readonly Booked[] = [], nextId = 1) {
    this.underlay = underlay;
    this.speakers = speakers;
    this.sessions = sessions;
    this.queue = queue;
    this.nextId = nextId;
  }

  /**
   * The state in which a lab begins: all that can be established is, and everything that was sent has arrived. Null when
   * that never comes: the policies contradict each other.
   */
  static converged(plan: Pick<Plan, 'nodes' | 'links'>): BgpNetwork | null {
    const routerId = (name: string): string => must(plan.nodes.find((node) => node.name === name)?.bgp, `BGP of ${name}`).routerId;
    const speakers = plan.nodes.flatMap(({ name, bgp }): [string, Speaker][] =>
      bgp === undefined
        ? []
        : [
            [
              name,
              Speaker.start(
                name,
                bgp,
                bgp.neighbors.map((n) => routerId(n.node)),
              ),
            ],
          ],
    );
    const network = new BgpNetwork(Underlay.of(plan), new Map(speakers), peeringsOf(plan.nodes).map(newSession));
    const start = network.turn(ZERO);
    start.begin();
    for (let i = 0; network.queue.length > 0; i++) {
      if (i > RESTLESS) return null;
      network.turn(network.deadline).runDue();
    }
    // Lab time begins now.
    for (const session of network.sessions) for (const end of ENDS) session.lastArrival[end] = ZERO;
    return network;
  }

  /** When something is booked next. */
  get deadline(): Nanos {
    return this.queue[0]?.at ?? NEVER;
  }

  fork(): BgpNetwork {
    const speakers = new Map([...this.speakers].map(([name, speaker]) => [name, speaker.fork()]));
    return new BgpNetwork(this.underlay, speakers, this.sessions.map(forkSession), this.queue, this.nextId);
  }

  turn(now: Nanos): Turn {
    return new Turn(this, now);
  }

  /** Of a node's sessions, in the order of its neighbours: null = established, else why not. */
  sessionsOf(node: string): readonly (string | null)[] {
    const found = new Map<number, string | null>();
    for (const session of this.sessions) {
      for (const end of ENDS) {
        if (session.peering.nodes[end] === node) found.set(session.peering.indexes[end], session.up[end] ? null : session.why[end]);
      }
    }
    return [...found].sort(([a], [b]) => a - b).map(([, why]) => why);
  }
}

/** One moment of a network: what happens in it, and what comes of it. Writes the network that it was made from. */
class Turn {
  readonly changes: NodeChange[] = [];
  readonly notes: BgpNote[] = [];
  readonly #network: BgpNetwork;
  readonly #now: Nanos;

  constructor(network: BgpNetwork, now: Nanos) {
    this.#network = network;
    this.#now = now;
  }

  begin(): void {
    for (const speaker of this.#network.speakers.values()) this.#decide(speaker, speaker.prefixes());
    for (const [i, session] of this.#network.sessions.entries()) {
      if (isWhole(this.#reach(session))) this.#establish(i);
      else for (const end of ENDS) session.why[end] = 'no way to the neighbour';
    }
  }

  link({ link, side, change }: Extract<BgpEvent, { kind: 'link' }>): void {
    for (const one of side === 'both' ? ([0, 1] as const) : [side]) this.#network.underlay = this.#network.underlay.with(link, one, change);
    for (const i of this.#network.sessions.keys()) this.#refresh(i);
    // Next hops and networks of its own may have come or gone.
    for (const speaker of this.#network.speakers.values()) this.#decide(speaker, speaker.prefixes());
  }

  /** Everything that is due, in its order; also what is booked for now meanwhile. */
  runDue(): void {
    for (let [first] = this.#network.queue; first !== undefined && first.at <= this.#now; [first] = this.#network.queue) {
      this.#network.queue = this.#network.queue.slice(1);
      this.#run(first.job);
    }
  }

  #run(job: Job): void {
    const session = this.#session(job.session);
    switch (job.do) {
      case 'expire':
        session.expiry[job.end] = null;
        this.#close(job.session, job.end, expired(session.peering.watch[job.end]));
        return;
      case 'reset':
        session.reset = null;
        for (const end of ENDS) if (session.up[end]) this.#close(job.session, end, 'closed by the neighbour');
        return;
      case 'establish':
        session.establish = null;
        this.#establish(job.session);
        return;
      case 'deliver':
        if (session.epoch === job.epoch) this.#deliver(job.session, job.to, job.update);
        return;
    }
  }

  // ---- sessions ----

  #refresh(i: number): void {
    const session = this.#session(i);
    const reach = this.#reach(session);
    for (const end of ENDS) {
      if (session.up[end] && !reach.carrier[end]) this.#close(i, end, 'interface down');
      const silent = session.up[end] && !reach.open[end];
      if (silent) session.expiry[end] ??= this.#book(plus(this.#now, session.peering.watch[end].after), { do: 'expire', session: i, end });
      else session.expiry[end] = this.#cancel(session.expiry[end]);
      if (reach.open[end] && session.waiting[end].length > 0) {
        const waiting = session.waiting[end];
        session.waiting[end] = [];
        for (const update of waiting) this.#send(i, end, update, reach);
      }
    }
    this.#bookReset(i, reach);
    const wanted = !session.up[0] && !session.up[1] && !session.blocked && isWhole(reach);
    const ready = plus(plus(this.#now, session.peering.connectRetry), handshake(reach, this.#network.underlay));
    if (wanted) session.establish ??= this.#book(ready, { do: 'establish', session: i });
    else session.establish = this.#cancel(session.establish);
  }

  /** An end that is still up learns that the other is not, as soon as a packet of that one gets through. */
  #bookReset(i: number, reach: Reach): void {
    const session = this.#session(i);
    const end = session.up[0] && !session.up[1] ? 0 : session.up[1] && !session.up[0] ? 1 : null;
    if (end === null || !reach.open[end]) session.reset = this.#cancel(session.reset);
    else session.reset ??= this.#book(plus(this.#now, delayTo(end, reach, this.#network.underlay)), { do: 'reset', session: i });
  }

  #establish(i: number): void {
    const session = this.#session(i);
    session.epoch++;
    for (const end of ENDS) {
      session.up[end] = true;
      this.#speakerAt(session, end).peerUp(session.peering.indexes[end]);
      this.#note(session, end, 'up', '');
    }
    for (const end of ENDS) {
      const speaker = this.#speakerAt(session, end);
      this.#decide(speaker, speaker.prefixes());
    }
  }

  #close(i: number, end: End, why: string): void {
    const session = this.#session(i);
    session.up[end] = false;
    session.why[end] = why;
    session.epoch++;
    session.waiting[0] = [];
    session.waiting[1] = [];
    this.#note(session, end, 'down', why);
    const speaker = this.#speakerAt(session, end);
    this.#decide(speaker, speaker.peerDown(session.peering.indexes[end]));
    this.#refresh(i);
  }

  // ---- messages ----

  #send(i: number, to: End, update: Update, reach: Reach): void {
    const session = this.#session(i);
    if (!reach.open[to]) {
      session.waiting[to] = [...session.waiting[to], update];
      return;
    }
    const arrival = Math.max(plus(plus(this.#now, PROCESSING), delayTo(to, reach, this.#network.underlay)), session.lastArrival[to]) as Nanos;
    session.lastArrival[to] = arrival;
    this.#book(arrival, { do: 'deliver', session: i, to, epoch: session.epoch, update });
  }

  #deliver(i: number, to: End, update: Update): void {
    const session = this.#session(i);
    if (!session.up[to]) return;
    if (!this.#reach(session).open[to]) {
      session.waiting[to] = [...session.waiting[to], update];
      return;
    }
    const speaker = this.#speakerAt(session, to);
    const index = session.peering.indexes[to];
    const prefixes = speaker.receive(index, update);
    const limit = session.peering.neighbors[to].maxPrefixes;
    const told = Math.max(speaker.received(index, 4), speaker.received(index, 6));
    if (limit !== null && told > limit) {
      session.blocked = true;
      this.#close(i, to, `${told} prefixes, over the limit of ${limit}`);
    } else this.#decide(speaker, prefixes);
  }

  #decide(speaker: Speaker, prefixes: Iterable<string>): void {
    const { routes, updates } = speaker.decide(prefixes, this.#network.underlay);
    for (const route of routes) this.#changeRoute(speaker.node, route);
    for (const [index, update] of updates) {
      const i = this.#network.sessions.findIndex(({ peering }) => ENDS.some((end) => peering.nodes[end] === speaker.node && peering.indexes[end] === index));
      const session = this.#session(i);
      const end: End = session.peering.nodes[0] === speaker.node && session.peering.indexes[0] === index ? 0 : 1;
      this.#send(i, otherEnd(end), update, this.#reach(session));
    }
  }

  #changeRoute(node: string, { prefix, before, after, why }: Outcome['routes'][0]): void {
    if (before !== null && before.metric !== after?.metric) this.changes.push({ node, op: 'delete', route: before });
    if (after !== null) this.changes.push({ node, op: 'replace', route: after });
    this.notes.push({ node, event: ROUTE_EVENT, fields: { prefix, ...routeFields(after), why } });
  }

  // ---- booking ----

  #book(at: Nanos, job: Job): number {
    const id = this.#network.nextId++;
    const queue = [...this.#network.queue];
    const later = queue.findIndex((other) => other.at > at);
    queue.splice(later < 0 ? queue.length : later, 0, { at, id, job });
    this.#network.queue = queue;
    return id;
  }

  #cancel(id: number | null): null {
    if (id !== null) this.#network.queue = this.#network.queue.filter((booked) => booked.id !== id);
    return null;
  }

  #note(session: Session, end: End, state: string, why: string): void {
    const { nodes } = session.peering;
    this.notes.push({ node: nodes[end], event: SESSION_EVENT, fields: { peer: nodes[otherEnd(end)], state, ...(why !== '' && { why }) } });
  }

  #session(i: number): Session {
    return must(this.#network.sessions[i], `session ${i}`);
  }

  #speakerAt(session: Session, end: End): Speaker {
    return must(this.#network.speakers.get(session.peering.nodes[end]), session.peering.nodes[end]);
  }

  #reach(session: Session): Reach {
    return reachOf(session.peering, this.#network.underlay);
  }
}

function expired({ by, after }: Watch): string {
  return `${by} expired after ${formatDuration(after)}`;
}

function routeFields(route: PlanRoute | null): Readonly<Record<string, string>> {
  if (route === null) return {};
  assertInvariant(route.dev !== null, 'a route of BGP has an interface');
  const hops = route.nextHops ?? [{ via: route.via, dev: route.dev }];
  return { via: hops.map((hop) => hop.via ?? '').join(','), dev: hops.map((hop) => hop.dev).join(',') };
}
