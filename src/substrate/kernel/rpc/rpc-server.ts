/**
 * The role's end of the pipe: reads requests, has them served, writes answers and whatever else is told.
 * @module
 */
import type { Readable } from 'node:stream';
import type { Json } from '../../../roles/role.js';
import type { Waiting } from '../../../base/waiting.js';
import { type Answer, encodeFrame, errorAnswer, parseRequest, type Request, type Told } from './frame.js';
import { LineReader } from './line-reader.js';

/** What a role's process can be asked. LabErrors cross as such; any other error as a fault. */
export interface RpcService {
  start(argument: Json): Promise<Json>;
  call(command: string, argument: Json): Promise<Json>;
  waiting(): readonly Waiting[];
  stop(): Promise<void>;
}

export interface RpcServerOptions {
  readonly input: Readable;
  /** Takes whole lines. */
  readonly write: (bytes: Uint8Array) => void;
  readonly service: RpcService;
  /** The input has ended or failed: nobody will ask any more. */
  readonly onEnd: () => void;
  /** A line is no request; nothing after it can be trusted. */
  readonly onGarbage: (line: string) => void;
}

export class RpcServer {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #service: RpcService;

  constructor(options: RpcServerOptions) {
    this.#write = options.write;
    this.#service = options.service;
    const lines = new LineReader((line) => {
      const request = parseRequest(line);
      if (request === undefined) options.onGarbage(line);
      else void this.#serve(request);
    });
    options.input.on('data', (chunk: Uint8Array) => {
      lines.push(chunk);
    });
    // What stands before the end without a line's end was cut off with it: there is nobody to answer.
    options.input.once('end', options.onEnd);
    options.input.once('error', options.onEnd);
  }

  /** Errors: ROLE_COMMAND when something in it is no plain data. */
  tell(told: Told): void {
    this.#write(encodeFrame(told));
  }

  async #serve(request: Request): Promise<void> {
    const bytes = await this.#answer(request).then(
      // A result that is no plain data is the command's failure, and is told as such.
      (ok) => attempt(() => encodeFrame({ id: request.id, ok }), request.id),
      (error: unknown) => encodeFrame(errorAnswer(request.id, error)),
    );
    this.#write(bytes);
  }

  async #answer(request: Request): Promise<Json> {
    if ('start' in request) return this.#service.start(request.start);
    if ('call' in request) return this.#service.call(request.call, request.argument);
    if ('ask' in request) return this.#service.waiting().map(({ who, what }) => ({ who, what }));
    await this.#service.stop();
    return null;
  }
}

function attempt(encode: () => Uint8Array, id: Answer['id']): Uint8Array {
  try {
    return encode();
  } catch (error) {
    return encodeFrame(errorAnswer(id, error));
  }
}
