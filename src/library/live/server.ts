/**
 * The socket of a lab that stays up: takes requests of other terminals until the lab is down.
 * @module
 */
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { LabError } from '../../base/error.js';
import { Connection } from './client.js';
import { LineSplitter, parseRequest } from './protocol.js';
import type { LiveAnswer } from './protocol.js';
import { makeStateFolder, socketOf } from './state.js';
import { finish } from './live-lab.js';
import type { EndCommand, LabRequest, LiveLab } from './live-lab.js';

export class LiveServer {
  readonly #name: string;
  readonly #down: () => void;
  readonly #sockets = new Set<Socket>();
  /** In which it was started. */
  readonly #folder = process.cwd();
  #server: Server | null = null;
  #lab: LiveLab | null = null;
  /** Why there is no lab to ask. */
  #without = 'is still being built';

  /** @param name of the lab; @param down called when somebody says so */
  constructor(name: string, down: () => void) {
    this.#name = name;
    this.#down = down;
  }

  /** Takes the name: from here on a second lab of that name is refused. Errors: CLI_USAGE when one is up, or the socket can't be made. */
  async listen(): Promise<void> {
    makeStateFolder();
    const other = await Connection.open(this.#name);
    if (other !== null) {
      other.close();
      throw inUse(this.#name);
    }
    const server = createServer((socket) => {
      this.#serve(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        reject(
          cause.code === 'EADDRINUSE'
            ? inUse(this.#name)
            : new LabError('CLI_USAGE', `can't make the lab's socket ${socketOf(this.#name)}: ${cause.message}`, { cause }),
        );
      });
      server.listen(socketOf(this.#name), resolve);
    });
    this.#server = server;
  }

  /** From here on it answers for this lab. */
  open(lab: LiveLab): void {
    this.#lab = lab;
  }

  /** Nothing is asked of the lab any more; those who are connected learn by {@link close} that it is down. */
  shut(): void {
    this.#lab = null;
    this.#without = 'is going down';
  }

  /** Takes the socket away. Idempotent. */
  close(): void {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    const lines = new LineSplitter();
    const ends: EndCommand[] = [];
    this.#sockets.add(socket);
    socket.setEncoding('utf8');
    socket.on('close', () => {
      this.#sockets.delete(socket);
      for (const end of ends.splice(0)) void finish(end);
    });
    // A terminal that went away: its request is finished all the same.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      for (const line of linesOf(lines, chunk, socket))
        void this.#answer(line, socket, (end) => {
          if (socket.destroyed) void finish(end);
          else ends.push(end);
        });
    });
  }

  async #answer(line: string, socket: Socket, atEnd: (end: EndCommand) => void): Promise<void> {
    const say = (answer: LiveAnswer): void => {
      if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
    };
    try {
      const request = parseRequest(line);
      if (request.do === 'down') this.#mayEnd(request.folder);
      say({ ok: request.do === 'down' ? {} : await this.#askLab(request, atEnd) });
      if (request.do === 'down') this.#down();
    } catch (error) {
      if (LabError.is(error)) {
        say({ error: error.toJSON() });
        return;
      }
      // A defect is told where the lab runs, and ends it.
      say({ error: new LabError('LAB_INTERRUPTED', 'the lab has a defect; the terminal in which it was started tells more').toJSON() });
      throw error;
    }
  }

  /** Errors: CLI_USAGE for somebody who meant a lab of another folder. */
  #mayEnd(folder: string | undefined): void {
    if (folder === undefined || folder === this.#folder) return;
    throw new LabError('CLI_USAGE', `the lab "${this.#name}" was started in ${this.#folder}, not here`, {
      expected: `its name, if it is meant: callpath down --lab ${this.#name}`,
    });
  }

  #askLab(request: LabRequest, atEnd: (end: EndCommand) => void): ReturnType<LiveLab['do']> {
    if (this.#lab === null) throw new LabError('LAB_INTERRUPTED', `the lab "${this.#name}" ${this.#without}`);
    return this.#lab.do(request, atEnd);
  }
}

/** None of somebody who sends a line without end: the connection is closed. */
function linesOf(lines: LineSplitter, chunk: string, socket: Socket): readonly string[] {
  try {
    return lines.push(chunk);
  } catch (error) {
    if (!LabError.is(error)) throw error;
    const answer: LiveAnswer = { error: error.toJSON() };
    socket.end(`${JSON.stringify(answer)}\n`);
    return [];
  }
}

function inUse(name: string): LabError {
  return new LabError('CLI_USAGE', `the lab "${name}" is up already`, {
    hint: `join it from here (callpath status --lab ${name}), or take it down: callpath down --lab ${name}`,
  });
}
