/**
 * `callpath why`: explains the flows of the packets that a filter selects; those that went wrong come first.
 * @module
 */
import { formatLabError } from '../../base/error.js';
import { readFilter, warningText } from '../../library/ask/filter.js';
import { lineReader } from '../../library/ask/quote.js';
import { storiesOf } from '../../library/ask/why.js';
import { planOf } from '../../library/load/load.js';
import { whyText } from '../../report/why.js';
import { ExitCode } from '../exit.js';
import { columns, paintFor, print, printError } from '../io.js';
import type { Io } from '../io.js';
import { limitOf } from '../numbers.js';

export interface WhyOptions {
  readonly limit: string;
  readonly topology?: string;
  readonly json?: boolean;
}

export function why(capture: string, filter: string, options: WhyOptions, io: Io): ExitCode {
  const { topology } = options;
  const limit = limitOf(options.limit);
  const matches = readFilter(filter);
  const plan = topology === undefined ? null : planOf(topology);
  const { stories, partial, warnings, otherPlan } = storiesOf(capture, matches, plan);
  if (warnings.length > 0) printError(io, warningText(warnings));
  if (otherPlan) printError(io, `callpath: ${capture} was recorded on another topology than ${topology ?? ''}, or on an older version of it`);
  if (options.json === true) print(io, JSON.stringify({ capture, partial, warnings: warnings.map(formatLabError), stories }, null, 2));
  else {
    const show = { paint: paintFor(io), quote: lineReader(plan, topology), room: columns(io) };
    for (const story of stories.slice(0, limit)) print(io, `${whyText(story, show)}\n`);
    print(io, summary(stories.length, stories.filter(({ verdict }) => verdict === 'broken').length, limit));
  }
  return stories.length === 0 ? ExitCode.Differs : ExitCode.Documented;
}

function summary(found: number, broken: number, limit: number): string {
  if (found === 0) return 'no packet matches';
  const more = found > limit ? `; ${limit} shown, all with --limit ${found}` : '';
  return `${found} ${found === 1 ? 'flow matches' : 'flows match'}, ${broken === 0 ? 'none' : broken} broken${more}`;
}
