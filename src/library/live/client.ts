/**
 * A second terminal's connection to a lab that is up.
 * @module
 */
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { LabError } from '../../base/error.js';
import type { Json } from '../../roles/role.js';
import { didYouMean, listed } from '../../base/suggest.js';
import { type AnswerTo, LineSplitter, type LiveAnswer, type LiveRequest, parseAnswer } from './protocol.js';
import { forget, labsWithSocket, socketOf } from './state.js';

interface Pending {
  resolve(answer: Json): void;
  reject(error: LabError): void;
}

export class Connection {
  /** Settles when the connection has ended, by whoever ended it. Never rejects. */
  readonly ended: Promise<void>;
  readonly #lab: string;
  readonly #socket: Socket;
  readonly #pending: Pending[] = [];

  private constructor(lab: string, socket: Socket) {
    this.#lab = lab;
    this.#socket = socket;
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        for (const { reject } of this.#pending.splice(0)) reject(new LabError('LAB_INTERRUPTED', `the lab "${lab}" went down before it answered`));
        resolve();
      });
    });
    const lines = new LineSplitter();
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      try {
        for (const line of lines.push(chunk)) this.#answer(JSON.parse(line) as LiveAnswer);
      } catch (error) {
        // Whoever answers so is no lab.
        socket.destroy();
        if (!LabError.is(error) && !(error instanceof SyntaxError)) throw error;
      }
    });
  }

  /** Null when no such lab is up; what a killed one left is then taken away. Errors: CLI_USAGE when it is not this user's. */
  static async open(lab: string): Promise<Connection | null> {
    const socket = await dial(lab);
    return socket === null ? null : new Connection(lab, socket);
  }

  /** Answers come in the order in which they are ready, so: one request at a time. Errors: those of the lab, LAB_INTERRUPTED when it goes down meanwhile, CLI_USAGE for an answer of another version. */
  async ask<R extends LiveRequest>(request: R): Promise<AnswerTo<R>> {
    if (this.#socket.destroyed) throw new LabError('LAB_INTERRUPTED', `the lab "${this.#lab}" has gone down`);
    const answer = await new Promise<Json>((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#socket.write(`${JSON.stringify(request)}\n`);
    });
    return parseAnswer(request, answer);
  }

  close(): void {
    this.#socket.destroy();
  }

  #answer(answer: LiveAnswer): void {
    const pending = this.#pending.shift();
    if ('ok' in answer) pending?.resolve(answer.ok);
    else pending?.reject(LabError.fromJSON(answer.error));
  }
}

function dial(lab: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketOf(lab));
    socket.once('connect', () => {
      // From here on trouble shows as the connection's end.
      socket.removeAllListeners('error').on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ECONNREFUSED') forget(lab);
      if (cause.code === 'ECONNREFUSED' || cause.code === 'ENOENT') resolve(null);
      else reject(new LabError('CLI_USAGE', `the lab "${lab}" can't be reached at ${socketOf(lab)}: ${cause.message}`, { cause }));
    });
  });
}

/** The labs that are up; what killed ones left is taken away. */
async function labsUp(): Promise<readonly string[]> {
  const up: string[] = [];
  for (const lab of labsWithSocket()) {
    const connection = await Connection.open(lab);
    if (connection === null) continue;
    connection.close();
    up.push(lab);
  }
  return up;
}

/** To the lab named, or to the only one that is up. Errors: CLI_USAGE. */
export async function connect(named: string | undefined): Promise<{ readonly lab: string; readonly connection: Connection }> {
  const up = await labsUp();
  const lab = named ?? up[0];
  if (up.length === 0 || lab === undefined) {
    throw new LabError('CLI_USAGE', named === undefined ? 'no lab is up' : `no lab "${named}" is up, nor any other`, {
      hint: 'start one in another terminal: callpath up TOPOLOGY --on netns',
    });
  }
  if (named === undefined && up.length > 1) throw new LabError('CLI_USAGE', 'several labs are up', { expected: `--lab with one of: ${listed(up)}` });
  const connection = await Connection.open(lab);
  if (connection === null) throw new LabError('CLI_USAGE', `no lab "${lab}" is up`, { expected: `one of: ${listed(up)}`, ...didYouMean(lab, up) });
  return { lab, connection };
}

/** One request to the lab that is meant. Errors: those of {@link connect} and of the lab. */
export async function ask<R extends LiveRequest>(named: string | undefined, request: R): Promise<AnswerTo<R>> {
  const { connection } = await connect(named);
  try {
    return await connection.ask(request);
  } finally {
    connection.close();
  }
}
