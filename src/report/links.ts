/**
 * What each link was asked to do, and what it did: one line per direction that carried anything, in full.
 * {@link achievedText} is the short form.
 * @module
 */
import type { Nanos } from '../base/time.js';
import { type Achieved, type Quantity, achieved, deviations, shownRate } from '../fabric/achieved.js';
import type { LinkPhase } from '../fabric/link-stats.js';
import type { AchievedLink } from '../scenario/run-scenario.js';
import { formatNetem } from '../topology/netem/format-netem.js';
import { table } from './table.js';
import type { Paint } from './table.js';

/** A direction of a link, while it was asked one thing. */
export interface LinkReport extends LinkPhase {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** Each direction after the other, and its phases in order. */
export function linkReports(links: readonly AchievedLink[]): readonly LinkReport[] {
  return links.flatMap(({ link, directions }) =>
    directions.flatMap((phases, side) => {
      const [from, to] = side === 0 ? link.ends : [link.ends[1], link.ends[0]];
      return phases.map((phase) => ({ ...phase, name: link.name, from: from.nodeName, to: to.nodeName }));
    }),
  );
}

/** @param labTime over which the mean rate is taken */
export function linkText(links: readonly LinkReport[], labTime: Nanos, paint: Paint, room = Infinity): string {
  const carrying = links.filter(({ stats }) => stats.offered > 0);
  if (carrying.length === 0) return '  no link carried anything';
  const rows = carrying.map((link) => {
    const { spec, stats } = link;
    const asked = formatNetem(spec);
    const [delay, loss, rate] = [delayCell(link), lossCell(link), rateCell(link)];
    const mean = labTime === 0 ? '' : `${rateText((stats.carriedBytes * 8e9) / labTime)} mean`;
    return [
      directionName(link),
      asked === '' ? '-' : asked,
      emphasis(link, 'delay', paint)(spec.jitter === 0 || stats.timed === 0 ? delay : `${delay} (${brief(stats.transitMin)}..${brief(stats.transitMax)})`),
      stats.carried === 0 ? '-' : brief(stats.delayMax),
      emphasis(link, 'loss', paint)(loss),
      emphasis(link, 'rate', paint)(rate === '-' ? mean : `${rate}, ${mean}`),
      `${stats.offered}`,
    ];
  });
  return table([['link', 'asked', 'delay', 'longest', 'loss', 'rate', 'packets'].map(paint.dim), ...rows], '  ', room);
}

/** For what is not what was asked. */
function emphasis({ spec, stats }: LinkReport, what: Quantity, paint: Paint): (text: string) => string {
  return deviations(spec, stats).includes(what) ? paint.bad : (text) => text;
}

/** `from > to`, with the link's name where it says more, and since when it was asked that. */
export function directionName(direction: LinkReport): string {
  const { name, from, to } = direction;
  const link = [`${from}--${to}`, `${to}--${from}`].includes(name) ? '' : ` (${name})`;
  return `${from} > ${to}${link}${sinceText(direction)}`;
}

/** Empty from the start. */
export function sinceText({ since }: LinkReport): string {
  return since === 0 ? '' : ` from ${(since / 1e9).toFixed(1)}s`;
}

/** The mean. */
export function delayCell({ stats }: LinkReport): string {
  const { delay } = achieved(stats);
  return delay === null ? '-' : brief(delay);
}

/** Share of the frames that the dice took; what else did not arrive, and why. */
export function lossCell({ stats }: LinkReport): string {
  const { loss } = achieved(stats);
  const other = [
    [stats.queueOverflow, 'queue full'],
    [stats.down, 'link down'],
    [stats.tooLong, 'too long'],
  ] as const;
  return [loss === null ? '-' : percent(loss), ...other.filter(([count]) => count > 0).map(([count, why]) => `${count} ${why}`)].join(', ');
}

export function rateCell({ spec, stats }: LinkReport): string {
  if (spec.rate === 0) return '-';
  const rate = shownRate(spec, stats);
  return rate === null ? 'not filled' : rateText(rate);
}

/** For machines: asked in netem's words, achieved in seconds, shares and bit/s. */
export function linkJson(link: LinkReport): object {
  const { name, from, to, since, spec, stats } = link;
  const { delay, loss }: Achieved = achieved(stats);
  const rate = shownRate(spec, stats);
  const { offered, carried, lost, queueOverflow, down, tooLong } = stats;
  const seconds = (time: Nanos | null): number | null => (time === null ? null : time / 1e9);
  return {
    link: name,
    from,
    to,
    since: seconds(since),
    asked: formatNetem(spec),
    achieved: { delay: seconds(delay), delayMin: seconds(stats.transitMin), delayMax: seconds(stats.transitMax), loss, rate },
    differs: deviations(spec, stats),
    packets: { offered, carried, lost, queueOverflow, down, tooLong },
  };
}

/** A time in four digits at most, for people: the exact one is in the ledger. */
export function brief(time: number): string {
  if (time === 0) return '0';
  const [unit, size] = time >= 1e9 ? ['s', 1e9] : time >= 1e6 ? ['ms', 1e6] : time >= 1e3 ? ['us', 1e3] : ['ns', 1];
  return `${Number((time / size).toPrecision(4))}${unit}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}

/** tc's words for rates: decimal multiples of bits per second. */
function rateText(bits: number): string {
  const [unit, size] = bits >= 1e9 ? ['gbit', 1e9] : bits >= 1e6 ? ['mbit', 1e6] : bits >= 1e3 ? ['kbit', 1e3] : ['bit', 1];
  return `${Number((bits / size).toPrecision(3))}${unit}`;
}
