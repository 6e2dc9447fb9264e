/**
 * Runs one protocol machine on a Host: inputs in order, one booked timer, outputs handed on as they come.
 * @module
 */
import type { TimerId } from '../base/brand.js';
import { nanos, NEVER, type Nanos } from '../base/time.js';
import type { Host } from './host.js';
import type { Machine } from '../protocol/machine.js';

/** What it needs of a Host. */
export type TimerHost = Pick<Host, 'clock' | 'after' | 'cancel'>;

export class MachineRunner<In, Out> {
  readonly #host: TimerHost;
  readonly #machine: Machine<In, Out>;
  readonly #handle: (out: Out) => void;
  readonly #waiting: (In | null)[] = [];
  #busy = false;
  #timer: TimerId | null = null;
  #booked: Nanos = NEVER;
  #stopped = false;

  /** @param handle may feed inputs; they wait for their turn */
  constructor(host: TimerHost, machine: Machine<In, Out>, handle: (out: Out) => void) {
    this.#host = host;
    this.#machine = machine;
    this.#handle = handle;
  }

  input(input: In): void {
    this.#waiting.push(input);
    this.#drain();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) this.#host.cancel(this.#timer);
    this.#timer = null;
  }

  #drain(): void {
    if (this.#busy || this.#stopped) return;
    this.#busy = true;
    try {
      for (let input = this.#waiting.shift(); input !== undefined; input = this.#waiting.shift()) {
        const out: Out[] = [];
        const { now } = this.#host.clock;
        if (input === null) this.#machine.tick(now, out);
        else this.#machine.handle(input, now, out);
        for (const o of out) this.#handle(o);
      }
    } finally {
      this.#busy = false;
    }
    this.#book();
  }

  #book(): void {
    const { deadline } = this.#machine;
    if (deadline === this.#booked || this.#stopped) return;
    if (this.#timer !== null) this.#host.cancel(this.#timer);
    this.#timer = null;
    this.#booked = deadline;
    if (deadline === NEVER) return;
    const left = deadline - this.#host.clock.now;
    this.#timer = this.#host.after(nanos(left > 0 ? left : 0), () => {
      this.#timer = null;
      this.#booked = NEVER;
      this.#waiting.push(null);
      this.#drain();
    });
  }
}
