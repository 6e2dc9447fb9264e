/**
 * The ends of a connection: changes of state, orderly and not.
 * @module
 */
import { nanos } from '../../base/time.js';
import type { Tcb, TcpError, TcpState } from './tcb.js';
import { TIMER } from './timers.js';

export function setState(c: Tcb, state: TcpState): void {
  c.state = state;
  c.stack.changed(c);
}

/** The block is deleted; what was received may still be read. */
export function remove(c: Tcb): void {
  c.timers.stopAll();
  c.state = 'closed';
  c.stack.forget(c);
}

/** The connection ends with an error that its user hears. */
export function fail(c: Tcb, error: TcpError): void {
  c.error = error;
  remove(c);
  c.stack.changed(c);
}

/** The orderly end. */
export function finish(c: Tcb): void {
  remove(c);
  c.stack.changed(c);
}

export function enterTimeWait(c: Tcb): void {
  c.timers.stopAll();
  setState(c, 'time-wait');
  startTimeWait(c);
}

export function startTimeWait(c: Tcb): void {
  c.timers.start(TIMER.TIME_WAIT, nanos(2 * c.stack.parameters.msl));
}
