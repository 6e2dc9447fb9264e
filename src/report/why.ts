/**
 * The story of a flow as people read it: a block for each direction, a line for each hop, then what decided.
 * @module
 */
import type { Line, DirectionStory, FlowStory, HopStory, IcmpError, Way } from '../analysis/why/story.js';
import { countWords, endWords, faultWords, holdersWords, isTrouble, partingWords, placeWords, routeWords, ruleWords } from '../analysis/why/words.js';
import { table, tableRows, width, wrap } from './table.js';
import type { Paint } from './table.js';

/** The text of a line of a rule file, or null when it can't be read. */
export type Quote = (line: Line) => string | null;

export interface WhyTextOptions {
  readonly paint: Paint;
  readonly quote: Quote;
  /** Columns of the terminal. */
  readonly room?: number;
}

export function whyText(story: FlowStory, options: WhyTextOptions): string {
  const { paint } = options;
  const room = options.room ?? Infinity;
  const [name, ...aliases] = story.names;
  return [
    `${paint.bold(`${story.protocol} ${name?.a ?? '?'} > ${name?.b ?? '?'}`)}  ${paint.dim(`flow ${story.flow}`)}`,
    ...aliases.map(({ a, b }) => `  translated: ${a} > ${b}`),
    ...directionText(story.there, story, options),
    ...(story.back.packets > 0 || story.there.delivered > 0 ? directionText(story.back, story, options) : []),
    ...sentences(story).flatMap((line) => wrap(line, room - 2).map((part) => `  ${part}`)),
    `  ${story.verdict === 'fine' ? paint.good(verdictText(story)) : paint.bad(verdictText(story))}`,
  ].join('\n');
}

function sentences(story: FlowStory): readonly string[] {
  return [
    ...(story.parting === null ? [] : partingWords(story.parting, story)),
    ...(story.state.missing.length === 0 || story.state.holders.length === 0 ? [] : [holdersWords(story)]),
    ...story.onward.map(({ node, flow, protocol, a, b }) => `${node} sends them on as ${protocol} ${a} > ${b} (flow ${flow})`),
  ];
}

/** First of all a person wants to know whether there is anything to look for. */
function verdictText({ verdict, there, back }: FlowStory): string {
  switch (verdict) {
    case 'broken':
      return 'broken';
    case 'refused':
      return 'the network is not to blame: every packet arrived, or was refused where it was for';
    case 'fine':
      return there.delivered > 0 && back.packets === 0 ? `nothing was dropped, but ${back.from} sent no answer` : 'nothing is wrong';
  }
}

function directionText(direction: DirectionStory, story: FlowStory, options: WhyTextOptions): readonly string[] {
  const { paint } = options;
  const { from, to, packets, delivered, ways } = direction;
  const share =
    packets === 0
      ? 'no packet'
      : `${packets} ${packets === 1 ? 'packet' : 'packets'}, ${delivered === packets ? (packets === 1 ? 'delivered' : 'all delivered') : delivered === 0 ? (packets === 1 ? 'not delivered' : 'none delivered') : `${delivered} delivered`}`;
  return [`  ${paint.bold(`${from} > ${to}`)}: ${share}`, ...ways.flatMap((way, i) => wayText(way, ways.slice(0, i), direction, story, options))];
}

function wayText(way: Way, shown: readonly Way[], direction: DirectionStory, story: FlowStory, options: WhyTextOptions): readonly string[] {
  const { paint, quote } = options;
  const room = options.room ?? Infinity;
  const trouble = isTrouble(way);
  const begun = way.hops[0]?.node;
  const head = begun === undefined || begun === direction.from ? '' : `, after ${begun} made ${way.packets === 1 ? 'it' : 'them'}`;
  const known = shown.some(({ hops }) => way.hops.every(({ link }, i) => hops[i]?.link === link));
  const end = `${trouble ? '✘ ' : ''}${countWords(way, direction)} ${endWords(way.end, direction, story)}${head}${known && way.hops.length > 0 ? ', on the same way' : ''}`;
  const lines = known ? [] : [...hopsText(way.hops, paint, room)];
  // Of a direction that went well as a whole its first line has said so.
  if (trouble || direction.ways.length > 1 || way.end.kind !== 'delivered')
    lines.push(...wrap(end, room - 4).map((line) => `    ${trouble ? paint.bad(line) : paint.good(line)}`));
  if (way.end.kind === 'dropped') {
    const { decided, where, state } = way.end;
    const src = decided.rule?.src ?? null;
    const text = src === null ? null : quote(src);
    if (src !== null && text !== null) lines.push(`      ${paint.dim(`${placeWords(src)}:`)} ${text}`);
    if (state !== null) lines.push(...wrap(faultWords(state, where), room - 6).map((line) => `      ${line}`));
  }
  lines.push(...way.errors.map((error) => `      ${errorWords(error)}`));
  if (trouble) lines.push(paint.dim(`      packets ${way.examples.join(', ')}${way.packets > way.examples.length ? ' ...' : ''}`));
  return lines;
}

function errorWords({ node, means, packets, reached }: IcmpError): string {
  return `${node} told so: ICMP ${means ?? 'error'}, ${packets} ${packets === 1 ? 'time' : 'times'}, ${reached === null ? 'which did not arrive' : `to ${reached}`}`;
}

/** A line a hop; what does not fit beside it stands below. */
function hopsText(hops: readonly HopStory[], paint: Paint, room: number): readonly string[] {
  const rows = hops.map((hop, i) => [`${i + 1}`, `${hop.node} > ${hop.to}`, hop.link, hop.segment]);
  const why = hops.map(decisionLines);
  const wide = table(
    rows.map((row, i) => [...row, paint.dim(why[i]?.join('; ') ?? '')]),
    '    ',
  ).split('\n');
  if (rows.length === 0 || wide.every((line) => width(line) <= Math.min(room, WIDE))) return rows.length === 0 ? [] : wide;
  return tableRows(rows, '    ', room).flatMap((lines, i) => [
    ...lines,
    ...(why[i] ?? []).flatMap((line) => wrap(line, room - 9)).map((line) => `         ${paint.dim(line)}`),
  ]);
}

/** Beyond this a line is no line any more, whatever the terminal. */
const WIDE = 160;

/** What the node decided by: the route, and of each rule that let packets through, how many. */
function decisionLines({ decided }: HopStory): readonly string[] {
  return [
    ...new Set(
      decided.flatMap(({ route, rule, ct, nat, packets }) => [
        ...(route === null ? [] : [routeWords(route)]),
        ...nat.map(({ from, to }) => `translated ${from} > ${to}`),
        ...(rule === null && ct === null
          ? []
          : [
              `${rule === null ? 'passed' : `${ruleWords(rule)}`}${ct === null ? '' : `, ct state ${ct}`}${decided.length > 1 ? ` (${packets} ${packets === 1 ? 'packet' : 'packets'})` : ''}`,
            ]),
      ]),
    ),
  ];
}
