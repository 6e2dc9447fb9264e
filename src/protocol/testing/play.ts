/**
 * Playbooks for protocol machines: tests that read like the protocol. An output that is not listed fails the play.
 *
 * @example
 * play(new ClientTransaction(invite, { reliable: false })).in({ kind: 'start' }).out(send(invite))
 *   .at(millis(500)).out(send(invite)).in(received(busy)).out(passUp(busy), send(ack)).at(seconds(32)).out(ended);
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import { assertInvariant } from '../../base/assert.js';
import { formatDuration, ZERO, type Nanos } from '../../base/time.js';
import type { Machine } from '../machine.js';

/** An expected output: the value itself, a part of it, or a test of it. */
export type Expected<Out> = Out | ((out: Out) => boolean);

export interface Play<In, Out> {
  /** Lab time of the play. */
  readonly now: Nanos;
  /** Feeds an input now. What came out before must have been listed. */
  in(input: In): Play<In, Out>;
  /** Lets time pass to `when`; every deadline on the way ticks at its own time, and must give nothing before `when`. */
  at(when: Nanos): Play<In, Out>;
  /** Outputs since the last step, exactly these, in this order. No argument = silence. */
  out(...expected: readonly Expected<Out>[]): Play<In, Out>;
  /** Hands the outputs since the last step over. */
  take(): Out[];
  /** No timer may be left. */
  quiet(): void;
}

function show(value: unknown): string {
  return (
    JSON.stringify(value, (_key, v: unknown) => (typeof v === 'function' ? '<a test>' : v instanceof Uint8Array ? `<${v.length} octets>` : v)) ?? String(value)
  );
}

function matches<Out>(out: Out, expected: Expected<Out>): boolean {
  return typeof expected === 'function' ? (expected as (out: Out) => boolean)(out) : isDeepStrictEqual(out, expected);
}

/** @param begun what came out before the play begins, of a machine that was started by hand */
export function play<In, Out>(machine: Machine<In, Out>, start: Nanos = ZERO, begun: readonly Out[] = []): Play<In, Out> {
  let now = start;
  let pending: Out[] = [...begun];
  const heard = (step: string): void => {
    assertInvariant(pending.length === 0, `at ${formatDuration(now)}, before ${step}: not listed: ${show(pending)}`);
  };
  const self: Play<In, Out> = {
    get now() {
      return now;
    },
    in(input) {
      heard(`the input ${show(input)}`);
      machine.handle(input, now, pending);
      return self;
    },
    at(when) {
      assertInvariant(when >= now, 'time runs forward');
      while (machine.deadline <= when) {
        heard(`the deadline ${formatDuration(machine.deadline)}`);
        assertInvariant(machine.deadline >= now, `a deadline in the past: ${formatDuration(machine.deadline)}`);
        now = machine.deadline;
        machine.tick(now, pending);
        assertInvariant(machine.deadline > now, 'a tick leaves no deadline behind that is due');
      }
      if (now < when) heard(formatDuration(when));
      now = when;
      return self;
    },
    out(...expected) {
      const right = pending.length === expected.length && pending.every((o, i) => matches(o, expected[i] as Expected<Out>));
      assertInvariant(right, `at ${formatDuration(now)}: expected ${show(expected)}, got ${show(pending)}`);
      pending = [];
      return self;
    },
    take() {
      const taken = pending;
      pending = [];
      return taken;
    },
    quiet() {
      heard('the end');
      assertInvariant(machine.deadline === Infinity, `a timer is left: ${formatDuration(machine.deadline)}`);
    },
  };
  return self;
}
