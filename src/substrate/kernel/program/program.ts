/**
 * A foreign program at its node: started, watched, ended. It knows nothing of the lab; the lab sees of it what it
 * writes, what it listens on, how it ends, and its packets.
 * @module
 */
import type { Readable } from 'node:stream';
import { LabError } from '../../../base/error.js';
import type { Waiting } from '../../../base/waiting.js';
import { type Commanded, serve } from '../../../roles/commands.js';
import { programCommands } from '../../../roles/process/commands.js';
import type { Ready } from '../../../roles/process/config.js';
import type { Json, RoleEvent } from '../../../roles/role.js';
import type { PlanNode } from '../../../topology/plan.js';
import type { RoleHandle } from '../../substrate.js';
import type { ProgramLog } from './program-log.js';

/** A running program. */
export interface ProgramChild {
  readonly pid: number | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once, when it is gone with all that it started. Never rejects. */
  readonly ended: Promise<ProgramEnd>;
  /** Asks it to end. */
  terminate(): void;
  /** Ends it, and all that it started. */
  kill(): void;
}

export type ProgramEnd = { readonly code: number | null; readonly signal: string | null };

export interface ProgramOptions {
  readonly node: PlanNode;
  readonly ready: Ready | undefined;
  /** Milliseconds. */
  readonly readyWithin: number;
  readonly log: ProgramLog;
  /** Errors: those of the ground. */
  launch(): Promise<ProgramChild>;
  /** Does anything at the node listen there? */
  listens(protocol: 'udp' | 'tcp', port: number): boolean;
  /** Into the ledger. */
  note(name: string, fields: Readonly<Record<string, string>>): void;
  /** Promises of the lab may go on. */
  touch(): void;
}

export const STARTED_EVENT = 'program-started';
export const READY_EVENT = 'program-ready';
export const ENDED_EVENT = 'program-ended';

/** Between two looks at the ports of a node, milliseconds. */
const LOOK = 20;
/** How long a program may take to end when it is asked to, milliseconds. */
const GRACE = 2000;
/** Last lines that an error quotes. */
const TAIL = 12;

export class Program implements RoleHandle {
  readonly node: string;
  readonly events: readonly RoleEvent[] = [];
  readonly failure = null;
  readonly #options: ProgramOptions;
  readonly #commands: Commanded;
  #child: ProgramChild | null = null;
  #last: ProgramEnd | null = null;
  #closing = false;
  #waiters = 0;

  constructor(options: ProgramOptions) {
    this.node = options.node.name;
    this.#options = options;
    this.#commands = serve(this.node, programCommands, {
      start: async () => {
        await this.start();
        return {};
      },
      wait: () => this.#wait(),
      stop: () => this.#stop(),
      output: () => options.log.text,
    });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  call(command: string, argument: Json): Promise<Json> {
    return this.#commands.call(command, argument);
  }

  waiting(): Promise<readonly Waiting[]> {
    return Promise.resolve(this.#waiters === 0 ? [] : [{ who: this.node, what: 'the end of the program' }]);
  }

  /** Errors: ROLE_COMMAND when it runs already, LAB_ROLE_FAILED when it is not ready in time, and those of the ground. */
  async start(): Promise<void> {
    if (this.#child !== null) throw new LabError('ROLE_COMMAND', `the program of ${this.node} runs already`, { hint: 'stop it first' });
    const { log, note } = this.#options;
    log.restart();
    const child = await this.#options.launch();
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log.write(text);
      });
    }
    note(STARTED_EVENT, { pid: String(child.pid ?? '') });
    void child.ended.then((end) => {
      this.#ended(end);
    });
    await this.#becomeReady(child);
  }

  /** Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#closing = true;
    const child = this.#child;
    child?.kill();
    await child?.ended;
    await this.#options.log.close();
  }

  async #wait(): Promise<ProgramEnd> {
    const child = this.#child;
    if (child === null) {
      if (this.#last === null) throw new LabError('ROLE_COMMAND', `the program of ${this.node} was never started`, { hint: 'call start first' });
      return this.#last;
    }
    this.#waiters++;
    const end = await child.ended;
    this.#waiters--;
    return end;
  }

  async #stop(): Promise<ProgramEnd> {
    const child = this.#child;
    if (child === null) return this.#wait();
    child.terminate();
    const timer = setTimeout(() => {
      child.kill();
    }, GRACE);
    const end = await this.#wait();
    clearTimeout(timer);
    return end;
  }

  #ended(end: ProgramEnd): void {
    this.#child = null;
    this.#last = end;
    if (!this.#closing) this.#options.note(ENDED_EVENT, end.signal === null ? { code: String(end.code ?? '') } : { signal: end.signal });
    this.#options.touch();
  }

  async #becomeReady(child: ProgramChild): Promise<void> {
    const { ready, readyWithin, note } = this.#options;
    if (ready === undefined) return;
    const outcome = await this.#watch(child, ready, readyWithin);
    if (outcome === 'ready') {
      note(READY_EVENT, {});
      this.#options.touch();
      return;
    }
    const wanted = 'port' in ready ? `it listens on ${ready.protocol} port ${ready.port}` : `it writes what matches /${ready.output}/`;
    const how =
      outcome === 'late'
        ? `was not ready after ${readyWithin / 1000} s`
        : `ended before it was ready (${outcome.signal ?? `exit code ${outcome.code ?? 'unknown'}`})`;
    const said = this.#options.log.text.trim() === '' ? 'it wrote nothing' : `it wrote:\n    ${this.#options.log.tail(TAIL)}`;
    throw new LabError('LAB_ROLE_FAILED', `the program of ${this.node} ${how}; ${said}`, { where: this.#options.node.src, expected: wanted });
  }

  /** Looks until it is ready, has ended, or the time is over. */
  #watch(child: ProgramChild, ready: Ready, within: number): Promise<'ready' | 'late' | ProgramEnd> {
    const { log } = this.#options;
    // eslint-disable-next-line no-restricted-syntax -- the pattern is the user's own
    const pattern = 'output' in ready ? new RegExp(ready.output, 'm') : null;
    const isReady = (): boolean => ('port' in ready ? this.#options.listens(ready.protocol, ready.port) : pattern?.test(log.text) === true);
    return new Promise((resolve) => {
      const settle = (outcome: 'ready' | 'late' | ProgramEnd): void => {
        clearInterval(looks);
        clearTimeout(limit);
        log.onText = () => undefined;
        resolve(outcome);
      };
      const look = (): void => {
        if (this.#child === child && isReady()) settle('ready');
      };
      const looks = setInterval(look, LOOK);
      const limit = setTimeout(() => {
        settle('late');
      }, within);
      log.onText = look;
      void child.ended.then(settle);
      look();
    });
  }
}
