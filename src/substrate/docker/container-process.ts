/**
 * A process in a container with the face of a child process: three streams, `exit` and `close`, `kill`. Docker offers no
 * call to end one, so it is killed by its number on this machine.
 * @see https://docs.docker.com/reference/api/engine/ Exec
 * @module
 */
import { EventEmitter } from 'node:events';
import type { Duplex, Readable, Writable } from 'node:stream';
import { z } from 'zod';
import type { Engine } from './engine.js';
import type { Stdio } from './stdio.js';

const Exec = z.object({ Running: z.boolean(), ExitCode: z.int().nullable(), Pid: z.int() });
export type ExecState = z.infer<typeof Exec>;

/** `ExitCode` is null until it has ended, `Pid` 0 until it was started. Errors: DOCKER_REFUSED, also when it is not known (any more). */
export async function inspectExec(engine: Engine, id: string): Promise<ExecState> {
  return Exec.parse((await engine.call('GET', `/exec/${id}/json`)).body);
}

/** A shell's way to say "killed by signal N", which is the daemon's too. */
const KILLED = 128;
const SIGNALS: Readonly<Record<number, NodeJS.Signals>> = { 1: 'SIGHUP', 2: 'SIGINT', 6: 'SIGABRT', 9: 'SIGKILL', 11: 'SIGSEGV', 15: 'SIGTERM' };

interface Events {
  error: [Error];
  exit: [number | null, NodeJS.Signals | null];
  close: [number | null, NodeJS.Signals | null];
}

export class ContainerProcess extends EventEmitter<Events> {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly #engine: Engine;
  readonly #id: string;

  /** @param id of the exec; @param stream what `stdio` was cut from */
  constructor(engine: Engine, id: string, stdio: Stdio, stream: Duplex) {
    super();
    this.#engine = engine;
    this.#id = id;
    this.stdin = stdio.stdin;
    this.stdout = stdio.stdout;
    this.stderr = stdio.stderr;
    stream.once('close', () => {
      void this.#ended();
    });
  }

  /** Asks for SIGKILL, whatever signal is named; whether it came to that tells `exit`. */
  kill(): boolean {
    inspectExec(this.#engine, this.#id)
      .then((exec) => exec.Running && exec.Pid > 0 && process.kill(exec.Pid, 'SIGKILL'))
      // It has ended meanwhile; or the daemon does not answer, and its containers end with the stream that they hang on.
      .catch(() => false);
    return true;
  }

  async #ended(): Promise<void> {
    // A daemon that is gone can't tell how the process ended; that it has ended is known all the same.
    const code = await inspectExec(this.#engine, this.#id).then(
      (exec) => exec.ExitCode,
      () => null,
    );
    const signal = code !== null && code > KILLED ? (SIGNALS[code - KILLED] ?? null) : null;
    const shown = signal === null ? code : null;
    this.emit('exit', shown, signal);
    this.emit('close', shown, signal);
  }
}
