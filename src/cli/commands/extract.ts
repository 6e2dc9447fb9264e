/**
 * `callpath extract`: an ordinary single-point capture out of a ledger.
 * @module
 */
import { statSync } from 'node:fs';
import type { PacketId } from '../../base/brand.js';
import { LabError } from '../../base/error.js';
import { clearText } from '../../analysis/clear-text.js';
import { extract as writeExtract } from '../../capture/extract.js';
import type { Ledger } from '../../capture/ledger.js';
import { readLedgerFile } from '../../capture/ledger-reader.js';
import type { LinkPoint, Points } from '../../capture/points.js';
import { table } from '../../report/table.js';
import { didYouMean, listed } from '../../topology/source/suggest.js';
import { columns, print, printError } from '../exit.js';
import { requireWritable } from '../files.js';
import { readFilter, warningText } from '../filter.js';
import { captureOf } from './endpoint-captures.js';

export interface ExtractCommandOptions {
  readonly at?: string;
  readonly node?: string;
  readonly flow?: string;
  readonly filter?: string;
  readonly clear?: boolean;
  readonly out?: string;
}

export function extract(capture: string, options: ExtractCommandOptions): void {
  const filter = options.filter === undefined ? undefined : readFilter(options.filter);
  requirePoint(options);
  const { ledger, warnings } = readLedgerFile(capture);
  try {
    if (warnings.length > 0) printError(warningText(warnings));
    const at = pointsOf(ledger.points, options);
    if (at.length === 0) {
      print(pointsText(ledger.points));
      return;
    }
    const packets = options.flow === undefined ? undefined : flowOf(ledger, options.flow);
    const to = options.out ?? captureOf(capture, nameOf(options));
    requireWritable(to);
    requireAnother(capture, to);
    const result = writeExtract({
      from: capture,
      to,
      at,
      ...(filter !== undefined && { filter }),
      ...(packets !== undefined && { packets }),
      ...(options.clear === true && { clear: clearText }),
    });
    print(`${to}: ${result.packets} ${result.packets === 1 ? 'packet' : 'packets'} as seen at ${at.join(', ')}`);
  } finally {
    ledger.close();
  }
}

/** What says how to write needs something that says what. */
function requirePoint({ at, node, ...how }: ExtractCommandOptions): void {
  const given = Object.keys(how)[0];
  if (at !== undefined || node !== undefined || given === undefined) return;
  throw new LabError('CLI_USAGE', `--${given} says what of a point to write, but no point is given`, {
    expected: '--at POINT or --node NAME',
    hint: 'callpath extract CAPTURE lists the points',
  });
}

/** The ledger holds what no single-point capture does: it is not written over. */
function requireAnother(capture: string, to: string): void {
  const [from, target] = [statSync(capture), statSync(to, { throwIfNoEntry: false })];
  if (target === undefined || target.dev !== from.dev || target.ino !== from.ino) return;
  throw new LabError('FILE_EXISTS', `${to} is the ledger itself`, { expected: 'another file to write' });
}

/** Names of the points asked for; empty when none was. Errors: CAPTURE_POINT. */
function pointsOf(points: Points, { at, node }: ExtractCommandOptions): readonly string[] {
  const named = at === undefined ? [] : [pointNamed(points, at)];
  return [...new Set([...named, ...(node === undefined ? [] : interfacesOf(points, node))])];
}

function pointNamed(points: Points, name: string): string {
  if (points.named(name)?.kind === 'link') return name;
  const known = linkPoints(points).map((point) => point.name);
  // Most know the link or the node and not how a point is written: show those.
  const near = known.filter((one) => one.split(':').some((part) => part === name || name.split(':').includes(part)));
  throw new LabError('CAPTURE_POINT', `the capture has no point "${name}"`, {
    expected: `a point LINK:NODE, such as ${listed(near.length > 0 ? near : known, 6)}`,
    hint: didYouMean(name, known).hint ?? 'callpath extract CAPTURE lists the points',
  });
}

function linkPoints(points: Points): readonly LinkPoint[] {
  return points.all.flatMap((point) => (point.kind === 'link' ? [point] : []));
}

/** A part of a point, or its clear text, must not take the place of the whole that a run leaves beside its ledger. */
function nameOf(options: ExtractCommandOptions): string {
  const part = options.flow !== undefined || options.filter !== undefined ? '.part' : '';
  return `${options.at ?? options.node ?? ''}${part}${options.clear === true ? '.clear' : ''}`;
}

function interfacesOf(points: Points, node: string): readonly string[] {
  const names = points.interfacesOf(node).map((point) => point.name);
  if (names.length > 0) return names;
  const known = [...new Set(linkPoints(points).map((point) => point.node))];
  throw new LabError('CAPTURE_POINT', `the capture has no interface of "${node}"`, { expected: `one of: ${listed(known, 40)}`, ...didYouMean(node, known) });
}

/** Ids of the packets of the transport flow that this packet belongs to. */
function flowOf(ledger: Ledger, packet: string): ReadonlySet<number> {
  const flow = /^\d+$/.test(packet) ? ledger.flowOf(Number(packet) as PacketId) : null;
  if (flow === null) {
    throw new LabError('CLI_USAGE', `"${packet}" is no packet of this capture`, {
      expected: 'the id of a packet of the flow',
      hint: "callpath where CAPTURE 'udp.port == 50000' shows ids",
    });
  }
  return new Set(ledger.packetsOf(flow));
}

function pointsText(points: Points): string {
  const rows = linkPoints(points).map((point) => [point.name, point.segment, point.group]);
  return `${table([['point', 'segment', 'group'], ...rows], '', columns())}\n\nwrite one with --at POINT, or all of a node with --node NAME`;
}
