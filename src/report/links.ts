/**
 * What each link was asked to do, and what it did: one line per direction that carried anything.
 * @module
 */
import type { Nanos } from '../base/time.js';
import type { LinkStats } from '../fabric/link-stats.js';
import { table } from './table.js';
import type { Paint } from './table.js';

export interface LinkReport {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** netem's words, empty for a perfect link. */
  readonly asked: string;
  readonly stats: LinkStats;
}

/** @param labTime over which the mean rate is taken */
export function linkText(links: readonly LinkReport[], labTime: Nanos, paint: Paint, room = Infinity): string {
  const rows = links
    .filter(({ stats }) => stats.offered > 0)
    .map(({ name, from, to, asked, stats }) => [
      [`${from}--${to}`, `${to}--${from}`].includes(name) ? `${from} > ${to}` : `${from} > ${to} (${name})`,
      asked === '' ? '-' : asked,
      ...(stats.carried === 0 ? ['-', '-'] : [brief(stats.delaySum / stats.carried), brief(stats.delayMax)]),
      lossText(stats, paint),
      labTime === 0 ? '-' : rateText((stats.carriedBytes * 8e9) / labTime),
      `${stats.offered}`,
    ]);
  if (rows.length === 0) return '  no link carried anything';
  return table([['link', 'asked', 'delay', 'max', 'loss', 'rate', 'packets'].map(paint.dim), ...rows], '  ', room);
}

/** Share of what was offered that did not arrive, and why. */
function lossText(stats: LinkStats, paint: Paint): string {
  const reasons = [
    [stats.lost, 'lost'],
    [stats.queueOverflow, 'queue full'],
    [stats.down, 'link down'],
    [stats.tooLong, 'too long'],
  ] as const;
  const met = reasons.filter(([count]) => count > 0);
  if (met.length === 0) return '0%';
  const gone = met.reduce((sum, [count]) => sum + count, 0);
  const share = (gone / (stats.offered + stats.duplicated)) * 100;
  return paint.bad(`${share.toFixed(2)}%: ${met.map(([count, why]) => `${count} ${why}`).join(', ')}`);
}

/** A time in four digits at most, for people: the exact one is in the ledger. */
export function brief(time: number): string {
  if (time === 0) return '0';
  const [unit, size] = time >= 1e9 ? ['s', 1e9] : time >= 1e6 ? ['ms', 1e6] : time >= 1e3 ? ['us', 1e3] : ['ns', 1];
  return `${Number((time / size).toPrecision(4))}${unit}`;
}

/** tc's words for rates: decimal multiples of bits per second. */
function rateText(bits: number): string {
  const [unit, size] = bits >= 1e9 ? ['gbit', 1e9] : bits >= 1e6 ? ['mbit', 1e6] : bits >= 1e3 ? ['kbit', 1e3] : ['bit', 1];
  return `${Number((bits / size).toPrecision(3))}${unit}`;
}
