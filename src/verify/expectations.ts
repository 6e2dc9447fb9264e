/**
 * Holds a run against its documented flow: one finding per expectation, from the ledger and the plan alone.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import { unreachable } from '../base/assert.js';
import type { Nanos } from '../base/time.js';
import { formatDuration } from '../base/time.js';
import type { LabEvent, Ledger } from '../capture/ledger.js';
import { groupsOf, linksOf } from '../analysis/direction.js';
import type { Direction, Spread } from '../analysis/direction.js';
import { legsOf } from '../analysis/legs.js';
import type { Leg, Observation } from '../analysis/legs.js';
import { rtpStreams } from '../analysis/rtp-streams.js';
import type { Expectation, FlowSpec } from '../scenario/flow.js';
import type { Plan, PlanNode, PlanUser } from '../topology/plan.js';
import { NO_EVIDENCE } from './finding.js';
import type { Evidence, Finding } from './finding.js';

export interface VerifyInput {
  readonly flow: FlowSpec;
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly observation: Observation;
}

export function verifyFlow(input: VerifyInput): readonly Finding[] {
  return input.flow.expectations.map((expectation) => new Judge(input).judge(expectation));
}

type Verdict = Pick<Finding, 'status' | 'observed' | 'evidence'>;

class Judge {
  readonly #in: VerifyInput;

  constructor(input: VerifyInput) {
    this.#in = input;
  }

  judge(e: Expectation): Finding {
    switch (e.expect) {
      case 'signed-in':
        return { check: `signed-in/${this.#node(e.of)}`, subject: `${this.#node(e.of)} signs in`, expected: `at home, ${this.#user(e.of)?.home ?? '?'}`, src: e.src, ...this.#signedIn(e.of) };
      case 'signalling':
        return { check: `signalling/${this.#node(e.of)}`, subject: `${this.#node(e.of)} signalling`, expected: e.is, src: e.src, ...this.#signalling(e.of, e.is) };
      case 'message':
        return { check: `message/${this.#pair(e.from, e.to)}`, subject: `message ${this.#node(e.from)} > ${this.#node(e.to)}`, expected: 'delivered', src: e.src, ...this.#told('message-received', e.to, e.from, 'delivered') };
      case 'call':
        return { check: `call/${this.#pair(e.from, e.to)}`, subject: `call ${this.#node(e.from)} > ${this.#node(e.to)}`, expected: 'answered', src: e.src, ...this.#told('call-answered', e.from, e.to, 'answered') };
      case 'media':
        return { check: `media/${this.#pair(...e.between)}`, subject: `${this.#pair(...e.between)} media`, expected: e.sites === null ? e.is : `${e.is}, by ${e.sites.join(' and ')} only`, src: e.src, ...this.#media(e) };
      case 'ice':
        return { check: `ice/${this.#pair(...e.between)}`, subject: `${this.#pair(...e.between)} ICE`, expected: `${e.local}/${e.remote}`, src: e.src, ...this.#ice(e) };
      case 'symmetric':
        return { check: `symmetric/${this.#pair(...e.between)}`, subject: `${this.#pair(...e.between)} media`, expected: 'same links both ways', src: e.src, ...this.#symmetric(e) };
      case 'quality':
        return { check: `quality/${this.#pair(...e.between)}`, subject: `${this.#pair(...e.between)} quality`, expected: bounds(e), src: e.src, ...this.#quality(e) };
      default:
        return unreachable(e);
    }
  }

  #node(actor: string): string {
    return this.#in.flow.actors[actor] ?? actor;
  }

  #pair(x: string, y: string): string {
    return `${this.#node(x)}-${this.#node(y)}`;
  }

  #user(actor: string): PlanUser | undefined {
    return this.#in.plan.users.find((user) => user.node === this.#node(actor));
  }

  #signedIn(actor: string): Verdict {
    const user = this.#user(actor);
    const events = this.#in.ledger.events().filter((event) => event.name === 'signed-in' && event.fields['user'] === user?.address);
    const atHome = events.filter((event) => event.node === user?.home);
    if (atHome.length > 0) return { status: 'pass', observed: `at home, ${user?.home ?? '?'}`, evidence: NO_EVIDENCE };
    const elsewhere = events.map((event) => event.node).join(', ');
    return { status: 'fail', observed: elsewhere === '' ? 'not signed in' : `at ${elsewhere}`, evidence: this.#whyNot() };
  }

  #signalling(actor: string, is: string): Verdict {
    const home = this.#user(actor)?.home ?? '';
    const legs = legsOf(this.#in.observation, 'signalling', this.#node(actor), home);
    return this.#path(legs, is);
  }

  /** An event at `at` that names `other` as its other side. */
  #told(name: string, at: string, other: string, word: string): Verdict {
    const peer = this.#user(other)?.address;
    const matches = (event: LabEvent): boolean => event.name === name && event.node === this.#node(at) && event.fields['peer'] === peer;
    if (this.#in.ledger.events().some(matches)) return { status: 'pass', observed: word, evidence: NO_EVIDENCE };
    return { status: 'fail', observed: `not ${word}`, evidence: this.#whyNot() };
  }

  /** What the scenario's last step said, for things that did not happen. */
  #whyNot(): Evidence {
    const failed = this.#in.ledger.events().findLast((event) => event.name === 'step' && event.fields['ok'] === 'no');
    return failed === undefined ? NO_EVIDENCE : { ...NO_EVIDENCE, why: `step ${failed.fields['step'] ?? '?'}: ${failed.fields['says'] ?? 'failed'}` };
  }

  #media(e: Extract<Expectation, { expect: 'media' }>): Verdict {
    const legs = this.#mediaLegs(e.between);
    const verdict = this.#path(legs, e.is);
    if (e.sites === null || verdict.status === 'unproved') return verdict;
    const allowed = new Set(e.sites);
    const strangers = [...this.#crossed(legs)].filter((node) => node.site === null || !allowed.has(node.site));
    const sites = [...new Set(strangers.map((node) => node.site ?? node.name))];
    if (sites.length === 0) return { ...verdict, observed: `${verdict.observed}, by ${e.sites.join(' and ')} only` };
    return { ...verdict, status: 'fail', observed: `${verdict.observed}, through ${sites.join(' and ')}` };
  }

  #mediaLegs(between: readonly [string, string]): readonly Leg[] {
    return legsOf(this.#in.observation, 'audio', this.#node(between[0]), this.#node(between[1]));
  }

  /** Nodes at the ends of the links that the legs crossed. */
  #crossed(legs: readonly Leg[]): Set<PlanNode> {
    const nodes = new Set<PlanNode>();
    for (const direction of legs.flatMap((leg) => [leg.there, leg.back])) {
      for (const link of linksOf(direction, this.#in.plan)) {
        for (const end of link.ends) {
          const node = this.#in.plan.nodes[end.node];
          if (node !== undefined) nodes.add(node);
        }
      }
    }
    return nodes;
  }

  #path(legs: readonly Leg[], is: string): Verdict {
    const evidence = this.#evidence(legs);
    if (evidence.total === 0) return { status: 'unproved', observed: 'no packet', evidence: this.#whyNot() };
    const oneSided = legs.filter((leg) => leg.there.delivered === 0 || leg.back.delivered === 0);
    const label = [...new Set(legs.map((leg) => leg.label))].join(' and ');
    if (oneSided.length > 0) return { status: 'fail', observed: `${label}, ${this.#silence(oneSided)}`, evidence };
    return { status: label === is ? 'pass' : 'fail', observed: label, evidence };
  }

  #silence(legs: readonly Leg[]): string {
    return legs
      .flatMap((leg) => [
        ...(leg.there.delivered === 0 ? [`nothing of ${leg.a.name} reaches ${leg.b.name}${ended(leg.there)}`] : []),
        ...(leg.back.delivered === 0 ? [`nothing of ${leg.b.name} reaches ${leg.a.name}${ended(leg.back)}`] : []),
      ])
      .join(', ');
  }

  #evidence(legs: readonly Leg[]): Evidence {
    const directions = legs.flatMap((leg) => [leg.there, leg.back]);
    const packets = directions.flatMap((direction) => direction.evidence).slice(0, 10) as PacketId[];
    const links = [...new Set(directions.flatMap((direction) => linksOf(direction, this.#in.plan).map((link) => link.name)))];
    const lost = directions.flatMap((direction) => direction.endings).map((ending) => `${ending.packets} × ${ending.reason} at ${ending.where}`);
    return { packets, total: directions.reduce((sum, direction) => sum + direction.packets, 0), links, ...(lost.length > 0 && { why: lost.join(', ') }) };
  }

  #ice(e: Extract<Expectation, { expect: 'ice' }>): Verdict {
    const [first, second] = e.between;
    const selected = this.#in.ledger.events().filter((event) => event.name === 'ice-selected' && [first, second].some((actor) => event.node === this.#node(actor)));
    if (selected.length === 0) return { status: 'unproved', observed: 'no pair selected', evidence: this.#whyNot() };
    const seen = selected.map((event) => {
      const own = `${event.fields['local-type'] ?? '?'}/${event.fields['remote-type'] ?? '?'}`;
      return event.node === this.#node(first) ? own : own.split('/').reverse().join('/');
    });
    const kinds = [...new Set(seen)];
    const both = [first, second].every((actor) => selected.some((event) => event.node === this.#node(actor)));
    const ok = both && kinds.length === 1 && kinds[0] === `${e.local}/${e.remote}`;
    return { status: ok ? 'pass' : 'fail', observed: both ? kinds.join(' and ') : `${kinds.join(' and ')}, one side only`, evidence: NO_EVIDENCE };
  }

  #symmetric(e: Extract<Expectation, { expect: 'symmetric' }>): Verdict {
    const legs = this.#mediaLegs(e.between);
    const evidence = this.#evidence(legs);
    if (legs.length === 0) return { status: 'unproved', observed: 'no packet', evidence: this.#whyNot() };
    const [there, back] = [(leg: Leg) => leg.there, (leg: Leg) => leg.back].map((side) =>
      new Set(legs.flatMap((leg) => groupsOf(side(leg), this.#in.plan))),
    ) as [Set<string>, Set<string>];
    const onlyThere = [...there].filter((group) => !back.has(group));
    const onlyBack = [...back].filter((group) => !there.has(group));
    if (onlyThere.length + onlyBack.length === 0) return { status: 'pass', observed: 'same links both ways', evidence };
    const part = (way: string, groups: readonly string[]): string[] => (groups.length > 0 ? [`${way} only: ${groups.join(', ')}`] : []);
    return { status: 'fail', observed: [...part('there', onlyThere), ...part('back', onlyBack)].join('; '), evidence };
  }

  #quality(e: Extract<Expectation, { expect: 'quality' }>): Verdict {
    const legs = this.#mediaLegs(e.between);
    const directions = legs.flatMap((leg) => [leg.there, leg.back]);
    const evidence = this.#evidence(legs);
    if (directions.length === 0) return { status: 'unproved', observed: 'no packet', evidence: this.#whyNot() };
    const loss = Math.max(...directions.map((direction) => direction.lost / Math.max(1, direction.packets)));
    const delay = Math.max(...directions.map((direction) => meanOf(direction.delay))) as Nanos;
    const jitter = Math.max(0, ...legs.map((leg) => this.#jitterOf(leg))) as Nanos;
    const ok = (e.loss === null || loss < e.loss) && (e.delay === null || delay < e.delay) && (e.jitter === null || jitter < e.jitter);
    const observed = [
      ...(e.loss === null ? [] : [`loss ${(loss * 100).toFixed(2)}%`]),
      ...(e.delay === null ? [] : [`delay ${rounded(delay)}`]),
      ...(e.jitter === null ? [] : [`jitter ${rounded(jitter)}`]),
    ];
    return { status: ok ? 'pass' : 'fail', observed: observed.join(', '), evidence };
  }

  /** Largest interarrival jitter (RFC 3550) at either receiver. */
  #jitterOf(leg: Leg): number {
    const ids = leg.flows.flatMap((flow) => [...this.#in.ledger.packetsOf(flow)]);
    const points = new Set<number>();
    for (const direction of [leg.there, leg.back]) {
      const example = direction.paths[0]?.example;
      const end = example === undefined ? undefined : this.#in.ledger.journey(example)?.end;
      if (end?.kind === 'delivered') points.add(end.point);
    }
    let worst = 0;
    for (const point of points) {
      const incoming = ids.filter((id) => {
        const end = this.#in.ledger.journey(id as PacketId)?.end;
        return end?.kind === 'delivered' && end.point === point;
      });
      for (const stream of rtpStreams(this.#in.ledger, point, incoming)) worst = Math.max(worst, stream.maxJitter);
    }
    return worst;
  }
}

function ended(direction: Direction): string {
  const ending = direction.endings[0];
  return ending === undefined ? '' : ` (${ending.reason} at ${ending.where})`;
}

function meanOf(spread: Spread | null): number {
  return spread?.mean ?? Infinity;
}

function rounded(time: Nanos): string {
  return formatDuration((Math.round(time / 1000) * 1000) as Nanos);
}

function bounds(e: Extract<Expectation, { expect: 'quality' }>): string {
  return [
    ...(e.loss === null ? [] : [`loss < ${e.loss * 100}%`]),
    ...(e.delay === null ? [] : [`delay < ${formatDuration(e.delay)}`]),
    ...(e.jitter === null ? [] : [`jitter < ${formatDuration(e.jitter)}`]),
  ].join(', ');
}
