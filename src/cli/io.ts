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
