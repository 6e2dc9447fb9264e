/**
 * `callpath diff`: one flow, as it is and with a change of the topology; what moved and what broke.
 * @module
 */
import { must } from '../../base/assert.js';
import { LabError } from '../../base/error.js';
import { unchanged } from '../../experiment/diff.js';
import { makeFolder, shown } from '../../library/load/files.js';
import { makeJobs } from '../../library/load/jobs.js';
import { overridesOf } from '../../library/load/load.js';
import { diffText } from '../../report/diff.js';
import { ExitCode } from '../exit.js';
import { paintFor, print } from '../io.js';
import type { Io } from '../io.js';
import { seedOf } from '../numbers.js';

export interface DiffOptions {
  readonly with?: readonly string[];
  /** Changes of the side before. */
  readonly before?: readonly string[];
  readonly topology?: string;
  readonly seed: string;
  readonly on: string;
  readonly out: string;
  readonly json?: boolean;
}

export async function diff(name: string, options: DiffOptions, io: Io): Promise<ExitCode> {
  const changes = options.with ?? [];
  const earlier = options.before ?? [];
  if (changes.length + earlier.length === 0)
    throw new LabError('CLI_USAGE', 'nothing is to be changed', { expected: '--with TARGET=VALUE, such as --with link.er-primary=down' });
  const seed = seedOf(options.seed);
  const [before, after] = [...makeJobs([name], options.topology, overridesOf(earlier)), ...makeJobs([name], options.topology, overridesOf(changes))].map(
    (job) => must(job, 'a job'),
  );
  makeFolder(options.out);
  const [{ diffJobs }, { substrateNamed }] = await Promise.all([import('../../library/run/diff.js'), import('../../library/substrates.js')]);
  const substrate = await substrateNamed(options.on, io.anew);
  const found = await io.ending((signal) => diffJobs(must(before, 'the flow'), must(after, 'the changed flow'), { substrate, seed, out: options.out, signal }));
  const { difference } = found;
  const files = { before: shown(found.files.before), after: shown(found.files.after) };
  const { id, title } = must(before, 'the flow').flow;
  if (options.json === true) print(io, JSON.stringify({ flow: id, changes, before: earlier, files, ...difference }, null, 2));
  else print(io, diffText({ id, title, changes, before: earlier, difference, files }, paintFor(io)));
  return unchanged(difference) ? ExitCode.Documented : ExitCode.Differs;
}
