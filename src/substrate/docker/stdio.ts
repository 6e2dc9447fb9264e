/**
 * The standard streams of a process in a container: one stream of the daemon carries its output and its errors in
 * turns, each piece after a header of 8 octets (stream, three zeros, length).
 * @see https://docs.docker.com/reference/api/engine/ "Stream format" of attaching to a container
 * @module
 */
import { PassThrough } from 'node:stream';
import type { Duplex, Readable, Writable } from 'node:stream';

const HEADER = 8;
const STDERR = 2;

/** Cuts what arrives, in pieces of any size, into payloads. */
export class Demultiplexer {
  readonly #deliver: (stream: number, bytes: Uint8Array) => void;
  readonly #header = new Uint8Array(HEADER);
  #have = 0;
  #left = 0;

  /** @param deliver `stream` is 1 for output, 2 for errors; the bytes are the caller's */
  constructor(deliver: (stream: number, bytes: Uint8Array) => void) {
    this.#deliver = deliver;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left === 0) {
        at += this.#fill(bytes, at);
        continue;
      }
      const end = Math.min(bytes.length, at + this.#left);
      this.#left -= end - at;
      this.#deliver(this.#header[0] ?? 0, bytes.subarray(at, end));
      at = end;
    }
  }

  /** Bytes taken for the header. */
  #fill(bytes: Uint8Array, at: number): number {
    const take = Math.min(HEADER - this.#have, bytes.length - at);
    this.#header.set(bytes.subarray(at, at + take), this.#have);
    this.#have += take;
    if (this.#have === HEADER) {
      this.#have = 0;
      this.#left = new DataView(this.#header.buffer).getUint32(4);
    }
    return take;
  }
}

export interface Stdio {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** `stream` is one that the daemon handed over. `stdin` is that stream itself: ending it tells the process that no more comes. */
export function stdioOf(stream: Duplex): Stdio {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const parts = new Demultiplexer((which, bytes) => {
    (which === STDERR ? stderr : stdout).write(bytes);
  });
  stream.on('data', (bytes: Uint8Array) => {
    parts.push(bytes);
  });
  const end = (): void => {
    stdout.end();
    stderr.end();
  };
  stream.on('end', end);
  stream.on('close', end);
  // The other side is gone: what it has sent until then is read, and its end told like any other.
  stream.on('error', end);
  return { stdin: stream, stdout, stderr };
}
