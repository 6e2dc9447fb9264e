/**
 * A flow's story in the words of an engineer: sentences, each of one line. Whoever shows them arranges them.
 * @module
 */
import type { DropName } from '../../base/drop.js';
import { formatDuration } from '../../base/time.js';
import type { Nanos } from '../../base/time.js';
import { dscpName } from '../../topology/drafting/dscp.js';
import { splitEndpoint } from '../addresses.js';
import type {
  Branch,
  Decided,
  DirectionStory,
  Dropped,
  End,
  FlowStory,
  IcmpError,
  Line,
  Loop,
  Parting,
  Remark,
  RouteTaken,
  RuleMet,
  StateFault,
  Way,
} from './story.js';

/** Why a flow's packets did not arrive, in one line, most packets first; null when nothing is wrong. */
export function whyLine(story: FlowStory): string | null {
  const bad = [story.there, story.back].flatMap((direction) => direction.ways.filter(isTrouble).map((way) => ({ direction, way })));
  const remarks = story.remarks.map((remark) => remarkWords(remark));
  // A port that nobody listens at is the least of all troubles.
  const rank = ({ way: { end } }: (typeof bad)[number]): number => (end.kind === 'dropped' && end.drop === 'no-listener' ? 1 : 0);
  const worst = bad.sort((a, b) => rank(a) - rank(b) || b.way.packets - a.way.packets)[0];
  const parts = story.parting === null ? [] : [`the ways part at ${story.parting.node}`];
  if (worst === undefined) return story.verdict === 'fine' ? null : [...remarks, ...parts].join('; ');
  const { direction, way } = worst;
  const others = bad.length === 1 ? '' : `, and ${bad.slice(1).reduce((sum, one) => sum + one.way.packets, 0)} elsewhere`;
  const fault = way.end.kind === 'dropped' ? way.end.state : null;
  return [
    `${direction.from} > ${direction.to}: ${countWords(way, direction)} ${endWords(way.end, direction, story, way.loop)}${others}`,
    ...(fault === null ? [] : [faultWords(fault, way.end.kind === 'dropped' ? way.end.where : '', direction, story)]),
    ...(fault !== null && fault.halfSeen === null && story.state.holders.length > 0 ? [holdersWords(story)] : []),
    ...way.errors.filter(({ died }) => died !== null).map((error) => errorWords(error, direction, story)),
    ...remarks,
    ...parts,
  ].join('; ');
}

/** All that is said of a flow in sentences, one for each thing. */
export function sentencesOf(story: FlowStory): readonly string[] {
  const ofWay = (way: Way, direction: DirectionStory): readonly string[] => [
    ...(isTrouble(way) ? [`${countWords(way, direction)} ${endWords(way.end, direction, story, way.loop)}`] : []),
    ...(way.end.kind === 'dropped' && way.end.state !== null ? [faultWords(way.end.state, way.end.where, direction, story)] : []),
    ...way.errors.map((error) => errorWords(error, direction, story)),
    ...way.hops.flatMap((hop) => (hop.dscp === null ? [] : [`${hop.node}: ${dscpWords(hop.dscp)}`])),
    ...way.hops.flatMap((hop) => hop.decided.flatMap(({ route }) => (route === null ? [] : [`${hop.node}: ${routeWords(route)}`]))),
  ];
  return [
    ...[story.there, story.back].flatMap((direction) => direction.ways.flatMap((way) => ofWay(way, direction))),
    ...story.remarks.map(remarkWords),
    ...(story.parting === null ? [] : partingWords(story.parting, story)),
    ...(story.state.missing.length === 0 || story.state.holders.length === 0 ? [] : [holdersWords(story)]),
    ...story.onward.map(({ node, flow, protocol, a, b }) => `${node} sends them on as ${protocol} ${a} > ${b} (flow ${flow})`),
  ];
}

/** What is to be said beside the ends of packets. */
export function remarkWords(remark: Remark): string {
  switch (remark.kind) {
    case 'answers-from':
      return `answers come from ${remark.from}, but ${remark.asker} spoke to ${remark.spokenTo}${remark.reset ? `: ${remark.asker} resets the connection` : ''}`;
    case 'untranslated':
      return `${remark.node} did not translate them by ${ruleWords(remark.rule)}: the connection began before, over ${remark.began}`;
    case 'port-taken':
      return `${remark.node} could not keep port ${splitEndpoint(remark.wanted).port}: ${remark.wanted} was taken by ${remark.by.protocol} ${remark.by.a} > ${remark.by.b} (flow ${remark.by.flow})`;
  }
}

/** `isp told so: ICMP packet too big, MTU 1280, 6 times, all dropped at dcfw (forward): rule 1 ...`. @param about direction of the packets that it is about */
export function errorWords({ node, means, packets, reached, died }: IcmpError, about: DirectionStory, story: FlowStory): string {
  const told = `${node} told so: ICMP ${means ?? 'error'}, ${packets} ${packets === 1 ? 'time' : 'times'}`;
  if (reached !== null) return `${told}, to ${reached}`;
  if (died === null) return `${told}, which did not arrive`;
  // It goes back to their sender.
  const back = about === story.there ? story.back : story.there;
  return `${told}, ${packets === 1 ? 'which was' : 'all'} ${endWords(died, back, story)}`;
}

/** `DSCP EF became 0`. */
export function dscpWords({ from, to }: { readonly from: number; readonly to: number }): string {
  return `DSCP ${dscpName(from)} became ${dscpName(to)}`;
}

/** `loop between dc and branch, 30 times`. */
function loopWords({ nodes, times }: Loop): string {
  return `loop ${nodes.length === 1 ? 'at' : 'between'} ${listWords(nodes)}, ${times} times`;
}

function listWords(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
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
export function endWords(end: End, direction: DirectionStory, story: FlowStory, loop: Loop | null = null): string {
  switch (end.kind) {
    case 'delivered':
      return end.wanted ? `delivered to ${end.node}` : `taken by ${end.node} for itself: no state there translates them back`;
    case 'in-flight':
      return `under way on ${end.link} when the run ended`;
    case 'unknown':
      return `sent over ${end.link}; whether they arrived is not recorded`;
    case 'dropped':
      return end.at === 'link' ? linkWords(end) : `dropped at ${end.where}${stageWords(end.decided)}: ${reasonWords(end, direction, story, loop)}`;
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
export function reasonWords(end: Dropped, direction: DirectionStory, story: FlowStory, loop: Loop | null = null): string {
  const { drop, decided } = end;
  const { rule, route, said } = decided;
  const kind = said['kind'];
  switch (drop) {
    case 'firewall-rule':
    case 'firewall-policy':
      return rule === null ? (drop === 'firewall-rule' ? 'by a rule' : 'by a policy') : ruleWords(rule);
    case 'ttl':
      return loop === null ? (PLAIN.ttl ?? drop) : `its TTL has run out: ${loopWords(loop)}`;
    case 'no-route':
      return `no route to ${end.routed?.destination ?? targetOf(direction, story)}`;
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

function wayBackWords({ decided: { route, said }, routed }: Dropped, direction: DirectionStory, story: FlowStory): string {
  const source = routed?.source ?? sourceOf(direction, story);
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
export function routeWords({ prefix, via, dev, metric, table, member, proto, chosen }: RouteTaken): string {
  const parts = [
    ['via', via],
    ['dev', dev],
    ['proto', proto],
    ['metric', metric],
    ['table', table],
  ] as const;
  const choice = chosen === null ? '' : ` (${chosen.why}${chosen.src === null ? '' : `, by ${placeWords(chosen.src)}`})`;
  const hash = member === null ? '' : `, next hop ${member.replace('/', ' of ')} by the flow's hash`;
  return [`route ${prefix}`, ...parts.flatMap(([word, value]) => (value === null ? [] : [`${word} ${value}`]))].join(' ') + hash + choice;
}

/** What is wrong with the state that the node has, or has not. */
export function faultWords({ ct, answer, silence, halfSeen }: StateFault, node: string, direction: DirectionStory, story: FlowStory): string {
  if (halfSeen !== null) {
    const [saw, missed] =
      story.protocol === 'tcp'
        ? answer
          ? ['the SYN-ACK', 'the SYN']
          : ['the SYN', 'the SYN-ACK']
        : [`what ${direction.from} sends`, answer ? 'what it answers' : 'an answer'];
    return `${node} saw ${saw}, never ${missed}: it went ${halfSeen.by === null ? `straight from ${direction.to} to ${direction.from}` : `by ${halfSeen.by}`}`;
  }
  const what = answer ? 'it is an answer' : 'the connection is older than this packet';
  const known = ct === 'new' ? `to ${node} it begins a connection (ct state new)` : `${node} knows no connection that it could belong to (ct state ${ct})`;
  const forgot = silence === null || silence < FORGETS ? '' : ', and has forgotten it since';
  const since = silence === null ? '' : `: ${node} last passed a packet of it ${formatDuration(rounded(silence))} before${forgot}`;
  return `${what}, yet ${known}${since}`;
}

/** Nobody sets a time-out of connection tracking shorter: it is given in seconds. */
const FORGETS = 1e9;

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
