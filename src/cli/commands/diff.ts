/**
 * `callpath diff`: one flow, as it is and with a change of the topology; what moved and what broke.
 * @module
 */
import { join } from 'node:path';
import { LabError } from '../../base/error.js';
import { difference, unchanged } from '../../experiment/diff.js';
import { diffText } from '../../report/diff.js';
import { withEnding } from '../defects.js';
import { ExitCode, paintFor, print } from '../exit.js';
import { makeFolder, overridesOf, seedOf, shown } from '../files.js';
import type { FlowVerdict } from '../flow-run.js';
import { makeJobs } from '../jobs.js';
import type { Job } from '../jobs.js';

export interface DiffOptions {
  readonly with?: readonly string[];
  readonly topology?: string;
  readonly seed: string;
  readonly on: string;
  readonly out: string;
  readonly json?: boolean;
}

export async function diff(name: string, options: DiffOptions): Promise<void> {
  const changes = options.with ?? [];
  if (changes.length === 0)
    throw new LabError('CLI_USAGE', 'nothing is to be changed', { expected: '--with TARGET=VALUE, such as --with link.er-primary=down' });
  const seed = seedOf(options.seed);
  const jobs = [...makeJobs([name], options.topology), ...makeJobs([name], options.topology, overridesOf(changes))];
  makeFolder(options.out);
  const [{ runFlow }, { substrateNamed }] = await Promise.all([import('../flow-run.js'), import('../substrates.js')]);
  const substrate = await substrateNamed(options.on);
  const verdicts: FlowVerdict[] = [];
  try {
    await withEnding(async (signal) => {
      for (const [i, job] of jobs.entries()) {
        const verdict = await runFlow(job.flow, job.plan, { substrate, seed, captureFile: fileOf(job, i, options), signal });
        verdicts.push(verdict);
        // A lab that failed shows nothing of the network.
        if (verdict.error !== null) throw verdict.error;
      }
    });
    const [before, after] = verdicts;
    if (before !== undefined && after !== undefined) tell(before, after, changes, jobs, options);
  } finally {
    for (const verdict of verdicts) verdict.run.ledger.close();
  }
}

function fileOf({ flow }: Job, i: number, { out }: DiffOptions): string {
  return join(out, `${flow.id}.${i === 0 ? 'before' : 'after'}.pcapng`);
}

function tell(before: FlowVerdict, after: FlowVerdict, changes: readonly string[], jobs: readonly Job[], options: DiffOptions): void {
  const found = difference(sideOf(before), sideOf(after));
  const [was, is] = jobs.map((job, i) => shown(fileOf(job, i, options)));
  const files = { before: was ?? '', after: is ?? '' };
  const { id, title } = before.flow;
  if (options.json === true) print(JSON.stringify({ flow: id, changes, files, ...found }, null, 2));
  else print(diffText({ id, title, changes, difference: found, files }, paintFor(process.stdout)));
  process.exitCode = unchanged(found) ? ExitCode.Documented : ExitCode.Differs;
}

function sideOf({ plan, run, observation, findings }: FlowVerdict): Parameters<typeof difference>[0] {
  return { plan, ledger: run.ledger, observation, outcomes: run.outcomes, findings };
}
