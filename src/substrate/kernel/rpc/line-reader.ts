/**
 * Cuts a byte stream into lines of UTF-8, whatever the chunks look like: half a line, half a character, many lines.
 * @module
 */
const NEWLINE = 10;

export class LineReader {
  readonly #line: (text: string) => void;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** Parts of the line that has not ended yet; joined once, so a long line costs no more than its length. */
  #parts: string[] = [];

  /** @param line called with each line, without its end */
  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#parts.push(this.#decoder.decode(chunk.subarray(from, at), { stream: true }));
      from = at + 1;
      this.#emit();
    }
    if (from < chunk.length) this.#parts.push(this.#decoder.decode(chunk.subarray(from), { stream: true }));
  }

  /** The stream has ended: a last line without an end is a line too. */
  end(): void {
    this.#parts.push(this.#decoder.decode());
    if (this.#parts.some((part) => part !== '')) this.#emit();
  }

  #emit(): void {
    const text = this.#parts.join('');
    this.#parts = [];
    this.#line(text);
  }
}
