/**
 * A command in a container by the daemon's exec, from both its ends: the lab prepares it and sees to its end, whoever
 * asked for it starts it and is attached to it.
 *
 * The daemon ends no exec, neither when who is attached goes away nor by any call. So the command carries a mark that all
 * that it starts inherits, and the lab ends what carries it.
 * @see https://docs.docker.com/reference/api/engine/ Exec
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { LabError } from '../../base/error.js';
import type { InsideCommand, PreparedCommand } from '../substrate.js';
import { type ExecState, inspectExec } from './container-process.js';
import { Engine } from './engine.js';
import { type Stdio, stdioOf } from './stdio.js';

const Created = z.object({ Id: z.string() });

/** Environment variable with the mark. */
const MARK = 'CALLPATH_EXEC';
/** Rounds of killing: what a dying process has just started is found by the next one. */
const ROUNDS = 10;

/** Commands of this process so far, so that each has a mark of its own. */
let commands = 0;

/** @param container its id. Errors: DOCKER_REFUSED, DOCKER_UNREACHABLE. */
export async function prepareExec(engine: Engine, container: string, command: InsideCommand): Promise<PreparedCommand> {
  const mark = `${MARK}=${process.pid}-${++commands}`;
  const made = await engine.call('POST', `/containers/${container}/exec`, {
    body: {
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: command.terminal !== null,
      Cmd: command.words,
      Env: [mark, ...(command.terminal === null ? [] : [`TERM=${command.terminal}`])],
    },
  });
  const { Id: exec } = Created.parse(made.body);
  return {
    socket: engine.socket,
    exec,
    async end() {
      const state = await stateOf(engine, exec);
      // The daemon forgets the execs of a container that is gone, and nothing of that lives.
      if (state === null) return true;
      if (state.Running && state.Pid > 0) kill(state.Pid);
      killMarked(mark);
      return state.Pid > 0 || state.ExitCode !== null;
    },
  };
}

/** Null when the daemon does not know it any more. Errors: DOCKER_UNREACHABLE. */
async function stateOf(engine: Engine, exec: string): Promise<ExecState | null> {
  try {
    return await inspectExec(engine, exec);
  } catch (error) {
    if (LabError.is(error) && error.code === 'DOCKER_REFUSED') return null;
    throw error;
  }
}

function killMarked(mark: string): void {
  for (let round = 0; round < ROUNDS; round++) {
    const marked = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(mark));
    if (marked.length === 0) return;
    for (const pid of marked) kill(Number(pid));
  }
}

/** Empty for a process that is gone, or a zombie. */
function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** The other end of a prepared command. */
export class ExecSession {
  readonly #engine: Engine;
  readonly #exec: string;

  private constructor(engine: Engine, exec: string) {
    this.#engine = engine;
    this.#exec = exec;
  }

  /** Errors: DOCKER_UNREACHABLE. */
  static async open({ socket, exec }: { readonly socket: string; readonly exec: string }): Promise<ExecSession> {
    return new ExecSession(await Engine.connect(socket), exec);
  }

  /** Starts it. A terminal has one stream for all that it shows. Errors: DOCKER_REFUSED, DOCKER_UNREACHABLE. */
  async start(terminal: boolean): Promise<Stdio> {
    const stream = await this.#engine.hijack(`/exec/${this.#exec}/start`, { body: { Detach: false, Tty: terminal } });
    if (!terminal) return stdioOf(stream);
    // Its end is told by the other direction.
    stream.on('error', () => undefined);
    return { stdin: stream, stdout: stream, stderr: Readable.from([]) };
  }

  /** Size of its terminal, in characters. One that has ended is fine. Errors: DOCKER_UNREACHABLE. */
  async resize(rows: number, columns: number): Promise<void> {
    await this.#engine.call('POST', `/exec/${this.#exec}/resize`, { query: { h: String(rows), w: String(columns) }, accept: [404, 409, 500] });
  }

  /** Its exit code, `running`, or `unknown` when its container is gone. Errors: DOCKER_UNREACHABLE. */
  async outcome(): Promise<number | 'running' | 'unknown'> {
    const state = await stateOf(this.#engine, this.#exec);
    if (state === null) return 'unknown';
    return state.Running ? 'running' : (state.ExitCode ?? 'unknown');
  }

  close(): void {
    this.#engine.close();
  }
}
