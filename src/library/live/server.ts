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
      for (const line of lines.push(chunk))
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

  #askLab(request: LabRequest, atEnd: (end: EndCommand) => void): ReturnType<LiveLab['do']> {
    if (this.#lab === null) throw new LabError('LAB_INTERRUPTED', `the lab "${this.#name}" ${this.#without}`);
    return this.#lab.do(request, atEnd);
  }
}

function inUse(name: string): LabError {
  return new LabError('CLI_USAGE', `the lab "${name}" is up already`, {
    hint: `join it from here (callpath status --lab ${name}), or take it down: callpath down --lab ${name}`,
  });
}
