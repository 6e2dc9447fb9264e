/**
 * Session-Expires and Min-SE (RFC 4028 sections 4 and 5).
 * @module
 */
import { EXPIRES_LIMIT, parseNumber } from './fields.js';
import { header, headerList, type SipMessage } from './message.js';
import { param, Scanner, scanParams } from './syntax.js';

/** Seconds: nobody has to take less (section 5). */
export const MIN_SE = 90;

export interface SessionExpires {
  /** Seconds. */
  readonly interval: number;
  /** Who refreshes, by its part in the request; null: not said. */
  readonly refresher: 'uac' | 'uas' | null;
}

/** `delta-seconds *(SEMI se-params)`. Throws a SyntaxFault. */
export function parseSessionExpires(text: string): SessionExpires {
  const s = new Scanner(text);
  s.white();
  const interval = parseNumber(s.digits('number', 'seconds'), EXPIRES_LIMIT, 'Session-Expires');
  const refresher = param(scanParams(s), 'refresher')?.toLowerCase();
  s.end('number', 'the parameters');
  return { interval, refresher: refresher === 'uac' || refresher === 'uas' ? refresher : null };
}

export function sessionExpires(message: SipMessage): SessionExpires | null {
  const value = header(message, 'Session-Expires');
  return value === undefined ? null : parseSessionExpires(value);
}

/** Seconds; {@link MIN_SE} when nothing is said. */
export function minSe(message: SipMessage): number {
  const value = header(message, 'Min-SE');
  return value === undefined ? MIN_SE : parseSessionExpires(value).interval;
}

/** The sender knows session timers. */
export function knowsTimers(message: SipMessage): boolean {
  return [...headerList(message, 'Supported'), ...headerList(message, 'Require')].some((tag) => tag.toLowerCase() === 'timer');
}
