/**
 * Things that a program asks of a lab at one time are one task of the lab: the simulator's clock runs while a task does, and
 * stands still between two.
 * @module
 */
import { type Nanos, plus } from '../../base/time.js';
import type { Lab, ScriptTime } from '../../substrate/substrate.js';

type Script<T> = (time: ScriptTime) => Promise<T>;

interface Turn {
  readonly time: Promise<ScriptTime>;
  /** Rejects when the lab can't go on; else never settles. */
  readonly failure: Promise<never>;
  readonly finish: () => void;
  /** Scripts under way. */
  scripts: number;
}

export class Turns {
  readonly #lab: Lab;
  readonly #limit: Nanos;
  #turn: Turn | null = null;
  /** The end of the last turn, whatever it was. */
  #ended: Promise<void> = Promise.resolve();

  /** @param limit lab time that a turn may take */
  constructor(lab: Lab, limit: Nanos) {
    this.#lab = lab;
    this.#limit = limit;
  }

  /** Errors: LAB_TIME_LIMIT, LAB_STALLED and other trouble of the lab; those of the script. */
  async run<T>(script: Script<T>): Promise<T> {
    const turn = (this.#turn ??= this.#begin());
    turn.scripts++;
    const task = turn.time.then(script);
    // One that is left behind by a failure of the lab may still fail itself; it has been answered for by then.
    task.catch(() => undefined);
    try {
      return await Promise.race([task, turn.failure]);
    } finally {
      turn.scripts--;
      if (turn.scripts === 0) {
        if (this.#turn === turn) this.#turn = null;
        turn.finish();
      }
    }
  }

  #begin(): Turn {
    let give: (time: ScriptTime) => void = () => undefined;
    const time = new Promise<ScriptTime>((resolve) => {
      give = resolve;
    });
    let finish: () => void = () => undefined;
    const idle = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const ended = this.#ended.then(() =>
      this.#lab.run(
        (given) => {
          give(given);
          return idle;
        },
        plus(this.#lab.clock.now, this.#limit),
      ),
    );
    this.#ended = ended.catch(() => undefined);
    const failure = new Promise<never>((_resolve, reject) => {
      ended.catch(reject);
    });
    failure.catch(() => undefined);
    return { time, failure, finish, scripts: 0 };
  }
}
