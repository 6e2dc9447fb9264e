/**
 * The story of a flow as people read it: a block for each direction, a line for each hop, then what decided.
 * @module
 */
import { taughtMtu } from '../analysis/why/explain.js';
import type { DirectionStory, Dropped, FlowStory, HopStory, Line, Loop, Way } from '../analysis/why/story.js';
import {
  countWords,
  dscpWords,
  endWords,
  errorWords,
  faultWords,
  holdersWords,
  isTrouble,
  partingWords,
  placeWords,
  remarkWords,
  routeWords,
  ruleWords,
} from '../analysis/why/words.js';
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
    ...story.remarks.map(remarkWords),
    ...(story.parting === null ? [] : partingWords(story.parting, story)),
    ...(story.state.missing.length === 0 || story.state.holders.length === 0 ? [] : [holdersWords(story)]),
    ...story.onward.map(({ node, flow, protocol, a, b }) => `${node} sends them on as ${protocol} ${a} > ${b} (flow ${flow})`),
  ];
}

/** First of all a person wants to know whether there is anything to look for. */
function verdictText(story: FlowStory): string {
  const { verdict, there, back } = story;
  switch (verdict) {
    case 'broken':
      return 'broken';
    case 'refused':
      return 'the network is not to blame: every packet arrived, or was refused where it was for';
    case 'lossy':
      return 'links lost some of the packets; the others arrived';
    case 'fine':
      if (story.remarks.some(({ kind }) => kind === 'answers-from')) return `nothing was dropped; whether ${there.from} takes such answers is up to it`;
      for (const direction of [there, back])
        if (direction.ways.some((way) => taughtMtu(story.protocol, way, direction)))
          return `nothing is wrong: ${direction.from} learnt the MTU of the way from what was dropped, and sent smaller packets`;
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
  const { paint } = options;
  const room = options.room ?? Infinity;
  const trouble = isTrouble(way);
  const begun = way.hops[0]?.node;
  const head = begun === undefined || begun === direction.from ? '' : `, after ${begun} made ${way.packets === 1 ? 'it' : 'them'}`;
  const known = shown.some(({ hops }) => way.hops.every(({ link }, i) => hops[i]?.link === link));
  const end = `${trouble ? '✘ ' : ''}${countWords(way, direction)} ${endWords(way.end, direction, story, way.loop)}${head}${known && way.hops.length > 0 ? ', on the same way' : ''}`;
  const lines = known ? [] : [...hopsText(way.hops, way.loop, paint, room)];
  // Of a direction that went well as a whole its first line has said so.
  if (trouble || direction.ways.length > 1 || way.end.kind !== 'delivered')
    lines.push(...wrap(end, room - 4).map((line) => `    ${trouble ? paint.bad(line) : paint.good(line)}`));
  if (way.end.kind === 'dropped') {
    const { where, state } = way.end;
    lines.push(...quoted(way.end, options));
    if (state !== null) lines.push(...wrap(faultWords(state, where, direction, story), room - 6).map((line) => `      ${line}`));
  }
  for (const error of way.errors) {
    lines.push(...wrap(errorWords(error, direction, story), room - 6).map((line) => `      ${line}`));
    if (error.died !== null) lines.push(...quoted(error.died, options));
  }
  if (trouble) lines.push(paint.dim(`      packets ${way.examples.join(', ')}${way.packets > way.examples.length ? ' ...' : ''}`));
  return lines;
}

/** The line that dropped it, as it is written. */
function quoted({ decided }: Dropped, { paint, quote }: WhyTextOptions): readonly string[] {
  const src = decided.rule?.src ?? null;
  const text = src === null ? null : quote(src);
  return src === null || text === null ? [] : [`      ${paint.dim(`${placeWords(src)}:`)} ${text}`];
}

/** A line a hop; what does not fit beside it stands below. */
function hopsText(all: readonly HopStory[], loop: Loop | null, paint: Paint, room: number): readonly string[] {
  if (loop !== null) {
    const round = hopsText(all.slice(0, loop.at + loop.hops), null, paint, room);
    return [...round, paint.dim(`         ... hops ${loop.at + 1} to ${loop.at + loop.hops} again and again, ${loop.times} times`)];
  }
  const hops = all;
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
function decisionLines({ decided, dscp }: HopStory): readonly string[] {
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
    ...(dscp === null ? [] : [dscpWords(dscp)]),
  ];
}
