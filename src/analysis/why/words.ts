/**
 * A flow's story in the words of an engineer: sentences, each of one line. Whoever shows them arranges them.
 * @module
 */
import type { DropName } from '../../base/drop.js';
import { formatDuration } from '../../base/time.js';
import type { Nanos } from '../../base/time.js';
import { splitEndpoint } from '../addresses.js';
import type { Branch, Decided, DirectionStory, End, FlowStory, Line, Parting, RouteTaken, RuleMet, StateFault, Way } from './story.js';

type Dropped = Extract<End, { kind: 'dropped' }>;

/** Why a flow's packets did not arrive, in one line, most packets first; null when nothing is wrong. */
export function whyLine(story: FlowStory): string | null {
  const bad = [story.there, story.back].flatMap((direction) => direction.ways.filter(isTrouble).map((way) => ({ direction, way })));
  // A port that nobody listens at is the least of all troubles.
  const rank = ({ way: { end } }: (typeof bad)[number]): number => (end.kind === 'dropped' && end.drop === 'no-listener' ? 1 : 0);
  const worst = bad.sort((a, b) => rank(a) - rank(b) || b.way.packets - a.way.packets)[0];
  if (worst === undefined) return null;
  const { direction, way } = worst;
  const others = bad.length === 1 ? '' : `, and ${bad.slice(1).reduce((sum, one) => sum + one.way.packets, 0)} elsewhere`;
  const parts = [`${direction.from} > ${direction.to}: ${countWords(way, direction)} ${endWords(way.end, direction, story)}${others}`];
  const fault = way.end.kind === 'dropped' ? way.end.state : null;
  if (fault !== null) parts.push(faultWords(fault, way.end.kind === 'dropped' ? way.end.where : ''));
  if (fault !== null && story.state.holders.length > 0) parts.push(holdersWords(story));
  if (story.parting !== null) parts.push(`the ways part at ${story.parting.node}`);
  return parts.join('; ');
}

export function isTrouble(way: Way): boolean {
  return way.end.kind === 'dropped' || (way.end.kind === 'delivered' && !way.end.wanted);
}

/** `all 7 packets were`, `3 of 400 packets were`, `the packet was`: the beginning of what {@link endWords} goes on with. */
export function countWords(way: Way, direction: DirectionStory): string {
  if (way.packets < direction.packets) return `${way.packets} of ${direction.packets} packets ${way.packets === 1 ? 'was' : 'were'}`;
  return direction.packets === 1 ? 'the packet was' : `all ${direction.packets} packets were`;
}

/** How packets of a way ended: `dropped at fw1 ...`. */
export function endWords(end: End, direction: DirectionStory, story: FlowStory): string {
  switch (end.kind) {
    case 'delivered':
      return end.wanted ? `delivered to ${end.node}` : `taken by ${end.node} for itself: no state there translates them back`;
    case 'in-flight':
      return `under way on ${end.link} when the run ended`;
    case 'unknown':
      return `sent over ${end.link}; whether they arrived is not recorded`;
    case 'dropped':
      return end.at === 'link' ? linkWords(end) : `dropped at ${end.where}${stageWords(end.decided)}: ${reasonWords(end, direction, story)}`;
  }
}

function stageWords({ stage }: Decided): string {
  return stage === '' || stage === 'route' ? '' : ` (${stage})`;
}

function linkWords({ drop, where }: Dropped): string {
  switch (drop) {
    case 'link-loss':
      return `lost on the link ${where}`;
    case 'link-down':
      return `lost: the link ${where} is down`;
    case 'link-queue-overflow':
      return `dropped by the full queue of the link ${where}`;
    default:
      return `dropped on the link ${where}: ${PLAIN[drop] ?? drop}`;
  }
}

const PLAIN: Partial<Readonly<Record<DropName, string>>> = {
  'mtu-df': 'larger than the MTU of the way on, and must not be fragmented (DF)',
  ttl: 'its TTL has run out: the routes go round in a circle, or the way is too long',
  malformed: 'malformed',
  checksum: 'wrong checksum',
  'reassembly-timeout': 'fragments are missing',
  policed: 'above the rate that is let through',
  'conntrack-table-full': 'the connection table is full',
  'nat-pool-exhausted': 'no address and port is left in the NAT pool',
  'interface-down': 'the interface is down',
  'no-neighbour': 'the next hop does not answer (ARP, NDP)',
  'backlog-full': 'the listener has as many half-open connections as it may have (somaxconn)',
  unacceptable: 'no part of what its connection is at',
  unexplained: 'it went in and never came out, and the kernel did not say why',
};

/** What a node decided by. */
export function reasonWords(end: Dropped, direction: DirectionStory, story: FlowStory): string {
  const { drop, decided } = end;
  const { rule, route, said } = decided;
  const kind = said['kind'];
  switch (drop) {
    case 'firewall-rule':
    case 'firewall-policy':
      return rule === null ? (drop === 'firewall-rule' ? 'by a rule' : 'by a policy') : ruleWords(rule);
    case 'no-route':
      return `no route to ${targetOf(direction, story)}`;
    case 'blackhole':
      return `${kind ?? 'blackhole'} route ${route?.prefix ?? ''}`.trim();
    case 'rp-filter':
      return kind === 'martian'
        ? 'a source address that cannot come from there (martian)'
        : `reverse path filter${kind === undefined ? '' : ` (${kind})`}: ${wayBackWords(end, direction, story)}`;
    case 'no-listener':
      if (kind === 'icmp-error') return 'an ICMP error, and the socket that it is about is closed';
      return `nothing listens there on ${story.protocol}${portOf(direction, story)}`;
    case 'not-mine':
      return end.flooded === null
        ? 'not for this node, which passes nothing on'
        : `not for this node: ${end.flooded} sent it out of every port, and none led to ${direction.to}`;
    case 'conntrack-invalid':
      return `ct state invalid${kind === undefined ? '' : ` (${kind})`}`;
    case 'nat-no-mapping':
      return `no mapping${kind === undefined ? '' : ` (${kind})`}`;
    case 'role':
      return said['reason'] ?? 'by its own decision';
    default:
      return `${PLAIN[drop] ?? drop}${kind === undefined ? '' : ` (${kind})`}`;
  }
}

function wayBackWords({ decided: { route, said } }: Dropped, direction: DirectionStory, story: FlowStory): string {
  const source = sourceOf(direction, story);
  if (route !== null)
    return `the way back to ${source} is by ${route.dev === null ? 'no interface' : route.dev} (route ${route.prefix}), where this did not come in`;
  return said['kind'] === 'loose' ? `there is no way back to ${source}` : `the way back to ${source} is not by the interface that it came in by`;
}

/** Where packets of a direction are for, as the last node on the way sees it; for the way back the translated address. */
function targetOf(direction: DirectionStory, { names, there }: FlowStory): string {
  return splitEndpoint((direction === there ? names[0]?.b : names.at(-1)?.a) ?? '?').address;
}

function sourceOf(direction: DirectionStory, { names, there }: FlowStory): string {
  return splitEndpoint((direction === there ? names[0]?.a : names.at(-1)?.b) ?? '?').address;
}

function portOf(direction: DirectionStory, { names, there }: FlowStory): string {
  const { port } = splitEndpoint((direction === there ? names.at(-1)?.b : names[0]?.a) ?? '?');
  return port === 0 ? '' : ` port ${port}`;
}

/** `rule 7 of inet/filter/forward, fw1.nft:12, "no relay range"`. */
export function ruleWords({ chain, rule, src, says }: RuleMet): string {
  return [`${rule === null ? 'policy' : `rule ${rule}`} of ${chain}`, ...(src === null ? [] : [placeWords(src)]), ...(says === null ? [] : [`"${says}"`])].join(
    ', ',
  );
}

export function placeWords({ file, line }: Line): string {
  return `${file}:${line}`;
}

/** `route 10.0.0.0/8 via 10.0.0.1 dev eth0 metric 10`, in the words of ip-route(8). */
export function routeWords({ prefix, via, dev, metric, table, member, proto }: RouteTaken): string {
  const parts = [
    ['via', via],
    ['dev', dev],
    ['proto', proto],
    ['metric', metric],
    ['table', table],
  ] as const;
  const chosen = member === null ? '' : `, next hop ${member.replace('/', ' of ')} by the flow's hash`;
  return [`route ${prefix}`, ...parts.flatMap(([word, value]) => (value === null ? [] : [`${word} ${value}`]))].join(' ') + chosen;
}

/** What is wrong with the state that the node has, or has not. */
export function faultWords({ ct, answer, silence }: StateFault, node: string): string {
  const what = answer ? 'it is an answer' : 'the connection is older than this packet';
  const known = ct === 'new' ? `to ${node} it begins a connection (ct state new)` : `${node} knows no connection that it could belong to (ct state ${ct})`;
  const since = silence === null ? '' : `: ${node} last passed a packet of it ${formatDuration(rounded(silence))} before, and has forgotten it since`;
  return `${what}, yet ${known}${since}`;
}

/** To the millisecond. */
function rounded(time: Nanos): Nanos {
  return (time < 1e6 ? time : Math.round(time / 1e6) * 1e6) as Nanos;
}

/** Who knows of the connection. */
export function holdersWords({ state }: FlowStory): string {
  const [one, many] = [state.holders.join(' and '), state.holders.length > 1];
  const holds = `${one} ${many ? 'hold' : 'holds'} its state (saw its first packet)`;
  return state.missing.length === 0 ? holds : `${holds}, ${state.missing.join(' and ')} ${state.missing.length > 1 ? 'have' : 'has'} none`;
}

/** Sentences on where the ways part, and where they meet. */
export function partingWords(parting: Parting, story: FlowStory): readonly string[] {
  const { node, one, other, again } = parting;
  const first = `the ways part at ${node}: ${branchWords(one, story)}, ${branchWords(other, story)}`;
  if (again === null) return [first];
  const meets = again.other === null ? 'they would meet again' : 'they meet again';
  return [first, `${meets} at ${again.node}: ${branchWords(again.one, story)}${again.other === null ? '' : `, ${branchWords(again.other, story)}`}`];
}

function branchWords({ direction, goes, link, neighbour, route }: Branch, story: FlowStory): string {
  const { from, to } = story[direction];
  const by = route === null ? '' : ` (${routeWords(route)})`;
  return goes === 'out' ? `${from} > ${to} leaves by ${link} to ${neighbour}${by}` : `${from} > ${to} comes by ${link} from ${neighbour}`;
}
