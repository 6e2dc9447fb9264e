/**
 * One booked timer for a deadline that moves: the shell of whatever owns its timers and says when it wants to be called
 * (`protocol/machine.ts`).
 *
 * @example
 * const deadline = new Deadline(host, () => {
 *   machine.tick(host.clock.now, out);
 *   deadline.set(machine.deadline);
 * });
 * deadline.set(machine.deadline);
 * @module
 */
import type { TimerId } from '../base/brand.js';
import { NEVER, type Nanos } from '../base/time.js';
import type { Host } from './host.js';

/** What it needs of a Host. */
export type TimerHost = Pick<Host, 'clock' | 'after' | 'cancel'>;

export class Deadline {
  readonly #host: TimerHost;
  readonly #fire: () => void;
  #at: Nanos = NEVER;
  #timer: TimerId | null = null;
  #closed = false;

  /** @param fire called once for each deadline that comes; it sets the next one, if there is one. */
  constructor(host: TimerHost, fire: () => void) {
    this.#host = host;
    this.#fire = fire;
  }

  /**
   * hot. Moves the deadline; a past one fires as soon as other events of this instant have, {@link NEVER} takes it
   * away. One that stays where it is keeps its turn among events of the same time.
   */
  set(at: Nanos): void {
    if (at === this.#at || this.#closed) return;
    if (this.#timer !== null) this.#host.cancel(this.#timer);
    this.#timer = null;
    this.#at = at;
    if (at === NEVER) return;
    this.#timer = this.#host.after(Math.max(0, at - this.#host.clock.now) as Nanos, this.#expired);
  }

  /** Nothing fires from now on, whatever is set. Idempotent. */
  close(): void {
    this.set(NEVER);
    this.#closed = true;
  }

  /** One function for its life, so that booking makes none. */
  readonly #expired = (): void => {
    this.#timer = null;
    this.#at = NEVER;
    this.#fire();
  };
}
