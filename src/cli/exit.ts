/**
 * Exit codes, and how an error is told: never a stack trace for what people or their network caused.
 * @module
 */
import { LabError, formatLabError } from '../base/error.js';

export const ExitCode = { Documented: 0, Differs: 1, BadInput: 2, LabFailed: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Several faults of one input, told together. */
export class Faults extends Error {
  readonly errors: readonly LabError[];

  constructor(errors: readonly LabError[]) {
    super(errors.map((e) => e.message).join('; '));
    this.errors = errors;
  }
}

/** Prints the error and gives the exit code. What is no LabError is a defect of callpath and keeps its stack. */
export function tell(error: unknown): ExitCode {
  if (error instanceof Faults) {
    for (const one of error.errors) printError(formatLabError(one));
    return Math.max(ExitCode.BadInput, ...error.errors.map((one) => one.exitCode)) as ExitCode;
  }
  if (LabError.is(error)) {
    printError(formatLabError(error));
    return error.exitCode;
  }
  printError(`callpath: a defect of callpath itself; please report it with this text and the command that you ran.\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return ExitCode.LabFailed;
}
