/**
 * `callpath extract`: an ordinary single-point capture out of a ledger.
 * @module
 */
import { LabError } from '../../base/error.js';
import { extractPoint } from '../../library/ask/extract.js';
import { readFilter, warningText } from '../../library/ask/filter.js';
import { table } from '../../report/table.js';
import { plural } from '../../report/words.js';
import { ExitCode } from '../exit.js';
import { columns, print, printError } from '../io.js';
import type { Io } from '../io.js';

export interface ExtractCommandOptions {
  readonly at?: string;
  readonly node?: string;
  readonly flow?: string;
  readonly filter?: string;
  readonly clear?: boolean;
  readonly out?: string;
}

export function extract(capture: string, options: ExtractCommandOptions, io: Io): ExitCode {
  const { filter, ...request } = options;
  const matches = filter === undefined ? {} : { filter: readFilter(filter) };
  requirePoint(options);
  const { written, points } = extractPoint(capture, { ...request, ...matches }, (warnings) => {
    printError(io, warningText(warnings));
  });
  if (written !== null) print(io, `${written.file}: ${plural(written.packets, 'packet')} as seen at ${written.at.join(', ')}`);
  else {
    const rows = points.map(({ name, segment, group }) => [name, segment, group]);
    print(io, `${table([['point', 'segment', 'group'], ...rows], '', columns(io))}\n\nwrite one with --at POINT, or all of a node with --node NAME`);
  }
  return ExitCode.Documented;
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
