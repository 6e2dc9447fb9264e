/**
 * An ordinary single-point capture out of a ledger: which points it has, and one of them written.
 * @module
 */
import { statSync } from 'node:fs';
import { clearText } from '../../analysis/clear-text.js';
import type { PacketId } from '../../base/brand.js';
import { LabError } from '../../base/error.js';
import { extract } from '../../capture/extract.js';
import type { Filter } from '../../capture/filter/compile.js';
import type { Ledger } from '../../capture/ledger.js';
import { readLedgerFile } from '../../capture/ledger-reader.js';
import type { LinkPoint, Points } from '../../capture/points.js';
import { didYouMean, listed } from '../../base/suggest.js';
import { requireWritable } from '../load/files.js';
import { captureOf } from '../run/endpoint-captures.js';
import { requireCapture } from '../load/files.js';

export interface PointRequest {
  /** The point, `LINK:NODE`. */
  readonly at?: string;
  /** All interfaces of a node. */
  readonly node?: string;
  /** Only the transport flow of the packet with this id. */
  readonly flow?: string;
  readonly filter?: Filter;
  /** SRTP decrypted by the keys in the file. */
  readonly clear?: boolean;
  /** Default: beside the ledger. */
  readonly out?: string;
}

export interface PointCapture {
  readonly file: string;
  readonly at: readonly string[];
  readonly packets: number;
}

export interface PointsRead {
  readonly warnings: readonly LabError[];
  /** What was written; null where neither a point nor a node was asked for. */
  readonly written: PointCapture | null;
  readonly points: readonly LinkPoint[];
}

/** @param capture a ledger's file. Errors: CLI_USAGE, FILE_*, CAPTURE_*. @param warn told what is wrong with the file, before more is done with it */
export function extractPoint(capture: string, request: PointRequest, warn: (warnings: readonly LabError[]) => void = () => undefined): PointsRead {
  requireCapture(capture);
  const { ledger, warnings } = readLedgerFile(capture);
  try {
    if (warnings.length > 0) warn(warnings);
    const points = linkPoints(ledger.points);
    const at = pointsOf(ledger.points, request);
    return { warnings, points, written: at.length === 0 ? null : write(capture, ledger, at, request) };
  } finally {
    ledger.close();
  }
}

function write(capture: string, ledger: Ledger, at: readonly string[], request: PointRequest): PointCapture {
  const packets = request.flow === undefined ? undefined : flowOf(ledger, request.flow);
  const file = request.out ?? captureOf(capture, nameOf(request));
  requireWritable(file);
  requireAnother(capture, file);
  const result = extract({
    from: capture,
    to: file,
    at,
    ...(request.filter !== undefined && { filter: request.filter }),
    ...(packets !== undefined && { packets }),
    ...(request.clear === true && { clear: clearText }),
  });
  return { file, at, packets: result.packets };
}

/** The ledger holds what no single-point capture does: it is not written over. */
function requireAnother(capture: string, to: string): void {
  const [from, target] = [statSync(capture), statSync(to, { throwIfNoEntry: false })];
  if (target === undefined || target.dev !== from.dev || target.ino !== from.ino) return;
  throw new LabError('FILE_EXISTS', `${to} is the ledger itself`, { expected: 'another file to write' });
}

/** Names of the points asked for; empty when none was. Errors: CAPTURE_POINT. */
function pointsOf(points: Points, { at, node }: PointRequest): readonly string[] {
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
function nameOf(request: PointRequest): string {
  const part = request.flow !== undefined || request.filter !== undefined ? '.part' : '';
  return `${request.at ?? request.node ?? ''}${part}${request.clear === true ? '.clear' : ''}`;
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
