/**
 * The journey of a packet as people read it: one line a hop.
 * @module
 */
import { formatDuration } from '../base/time.js';
import type { Nanos } from '../base/time.js';
import { protocolName } from '../capture/ledger.js';
import type { Flow, Hop, Journey, Ledger } from '../capture/ledger.js';
import { table, tableRows, width, wrap } from './table.js';
import type { Paint } from './table.js';

/** @param room columns of the terminal @param bystander it is a copy for a node that it was not for, and the packet went on elsewhere */
export function journeyText(journey: Journey, ledger: Ledger, paint: Paint, room = Infinity, bystander = false): string {
  const flow = ledger.flows().find((candidate) => candidate.id === journey.flow);
  const head = [
    paint.bold(`packet ${journey.id}`),
    flow === undefined ? '' : flowText(flow),
    `${journey.length} bytes at ${clock(journey.start)}`,
    ...(journey.causes.length > 0 ? [`caused by ${journey.causes.join(', ')}`] : []),
    ...(journey.effects.length > 0 ? [`causes ${short(journey.effects)}`] : []),
  ].filter((part) => part !== '');
  return [head.join(', '), hopsText(journey, ledger, paint, room), `  ${endText(journey, ledger, paint, bystander)}`]
    .filter((line) => line.trim() !== '')
    .join('\n');
}

/** A line a hop; where the terminal has no room for it, the decision stands below. */
function hopsText(journey: Journey, ledger: Ledger, paint: Paint, room: number): string {
  const rows = journey.hops.map((hop, i) => hopRow(hop, i, journey, ledger));
  const wide = table(
    rows.map((row, i) => [...row, paint.dim(journey.hops[i]?.decision ?? '')]),
    '  ',
  );
  if (wide.split('\n').every((line) => width(line) <= room)) return wide;
  return tableRows(rows, '  ', room)
    .flatMap((lines, i) => {
      const decision = journey.hops[i]?.decision ?? '';
      return decision === '' ? lines : [...lines, ...wrap(decision, room - 5).map((line) => `     ${paint.dim(line)}`)];
    })
    .join('\n');
}

function flowText(flow: Flow): string {
  return `${protocolName(flow.protocol)} ${flow.a} <> ${flow.b}`;
}

function short(ids: readonly number[]): string {
  return ids.length <= 5 ? ids.join(', ') : `${ids.slice(0, 5).join(', ')} and ${ids.length - 5} more`;
}

function clock(time: Nanos): string {
  return `${(time / 1e9).toFixed(6)} s`;
}

function hopRow(hop: Hop, i: number, journey: Journey, ledger: Ledger): string[] {
  const from = ledger.points.linkPoint(hop.point);
  const to = ledger.points.linkPoint(hop.point ^ 1);
  const took = hop.out === null || hop.in === null ? notArrived(hop, journey) : formatDuration((hop.in - hop.out) as Nanos);
  return [`${i + 1}`, hop.out === null ? '-' : clock(hop.out), `${from.node} > ${to.node}`, from.linkName, from.segment, took];
}

/** A record is missing at one end: the link lost the packet, or nobody saw. */
function notArrived(hop: Hop, { end }: Journey): string {
  return hop.in === null && end.kind === 'dropped' && end.point >> 1 === hop.link ? 'lost' : '-';
}

function endText(journey: Journey, ledger: Ledger, paint: Paint, bystander: boolean): string {
  const { end } = journey;
  switch (end.kind) {
    case 'delivered':
      return paint.good(`delivered to ${ledger.points.linkPoint(end.point).node} after ${formatDuration((end.at - journey.start) as Nanos)}`);
    case 'in-flight':
      return 'under way when the run ended';
    case 'unknown':
      return 'not recorded at the receiving end';
    case 'dropped': {
      const point = ledger.points.at(end.point);
      const where = point.kind === 'link' ? `link ${point.linkName}` : point.kind === 'node' ? point.node : point.name;
      if (bystander) return paint.dim(`ignored by ${where}: flooded by a bridge, and not for it`);
      return paint.bad(`dropped at ${where}: ${end.drop}`) + (end.decision === '' ? '' : paint.dim(`  ${end.decision}`));
    }
  }
}
