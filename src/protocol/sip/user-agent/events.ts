/**
 * What goes into a user agent core and what comes out of it. Calls are numbered: below zero never, outgoing ones by the
 * caller, incoming ones by the core from {@link FIRST_INCOMING} on. Session descriptions are opaque bodies here.
 * @module
 */
import type { Content } from '../body.js';
import type { HeaderPairs, SipMessage } from '../message.js';
import type { Hop, Send, Source } from '../transaction/layer.js';

export const FIRST_INCOMING = 1_000_000;

export type UaIn =
  | { readonly kind: 'received'; readonly message: SipMessage; readonly source: Source }
  | { readonly kind: 'transport-error'; readonly transaction: string; readonly detail: string }
  | { readonly kind: 'connection-closed'; readonly connection: number }
  /** @param expires seconds; @param registrar where to, default the outbound hop */
  | { readonly kind: 'register'; readonly expires: number; readonly registrar?: Hop }
  | { readonly kind: 'unregister' }
  | { readonly kind: 'invite'; readonly call: number; readonly to: string; readonly content?: Content; readonly headers?: HeaderPairs }
  /** A provisional answer: 180, 183 with a description ... */
  | { readonly kind: 'progress'; readonly call: number; readonly status: number; readonly content?: Content }
  | { readonly kind: 'answer'; readonly call: number; readonly content?: Content }
  | { readonly kind: 'reject'; readonly call: number; readonly status: number; readonly reason?: string }
  | { readonly kind: 'cancel'; readonly call: number }
  | { readonly kind: 'bye'; readonly call: number }
  /** A new offer within the call, by re-INVITE or UPDATE (RFC 3311). */
  | { readonly kind: 'offer'; readonly call: number; readonly method: 'INVITE' | 'UPDATE'; readonly content: Content }
  /** Answer to an `offer` that came: 200 with a description, or 488. */
  | { readonly kind: 'answer-offer'; readonly call: number; readonly status: number; readonly content?: Content }
  /** @param id comes back in `request-answered` */
  | { readonly kind: 'request'; readonly id: number; readonly method: string; readonly to: string; readonly content?: Content; readonly headers?: HeaderPairs }
  | {
      readonly kind: 'request-in-call';
      readonly id: number;
      readonly method: string;
      readonly call: number;
      readonly content?: Content;
      readonly headers?: HeaderPairs;
    };

export type UaOut =
  | Send
  | { readonly kind: 'registered'; readonly expires: number; readonly registrar: Hop }
  /** The registrar sent us to the user's home (301, 302); the core follows. */
  | { readonly kind: 'redirected'; readonly to: Hop }
  | { readonly kind: 'register-failed'; readonly status: number; readonly reason: string }
  | { readonly kind: 'unregistered' }
  /** The connection that the registration lives on is gone, or a refresh was refused: with what final response. */
  | { readonly kind: 'registration-lost'; readonly refused: { readonly status: number; readonly reason: string } | null }
  | {
      readonly kind: 'incoming';
      readonly call: number;
      readonly from: string;
      readonly to: string;
      readonly callId: string;
      readonly content: Content | null;
      readonly message: SipMessage;
    }
  /** `fork` tells forked early dialogs apart: the To tag. */
  | { readonly kind: 'progressed'; readonly call: number; readonly fork: string; readonly status: number; readonly content: Content | null }
  | { readonly kind: 'answered'; readonly call: number; readonly fork: string; readonly content: Content | null; readonly message: SipMessage }
  | { readonly kind: 'rejected'; readonly call: number; readonly status: number; readonly reason: string; readonly message: SipMessage }
  /** The ACK came. */
  | { readonly kind: 'confirmed'; readonly call: number; readonly content: Content | null }
  | { readonly kind: 'offered'; readonly call: number; readonly method: 'INVITE' | 'UPDATE'; readonly content: Content | null }
  | { readonly kind: 'offer-answered'; readonly call: number; readonly status: number; readonly reason: string; readonly content: Content | null }
  | { readonly kind: 'ended'; readonly call: number; readonly why: 'bye-sent' | 'bye-received' | 'cancelled' | 'no-ack' | 'failed' }
  | {
      readonly kind: 'request-received';
      readonly method: string;
      readonly call: number | null;
      readonly from: string;
      readonly to: string;
      readonly content: Content | null;
      readonly message: SipMessage;
    }
  | { readonly kind: 'request-answered'; readonly id: number; readonly status: number; readonly reason: string; readonly content: Content | null };
