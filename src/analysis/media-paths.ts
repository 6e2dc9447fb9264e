/**
 * Media paths: what a listener hears of a sender. A leg is what IP sees between two nodes; a path goes on through relays
 * and mixers to whom the media was for, stage by stage, stitched by the causes that they send with. TURN's wrapping is
 * opened; the numbers are end to end: sent by who speaks, delivered to who listens.
 *
 *     alice --turn/alice-edge--> edge --rtp--> bob        sent, relayed
 *     alice --audio/alice-mcu--> mcu --audio/bob-mcu--> bob   sent, mixed
 * @module
 */
import { must } from '../base/assert.js';
import type { LinkId, PacketId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import type { Ledger } from '../capture/ledger.js';
import type { Plan } from '../topology/plan.js';
import { DirectionTally } from './direction-tally.js';
import type { Fate, TimedCrossing } from './direction-tally.js';
import type { Direction } from './direction.js';
import { labelOfDirections } from './label.js';
import type { Leg, MediaStream } from './legs.js';
import type { StreamTally } from './rtp-streams.js';
import type { By, Spoken, Stitches } from './stitches.js';
import { ownWay, wholeWay } from './whole-way.js';
import type { Workload } from './told-streams.js';

/** One leg of a path, and how the media came onto it. */
export interface Stage {
  readonly leg: Leg;
  readonly by: 'sent' | By;
  /** In the order of their first packets: a call that began anew has another SSRC. */
  readonly streams: readonly MediaStream[];
}

/** A packet as its sender sent it, and whether the listener got it, in any form. */
export interface Utterance {
  readonly id: PacketId;
  readonly at: Nanos;
  readonly fate: 'delivered' | Fate;
}

export interface MediaPath {
  /** `audio/alice>bob`, `audio/alice>edge>bob`: stable from run to run. */
  readonly id: string;
  /** Names of the nodes: who speaks, who listens. */
  readonly from: string;
  readonly to: string;
  /** Null where nobody told. */
  readonly workload: Workload | null;
  /** One at least; the first is what the sender sent. */
  readonly stages: readonly Stage[];
  /** End to end: `packets` by the sender, `delivered` to the listener, over the links of all stages. */
  readonly whole: Direction;
  /** The article's word for the links of all stages. */
  readonly label: string;
  /** In the order of sending. */
  readonly utterances: readonly Utterance[];
}

/** A leg and the streams of it, as one step of a chain. */
interface Link {
  readonly stream: StreamTally;
  readonly by: 'sent' | By;
}

/** How far a packet came, from who spoke. */
interface Trace {
  readonly said: readonly Spoken[];
  /** Null: it was heard, or it was not lost but nothing was made of it. */
  readonly end: 'heard' | 'missed' | 'not-passed-on';
}

interface Work {
  readonly id: string;
  /** Its stages: two paths by the same nodes may be on different legs. */
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly workload: Workload | null;
  readonly chain: readonly { readonly leg: Leg; readonly by: 'sent' | By; readonly streams: Set<StreamTally> }[];
  readonly tally: DirectionTally;
  readonly utterances: Utterance[];
}

/** What streams and legs a scan found. */
export interface Found {
  readonly streams: readonly { readonly tally: StreamTally; readonly leg: Leg; readonly finished: MediaStream }[];
  readonly stitches: Stitches;
}

/** In the order of their first packets. */
export function mediaPaths(ledger: Ledger, plan: Plan, found: Found): readonly MediaPath[] {
  return new Paths(ledger, found).run().map((work) => finish(work, plan, found));
}

function finish({ id, from, to, workload, chain, tally, utterances }: Work, plan: Plan, { streams }: Found): MediaPath {
  const whole = tally.finish();
  return {
    id,
    from,
    to,
    workload,
    stages: chain.map(({ leg, by, streams: own }) => ({ leg, by, streams: streams.filter((one) => own.has(one.tally)).map(({ finished }) => finished) })),
    whole,
    label: labelOfDirections([whole], plan),
    utterances: utterances.sort((a, b) => a.at - b.at),
  };
}

class Paths {
  readonly #ledger: Ledger;
  readonly #stitches: Stitches;
  readonly #legs: ReadonlyMap<StreamTally, Leg>;
  readonly #works = new Map<string, Work>();

  constructor(ledger: Ledger, { streams, stitches }: Found) {
    this.#ledger = ledger;
    this.#stitches = stitches;
    this.#legs = new Map(streams.map(({ tally, leg }) => [tally, leg]));
  }

  run(): readonly Work[] {
    for (const stream of this.#legs.keys()) if (this.#stitches.isOrigin(stream)) this.#follow(stream);
    return [...this.#works.values()].sort((x, y) => x.tally.first - y.tally.first);
  }

  #follow(origin: StreamTally): void {
    if (this.#stitches.next(origin).size === 0) return this.#direct(origin);
    const last = this.#lastStreams(origin, new Set());
    for (const to of new Set(last.map((stream) => stream.of.to))) this.#through(origin, to);
  }

  /** Streams behind this one that nothing was made of: what listeners get. */
  #lastStreams(stream: StreamTally, seen: Set<StreamTally>): readonly StreamTally[] {
    if (seen.has(stream)) return [];
    seen.add(stream);
    const next = [...this.#stitches.next(stream).keys()];
    return next.length === 0 ? [stream] : next.flatMap((one) => this.#lastStreams(one, seen));
  }

  #direct(stream: StreamTally): void {
    const work = this.#work([{ stream, by: 'sent' }]);
    work.tally.merge(stream.direction);
    for (const [i, id] of stream.ids.entries()) {
      const fate = (stream.arrivals[i] ?? -1) >= 0 ? 'delivered' : must(stream.misses.get(i), 'what became of it').fate;
      work.utterances.push({ id, at: stream.starts[i] as Nanos, fate });
    }
  }

  /** What one listener heard of a stream that was passed on. */
  #through(origin: StreamTally, to: string): void {
    const traces = origin.ids.map((_, number) => this.#trace({ stream: origin, number }, to));
    const ended = traces.filter(({ said }) => this.#isLast(said.at(-1), to));
    const works = new Map<string, { readonly work: Work; readonly tally: DirectionTally; heard: number }>();
    for (const { said, end } of ended) {
      const chain = this.#chain(said);
      const key = this.#keyOf(chain);
      const known = works.get(key) ?? { work: this.#work(chain), tally: new DirectionTally(), heard: 0 };
      if (end === 'heard') known.heard += 1;
      works.set(key, known);
    }
    const common = [...works.values()].sort((a, b) => b.heard - a.heard);
    for (const trace of traces) {
      const key = this.#keyOf(this.#chain(trace.said));
      // What did not come to the end began a way that others went to the end.
      const own = works.get(key) ?? common.find(({ work }) => work.key.startsWith(`${key} `)) ?? common[0];
      if (own !== undefined) this.#add(own, trace);
    }
    for (const { work, tally } of works.values()) work.tally.merge(tally);
  }

  #isLast(said: Spoken | undefined, to: string): boolean {
    return said !== undefined && said.stream.of.to === to && this.#stitches.next(said.stream).size === 0;
  }

  /** The best of what was made of a packet: heard first, else what came farthest. */
  #trace(spoken: Spoken, to: string): Trace {
    const { stream, number } = spoken;
    if ((stream.arrivals[number] ?? -1) < 0) return { said: [spoken], end: 'missed' };
    if (this.#isLast(spoken, to)) return { said: [spoken], end: 'heard' };
    const onward = this.#stitches.onward(spoken).filter(({ stream: next }) => this.#lastStreams(next, new Set([stream])).some((one) => one.of.to === to));
    const traces = onward.map((next) => this.#trace(next, to));
    const [best] = traces.sort((a, b) => rank(a) - rank(b) || b.said.length - a.said.length || arrival(a) - arrival(b));
    return best === undefined ? { said: [spoken], end: 'not-passed-on' } : { said: [spoken, ...best.said], end: best.end };
  }

  #chain(said: readonly Spoken[]): readonly Link[] {
    return said.map(({ stream }, i) => {
      const before = said[i - 1]?.stream;
      return { stream, by: before === undefined ? 'sent' : must(this.#stitches.next(before).get(stream), 'a stitch') };
    });
  }

  #work(links: readonly Link[]): Work {
    const [first, last] = [must(links[0], 'a first stage').stream, must(links.at(-1), 'a last stage').stream];
    const { workload } = first;
    const id = `${workload ?? 'rtp'}/${[first.of.from, ...links.map(({ stream }) => stream.of.to)].join('>')}`;
    const key = this.#keyOf(links);
    let work = this.#works.get(`${id} ${key}`);
    if (work === undefined) {
      const chain = links.map(({ stream, by }) => ({ leg: this.#leg(stream), by, streams: new Set<StreamTally>() }));
      work = { id, key, from: first.of.from, to: last.of.to, workload, chain, tally: new DirectionTally(), utterances: [] };
      this.#works.set(`${id} ${key}`, work);
    }
    for (const [i, { stream }] of links.entries()) work.chain[i]?.streams.add(stream);
    return work;
  }

  #leg(stream: StreamTally): Leg {
    return must(this.#legs.get(stream), 'a leg');
  }

  /** Of the beginning of a chain it is the beginning. */
  #keyOf(links: readonly Link[]): string {
    return links.map(({ stream, by }) => `${by}:${this.#leg(stream).id}:${stream.of.from}`).join(' ');
  }

  #add({ work, tally }: { readonly work: Work; readonly tally: DirectionTally }, { said, end }: Trace): void {
    const { stream: origin, number } = must(said[0], 'what was said');
    const { stream: last, number: at } = must(said.at(-1), 'what came last');
    const [id, start] = [must(origin.ids[number], 'id'), must(origin.starts[number], 'start')];
    tally.sent(must(origin.orders[number], 'order'), id);
    const crossings = said.flatMap((one) => this.#crossings(one));
    const [links, key] = [crossings.map(({ link }): LinkId => link), crossings.map(({ link, side }) => link * 2 + side).join(' ')];
    tally.crossedAt(crossings);
    if (end === 'heard') tally.arrivedBy(id, links, key, (must(last.arrivals[at], 'arrival') - start) as Nanos);
    const miss = end === 'missed' ? must(last.misses.get(at), 'what became of it') : { fate: 'lost' as const, reason: 'not-passed-on', where: last.of.to };
    if (end !== 'heard') tally.missedOn(id, links, key, miss.fate, miss.reason, miss.where);
    work.utterances.push({ id, at: start as Nanos, fate: end === 'heard' ? 'delivered' : miss.fate });
  }

  #crossings({ stream, number }: Spoken): readonly TimedCrossing[] {
    const as = stream.arrivedAs.get(number);
    return as === undefined ? ownWay(this.#ledger, must(stream.ids[number], 'id')) : wholeWay(this.#ledger, as);
  }
}

function rank({ end }: Trace): number {
  return end === 'heard' ? 0 : 1;
}

function arrival({ said }: Trace): number {
  const last = said.at(-1);
  return last?.stream.arrivals[last.number] ?? Infinity;
}
