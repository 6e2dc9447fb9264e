/**
 * A STUN message as a value, and the small questions one asks of it. RFC 8489 section 5.
 * @module
 */
import type { Rng } from '../../base/rng.js';
import type { AttributeName, StunAttribute } from './attribute.js';
import type { TransportAddress } from './transport-address.js';

export const MAGIC_COOKIE = 0x2112a442;
export const STUN_HEADER = 20;

/** Methods of RFC 8489 and RFC 8656. */
export const STUN_METHOD = {
  BINDING: 0x001,
  ALLOCATE: 0x003,
  REFRESH: 0x004,
  SEND: 0x006,
  DATA: 0x007,
  CREATE_PERMISSION: 0x008,
  CHANNEL_BIND: 0x009,
} as const;

export const STUN_CLASSES = ['request', 'indication', 'success', 'error'] as const;
export type StunClass = (typeof STUN_CLASSES)[number];

export interface StunHeader {
  readonly class: StunClass;
  /** 12 bits. */
  readonly method: number;
  /** 96 bits as 24 lower-case hex digits; of RFC 3489, where the cookie's place belongs to it, 128 bits as 32. */
  readonly transaction: string;
}

/** Of RFC 3489 ("classic STUN"): no magic cookie, no padding, no fingerprint. */
export function isClassic(header: StunHeader): boolean {
  return header.transaction.length === 32;
}

export interface StunMessage extends StunHeader {
  /** In the order of the wire. MESSAGE-INTEGRITY and FINGERPRINT are made by the encoder and never listed here. */
  readonly attributes: readonly StunAttribute[];
}

/** The 14 bits of the message type: the two class bits stand between the method's bits (RFC 8489 figure 3). */
export function messageType(c: StunClass, method: number): number {
  const k = STUN_CLASSES.indexOf(c);
  return (method & 0x000f) | ((method & 0x0070) << 1) | ((method & 0x0f80) << 2) | ((k & 1) << 4) | ((k & 2) << 7);
}

export function classAndMethod(type: number): { readonly class: StunClass; readonly method: number } {
  const k = ((type >> 4) & 1) | ((type >> 7) & 2);
  const method = (type & 0x000f) | ((type >> 1) & 0x0070) | ((type >> 2) & 0x0f80);
  return { class: STUN_CLASSES[k] ?? 'request', method };
}

/** What the questions below are asked of. The first attribute of a name counts (RFC 8489 section 14). */
type Attributed = { readonly attributes: readonly StunAttribute[] };

export function hasAttribute(message: Attributed, name: AttributeName): boolean {
  return message.attributes.some((a) => a.name === name);
}

export function textOf(message: Attributed, name: 'username' | 'realm' | 'nonce' | 'software'): string | undefined {
  const attribute = message.attributes.find((a) => a.name === name);
  return attribute !== undefined && 'text' in attribute ? attribute.text : undefined;
}

export function addressOf(
  message: Attributed,
  name:
    | 'mapped-address'
    | 'source-address'
    | 'changed-address'
    | 'xor-mapped-address'
    | 'xor-relayed-address'
    | 'xor-peer-address'
    | 'alternate-server'
    | 'response-origin'
    | 'other-address',
): TransportAddress | undefined {
  const attribute = message.attributes.find((a) => a.name === name);
  return attribute !== undefined && 'address' in attribute ? attribute.address : undefined;
}

export function numberOf(
  message: Attributed,
  name: 'change-request' | 'response-port' | 'priority' | 'lifetime' | 'channel-number' | 'requested-transport' | 'requested-address-family',
): number | undefined {
  const attribute = message.attributes.find((a) => a.name === name);
  return attribute !== undefined && 'value' in attribute ? attribute.value : undefined;
}

export function hexOf(message: Attributed, name: 'ice-controlling' | 'ice-controlled'): string | undefined {
  const attribute = message.attributes.find((a) => a.name === name);
  return attribute !== undefined && 'hex' in attribute ? attribute.hex : undefined;
}

export function errorOf(message: Attributed): { readonly code: number; readonly reason: string } | undefined {
  const attribute = message.attributes.find((a) => a.name === 'error-code');
  return attribute !== undefined && 'reason' in attribute ? attribute : undefined;
}

/** `0x8022`. */
export function formatAttributeCode(code: number): string {
  return `0x${code.toString(16).padStart(4, '0')}`;
}

/** `bytes` octets of randomness as lower-case hex: transaction ids (12), tie-breakers (8). */
export function randomHex(random: Rng, bytes: number): string {
  let text = '';
  for (let i = 0; i < bytes; i++) text += random.below(256).toString(16).padStart(2, '0');
  return text;
}
