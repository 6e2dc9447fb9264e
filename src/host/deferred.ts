/**
 * Promises that the driver knows of: who waits is listed for LAB_STALLED, and settling one tells the driver that
 * asynchronous code may go on.
 * @module
 */
import type { WaitingList } from '../base/waiting.js';
import type { Deferred } from './host.js';

export function deferred<T>(waiting: WaitingList, who: string, what: string, touch: () => void): Deferred<T> {
  const done = waiting.add(who, what);
  const { promise, resolve, reject } = withResolvers<T>();
  return {
    promise,
    resolve(value) {
      done();
      touch();
      resolve(value);
    },
    reject(error) {
      done();
      touch();
      reject(error);
    },
  };
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
