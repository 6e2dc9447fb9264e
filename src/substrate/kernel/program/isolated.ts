/**
 * Starts a program in the network namespace of its node, with a mount and a process namespace of its own: what it mounts
 * nobody else sees, and when its first process is gone the kernel kills all that it started.
 *
 * The chain of ends: the lab dies, so `unshare` is killed (parent-death signal of setpriv), so the first process is
 * killed (that of --kill-child), so all are.
 * @see setpriv(1), unshare(1), pid_namespaces(7)
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { must } from '../../../base/assert.js';
import { LabError } from '../../../base/error.js';
import { missing } from '../namespace/tool.js';
import type { Namespace } from '../namespace/namespace.js';
import { prelude } from './prelude.js';
import type { ProgramChild, ProgramEnd } from './program.js';
import type { ProgramStart } from './program-start.js';

const WRAPPER = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'] as const;
/** Says by descriptor 3 that the wrapper has done its work, then reads what else to do. */
const SHELL = ['sh', '-c', 'echo here >&3; exec 3>&-; exec sh -s -- "$@"', 'sh'] as const;

/** Errors: KERNEL_TOOL. What the program itself lacks is said in its log. */
export function startIsolated(namespace: Namespace, start: ProgramStart): Promise<ProgramChild> {
  const command = must(start.command, 'the command of a process');
  const path = process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const child = namespace.inside(() =>
    spawn('setpriv', [...WRAPPER, ...SHELL, ...command], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'], env: { PATH: path, ...start.env } }),
  );
  // A shell that failed has closed its input: what it says is in the log.
  child.stdin.on('error', () => undefined);
  // Not before the chain of ends holds: if the lab died earlier, its input would end, and with it the shell.
  (child.stdio[3] as Readable).once('data', () => {
    child.stdin.end(prelude(start, true));
  });
  // `unshare` ends as its child did; by SIGKILL it cannot, since nobody may set how that is handled, and says this instead.
  let killed = false;
  child.stderr.on('data', (bytes: Uint8Array | string) => {
    killed ||= String(bytes).includes('unshare: sigprocmask unblock failed');
  });
  const ended = new Promise<ProgramEnd>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(killed && code === 1 ? { code: null, signal: 'SIGKILL' } : { code, signal });
    });
  });
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(missing('setpriv', cause));
    });
    child.once('spawn', () => {
      resolve({
        pid: child.pid,
        stdout: child.stdout,
        stderr: child.stderr,
        ended,
        terminate: () => {
          signalFirst(child, 'SIGTERM');
        },
        kill: () => child.kill('SIGKILL'),
      });
    });
  });
}

/** To the first process of the namespace: `unshare` waits for it and takes no signal but SIGKILL. */
function signalFirst(child: ChildProcess, signal: NodeJS.Signals): void {
  const pid = must(child.pid, 'pid of a process that runs');
  let children: string;
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch (cause) {
    // It has ended meanwhile.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new LabError('KERNEL_REFUSED', `the processes below ${pid} cannot be listed`, { cause });
  }
  const first = Number(children.trim().split(' ')[0]);
  if (first > 0) process.kill(first, signal);
}
