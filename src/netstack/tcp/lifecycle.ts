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

/** Our FIN is acknowledged, the peer's is not there. A half-close may last; an orphan's does not. */
export function enterFinWait2(c: Tcb): void {
  setState(c, 'fin-wait-2');
  limitFinWait2(c);
}

export function limitFinWait2(c: Tcb): void {
  if (c.orphan && c.state === 'fin-wait-2') c.timers.start(TIMER.TIME_WAIT, c.stack.parameters.finWait);
}

export function startTimeWait(c: Tcb): void {
  c.timers.start(TIMER.TIME_WAIT, nanos(2 * c.stack.parameters.msl));
}
