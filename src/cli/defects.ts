/**
 * Errors that nobody caught: rejections that nobody awaits, throws in callbacks. They are defects of callpath. They end
 * the process with exit code 3, but not before a run that is under way has closed its files.
 * @module
 */
import { ExitCode, defectText, printError } from './exit.js';

const running = new Set<AbortController>();

/** While `task` runs, a defect or an interrupt aborts its signal instead of the process. */
export async function withEnding<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController();
  const onSignal = (): void => {
    printError('\ncallpath: interrupted; the captures are being closed (once more: leave at once)');
    ending.abort();
  };
  running.add(ending);
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    return await task(ending.signal);
  } finally {
    running.delete(ending);
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  }
}

let defects = 0;

/** Tells each defect once, ends what runs, and sees to the exit code. */
export function watchDefects(): void {
  const onDefect = (error: unknown): void => {
    printError(defectText(error));
    defects++;
    // Where nothing runs, nothing is open. A second defect comes from tearing down: no waiting for a third.
    if (running.size === 0 || defects > 1) process.exit(ExitCode.LabFailed);
    for (const ending of running) ending.abort(error);
  };
  process.on('unhandledRejection', onDefect);
  process.on('uncaughtException', onDefect);
  process.on('exit', (code) => {
    // Node's own code for a main module whose promise nothing can settle any more.
    if (code === 13) printError('callpath: a defect of callpath itself: it waits for something that nothing can bring about.');
    if (code === 13 || defects > 0) process.exitCode = ExitCode.LabFailed;
  });
}
