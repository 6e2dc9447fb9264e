/**
 * Where the bytes of a capture go and are had back from: a file, or memory.
 * @module
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { LabError } from '../../base/error.js';
import { FileClaim } from './file-claim.js';

/** Takes whole blocks, in order. */
export interface ByteSink {
  /** Synchronous. Errors: CAPTURE_WRITE; what was written before stays a complete file. */
  write(chunk: Uint8Array, len: number): void;
  /** Idempotent. */
  close(): void;
  /** Reads back what was written. The caller closes it. */
  source(): ByteSource;
}

export interface ByteSource {
  /** What it is, for messages. */
  readonly name: string;
  readonly size: number;
  /** Fills `into` from `offset` on; returns the number of bytes, less than asked for only at the end. */
  read(offset: number, into: Uint8Array): number;
  close(): void;
}

function reason(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}

/** A file under its final name: the capture of a run grows where the user looks for it. Nobody else writes it meanwhile. */
export class FileSink implements ByteSink {
  readonly path: string;
  readonly #claim: FileClaim | null;
  #fd: number;
  #length = 0;

  /** Errors: CAPTURE_WRITE; CAPTURE_BUSY while another run writes it. */
  constructor(path: string) {
    this.path = path;
    let claim: FileClaim | null = null;
    try {
      // What is no file (/dev/null) is nobody's.
      this.#claim = claim = statSync(path, { throwIfNoEntry: false })?.isFile() === false ? null : new FileClaim(path);
      this.#fd = openSync(path, 'w+');
    } catch (e) {
      claim?.release();
      if (LabError.is(e)) throw e;
      throw new LabError('CAPTURE_WRITE', `cannot write ${path}: ${reason(e)}`, { cause: e, hint: 'choose a folder that exists and may be written to' });
    }
  }

  write(chunk: Uint8Array, len: number): void {
    try {
      let done = 0;
      while (done < len) done += writeSync(this.#fd, chunk, done, len - done, this.#length + done);
      this.#length += len;
    } catch (e) {
      const why = this.#backToWholeBlocks();
      throw new LabError('CAPTURE_WRITE', `writing ${this.path} failed after ${this.#length} bytes: ${reason(e)}${why}`, {
        cause: e,
        hint: 'free some space, or record less: one record a hop, or no capture',
      });
    }
  }

  /** Cuts off what a failed write left. Says so when that fails too. */
  #backToWholeBlocks(): string {
    try {
      ftruncateSync(this.#fd, this.#length);
      return '';
    } catch (e) {
      return `; its last block may be incomplete (${reason(e)})`;
    }
  }

  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
    this.#claim?.release();
  }

  source(): ByteSource {
    return new FileSource(this.path);
  }
}

export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  #fd: number;

  /** Errors: FILE_NOT_FOUND, FILE_UNREADABLE. */
  constructor(path: string) {
    this.name = path;
    try {
      this.#fd = openSync(path, 'r');
    } catch (e) {
      const missing = e instanceof Error && 'code' in e && e.code === 'ENOENT';
      throw new LabError(missing ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE', missing ? `there is no file ${path}` : `cannot read ${path}: ${reason(e)}`, {
        cause: e,
      });
    }
    const stat = fstatSync(this.#fd);
    if (stat.isDirectory()) {
      this.close();
      throw new LabError('FILE_UNREADABLE', `${path} is a folder`, { expected: 'a capture file' });
    }
    this.size = stat.size;
  }

  read(offset: number, into: Uint8Array): number {
    try {
      let done = 0;
      while (done < into.length) {
        const n = readSync(this.#fd, into, done, into.length - done, offset + done);
        if (n === 0) break;
        done += n;
      }
      return done;
    } catch (e) {
      throw new LabError('FILE_UNREADABLE', `cannot read ${this.name}: ${reason(e)}`, { cause: e });
    }
  }

  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }
}

export class BytesSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, name = 'memory') {
    this.#bytes = bytes;
    this.name = name;
    this.size = bytes.length;
  }

  read(offset: number, into: Uint8Array): number {
    const n = Math.max(0, Math.min(into.length, this.size - offset));
    into.set(this.#bytes.subarray(offset, offset + n));
    return n;
  }

  close(): void {}
}

/** Keeps the bytes, for tests and for runs whose capture nobody wants on disk. */
export class MemorySink implements ByteSink {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  write(chunk: Uint8Array, len: number): void {
    if (this.#length + len > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + len));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(chunk.subarray(0, len), this.#length);
    this.#length += len;
  }

  get bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  close(): void {}

  source(): ByteSource {
    return new BytesSource(this.bytes);
  }
}
