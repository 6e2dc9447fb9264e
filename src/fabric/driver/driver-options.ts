/**
 * What drivers of both kinds of time take, and the errors that end a run.
 * @module
 */
import { LabError } from '../../base/error.js';
import { formatDuration, type Nanos } from '../../base/time.js';
import type { Waiting } from '../../base/waiting.js';

export interface Progress {
  /** Lab time. */
  readonly now: Nanos;
  /** Events fired since the scheduler was made. */
  readonly fired: number;
}

export interface DriverOptions {
  /** What the roles wait for, shown when a run cannot go on. */
  readonly waiting?: () => readonly Waiting[];
  /** Ends the run with LAB_INTERRUPTED. */
  readonly signal?: AbortSignal;
  /** Called between events, at most every 100 ms of real time. It must not touch the lab. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Real milliseconds between two progress reports. */
export const PROGRESS_EVERY = 100;

/** How a task ended, noted by its own callbacks. */
export type Outcome<T> = { kind: 'pending' } | { kind: 'value'; value: T } | { kind: 'error'; error: unknown };

/** Watches a task; the box says how it stands. Whoever watches must look at it: the task's error is held there. */
export function watch<T>(task: Promise<T>, onSettled: () => void): { outcome: Outcome<T> } {
  const box: { outcome: Outcome<T> } = { outcome: { kind: 'pending' } };
  task.then(
    (value) => {
      box.outcome = { kind: 'value', value };
      onSettled();
    },
    (error: unknown) => {
      box.outcome = { kind: 'error', error };
      onSettled();
    },
  );
  return box;
}

export function stalled(now: Nanos, waiting: readonly Waiting[]): LabError {
  const list = waiting.map((w) => `\n    ${w.who}: ${w.what}`).join('');
  return new LabError(
    'LAB_STALLED',
    `nothing is left to happen at ${formatDuration(now)}, but the run has not ended${list === '' ? '' : `; waiting are:${list}`}`,
    {
      expected: 'a packet or a timer that lets the run go on',
      hint: 'look at the last packets of those who wait: one was lost without a retransmission, or was never sent',
    },
  );
}

export function timeLimit(limit: Nanos, waiting: readonly Waiting[]): LabError {
  const list = waiting.map((w) => `\n    ${w.who}: ${w.what}`).join('');
  return new LabError(
    'LAB_TIME_LIMIT',
    `the run has not ended by its limit of lab time, ${formatDuration(limit)}${list === '' ? '' : `; waiting are:${list}`}`,
    {
      expected: `an end before ${formatDuration(limit)}`,
      hint: 'raise the limit, or look at what is waited for',
    },
  );
}

export function interrupted(now: Nanos, signal: AbortSignal): LabError {
  return new LabError('LAB_INTERRUPTED', `the run was interrupted at ${formatDuration(now)} of lab time`, { cause: signal.reason });
}
