/**
 * What a lab has recorded goes to its file while it runs: a run that is killed leaves all but the last second of it.
 * @module
 */
import type { TimerId } from '../../../base/brand.js';
import { millis, plus } from '../../../base/time.js';
import type { Recorder } from '../../../capture/recorder.js';
import type { Scheduler, Target } from '../../../fabric/scheduler.js';

/** What was recorded is in the file after two of these: the first is for keys that come after what they open. */
const EVERY = millis(500);

export class Checkpoints implements Target {
  readonly #scheduler: Scheduler;
  readonly #recorder: Pick<Recorder, 'checkpoint'>;
  #booked: TimerId | null = null;

  constructor(scheduler: Scheduler, recorder: Pick<Recorder, 'checkpoint'>) {
    this.#scheduler = scheduler;
    this.#recorder = recorder;
    this.#book();
  }

  fire(): void {
    this.#recorder.checkpoint();
    this.#book();
  }

  /** Idempotent. */
  close(): void {
    if (this.#booked !== null) this.#scheduler.cancel(this.#booked);
    this.#booked = null;
  }

  #book(): void {
    this.#booked = this.#scheduler.at(plus(this.#scheduler.now, EVERY), this, 0, null);
  }
}
