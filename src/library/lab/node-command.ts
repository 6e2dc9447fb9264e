/**
 * A command in a node of a lab of this process: what it wrote, and how it ended.
 * @module
 */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { LabError } from '../../base/error.js';
import { boundCommand, killedBy } from '../live/command.js';
import type { LiveExec } from '../live/protocol.js';
import { outcomeOf } from '../live/outcome.js';
import { openExec } from '../substrates.js';

export interface ExecResult {
  /** 128 and the number of the signal for one that was killed. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** It reads nothing. Errors: DOCKER_*, KERNEL_TOOL; LAB_INTERRUPTED by the signal, by which the command ends. */
export async function runCommand(way: LiveExec, command: readonly string[], signal: AbortSignal): Promise<ExecResult> {
  const result = await (way.how === 'attach' ? inContainer(way) : inNetwork(way.words, command, signal));
  if (signal.aborted) throw new LabError('LAB_INTERRUPTED', `the lab was stopped, and ${command[0] ?? ''} with it`);
  return result;
}

/** It ends with its container. */
async function inContainer(prepared: Extract<LiveExec, { how: 'attach' }>): Promise<ExecResult> {
  const session = await openExec(prepared);
  try {
    const { stdin, stdout, stderr } = await session.start(false);
    stdin.on('error', () => undefined).end();
    const [said, complained] = await both(stdout, stderr);
    return { exitCode: (await outcomeOf(session)) ?? killedBy('SIGKILL'), stdout: said, stderr: complained };
  } finally {
    session.close();
  }
}

async function inNetwork(prefix: readonly string[], command: readonly string[], signal: AbortSignal): Promise<ExecResult> {
  const [program = '', ...args] = boundCommand(prefix, command);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', kill);
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', (cause) => {
      reject(new LabError('KERNEL_TOOL', `${program} can't be run: ${cause.message}`, { hint: 'apt-get install util-linux', cause }));
    });
    child.on('close', (code, signal) => {
      resolve(code ?? killedBy(signal));
    });
  });
  try {
    const [exitCode, [stdout, stderr]] = await Promise.all([ended, both(child.stdout, child.stderr)]);
    return { exitCode, stdout, stderr };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

function both(stdout: Readable, stderr: Readable): Promise<[string, string]> {
  return Promise.all([text(stdout), text(stderr)]);
}
