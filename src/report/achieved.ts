/**
 * The links of a run in short: a line per link that was impaired and carried something, what was asked beside what was
 * achieved there and back. Links of which the same would be said share a line; what differs from what was asked is marked.
 * @module
 */
import { type Nanos, ZERO } from '../base/time.js';
import { type Quantity, deviations } from '../fabric/achieved.js';
import type { Lateness } from '../fabric/driver/lateness.js';
import { NO_IMPAIRMENT } from '../topology/impairment.js';
import { formatNetem } from '../topology/netem/format-netem.js';
import { brief, delayCell, directionName, lossCell, rateCell, sinceText } from './links.js';
import type { LinkReport } from './links.js';
import { table, wrap } from './table.js';
import type { Paint } from './table.js';

const CELLS: readonly (readonly [Quantity, (link: LinkReport) => string])[] = [
  ['delay', delayCell],
  ['loss', lossCell],
  ['rate', rateCell],
];

interface Row {
  readonly name: string;
  readonly since: Nanos;
  /** How many links say the same. */
  links: number;
  readonly asked: string;
  readonly cells: readonly string[];
  readonly off: readonly Quantity[];
}

/** Lines of the table; empty where no impaired link carried anything. @param lateness of a clock on the wall */
export function achievedText(links: readonly LinkReport[], lateness: Lateness | null, paint: Paint, room = Infinity): readonly string[] {
  const rows = merged(byLink(links.filter((link) => asked(link) !== '' && link.stats.offered > 0)).flatMap(rowsOf));
  const off = rows.filter((row) => row.off.length > 0);
  const text = rows.map((row) => [
    row.off.length === 0 ? ' ' : paint.bad('!'),
    paint.dim(row.links === 1 ? row.name : `${row.links} links`),
    paint.dim(row.asked),
    ...row.cells.map((cell, i) => (row.off.includes(CELLS[i]?.[0] ?? 'delay') ? paint.bad(cell) : paint.dim(cell))),
  ]);
  return [
    ...(rows.length === 0 ? [] : [table([['', 'link', 'asked', ...CELLS.map(([name]) => name)].map(paint.dim), ...text], '  ', room)]),
    ...[
      ...(lateness === null || lateness.count === 0 ? [] : [paint.dim(latenessText(lateness))]),
      ...(off.length === 0 ? [] : [paint.bad(`! not what was asked: ${off.map((row) => `${row.name} (${row.off.join(', ')})`).join(', ')}`)]),
    ].flatMap((line) => wrap(line, room - 2).map((one) => `  ${one}`)),
  ];
}

function latenessText(lateness: Lateness): string {
  const [half, most, all] = [lateness.quantile(0.5), lateness.quantile(0.99), lateness.max].map(brief);
  return `on the wall clock: half of the links' events within ${half} of their time, 99% within ${most}, all within ${all}`;
}

/** What is measured of what was asked, in netem's words. */
function asked({ spec }: LinkReport): string {
  return formatNetem({ ...spec, egress: NO_IMPAIRMENT.egress, limit: NO_IMPAIRMENT.limit });
}

function byLink(links: readonly LinkReport[]): readonly (readonly LinkReport[])[] {
  const found = new Map<string, LinkReport[]>();
  for (const link of links) found.set(link.name, [...(found.get(link.name) ?? []), link]);
  return [...found.values()];
}

/** One for both directions where they were asked the same at the same time. */
function rowsOf(link: readonly LinkReport[]): readonly Row[] {
  const phases = new Map<string, LinkReport[]>();
  for (const direction of link) {
    const key = `${direction.since} ${asked(direction)}`;
    phases.set(key, [...(phases.get(key) ?? []), direction]);
  }
  return [...phases.values()].flatMap((alike) => {
    const [there, back, more] = alike;
    if (there !== undefined && back !== undefined && more === undefined && there.from !== back.from) return [rowOf(there.name + sinceText(there), alike)];
    return alike.map((direction) => rowOf(directionName(direction), [direction]));
  });
}

function rowOf(name: string, directions: readonly LinkReport[]): Row {
  return {
    name,
    since: directions[0]?.since ?? ZERO,
    links: 1,
    asked: directions.map(asked)[0] ?? '',
    cells: CELLS.map(([, cell]) => [...new Set(directions.map(cell))].join(' / ')),
    off: CELLS.map(([quantity]) => quantity).filter((quantity) => directions.some(({ spec, stats }) => deviations(spec, stats).includes(quantity))),
  };
}

function merged(rows: readonly Row[]): readonly Row[] {
  const found = new Map<string, Row>();
  for (const row of rows) {
    const key = JSON.stringify([row.asked, row.cells, row.off.length === 0 && row.since === 0 ? '' : row.name]);
    const same = found.get(key);
    if (same === undefined) found.set(key, row);
    else same.links++;
  }
  return [...found.values()];
}
