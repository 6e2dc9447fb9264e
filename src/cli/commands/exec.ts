/**
 * `callpath exec`: runs a command in a node of a lab that is up, on this process's own terminal or pipes: what the command
 * writes goes past {@link Io}.
 *
 * Where nodes are containers it runs inside the node's, with its files and programs. Else, or when that is asked for, it is
 * a program of this machine in the node's network.
 *
 * Either way it ends with the lab, and with it whatever it started: one that lived on would keep the node's network
 * namespace alive. In a container the lab sees to it when this process is gone.
 * @module
 */
import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { LabError } from '../../base/error.js';
import { connect } from '../../library/live/client.js';
import type { Connection } from '../../library/live/client.js';
import { boundCommand, killedBy } from '../../library/live/command.js';
import type { LiveExec } from '../../library/live/protocol.js';
import { attach, terminalKind } from '../live/terminal.js';
import type { LiveOptions } from './live.js';

export interface ExecOptions extends LiveOptions {
  readonly machineTools?: boolean;
}

/** Gives the command's own exit code. Errors: CLI_USAGE, ROLE_COMMAND, KERNEL_TOOL, DOCKER_*; LAB_INTERRUPTED when the lab goes down meanwhile. */
export async function exec(node: string, command: readonly string[], options: ExecOptions): Promise<number> {
  const { lab, connection } = await connect(options.lab);
  try {
    const terminal = terminalKind();
    const way = await connection.ask({ do: 'exec', node, words: [...command], terminal, machineTools: options.machineTools === true });
    const outcome =
      way.how === 'attach' ? await attached(way, terminal !== null, connection) : await Promise.race([prefixed(way, command, connection), connection.ended]);
    if (outcome === undefined) throw new LabError('LAB_INTERRUPTED', `the lab "${lab}" went down, and ${command[0] ?? ''} with it`);
    return outcome;
  } finally {
    connection.close();
  }
}

/** Undefined when it was the lab's end that ended it. */
async function prefixed(way: Extract<LiveExec, { how: 'prefix' }>, command: readonly string[], connection: Connection): Promise<number | undefined> {
  const code = await run(boundCommand(entered(way), command), connection.ended);
  // A lab that went down while its namespaces were being entered: nsenter fails like any command.
  return code === NSENTER_FAILED && !(await up(connection)) ? undefined : code;
}

/** Exit code of nsenter(1) when it enters nothing. */
const NSENTER_FAILED = 1;

function up(connection: Connection): Promise<boolean> {
  return connection.ask({ do: 'status' }).then(
    () => true,
    () => false,
  );
}

/** A lab without root is in a user namespace of its own, which comes first; who is in it already may not enter it again (setns(2)). */
function entered({ user, words }: Extract<LiveExec, { how: 'prefix' }>): readonly string[] {
  try {
    if (readlinkSync(user) === readlinkSync('/proc/self/ns/user')) return words;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new LabError('LAB_INTERRUPTED', 'the lab went down before its namespaces were entered', { cause });
    throw new LabError('KERNEL_PERMISSION', `the lab's user namespace cannot be entered: ${(cause as Error).message}`, {
      hint: 'run it as the user who started the lab',
      cause,
    });
  }
  return ['nsenter', `--user=${user}`, '--preserve-credentials', ...words];
}

/** Undefined when it was the lab's end that ended it. */
async function attached(way: Extract<LiveExec, { how: 'attach' }>, terminal: boolean, connection: Connection): Promise<number | undefined> {
  const code = await attach(way, terminal);
  // A container's end looks like any other: as a kill, or as something that nobody knows of any more.
  if (code !== null && code !== killedBy('SIGKILL')) return code;
  return (await up(connection)) ? (code ?? killedBy('SIGKILL')) : undefined;
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
      resolve(code ?? killedBy(signal));
    });
  });
}
