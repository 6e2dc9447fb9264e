/**
 * What a program writes: into a file beside the capture, and the last of it in memory, for readiness and errors.
 * @module
 */
import { createWriteStream, type WriteStream } from 'node:fs';

/** Characters that are kept. */
const KEPT = 64 * 1024;

export class ProgramLog {
  readonly file: string | null;
  #stream: WriteStream | null = null;
  #text = '';
  /** Asked after each piece. */
  onText: () => void = () => undefined;

  /** @param file null = in memory only */
  constructor(file: string | null) {
    this.file = file;
  }

  /** `captures/x.pcapng` has the log of node `n` in `captures/x.n.log`. */
  static beside(captureFile: string | null | undefined, node: string): ProgramLog {
    return new ProgramLog(captureFile === null || captureFile === undefined ? null : `${captureFile.replace(/\.pcapng$/, '')}.${node}.log`);
  }

  /** The end of what was written since the last start. */
  get text(): string {
    return this.#text;
  }

  /** Last lines, for an error. */
  tail(lines: number): string {
    return this.#text.trimEnd().split('\n').slice(-lines).join('\n    ');
  }

  restart(): void {
    this.#text = '';
  }

  write(text: string): void {
    this.#text = (this.#text + text).slice(-KEPT);
    if (this.file !== null) {
      this.#stream ??= this.#open(this.file);
      this.#stream.write(text);
    }
    this.onText();
  }

  close(): Promise<void> {
    const stream = this.#stream;
    this.#stream = null;
    if (stream === null) return Promise.resolve();
    return new Promise((resolve) => {
      stream.once('close', resolve);
      stream.end();
    });
  }

  #open(file: string): WriteStream {
    const stream = createWriteStream(file);
    // The capture, which lies beside, tells of a folder that cannot be written; the text is kept in memory all the same.
    stream.on('error', () => stream.destroy());
    return stream;
  }
}
