/**
 * Exit codes, and how things and errors are told: never a stack trace for what people or their network caused.
 * @module
 */
import { LabError, formatLabError } from '../base/error.js';
import { COLOURS, NO_COLOURS } from '../report/table.js';
import type { Paint } from '../report/table.js';

export const ExitCode = { Documented: 0, Differs: 1, BadInput: 2, LabFailed: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/**
 * A reader that has seen enough (`| head`) is no error: the rest is told to nobody, and what was begun is ended well.
 * Other trouble with the terminal stays an error.
 */
export function allowClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** Colours for a person at a terminal, unless they want none (https://no-color.org). */
export function paintFor(stream: { readonly isTTY?: boolean }): Paint {
  const wanted = stream.isTTY === true && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
  return wanted ? COLOURS : NO_COLOURS;
}

/** Columns of the terminal; without one, or when it does not know: no limit, so that a file or a pipe gets whole lines. */
export function columns(): number {
  const { isTTY, columns: room } = process.stdout;
  return isTTY && room >= NARROWEST ? room : Infinity;
}

/** A terminal that says it is narrower does not know its size (a serial line says 0). */
const NARROWEST = 20;

/** Several faults of one input, told together. */
export class Faults extends Error {
  readonly errors: readonly LabError[];

  constructor(errors: readonly LabError[]) {
    super(errors.map((e) => e.message).join('; '));
    this.errors = errors;
  }
}

/** The faults behind what was thrown, or null when it is a defect of ours. */
export function faultsOf(error: unknown): readonly LabError[] | null {
  if (error instanceof Faults) return error.errors;
  return LabError.is(error) ? [error] : null;
}

/** Prints the error and gives the exit code. What is no LabError is a defect of callpath and keeps its stack. */
export function tell(error: unknown): ExitCode {
  const faults = faultsOf(error);
  if (faults === null) {
    printError(defectText(error));
    return ExitCode.LabFailed;
  }
  for (const one of faults) printError(formatLabError(one));
  return Math.max(ExitCode.BadInput, ...faults.map((one) => one.exitCode)) as ExitCode;
}

export function defectText(error: unknown): string {
  const story = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `callpath: a defect of callpath itself; please report it with this text and the command that you ran.\n${story}`;
}
