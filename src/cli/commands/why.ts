/**
 * `callpath why`: explains the flows of the packets that a filter selects; those that went wrong come first.
 * @module
 */
import { LabError } from '../../base/error.js';
import { readLedgerFile } from '../../capture/ledger-reader.js';
import { explain } from '../../analysis/why/explain.js';
import { whyText } from '../../report/why.js';
import { ExitCode, columns, paintFor, print, printError } from '../exit.js';
import { planOf } from '../files.js';
import { readFilter, selectPackets, warningText } from '../filter.js';
import { lineReader } from '../quote.js';

export interface WhyOptions {
  readonly limit: string;
  readonly topology?: string;
  readonly json?: boolean;
}

/** What went wrong comes first. */
const RANK = { broken: 0, refused: 1, fine: 2 } as const;

export function why(capture: string, filter: string, options: WhyOptions): void {
  const limit = Number(options.limit);
  if (!/^\d+$/.test(options.limit)) throw new LabError('CLI_USAGE', `"${options.limit}" is no number`, { expected: 'a whole number, such as --limit 5' });
  const matches = readFilter(filter);
  const plan = options.topology === undefined ? null : planOf(options.topology);
  const { ledger, warnings } = readLedgerFile(capture);
  try {
    if (warnings.length > 0) printError(warningText(warnings));
    if (plan !== null && plan.hash !== ledger.run().hash)
      printError(`callpath: ${capture} was recorded on another topology than ${options.topology ?? ''}, or on an older version of it`);
    const stories = [...explain(ledger, plan, selectPackets(capture, matches))].sort((a, b) => RANK[a.verdict] - RANK[b.verdict]);
    if (options.json === true) print(JSON.stringify(stories, null, 2));
    else {
      const show = {
        paint: paintFor(process.stdout),
        quote: lineReader([capture, ...(options.topology === undefined ? [] : [options.topology])]),
        room: columns(),
      };
      for (const story of stories.slice(0, limit)) print(`${whyText(story, show)}\n`);
      print(summary(stories.length, stories.filter(({ verdict }) => verdict === 'broken').length, limit));
    }
    if (stories.length === 0) process.exitCode = ExitCode.Differs;
  } finally {
    ledger.close();
  }
}

function summary(found: number, broken: number, limit: number): string {
  if (found === 0) return 'no packet matches';
  const more = found > limit ? `; ${limit} shown, all with --limit ${found}` : '';
  return `${found} ${found === 1 ? 'flow matches' : 'flows match'}, ${broken === 0 ? 'none' : broken} broken${more}`;
}
