/**
 * What a lab is recorded by, from before it is built until after it is gone.
 *
 * @example
 * const recording = new Recording(plan, { substrate, seed: 1, version, captureFile: 'run.pcapng' });
 * const lab = await substrate.build(plan, { ...recording.deps, kinds, pki, seed: 1, signal });
 * @module
 */
import type { LabError } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import { DecisionTable } from '../capture/decision-table.js';
import type { Ledger } from '../capture/ledger.js';
import { readLedger } from '../capture/ledger-reader.js';
import { pointsOf } from '../capture/points.js';
import { Recorder } from '../capture/recorder.js';
import { type ByteSink, FileSink, MemorySink } from '../capture/store/byte-store.js';
import type { LabDeps, Substrate } from '../substrate/substrate.js';
import type { Plan } from '../topology/plan.js';

export interface RecordingOptions {
  /** Asked for the time of the run's start. */
  readonly substrate: Substrate;
  readonly seed: number;
  /** Of callpath, for the capture's header. */
  readonly version: string;
  /** Where the ledger is written; null = in memory. */
  readonly captureFile: string | null;
  /** Called once when the file cannot be written any more. */
  readonly onError?: (error: LabError) => void;
}

export class Recording {
  /** What the lab is built with. */
  readonly deps: Pick<LabDeps, 'recorder' | 'decisions' | 'captureFile'>;
  readonly recorder: Recorder;
  readonly #sink: ByteSink;
  #closed = false;

  /** Errors: CAPTURE_WRITE. */
  constructor(plan: Plan, { substrate, seed, version, captureFile, onError }: RecordingOptions) {
    const points = pointsOf(plan);
    const decisions = new DecisionTable((node) => points.nodeName(node));
    this.#sink = captureFile === null ? new MemorySink() : new FileSink(captureFile);
    this.recorder = new Recorder({
      points,
      decisions,
      sink: this.#sink,
      originSeconds: substrate.originSeconds(),
      run: { version, topology: plan.name, hash: plan.hash, seed, records: 'both' },
      ...(onError !== undefined && { onError }),
    });
    this.deps = { recorder: this.recorder, decisions, captureFile };
  }

  /** What was recorded until now, read back; after {@link close} the ledger itself. The caller closes it. */
  ledger(): Ledger {
    if (this.#closed) return this.recorder.ledger();
    this.recorder.flush();
    return readLedger(this.#sink.source()).ledger;
  }

  /** Ends the capture with its statistics. What nodes still do while they are torn down belongs to no run. Idempotent. */
  close(now: Nanos): void {
    if (this.#closed) return;
    this.#closed = true;
    this.recorder.close(now);
    this.#sink.close();
  }
}
