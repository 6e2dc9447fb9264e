/**
 * Where the command line speaks and what it is told by: a process of its own, or whoever calls {@link main}. Files are those of
 * this process: relative paths are taken from its working folder, as everywhere.
 * @module
 */
import { COLOURS, NO_COLOURS } from '../report/table.js';
import type { Paint } from '../report/table.js';

/** A terminal, a pipe, a file, or text that somebody collects. */
export interface Screen {
  write(text: string): unknown;
  /** Puts a line in place of the one on which the cursor is, where there is a terminal. */
  rewrite?(line: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Io {
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** While `task` runs, an interrupt aborts its signal. */
  ending<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Calls `stop` once when the terminal goes away. Gives what takes that back. */
  onHangUp(stop: () => void): () => void;
  /** Words that start the command anew, where a substrate needs rights that only a fresh process has; null where it can't be. */
  readonly anew: readonly string[] | null;
}

/**
 * The same, made safe: whatever is printed, and wherever it comes from (a flow's title, a node's name, a comment in a stranger's
 * capture), only text, line breaks and our own colours reach the terminal. Everything that the command line says goes this way.
 */
export function terminal(io: Io): Io {
  return { ...io, stdout: safeScreen(io.stdout, io), stderr: safeScreen(io.stderr, io) };
}

function safeScreen(screen: Screen, io: Io): Screen {
  return {
    write: (text) => screen.write(visible(text, paintFor(io) !== NO_COLOURS)),
    rewrite: (line) => (screen.rewrite === undefined ? screen.write(`\r${visible(line, false)}\u001b[K`) : screen.rewrite(line)),
    // A window may be made wider or narrower meanwhile.
    get isTTY() {
      return screen.isTTY === true;
    },
    get columns() {
      return screen.columns ?? 0;
    },
  };
}

/** Colours of {@link COLOURS}, as one; else one character that a terminal obeys or that changes the order of others (C0, C1, Unicode's marks of direction). */
// eslint-disable-next-line no-control-regex -- the very characters that must not pass
const UNSEEN = /\u001b\[(?:0|1|2|31|32)m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text with what cannot be seen written as `\u001b`, which JSON reads back as it was. @param painted colours of our own may pass */
export function visible(text: string, painted: boolean): string {
  return text.replace(UNSEEN, (found) => (found.length > 1 && painted ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}${found.slice(1)}`));
}

export function print(io: Io, text: string): void {
  io.stdout.write(`${text}\n`);
}

export function printError(io: Io, text: string): void {
  io.stderr.write(`${text}\n`);
}

/** Colours for a person at a terminal, unless they want none (https://no-color.org). */
export function paintFor({ stdout, env }: Io): Paint {
  const wanted = stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return wanted ? COLOURS : NO_COLOURS;
}

/**
 * Columns of the terminal; without one what `COLUMNS` says, for whoever reads a pipe or a log. Else no limit, so that a file or
 * a pipe gets whole lines.
 */
export function columns({ stdout: { isTTY, columns: room = 0 }, env }: Io): number {
  const wanted = isTTY === true ? room : Number(env['COLUMNS'] ?? 0);
  return wanted >= NARROWEST ? wanted : Infinity;
}

/** A terminal that says it is narrower does not know its size (a serial line says 0). */
const NARROWEST = 20;
