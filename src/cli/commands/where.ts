/**
 * `callpath where`: the journey of each packet that a filter selects.
 * @module
 */
import { LabError } from '../../base/error.js';
import { readLedgerFile } from '../../capture/ledger-reader.js';
import { journeyText } from '../../report/journey.js';
import { ExitCode, columns, paintFor, print, printError } from '../exit.js';
import { readFilter, selectPackets, warningText } from '../filter.js';

export interface WhereOptions {
  readonly limit: string;
  readonly json?: boolean;
}

export function where(capture: string, filter: string, options: WhereOptions): void {
  const limit = Number(options.limit);
  if (!/^\d+$/.test(options.limit)) throw new LabError('CLI_USAGE', `"${options.limit}" is no number`, { expected: 'a whole number, such as --limit 5' });
  const matches = readFilter(filter);
  const { ledger, warnings } = readLedgerFile(capture);
  try {
    if (warnings.length > 0) printError(warningText(warnings));
    const journeys = selectPackets(capture, matches).flatMap((id) => ledger.journey(id) ?? []);
    if (options.json === true) print(JSON.stringify(journeys, null, 2));
    else {
      for (const journey of journeys.slice(0, limit)) print(`${journeyText(journey, ledger, paintFor(process.stdout), columns())}\n`);
      const more = journeys.length > limit ? `; ${limit} shown, all with --limit ${journeys.length}` : '';
      print(`${journeys.length} ${journeys.length === 1 ? 'packet matches' : 'packets match'}${more}`);
    }
    if (journeys.length === 0) process.exitCode = ExitCode.Differs;
  } finally {
    ledger.close();
  }
}
