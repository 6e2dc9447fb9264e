/**
 * Runs one protocol machine on a Host: inputs in order, one booked timer, outputs handed on as they come.
 * @module
 */
import type { Machine } from '../protocol/machine.js';
import { Deadline, type TimerHost } from './deadline.js';

export class MachineRunner<In, Out> {
  readonly #host: TimerHost;
  readonly #machine: Machine<In, Out>;
  readonly #handle: (out: Out) => void;
  readonly #waiting: (In | null)[] = [];
  #busy = false;
  readonly #deadline: Deadline;
  #stopped = false;

  /** @param handle may feed inputs; they wait for their turn */
  constructor(host: TimerHost, machine: Machine<In, Out>, handle: (out: Out) => void) {
    this.#host = host;
    this.#machine = machine;
    this.#handle = handle;
    this.#deadline = new Deadline(host, () => {
      this.#waiting.push(null);
      this.#drain();
    });
  }

  input(input: In): void {
    this.#waiting.push(input);
    this.#drain();
  }

  stop(): void {
    this.#stopped = true;
    this.#deadline.close();
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
    this.#deadline.set(this.#machine.deadline);
  }
}
