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
import type { LabEvent } from '../../capture/ledger.js';

export interface WhereOptions {
  readonly limit: string;
  readonly json?: boolean;
}

export function where(capture: string, filter: string, options: WhereOptions, io: Io): ExitCode {
  const limit = limitOf(options.limit);
  const { ledger, partial, warnings, journeys, bystanders, events } = journeysOf(capture, readFilter(filter));
  try {
    if (warnings.length > 0) printError(io, warningText(warnings));
    if (options.json === true) print(io, JSON.stringify({ capture, partial, warnings: warnings.map(formatLabError), journeys, events }, null, 2));
    else {
      for (const journey of journeys.slice(0, limit)) print(io, `${journeyText(journey, ledger, paintFor(io), columns(io), bystanders.has(journey.id))}\n`);
      for (const event of events.slice(0, limit)) print(io, eventText(event));
      const more = journeys.length > limit ? `; ${limit} shown, all with --limit ${journeys.length}` : '';
      const ignored = journeys.filter(({ id }) => bystanders.has(id)).length;
      const copies = ignored === 0 ? '' : `, ${ignored} of them ${ignored === 1 ? 'a copy' : 'copies'} for bystanders, shown last`;
      const told = [
        ...(journeys.length > 0 || events.length === 0
          ? [`${journeys.length} ${journeys.length === 1 ? 'packet matches' : 'packets match'}${copies}${more}`]
          : []),
        ...(events.length > 0
          ? [`${events.length} ${events.length === 1 ? 'event matches' : 'events match'}${events.length > limit ? `; ${limit} shown` : ''}`]
          : []),
      ];
      print(io, told.join('; '));
    }
    return journeys.length + events.length === 0 ? ExitCode.Differs : ExitCode.Documented;
  } finally {
    ledger.close();
  }
}

/** `0.296 s  alice  signed-in  user=alice@contoso.example`. */
function eventText({ at, node, name, fields }: LabEvent): string {
  const said = Object.entries(fields).map(([key, value]) => `${key}=${value}`);
  return [`${(at / 1e9).toFixed(6)} s`, node ?? 'lab', name, said.join(' ')].join('  ');
}
