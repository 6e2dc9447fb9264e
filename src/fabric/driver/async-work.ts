/**
 * Asynchronous work that an event begins: whoever fires events is told of it, whatever the code that was called says of
 * itself. A promise made or settled, a tick, an immediate: each is asynchronous code that may go on, so that virtual
 * time must stand still until it has. Cold: an event that begins none costs nothing here.
 *
 * @example
 * startWatching();
 * nowFiring(scheduler);
 * scheduler.step(); // touches the scheduler when the event began something
 * nowFiring(null);
 * stopWatching();
 * @module
 */
import { createHook } from 'node:async_hooks';

interface Touched {
  touch(): void;
}

/** Whose events are being fired now. Events are fired synchronously, so that there is one at most in a process. */
let firing: Touched | null = null;
let watchers = 0;

function begun(): void {
  if (firing !== null) firing.touch();
}

const hook = createHook({ init: begun, promiseResolve: begun });

/** From here on, until {@link stopWatching} has been called as often. */
export function startWatching(): void {
  if (watchers++ === 0) hook.enable();
}

export function stopWatching(): void {
  if (--watchers === 0) hook.disable();
}

/** Asynchronous work that begins from here on is told to `scheduler`; null: to nobody. */
export function nowFiring(scheduler: Touched | null): void {
  firing = scheduler;
}
