/**
 * A line of netem words with the column of each, and the fault that a reader of it throws to its own caller.
 * @module
 */

export interface Word {
  readonly text: string;
  /** Offset from 0 in the line. */
  readonly at: number;
}

export interface NetemFault {
  /** Offset from 0 of the word at fault. */
  readonly at: number;
  readonly message: string;
  readonly expected: string;
  readonly hint?: string;
}

/** Reads words from left to right; collects faults. */
export class WordReader {
  readonly faults: NetemFault[] = [];
  readonly #words: readonly Word[];
  readonly #end: number;
  #next = 0;

  constructor(line: string) {
    this.#words = [...line.matchAll(/\S+/g)].map((m) => ({ text: m[0], at: m.index }));
    this.#end = line.trimEnd().length;
  }

  get done(): boolean {
    return this.#next >= this.#words.length;
  }

  peek(): Word | undefined {
    return this.#words[this.#next];
  }

  take(): Word | undefined {
    return this.#words[this.#next++];
  }

  /** Takes the next word when it is that keyword. */
  takeIf(keyword: string): Word | undefined {
    return this.peek()?.text === keyword ? this.take() : undefined;
  }

  /** Takes the next word when `read` understands it, else leaves it. */
  optional<T>(read: (text: string) => T | undefined): T | undefined {
    const word = this.peek();
    const value = word === undefined ? undefined : read(word.text);
    if (value !== undefined) this.#next++;
    return value;
  }

  /** The next word, which must be there and be understood. */
  required<T>(read: (text: string) => T | undefined, what: string, hint?: (text: string) => string | undefined): T | undefined {
    const word = this.take();
    if (word === undefined) {
      this.fault({ at: this.#end, message: `the line ends where ${what} should stand`, expected: what });
      return undefined;
    }
    const value = read(word.text);
    if (value !== undefined) return value;
    const help = hint?.(word.text);
    this.fault({ at: word.at, message: `"${word.text}" can't stand here`, expected: what, ...(help !== undefined && { hint: help }) });
    return undefined;
  }

  fault(fault: NetemFault): void {
    this.faults.push(fault);
  }

  /** Skips to the next of the keywords, so that one fault does not hide the next clause. */
  skipTo(keywords: ReadonlySet<string>): void {
    while (!this.done && !keywords.has(this.peek()?.text ?? '')) this.#next++;
  }
}
