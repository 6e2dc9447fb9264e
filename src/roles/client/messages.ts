/**
 * Instant messages of a client (RFC 3428, pager mode).
 * @module
 */
import type { SipEvent, SipUserAgent } from '../sip/sip-user-agent.js';
import type { Account } from './account.js';
import { userIn } from './account.js';

const TEXT = 'text/plain';

export interface MessageResult {
  readonly status: number;
  readonly reason: string;
}

/** Settles with the final response; no answer is status 408, no way 503. @param to address of record */
export async function sendMessage(sip: SipUserAgent, to: string, words: string): Promise<MessageResult> {
  const { status, reason } = await sip.request('MESSAGE', `sip:${to}`, { type: TEXT, bytes: new TextEncoder().encode(words) });
  return { status, reason };
}

/** Tells of a message that came; other requests are none of its business. */
export function messageReceived({ host, emit }: Account, event: SipEvent & { kind: 'request-received' }): void {
  if (event.method !== 'MESSAGE') return;
  const from = userIn(event.from);
  host.event('message-received', { peer: from, bytes: event.content?.bytes.length ?? 0 });
  emit('message', { from, text: event.content === null ? '' : new TextDecoder().decode(event.content.bytes) });
}
