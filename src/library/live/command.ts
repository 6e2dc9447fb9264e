/**
 * Programs of this machine in the network of a node, so that nothing of them outlives who started them: each stands in a
 * process namespace of its own, whose first process dies with its parent, and the kernel then ends all others of it.
 * @see pid_namespaces(7)
 * @module
 */
import { constants } from 'node:os';

const BOUND = ['setpriv', '--pdeathsig', 'KILL'] as const;
/** Ignores an interrupt and ends as its child does; it dies with this process, its child with it. The node is entered before: only there may one have a process namespace without root. */
const ALONE = ['unshare', '--pid', '--fork', '--kill-child'] as const;
/** The first process of a namespace ignores signals that it has no handler for: the command is its child. */
const FIRST = ['sh', '-c', '"$@"; exit $?', 'sh'] as const;

/** @param prefix words that enter the node's network */
export function boundCommand(prefix: readonly string[], command: readonly string[]): readonly string[] {
  return [...BOUND, ...prefix, ...ALONE, ...FIRST, ...command];
}

/** A shell's exit code for "killed by that signal". */
export function killedBy(signal: NodeJS.Signals | null): number {
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}
