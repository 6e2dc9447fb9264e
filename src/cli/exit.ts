/**
 * Exit codes, and how errors are told: never a stack trace for what people or their network caused.
 * @module
 */
import { formatLabError } from '../base/error.js';
import type { LabError } from '../base/error.js';
import { Faults, faultsOf } from '../library/faults.js';
import { print, printError } from './io.js';
import type { Io } from './io.js';

export const ExitCode = { Documented: 0, Differs: 1, BadInput: 2, LabFailed: 3 } as const;
/** Of a command that is run in a node, {@link exec} gives that one's. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Prints the error and gives the exit code. What is no LabError is a defect of callpath and keeps its stack. */
export function tell(io: Io, error: unknown): ExitCode {
  const faults = faultsOf(error);
  if (faults === null) {
    printError(io, defectText(error));
    return ExitCode.LabFailed;
  }
  for (const one of faults) printError(io, formatLabError(one));
  return Math.max(ExitCode.BadInput, ...faults.map((one) => one.exitCode)) as ExitCode;
}

/** What was found in files: warnings beside faults, which are thrown, or both as JSON. Errors: Faults. */
export function tellFaults(
  { faults, warnings }: { readonly faults: readonly LabError[]; readonly warnings: readonly LabError[] },
  json: boolean,
  io: Io,
): ExitCode {
  if (json) {
    const told = (all: readonly LabError[], severity: 'error' | 'warning'): readonly object[] => all.map((one) => ({ severity, ...one.toJSON() }));
    print(io, JSON.stringify([...told(faults, 'error'), ...told(warnings, 'warning')], null, 2));
    return faults.length === 0 ? ExitCode.Documented : ExitCode.BadInput;
  }
  for (const one of warnings) printError(io, `warning: ${formatLabError(one)}`);
  if (faults.length > 0) throw new Faults(faults);
  return ExitCode.Documented;
}

export function defectText(error: unknown): string {
  const story = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `callpath: a defect of callpath itself; please report it with this text and the command that you ran.\n${story}`;
}
