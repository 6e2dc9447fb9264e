/**
 * `callpath exec`: runs a command inside a node of a lab that is up, on this terminal.
 *
 * The command ends with the lab, and with it whatever it started: it stands in a process namespace of its own, whose
 * first process dies when this one does, and the kernel then ends all others of it. A command that lived on would
 * keep the node's network namespace alive.
 * @see pid_namespaces(7)
 * @module
 */
import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { LabError } from '../../base/error.js';
import { connect } from '../live/client.js';
import type { LiveWay } from '../live/protocol.js';
import type { LiveOptions } from './live.js';

/** The node is entered in between: only there may one have a process namespace without root. `unshare` ignores an interrupt and ends as its child does; it dies with this process, its child with it. */
const BOUND = ['setpriv', '--pdeathsig', 'KILL'] as const;
const ALONE = ['unshare', '--pid', '--fork', '--kill-child'] as const;
/** The first process of a namespace ignores signals that it has no handler for: the command is its child. */
const FIRST = ['sh', '-c', '"$@"; exit $?', 'sh'] as const;
/** A shell's way to say "killed by signal N". */
const KILLED = 128;

/** Exits as the command does. Errors: CLI_USAGE, ROLE_COMMAND, KERNEL_TOOL; LAB_INTERRUPTED when the lab goes down meanwhile. */
export async function exec(node: string, command: readonly string[], options: LiveOptions): Promise<void> {
  const { lab, connection } = await connect(options.lab);
  try {
    const way = (await connection.ask({ do: 'enter', node })) as LiveWay;
    const outcome = await Promise.race([run([...BOUND, ...entered(way), ...ALONE, ...FIRST, ...command], connection.ended), connection.ended]);
    if (outcome === undefined) throw new LabError('LAB_INTERRUPTED', `the lab "${lab}" went down, and ${command[0] ?? ''} with it`);
    process.exitCode = outcome;
  } finally {
    connection.close();
  }
}

/** A lab without root is in a user namespace of its own, which comes first; who is in it already may not enter it again (setns(2)). */
function entered({ user, prefix }: LiveWay): readonly string[] {
  try {
    if (readlinkSync(user) === readlinkSync('/proc/self/ns/user')) return prefix;
  } catch (cause) {
    throw new LabError('KERNEL_PERMISSION', `the lab's user namespace cannot be entered: ${(cause as Error).message}`, { hint: 'run it as the user who started the lab', cause });
  }
  return ['nsenter', `--user=${user}`, '--preserve-credentials', ...prefix];
}

function run(words: readonly string[], labEnded: Promise<void>): Promise<number> {
  const [program = '', ...args] = words;
  const child = spawn(program, args, { stdio: 'inherit' });
  void labEnded.then(() => child.kill('SIGKILL'));
  // An interrupt from the terminal reaches the command as well, and it is for the command to say what it means.
  const leave = (): void => undefined;
  process.on('SIGINT', leave);
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => {
      reject(new LabError('KERNEL_TOOL', `${program} can't be run: ${cause.message}`, { hint: 'apt-get install util-linux', cause }));
    });
    child.on('close', (code, signal) => {
      process.off('SIGINT', leave);
      resolve(code ?? KILLED + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
