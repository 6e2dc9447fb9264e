/**
 * `callpath up`: builds a lab and keeps it up, captures being written, until `callpath down` or Ctrl-C.
 * @module
 */
import { join } from 'node:path';
import { LabError } from '../../base/error.js';
import { NEVER } from '../../base/time.js';
import { DecisionTable } from '../../capture/decision-table.js';
import { pointsOf } from '../../capture/points.js';
import { Recorder } from '../../capture/recorder.js';
import { FileSink } from '../../capture/store/byte-store.js';
import { KINDS } from '../../roles/kinds.js';
import type { Lab, Substrate } from '../../substrate/substrate.js';
import type { Plan } from '../../topology/plan.js';
import { ExitCode, print } from '../exit.js';
import { pkiOf } from '../flow-run.js';
import { makeFolder, planOf, seedOf } from '../files.js';
import { ask } from '../live/client.js';
import { LiveServer } from '../live/server.js';
import { forget, labs, makeStateFolder, socketOf } from '../live/state.js';
import { substrateNamed } from '../substrates.js';
import { VERSION } from '../version.js';

export interface UpOptions {
  readonly on: string;
  readonly seed: string;
  readonly out: string;
}

/** Errors: those of the topology, of the substrate's probe, CLI_USAGE when a lab of that name is up. */
export async function up(topology: string, options: UpOptions): Promise<void> {
  const plan = planOf(topology);
  const substrate = await substrateNamed(options.on);
  await refuseSecond(plan.name);
  makeFolder(options.out);
  const file = join(options.out, `${plan.name}.pcapng`);
  const { recorder, decisions, sink } = recorderFor(plan, substrate, seedOf(options.seed), file);
  const interrupt = new AbortController();
  const end = resolvers();
  const stop = (): void => {
    end.resolve();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  let lab: Lab | null = null;
  let server: LiveServer | null = null;
  try {
    lab = await substrate.build(plan, { kinds: KINDS, recorder, decisions, seed: seedOf(options.seed), pki: await pkiOf(plan, seedOf(options.seed)), signal: interrupt.signal });
    server = new LiveServer(lab, plan, stop);
    makeStateFolder();
    await server.listen(socketOf(plan.name));
    print(`${plan.name} is up on ${substrate.name}: ${plan.nodes.length} nodes, ${plan.links.length} links; capture ${file}`);
    print('from another terminal: callpath call USER USER, callpath link set NAME down, callpath exec NODE -- COMMAND, callpath down');
    await lab.run(() => end.promise, NEVER);
  } finally {
    server?.close();
    forget(plan.name);
    recorder.close(lab?.clock.now ?? recorderTime());
    await lab?.close();
    sink.close();
  }
  print(`${plan.name} is down`);
  process.exitCode = ExitCode.Documented;
}

function recorderTime(): Lab['clock']['now'] {
  return 0 as Lab['clock']['now'];
}

function resolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((yes) => {
    resolve = yes;
  });
  return { promise, resolve };
}

function recorderFor(plan: Plan, substrate: Substrate, seed: number, file: string): { recorder: Recorder; decisions: DecisionTable; sink: FileSink } {
  const points = pointsOf(plan);
  const decisions = new DecisionTable((node) => points.nodeName(node));
  const sink = new FileSink(file);
  const run = { version: VERSION, topology: plan.name, hash: plan.hash, seed, records: 'both' } as const;
  return { recorder: new Recorder({ points, decisions, sink, originSeconds: substrate.originSeconds(), run }), decisions, sink };
}

/** A socket without a lab behind it is what a killed lab left: it is taken away. */
async function refuseSecond(name: string): Promise<void> {
  if (!labs().includes(name)) return;
  try {
    await ask(name, { do: 'status' });
  } catch (error) {
    if (!LabError.is(error)) throw error;
    forget(name);
    return;
  }
  throw new LabError('CLI_USAGE', `the lab "${name}" is up already`, { hint: `callpath down --lab ${name}` });
}
