/**
 * The Docker Engine API over its Unix socket, as far as a lab needs it: no `docker` command has to be installed, and a
 * lab that itself runs in a container needs nothing but the socket mounted.
 *
 * Only a daemon on this machine will do: links are plugged in by process id.
 * @see https://docs.docker.com/reference/api/engine/
 * @module
 */
import { Agent, request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { LabError } from '../../base/error.js';

export const DEFAULT_SOCKET = '/var/run/docker.sock';

/** An answer of the daemon, its body parsed as JSON where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Query = Readonly<Record<string, string>>;

const Refusal = z.object({ message: z.string() });

/** The socket that `DOCKER_HOST` names. Errors: DOCKER_UNREACHABLE for a daemon elsewhere. */
export function socketOf(host: string | undefined): string {
  if (host === undefined || host === '') return DEFAULT_SOCKET;
  if (host.startsWith('unix://')) return host.slice('unix://'.length);
  throw new LabError('DOCKER_UNREACHABLE', `DOCKER_HOST is ${host}, a daemon on another machine`, {
    expected: 'a daemon on this machine, since links are plugged into its containers by process id',
    hint: `unset DOCKER_HOST, or point it at unix://${DEFAULT_SOCKET}`,
  });
}

export class Engine {
  readonly socket: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  #version = '';

  private constructor(socket: string) {
    this.socket = socket;
  }

  /** Errors: DOCKER_UNREACHABLE. */
  static async connect(socket: string = socketOf(process.env['DOCKER_HOST'])): Promise<Engine> {
    const engine = new Engine(socket);
    const version = await engine.#ping();
    // The daemon's own version: an old client's is refused by new daemons, a new client's by old ones.
    engine.#version = version === '' ? '' : `/v${version}`;
    return engine;
  }

  /** Errors: DOCKER_UNREACHABLE; DOCKER_REFUSED for a status that is not in `accept`. */
  async call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options: { readonly query?: Query; readonly body?: object; readonly accept?: readonly number[] } = {},
  ): Promise<Answer> {
    const answer = await this.#exchange(method, `${this.#version}${path}${queryText(options.query)}`, options.body);
    const fine = (answer.status >= 200 && answer.status < 300) || options.accept?.includes(answer.status) === true;
    if (!fine) throw new LabError('DOCKER_REFUSED', `Docker refused ${method} ${path}: ${refusal(answer)}`);
    return answer;
  }

  /**
   * A request that turns into a byte stream in both directions. Ending it ends the standard input of the other side only.
   * Errors: DOCKER_UNREACHABLE, DOCKER_REFUSED.
   */
  hijack(path: string, options: { readonly query?: Query; readonly body?: object } = {}): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const text = options.body === undefined ? '' : JSON.stringify(options.body);
      const sent = request({
        socketPath: this.socket,
        path: `${this.#version}${path}${queryText(options.query)}`,
        method: 'POST',
        agent: false,
        headers: { ...headersOf(text), connection: 'Upgrade', upgrade: 'tcp' },
      });
      sent.on('upgrade', (_answer, stream, head) => {
        if (head.length > 0) stream.unshift(head);
        resolve(stream);
      });
      sent.on('response', (message) => {
        this.#collect(message).then((answer) => {
          reject(new LabError('DOCKER_REFUSED', `Docker refused the stream ${path}: ${refusal(answer)}`));
        }, reject);
      });
      this.#send(sent, text, reject);
    });
  }

  /** Unpacks a tar archive into a container's root folder, whether it runs or not. Errors: DOCKER_UNREACHABLE, DOCKER_REFUSED. */
  async putArchive(path: string, archive: Uint8Array): Promise<void> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      const headers = { host: 'docker', 'content-type': 'application/x-tar', 'content-length': archive.length };
      const sent = request({ socketPath: this.socket, path: `${this.#version}${path}${queryText({ path: '/' })}`, method: 'PUT', agent: this.#agent, headers });
      sent.on('response', (message) => {
        collect(message).then(resolve, reject);
      });
      this.#send(sent, archive, reject);
    });
    if (answer.status !== 200) throw new LabError('DOCKER_REFUSED', `Docker refused files for a container: ${refusal(answer)}`);
  }

  /** Idempotent. */
  close(): void {
    this.#agent.destroy();
  }

  /** The newest API version that the daemon speaks. */
  #ping(): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath: this.socket, path: '/_ping', method: 'GET', agent: this.#agent });
      sent.on('response', (message) => {
        const version = message.headers['api-version'];
        this.#collect(message).then(() => {
          resolve(typeof version === 'string' ? version : '');
        }, reject);
      });
      this.#send(sent, '', reject);
    });
  }

  #exchange(method: string, path: string, body: object | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      const sent = request({ socketPath: this.socket, path, method, agent: this.#agent, headers: headersOf(text) });
      sent.on('response', (message) => {
        this.#collect(message).then(resolve, reject);
      });
      this.#send(sent, text, reject);
    });
  }

  /** Errors: DOCKER_UNREACHABLE for an answer that breaks off. */
  #collect(message: IncomingMessage): Promise<Answer> {
    return collect(message).catch((cause: unknown) => {
      throw unreachable(this.socket, cause instanceof Error ? cause : new Error(String(cause)));
    });
  }

  #send(sent: ClientRequest, content: string | Uint8Array, reject: (error: Error) => void): void {
    sent.on('error', (cause) => {
      reject(unreachable(this.socket, cause));
    });
    sent.end(content);
  }
}

function headersOf(text: string): Record<string, string | number> {
  return { host: 'docker', ...(text !== '' && { 'content-type': 'application/json', 'content-length': new TextEncoder().encode(text).length }) };
}

function queryText(query: Query | undefined): string {
  return query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
}

async function collect(message: IncomingMessage): Promise<Answer> {
  message.setEncoding('utf8');
  let text = '';
  for await (const part of message) text += String(part);
  return { status: message.statusCode ?? 0, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Some answers are plain words, such as that of a ping.
    return text;
  }
}

function refusal({ status, body }: Answer): string {
  const known = Refusal.safeParse(body);
  return `${status} ${known.success ? known.data.message : String(body)}`;
}

function unreachable(socket: string, cause: Error): LabError {
  const code = (cause as NodeJS.ErrnoException).code;
  const hints: Readonly<Record<string, string>> = {
    ENOENT: 'install Docker and start its daemon: systemctl start docker',
    ECONNREFUSED: 'start the daemon: systemctl start docker',
    EACCES: 'run as root, or as a member of the group docker',
  };
  return new LabError('DOCKER_UNREACHABLE', `no Docker daemon answers at ${socket}: ${code ?? cause.message}`, {
    expected: 'a Docker daemon on this machine',
    hint: hints[code ?? ''] ?? 'see docker info',
    cause,
  });
}
