import { describe, expect, it } from 'vitest';
import { NEVER, plus, seconds, type Nanos } from '../base/time.js';
import type { Machine } from '../protocol/machine.js';
import { Clockwork } from './clockwork.testkit.js';
import { MachineRunner } from './machine-runner.js';

/** Echoes a word, and says it again a second later. */
class Echo implements Machine<string, string> {
  deadline: Nanos = NEVER;
  #word = '';
  handle(word: string, now: Nanos, out: string[]): void {
    this.#word = word;
    this.deadline = plus(now, seconds(1));
    out.push(word);
  }
  tick(_now: Nanos, out: string[]): void {
    this.deadline = NEVER;
    out.push(`${this.#word} again`);
  }
}

describe('machine runner', () => {
  it('books one timer for the deadline, and moves it with the deadline', () => {
    const host = new Clockwork();
    const said: string[] = [];
    const runner = new MachineRunner(host, new Echo(), (out) => said.push(out));
    runner.input('one');
    host.turn(seconds(0.5));
    runner.input('two');
    expect(host.booked.size).toBe(1);
    host.turn(seconds(1.4));
    expect(said).toEqual(['one', 'two']);
    host.turn(seconds(2));
    expect(said).toEqual(['one', 'two', 'two again']);
    expect(host.booked.size).toBe(0);
  });
  it('an input that an output causes waits for its turn', () => {
    const said: string[] = [];
    const runner: MachineRunner<string, string> = new MachineRunner<string, string>(new Clockwork(), new Echo(), (out) => {
      if (out === 'ping') runner.input('pong');
      said.push(out);
    });
    runner.input('ping');
    expect(said).toEqual(['ping', 'pong']);
  });
  it('stopped, it is silent and leaves no timer', () => {
    const host = new Clockwork();
    const said: string[] = [];
    const runner = new MachineRunner(host, new Echo(), (out) => said.push(out));
    runner.input('one');
    runner.stop();
    runner.input('two');
    host.turn(seconds(5));
    expect([said, host.booked.size]).toEqual([['one'], 0]);
  });
});
