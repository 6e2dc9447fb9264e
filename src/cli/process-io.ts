/**
 * The command line as a process: its signals, a reader of its output that went away, and errors that nobody caught
 * (rejections that nobody awaits, throws in callbacks). Those are defects of callpath. They end the process with exit code 3,
 * but not before a run that is under way has closed its files.
 * @module
 */
import { ownCommand } from '../library/substrates.js';
import { ExitCode, defectText } from './exit.js';
import { printError, terminal } from './io.js';
import type { Io } from './io.js';

const running = new Set<AbortController>();

/** This process's streams, environment and signals. */
export const processIo: Io = terminal({
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  ending,
  onHangUp(stop) {
    process.once('SIGHUP', stop);
    return () => process.off('SIGHUP', stop);
  },
  anew: ownCommand(),
});

/** While `task` runs, a defect or an interrupt aborts its signal instead of the process. */
async function ending<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  running.add(controller);
  const leave = watchInterrupts();
  try {
    return await task(controller.signal);
  } finally {
    running.delete(controller);
    leave();
  }
}

let watchers = 0;
let interrupts = 0;

/**
 * Until it is taken back, an interrupt ends what runs, as after it every complete file; a second one, or one before anything
 * runs, ends the process. Gives what takes it back.
 */
export function watchInterrupts(): () => void {
  if (watchers++ === 0) for (const name of INTERRUPTS) process.on(name, onInterrupt);
  return () => {
    if (--watchers === 0) for (const name of INTERRUPTS) process.off(name, onInterrupt);
  };
}

const INTERRUPTS = ['SIGINT', 'SIGTERM'] as const;

function onInterrupt(): void {
  if (running.size === 0 || interrupts++ > 0) {
    printError(processIo, '\nLAB_INTERRUPTED the run was ended by its user');
    process.exit(ExitCode.LabFailed);
  }
  printError(processIo, '\ncallpath: interrupted; the captures are being closed (once more: leave at once)');
  for (const controller of running) controller.abort();
}

let unwritten = false;

/**
 * A reader that has seen enough (`| head`) is no error: the rest is told to nobody, and what was begun is ended well. Output
 * that cannot be written (a full disk) is told once, and is the machine's trouble: exit code 3.
 */
export function watchOutput(): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || unwritten) return;
    unwritten = true;
    printError(processIo, `OUTPUT_WRITE the output can't be written: ${error.message}`);
  });
}

let defects = 0;

/** Tells each defect once, ends what runs, and sees to the exit code. */
export function watchDefects(): void {
  const onDefect = (error: unknown): void => {
    printError(processIo, defectText(error));
    defects++;
    // Where nothing runs, nothing is open. A second defect comes from tearing down: no waiting for a third.
    if (running.size === 0 || defects > 1) process.exit(ExitCode.LabFailed);
    for (const controller of running) controller.abort(error);
  };
  process.on('unhandledRejection', onDefect);
  process.on('uncaughtException', onDefect);
  process.on('exit', (code) => {
    // Node's own code for a main module whose promise nothing can settle any more.
    if (code === 13) printError(processIo, 'callpath: a defect of callpath itself: it waits for something that nothing can bring about.');
    if (code === 13 || defects > 0 || unwritten) process.exitCode = ExitCode.LabFailed;
  });
}
