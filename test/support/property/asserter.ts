/**
 * `fc.assert` that can run by another seed, files what that finds, and begins with what was found before.
 * @module
 */
import { createRequire } from 'node:module';
import type * as FastCheck from 'fast-check';
import type { IAsyncProperty, IProperty, Parameters as Options, RunDetails } from 'fast-check';
import { type FoundFile, mixedSeed } from './found.js';

export const real = createRequire(import.meta.url)('fast-check') as typeof FastCheck;

export interface Circumstances {
  /** For all properties; null: each runs by its own, and nothing is filed. */
  readonly seed: number | null;
  readonly found: FoundFile;
  /** The name of the property that is asked for next. */
  readonly name: () => string;
}

type AnyProperty<T> = IProperty<T> & IAsyncProperty<T>;
type Later<T> = T | Promise<T>;

/** Synchronous where the property is, as `fc.assert`. */
export function asserter({ seed: fresh, found, name }: Circumstances) {
  return <T>(property: AnyProperty<T>, options: Options<T> = {}): Later<void> => {
    const called = name();
    const run = (how: Options<T>): Later<RunDetails<T>> => real.check(property, { ...options, ...how });
    const replayed = found.of(called).map(
      ({ seed, path }) =>
        (): Later<void> =>
          then(run({ seed, path, endOnFailure: true }), report),
    );
    const whole = (): Later<void> => {
      const seed = fresh === null ? options.seed : mixedSeed(fresh, options.seed ?? 0);
      return then(run(seed === undefined ? {} : { seed }), (details) => {
        if (details.failed && fresh !== null)
          found.add({ property: called, seed: details.seed, path: details.counterexamplePath ?? '', counterexample: real.stringify(details.counterexample) });
        report(details);
      });
    };
    return [...replayed, whole].reduce<Later<void>>((before, next) => then(before, next), undefined);
  };
}

function report<T>(details: RunDetails<T>): void {
  if (details.failed) throw new Error(real.defaultReportMessage(details) ?? 'the property failed', { cause: details.errorInstance });
}

function then<A, B>(value: Later<A>, next: (value: A) => Later<B>): Later<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}
