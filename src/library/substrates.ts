/**
 * The composition root: the one place that names substrates. Each is loaded when it is asked for: the simulator needs nothing
 * but Node.
 * @module
 */
import { LabError } from '../base/error.js';
import type { ExecSession } from '../substrate/docker/exec.js';
import { sim } from '../substrate/sim/sim-lab.js';
import type { Substrate } from '../substrate/substrate.js';
import { didYouMean, listed } from '../base/suggest.js';

export { composeFile } from '../substrate/docker/compose.js';
export { simProber } from '../substrate/sim/sim-prober.js';

/** What a lab of containers has prepared, to be started from here. Errors: DOCKER_UNREACHABLE. */
export async function openExec(prepared: { readonly socket: string; readonly exec: string }): Promise<ExecSession> {
  return (await import('../substrate/docker/exec.js')).ExecSession.open(prepared);
}

const LOADERS: ReadonlyMap<string, () => Promise<Substrate>> = new Map<string, () => Promise<Substrate>>([
  ['sim', () => Promise.resolve(sim)],
  ['netns', async () => (await import('../substrate/netns/netns.js')).netns],
  ['docker', async () => (await import('../substrate/docker/docker.js')).docker],
]);

export const DEFAULT_SUBSTRATE = sim;
export const SUBSTRATE_NAMES: readonly string[] = [...LOADERS.keys()];

/** Whose time is the clock on the wall: a lab there can stay up while people think. */
const LIVE: readonly string[] = ['netns', 'docker'];

/** Errors: CLI_USAGE for one that runs in virtual time; those of {@link substrateNamed}. */
export async function liveSubstrate(name: string, anew: readonly string[] | null = ownCommand()): Promise<Substrate> {
  if (SUBSTRATE_NAMES.includes(name) && !LIVE.includes(name)) {
    throw new LabError('CLI_USAGE', `a lab on "${name}" can't stay up: its time is virtual and would run away`, { expected: `one of: ${listed(LIVE)}` });
  }
  return substrateNamed(name, anew);
}

/** The words that this process was started with. */
export function ownCommand(): readonly string[] {
  return [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
}

/**
 * Where the rights for it can be had, but by a fresh start only, this process becomes a command anew: call it before
 * anything was done. Errors: CLI_USAGE for an unknown name; the first thing that this machine lacks.
 * @param anew that command, by default its own; null: it goes on with the rights that it has
 */
export async function substrateNamed(name: string, anew: readonly string[] | null = ownCommand()): Promise<Substrate> {
  const load = LOADERS.get(name);
  if (load === undefined)
    throw new LabError('CLI_USAGE', `there is no substrate "${name}"`, {
      expected: `one of: ${listed(SUBSTRATE_NAMES)}`,
      ...didYouMean(name, SUBSTRATE_NAMES),
    });
  const substrate = await load();
  if (anew !== null) await substrate.gainRights?.(anew);
  const [lack] = await substrate.probe();
  if (lack !== undefined) throw lack;
  return substrate;
}
