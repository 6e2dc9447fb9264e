/**
 * The lab's end of the pipe to one role's process: asks, hears what the role tells, and turns the end of the process
 * into an error that says which node it was, how it ended and what it wrote last.
 * @module
 */
import type { Readable, Writable } from 'node:stream';
import { must } from '../../../base/assert.js';
import { LabError } from '../../../base/error.js';
import type { Nanos } from '../../../base/time.js';
import type { Waiting } from '../../../base/waiting.js';
import type { Json, RoleEvent } from '../../../roles/role.js';
import type { RunningRole } from '../../role-runner.js';
import { encodeFrame, errorOf, parseFromRole, type Answer, type Request, type Told, type ToldCauses, type ToldSecret } from './frame.js';
import { LineReader } from './line-reader.js';

/** Who hears what a role tells, in the order in which it told it. Times are the role's: they may lie in the lab's past. */
export interface RoleListener {
  /** For the ledger. */
  note(at: Nanos, name: string, fields: Readonly<Record<string, string>>): void;
  /** Keys for the recorder. */
  secret(at: Nanos, secret: ToldSecret): void;
  /** Datagrams that the role sent because of others. */
  causes?(told: ToldCauses): void;
  /** Something arrived or an answer came: promises of the lab may go on. */
  touch?(): void;
  /** The process ended, or can't be believed any more, though nobody closed it: LAB_ROLE_FAILED. Told once, or never. */
  failed?(error: LabError, exit: RoleExit | null): void;
  /** A line that the process wrote for people. */
  stderr?(line: string): void;
}

/** What is needed of a process: a ChildProcess with three pipes is one, and so is a process in a container. */
export interface RoleChild {
  readonly pid?: number | undefined;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  kill(signal: NodeJS.Signals): boolean;
  once(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'exit' | 'close', listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
}

/** How a process ended. */
export interface RoleExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Pending {
  readonly what: string;
  resolve(value: Json): void;
  reject(error: Error): void;
}

type WithoutId<T> = T extends { id: number } ? Omit<T, 'id'> : never;

/** Last lines of stderr that an error quotes. */
const TAIL = 12;
/** How long its pipes may outlive a process (a child of its own may hold them), milliseconds. */
const PIPES = 500;
/** How long a process may take to end after its stdin has, milliseconds. */
const GRACE = 2000;

export class RpcClient implements RunningRole {
  readonly node: string;
  readonly events: RoleEvent[] = [];
  /** Settles once, when the process is gone. Never rejects. */
  readonly exited: Promise<RoleExit>;
  readonly #child: RoleChild;
  readonly #stdin: Writable;
  readonly #listener: RoleListener;
  readonly #pending = new Map<number, Pending>();
  readonly #tail: string[] = [];
  #next = 1;
  #failure: LabError | null = null;
  #closing = false;
  #ended: (exit: RoleExit) => void = () => undefined;

  /** @param child spawned with three pipes */
  constructor(child: RoleChild, options: { readonly node: string; readonly listener: RoleListener }) {
    this.node = options.node;
    this.#child = child;
    this.#listener = options.listener;
    this.#stdin = must(child.stdin, 'stdin of the child');
    this.exited = new Promise((resolve) => {
      this.#ended = resolve;
    });
    this.#readOutput(must(child.stdout, 'stdout of the child'));
    this.#readErrors(must(child.stderr, 'stderr of the child'));
    // A process that is gone breaks the pipe; its exit says more than EPIPE does.
    this.#stdin.on('error', () => undefined);
    this.#watchEnd();
  }

  get failure(): LabError | null {
    return this.#closing ? null : this.#failure;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Starts the role with what `main.ts` takes. Errors: LAB_ROLE_FAILED, and what the start itself refused. */
  async start(argument: Json): Promise<Json> {
    return this.#ask({ start: argument }, 'its start');
  }

  /** Errors: ROLE_COMMAND, the command's own, LAB_ROLE_FAILED when the process ends meanwhile or has ended. */
  async call(command: string, argument: Json): Promise<Json> {
    return this.#ask({ call: command, argument }, `the command "${command}"`);
  }

  /** What the role's promises wait for. Errors: LAB_ROLE_FAILED. */
  async waiting(): Promise<readonly Waiting[]> {
    return (await this.#ask({ ask: 'waiting' }, 'what it waits for')) as unknown as readonly Waiting[];
  }

  /** Stops the role; its process lives on. */
  async stop(): Promise<void> {
    await this.#ask({ stop: true }, 'its stop');
  }

  /** Ends the process: by the end of its stdin, and with SIGKILL if it does not care. Idempotent; never rejects. */
  async close(graceMillis = GRACE): Promise<RoleExit> {
    this.#closing = true;
    this.#stdin.end();
    const timer = setTimeout(() => {
      this.#child.kill('SIGKILL');
    }, graceMillis);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  #ask(request: WithoutId<Request>, what: string): Promise<Json> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const id = this.#next++;
    // Encoded before anything is booked: what is no plain data never leaves.
    const bytes = encodeFrame({ id, ...request } as Request);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { what, resolve, reject });
      this.#stdin.write(bytes);
    });
  }

  #readOutput(stdout: Readable): void {
    const lines = new LineReader((line) => {
      if (this.#failure === null) this.#frame(line);
    });
    stdout.on('data', (chunk: Uint8Array) => {
      lines.push(chunk);
    });
  }

  #readErrors(stderr: Readable): void {
    const lines = new LineReader((line) => {
      this.#tail.push(line);
      if (this.#tail.length > TAIL) this.#tail.shift();
      this.#listener.stderr?.(line);
    });
    stderr.on('data', (chunk: Uint8Array) => {
      lines.push(chunk);
    });
    stderr.once('end', () => {
      lines.end();
    });
  }

  #frame(line: string): void {
    const frame = parseFromRole(line);
    this.#listener.touch?.();
    if (frame === undefined) this.#garbage(line);
    else if ('id' in frame) this.#answer(frame);
    else this.#told(frame);
  }

  #answer(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) {
      this.#garbage(`an answer to question ${answer.id}, which nobody asked`);
      return;
    }
    this.#pending.delete(answer.id);
    if ('ok' in answer) pending.resolve(answer.ok);
    else pending.reject(errorOf(answer, this.node));
  }

  #told(told: Told): void {
    if ('event' in told) this.events.push({ name: told.event, at: told.at, data: told.data });
    else if ('note' in told) this.#listener.note(told.at, told.note, told.fields);
    else if ('causes' in told) this.#listener.causes?.(told.causes);
    else this.#listener.secret(told.at, told.reveal);
  }

  /** After a line that is no frame nothing of this process can be believed. */
  #garbage(line: string): void {
    const shown = line.length > 200 ? `${line.slice(0, 200)}...` : line;
    this.#fail(
      new LabError('LAB_ROLE_FAILED', `the process of ${this.node} wrote what is no frame: ${shown}`, {
        expected: 'one frame of JSON a line on its standard output',
        hint: 'write messages for people to the standard error',
      }),
    );
    this.#child.kill('SIGKILL');
  }

  #watchEnd(): void {
    let exit: RoleExit | null = null;
    let timer: NodeJS.Timeout | null = null;
    const done = (): void => {
      if (timer !== null) clearTimeout(timer);
      this.#fail(this.#endError(exit), exit);
      this.#ended(exit ?? { code: null, signal: null });
    };
    this.#child.once('error', (error) => {
      // A process that never was neither exits nor closes its pipes.
      if (this.#child.pid !== undefined) return;
      this.#fail(new LabError('LAB_ROLE_FAILED', `the process of ${this.node} could not be started: ${error.message}`, { cause: error }));
      done();
    });
    this.#child.once('exit', (code, signal) => {
      exit = { code, signal };
      timer = setTimeout(done, PIPES);
    });
    // After `exit`, once all that it wrote has been read.
    this.#child.once('close', (code, signal) => {
      exit = { code, signal };
      done();
    });
  }

  #endError(exit: RoleExit | null): LabError {
    const how = exit?.signal ? `was killed by ${exit.signal}` : `ended with exit code ${exit?.code ?? 'unknown'}`;
    if (this.#closing) return new LabError('LAB_ROLE_FAILED', `the process of ${this.node} was closed`);
    const waiting = [...this.#pending.values()].map((pending) => pending.what).join(', ');
    const said = this.#tail.length === 0 ? '; it wrote no message' : `; its last messages:\n    ${this.#tail.join('\n    ')}`;
    return new LabError('LAB_ROLE_FAILED', `the process of ${this.node} ${how}${waiting === '' ? '' : ` before it answered ${waiting}`}${said}`, {
      expected: 'a process that lives as long as the lab',
    });
  }

  #fail(error: LabError, exit: RoleExit | null = null): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#listener.touch?.();
    for (const { reject } of pending) reject(error);
    if (!this.#closing) this.#listener.failed?.(error, exit);
  }
}
