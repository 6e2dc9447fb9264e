/**
 * A run as plain data: what is kept of a kernel's answer, to be compared with later.
 * @module
 */
import type { Run } from './case.js';
import { connectionText } from './compare.js';
import { describeAll } from './observe.js';
import type { Counted } from './bed.js';

export interface Recorded {
  /** Of each step, in one line. */
  readonly emitted: readonly string[];
  readonly counters: Readonly<Record<string, Counted>>;
  /** Without seconds, in order of text. */
  readonly connections: readonly string[];
}

export function recorded(run: Run): Recorded {
  return {
    emitted: run.emitted.map((out, i) => describeAll(out, run.injected[i] ?? null)),
    counters: Object.fromEntries(Object.entries(run.state.counters).sort(([a], [b]) => (a < b ? -1 : 1))),
    connections: run.state.connections.map(connectionText).sort(),
  };
}
