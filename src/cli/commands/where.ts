/**
 * `callpath where`: the journey of each packet that a filter selects.
 * @module
 */
import { LabError, formatLabError } from '../../base/error.js';
import type { PacketId } from '../../base/brand.js';
import { FIELDS } from '../../analysis/filter-fields.js';
import { compileFilter } from '../../capture/filter/compile.js';
import { selectFrames } from '../../capture/filter/select.js';
import { readLedgerFile } from '../../capture/ledger-reader.js';
import { FileSource } from '../../capture/store/byte-store.js';
import { journeyText } from '../../report/journey.js';
import { COLOURS, NO_COLOURS } from '../../report/table.js';
import { ExitCode, print, printError } from '../exit.js';

export interface WhereOptions {
  readonly limit: string;
  readonly json?: boolean;
}

export function where(capture: string, filter: string, options: WhereOptions): void {
  const limit = Number(options.limit);
  if (!/^\d+$/.test(options.limit)) throw new LabError('CLI_USAGE', `"${options.limit}" is no number`, { expected: 'a whole number, such as --limit 5' });
  const matches = compileFilter(filter, FIELDS);
  const { ledger, warnings } = readLedgerFile(capture);
  for (const warning of warnings) printError(formatLabError(warning));
  const source = new FileSource(capture);
  const { packets } = selectFrames(source, matches);
  source.close();
  const journeys = packets.flatMap((id) => ledger.journey(id as PacketId) ?? []);
  if (options.json === true) print(JSON.stringify(journeys, null, 2));
  else {
    const paint = process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? COLOURS : NO_COLOURS;
    for (const journey of journeys.slice(0, limit)) print(`${journeyText(journey, ledger, paint)}\n`);
    const more = journeys.length > limit ? `; ${limit} shown, all with --limit ${journeys.length}` : '';
    print(`${journeys.length} ${journeys.length === 1 ? 'packet matches' : 'packets match'}${more}`);
  }
  ledger.close();
  if (journeys.length === 0) process.exitCode = ExitCode.Differs;
}
