/**
 * `callpath up`: builds a lab and keeps it up, its capture being written, until `callpath down` or Ctrl-C.
 * @module
 */
import { join } from 'node:path';
import { LabError, formatLabError } from '../../base/error.js';
import { NEVER, ZERO, seconds } from '../../base/time.js';
import { achievedText } from '../../report/achieved.js';
import { linkReports } from '../../report/links.js';
import { KINDS } from '../../roles/kinds.js';
import { Recording } from '../../scenario/recording.js';
import { achieved } from '../../scenario/run-scenario.js';
import type { Lab, Substrate } from '../../substrate/substrate.js';
import type { Plan } from '../../topology/plan.js';
import { makeFolder, shown } from '../../library/load/files.js';
import { overridesOf, planOf } from '../../library/load/load.js';
import { pkiOf } from '../../library/run/flow-run.js';
import { LiveLab } from '../../library/live/live-lab.js';
import { LiveServer } from '../../library/live/server.js';
import { liveSubstrate } from '../../library/substrates.js';
import { VERSION } from '../../library/version.js';
import { ExitCode } from '../exit.js';
import { columns, paintFor, print, printError } from '../io.js';
import type { Io } from '../io.js';
import { seedOf } from '../numbers.js';

export interface UpOptions {
  readonly on: string;
  readonly with?: readonly string[];
  readonly seed: string;
  readonly out: string;
}

const AN_HOUR = seconds(3600);

/** Errors: those of the topology, of the substrate's probe, CLI_USAGE when a lab of that name is up. */
export async function up(topology: string, options: UpOptions, io: Io): Promise<ExitCode> {
  const seed = seedOf(options.seed);
  const plan = planOf(topology, null, overridesOf(options.with ?? []));
  const substrate = await liveSubstrate(options.on, io.anew);
  makeFolder(options.out);
  const down = new AbortController();
  const stop = (): void => {
    down.abort();
  };
  const server = new LiveServer(plan.name, stop);
  // Before anything is built or written: of two that start at once, one is refused.
  await server.listen();
  // Its terminal was closed.
  const unhook = io.onHangUp(stop);
  let code: ExitCode = ExitCode.Documented;
  // The lab stays up: people are at work in it.
  const onError = (error: LabError): void => {
    printError(io, formatLabError(error));
    code = ExitCode.LabFailed;
  };
  try {
    await io.ending(async (interrupt) => {
      const signal = AbortSignal.any([interrupt, down.signal]);
      try {
        await keepUp(plan, { substrate, seed, file: join(options.out, `${plan.name}.pcapng`), server, signal, io, onError });
      } catch (error) {
        // Being told to stop is how a lab that is up ends well.
        if (!(signal.aborted && LabError.is(error) && error.code === 'LAB_INTERRUPTED')) throw error;
      }
    });
    print(io, `${plan.name} is down`);
    return code;
  } finally {
    unhook();
    server.close();
  }
}

interface Surroundings {
  readonly substrate: Substrate;
  readonly seed: number;
  readonly file: string;
  readonly server: LiveServer;
  readonly signal: AbortSignal;
  readonly io: Io;
  /** Told when the capture can't be written any more, and when a role ends. */
  readonly onError: (error: LabError) => void;
}

/** Errors: LAB_INTERRUPTED by the signal; whatever the substrate's means refuse. */
async function keepUp(plan: Plan, around: Surroundings): Promise<never> {
  const { substrate, seed, file, server, signal, io, onError } = around;
  const pki = await pkiOf(plan, seed);
  const recording = new Recording(plan, { substrate, seed, version: VERSION, captureFile: file, onError });
  let lab: Lab | null = null;
  try {
    lab = await substrate.build(plan, { ...recording.deps, onRoleFailed: onError, kinds: KINDS, seed, pki, signal });
    server.open(new LiveLab(lab, plan));
    print(io, `${plan.name} is up on ${substrate.name}: ${plan.nodes.length} nodes, ${plan.links.length} links; it is captured in ${shown(file)}`);
    print(io, 'from another terminal: callpath status | call USER USER | link set NAME down | exec NODE -- COMMAND | down; Ctrl-C here ends it');
    // The lab itself sees to its capture.
    return await lab.run(async ({ sleep }) => {
      for (;;) await sleep(AN_HOUR);
    }, NEVER);
  } finally {
    server.shut();
    const end = lab?.clock.now ?? ZERO;
    if (lab !== null) for (const line of achievedText(linkReports(achieved(plan, lab)), lab.lateness, paintFor(io), columns(io))) print(io, line);
    try {
      await lab?.close();
    } finally {
      recording.close(end);
    }
  }
}
