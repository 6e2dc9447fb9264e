/**
 * `callpath where`: the journey of each packet that a filter selects.
 * @module
 */
import { formatLabError } from '../../base/error.js';
import { readFilter, warningText } from '../../library/ask/filter.js';
import { journeysOf } from '../../library/ask/journeys.js';
import { journeyText } from '../../report/journey.js';
import { ExitCode } from '../exit.js';
import { columns, paintFor, print, printError } from '../io.js';
import type { Io } from '../io.js';
import { limitOf } from '../numbers.js';

export interface WhereOptions {
  readonly limit: string;
  readonly json?: boolean;
}

export function where(capture: string, filter: string, options: WhereOptions, io: Io): ExitCode {
  const limit = limitOf(options.limit);
  const { ledger, partial, warnings, journeys, bystanders } = journeysOf(capture, readFilter(filter));
  try {
    if (warnings.length > 0) printError(io, warningText(warnings));
    if (options.json === true) print(io, JSON.stringify({ capture, partial, warnings: warnings.map(formatLabError), journeys }, null, 2));
    else {
      for (const journey of journeys.slice(0, limit)) print(io, `${journeyText(journey, ledger, paintFor(io), columns(io), bystanders.has(journey.id))}\n`);
      const more = journeys.length > limit ? `; ${limit} shown, all with --limit ${journeys.length}` : '';
      const ignored = journeys.filter(({ id }) => bystanders.has(id)).length;
      const copies = ignored === 0 ? '' : `, ${ignored} of them ${ignored === 1 ? 'a copy' : 'copies'} for bystanders, shown last`;
      print(io, `${journeys.length} ${journeys.length === 1 ? 'packet matches' : 'packets match'}${copies}${more}`);
    }
    return journeys.length === 0 ? ExitCode.Differs : ExitCode.Documented;
  } finally {
    ledger.close();
  }
}
