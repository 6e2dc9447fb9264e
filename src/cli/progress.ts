/**
 * How far a run is, told while a person waits.
 * @module
 */
import type { FlowRunOptions } from '../library/run/flow-run.js';
import type { Io } from './io.js';

export interface Progress {
  readonly show: NonNullable<FlowRunOptions['progress']>;
  readonly clear: () => void;
}

/** Lab time and events, over and over on one line; null where nobody watches. */
export function progressLine({ stderr }: Io, id: string): Progress | null {
  if (stderr.isTTY !== true) return null;
  return {
    show: ({ now, fired }) => {
      // One column is left free: a full line would wrap, and the next \r would not reach its beginning.
      const text = `${id}: ${(now / 1e9).toFixed(1)} s of lab time, ${fired} events`.slice(0, (stderr.columns ?? 0) - 1);
      stderr.rewrite?.(text);
    },
    clear: () => stderr.rewrite?.(''),
  };
}
