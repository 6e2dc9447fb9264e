/**
 * `callpath extract`: an ordinary single-point capture out of a ledger.
 * @module
 */
import type { PacketId } from '../../base/brand.js';
import { LabError, formatLabError } from '../../base/error.js';
import { clearText } from '../../analysis/clear-text.js';
import { FIELDS } from '../../analysis/filter-fields.js';
import { extract as writeExtract } from '../../capture/extract.js';
import { compileFilter } from '../../capture/filter/compile.js';
import type { Ledger } from '../../capture/ledger.js';
import { readLedgerFile } from '../../capture/ledger-reader.js';
import type { Points } from '../../capture/points.js';
import { table } from '../../report/table.js';
import { print, printError } from '../exit.js';
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
  const filter = options.filter === undefined ? undefined : compileFilter(options.filter, FIELDS);
  const { ledger, warnings } = readLedgerFile(capture);
  for (const warning of warnings) printError(formatLabError(warning));
  try {
    const { points } = ledger;
    if (options.at === undefined && options.node === undefined) {
      print(pointsText(points));
      return;
    }
    const at = [...(options.at === undefined ? [] : [options.at]), ...(options.node === undefined ? [] : interfacesOf(points, options.node))];
    const packets = options.flow === undefined ? undefined : flowOf(ledger, options.flow);
    const to = options.out ?? captureOf(capture, options.at ?? options.node ?? '');
    const result = writeExtract({
      from: capture,
      to,
      at,
      ...(filter !== undefined && { filter }),
      ...(packets !== undefined && { packets }),
      ...(options.clear === true && { clear: clearText }),
    });
    print(`${to}: ${result.packets} packets as seen at ${at.join(', ')}`);
  } finally {
    ledger.close();
  }
}

function interfacesOf(points: Points, node: string): readonly string[] {
  const names = points.interfacesOf(node).map((point) => point.name);
  if (names.length > 0) return names;
  const known = [...new Set(points.all.flatMap((point) => (point.kind === 'link' ? [point.node] : [])))];
  throw new LabError('CAPTURE_POINT', `the capture has no interface of "${node}"`, { expected: `one of: ${known.join(', ')}` });
}

/** Ids of the packets of the transport flow that this packet belongs to. */
function flowOf(ledger: Ledger, packet: string): ReadonlySet<number> {
  const flow = /^\d+$/.test(packet) ? ledger.flowOf(Number(packet) as PacketId) : null;
  if (flow === null) {
    throw new LabError('CLI_USAGE', `"${packet}" is no packet of this capture`, { expected: 'the id of a packet of the flow', hint: "callpath where CAPTURE 'udp.port == 50000' shows ids" });
  }
  return new Set(ledger.packetsOf(flow));
}

function pointsText(points: Points): string {
  const rows = points.all.flatMap((point) => (point.kind === 'link' ? [[point.name, point.segment, point.group]] : []));
  return `${table([['point', 'segment', 'group'], ...rows])}\n\nwrite one with --at POINT, or all of a node with --node NAME`;
}
