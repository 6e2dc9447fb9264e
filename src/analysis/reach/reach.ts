/**
 * What the network of a plan does with a packet and with the answer to it, without a call: the reachability oracle. It
 * asks a {@link Prober} (a network without roles), and explains by the same analysis as that of runs.
 * @module
 */
import type { ProbeOutcome, ProbeTransport, Prober, ProberFactory, Taken } from '../../capture/probe.js';
import type { Plan } from '../../topology/plan.js';
import { ownersOf } from '../addresses.js';
import type { AddressOwners } from '../addresses.js';
import { explain } from '../why/explain.js';
import type { DirectionStory, FlowStory } from '../why/story.js';
import { endWords, isTrouble, whyLine } from '../why/words.js';
import { hostPort } from '../../wire/address.js';

export interface ReachQuery {
  /** Name of the node that sends. */
  readonly node: string;
  /** Its address; if it is nobody's, the packet enters the network at the node as if it came from behind it. */
  readonly from: string;
  readonly to: string;
  readonly transport: ProbeTransport;
  /** 0..63. */
  readonly dscp: number;
}

/** One direction. */
export interface Passage {
  readonly arrived: boolean;
  /** Node that sent, and node where it was taken or ended; null when it ended on a link. */
  readonly sender: string;
  readonly at: string | null;
  /** Links that it crossed, by name, in order. */
  readonly links: readonly string[];
  /** Its addresses when it was taken: as translations have made them. */
  readonly seen: Taken | null;
  /** Why it did not arrive, in one line. */
  readonly why: string | null;
}

export interface Reach {
  readonly query: ReachQuery;
  /** Both directions do. */
  readonly works: boolean;
  readonly there: Passage;
  /** Null when nothing arrived that could be answered. */
  readonly back: Passage | null;
  /** What happened, hop by hop: the flow; another one, where the answer does not belong to it. */
  readonly stories: readonly FlowStory[];
}

/** Asks one network, and remembers what it said: a plan does not change. */
export class Oracle {
  readonly #plan: Plan;
  readonly #owners: AddressOwners;
  readonly #prober: Prober;
  readonly #known = new Map<string, Reach>();

  constructor(plan: Plan, makeProber: ProberFactory, seed: number) {
    this.#plan = plan;
    this.#owners = ownersOf(plan);
    this.#prober = makeProber(plan, seed);
  }

  reachable(query: ReachQuery): Reach {
    const key = keyOf(query);
    let reach = this.#known.get(key);
    if (reach === undefined) this.#known.set(key, (reach = this.#ask(query)));
    return reach;
  }

  #ask(query: ReachQuery): Reach {
    const outcome = this.#prober.ask(query);
    const packets = outcome.answer === null ? [outcome.sent] : [outcome.sent, outcome.answer];
    const stories = explain(outcome.ledger, this.#plan, packets);
    const there = this.#there(query, outcome, stories);
    const back = this.#back(query, outcome, stories);
    return { query, works: there.arrived && back?.arrived === true, there, back, stories };
  }

  #there(query: ReachQuery, { taken }: ProbeOutcome, stories: readonly FlowStory[]): Passage {
    const story = stories[0];
    // An address that a translator holds for others is reached where the translator sends it to.
    const owner = this.#owners.of(query.to);
    const arrived = taken !== null && (owner === undefined || owner.forwards || owner.name === taken.node);
    const astray =
      taken === null ? (story === undefined ? 'it was never sent' : whyLine(story)) : `taken by ${taken.node} as ${taken.to}, not by ${owner?.name ?? '?'}`;
    return { ...passageOf(story?.there, query.node, taken), arrived, why: arrived ? null : astray };
  }

  #back(query: ReachQuery, { answer, taken, answered }: ProbeOutcome, stories: readonly FlowStory[]): Passage | null {
    if (answer === null || taken === null) return null;
    const [story, other] = stories;
    const direction = other?.there ?? story?.back;
    const passage = passageOf(direction, taken.node, answered);
    const wrong = answered === null ? null : this.#notTheAnswer(query, answered);
    // Beyond the node where a foreign source enters nobody is known.
    const foreign =
      this.#owners.of(query.from) === undefined &&
      direction?.ways.some(({ hops }) => hops.some(({ node, to }) => node === query.node || to === query.node)) === true;
    const arrived = foreign || (answered !== null && wrong === null);
    const lost = (other ?? story) === undefined ? null : whyLine((other ?? story) as FlowStory);
    return { ...passage, arrived, why: arrived ? null : (wrong ?? lost ?? 'it did not arrive') };
  }

  /** What an application at the sender would find wrong with the answer; null when nothing. */
  #notTheAnswer(query: ReachQuery, { node, from, to }: Taken): string | null {
    if (node !== query.node) return `taken by ${node} as ${to}: no state there translates it back for ${query.node}`;
    const { transport } = query;
    const [askedPort, ownPort] = transport.protocol === 'icmp' ? [0, 0] : [transport.toPort, transport.fromPort];
    if (from !== endpoint(query.to, askedPort)) return `it comes from ${from}, but ${endpoint(query.to, askedPort)} was spoken to`;
    return to === endpoint(query.from, ownPort) ? null : `it is for ${to}, but ${endpoint(query.from, ownPort)} spoke`;
  }
}

function keyOf({ node, from, to, transport, dscp }: ReachQuery): string {
  const ports = transport.protocol === 'icmp' ? '' : `${transport.fromPort} ${transport.toPort}`;
  return `${node} ${from} ${to} ${transport.protocol} ${ports} ${dscp}`;
}

function endpoint(address: string, port: number): string {
  if (port === 0) return address;
  return hostPort(address, port);
}

function passageOf(direction: DirectionStory | undefined, sender: string, seen: Taken | null): Omit<Passage, 'arrived' | 'why'> {
  // Of several ways that of the packet which was taken.
  const way = direction?.ways.find(({ end: one }) => one.kind === 'delivered' && one.node === seen?.node) ?? direction?.ways[0];
  const end = way?.end;
  const at = seen?.node ?? (end?.kind === 'dropped' && end.at === 'node' ? end.where : null);
  return { sender, at, links: way?.hops.map(({ link }) => link) ?? [], seen };
}

/** One line a direction, for people. */
export function reachLines(reach: Reach): readonly string[] {
  const { there, back, query, stories } = reach;
  const target = there.seen?.node ?? stories[0]?.there.to ?? query.to;
  return [
    `${query.node} > ${target}: ${passageWords(there, query.from, stories[0], 'there')}`,
    ...(back === null ? [] : [`${back.sender} > ${query.node}: ${passageWords(back, query.to, stories.at(-1), stories.length > 1 ? 'there' : 'back')}`]),
  ];
}

function passageWords({ arrived, links, seen, why }: Passage, source: string, story: FlowStory | undefined, side: 'there' | 'back'): string {
  const over = links.length === 0 ? '' : ` over ${links.join(', ')}`;
  const as = seen === null || seen.from === source || seen.from.startsWith(`${source}:`) || seen.from.startsWith(`[${source}]`) ? '' : `, from ${seen.from}`;
  if (arrived) return `delivered${over}${as}`;
  const direction = story?.[side];
  const trouble = direction?.ways.find(isTrouble);
  if (direction !== undefined && story !== undefined && trouble !== undefined && seen === null) {
    const parts = side === 'back' && story.parting !== null ? `; the ways part at ${story.parting.node}` : '';
    return `${endWords(trouble.end, direction, story, trouble.loop)}${parts}`;
  }
  return why ?? 'not delivered';
}
