/**
 * STUN attributes as values: one table says the code point, the wire shape and where it comes from; codec and servers
 * read the table, so an extension (TURN, NAT behaviour discovery) is a line here and no new code.
 * RFC 8489 section 14, RFC 8445 section 16.1, RFC 8656 section 18, RFC 5780 section 7; RFC 3489 section 11.2.
 * @module
 */
import type { TransportAddress } from './transport-address.js';

/** How a value is written. `u8` and `u16` are followed by reserved zero octets up to 4; of a `port` some senders count them. */
export type AttributeShape = 'address' | 'xor-address' | 'text' | 'u8' | 'u16' | 'port' | 'u32' | 'u64' | 'flag' | 'bytes' | 'error' | 'types';

interface AttributeSpec {
  readonly code: number;
  readonly shape: AttributeShape;
}

export const STUN_ATTRIBUTES = {
  'mapped-address': { code: 0x0001, shape: 'address' },
  'change-request': { code: 0x0003, shape: 'u32' },
  // Of RFC 3489 only; later ones have RESPONSE-ORIGIN and OTHER-ADDRESS instead.
  'source-address': { code: 0x0004, shape: 'address' },
  'changed-address': { code: 0x0005, shape: 'address' },
  username: { code: 0x0006, shape: 'text' },
  'message-integrity': { code: 0x0008, shape: 'bytes' },
  'error-code': { code: 0x0009, shape: 'error' },
  'unknown-attributes': { code: 0x000a, shape: 'types' },
  'channel-number': { code: 0x000c, shape: 'u16' },
  lifetime: { code: 0x000d, shape: 'u32' },
  'xor-peer-address': { code: 0x0012, shape: 'xor-address' },
  data: { code: 0x0013, shape: 'bytes' },
  realm: { code: 0x0014, shape: 'text' },
  nonce: { code: 0x0015, shape: 'text' },
  'xor-relayed-address': { code: 0x0016, shape: 'xor-address' },
  'requested-address-family': { code: 0x0017, shape: 'u8' },
  'even-port': { code: 0x0018, shape: 'bytes' },
  'requested-transport': { code: 0x0019, shape: 'u8' },
  'dont-fragment': { code: 0x001a, shape: 'flag' },
  'message-integrity-sha256': { code: 0x001c, shape: 'bytes' },
  'password-algorithm': { code: 0x001d, shape: 'bytes' },
  userhash: { code: 0x001e, shape: 'bytes' },
  'xor-mapped-address': { code: 0x0020, shape: 'xor-address' },
  'reservation-token': { code: 0x0022, shape: 'bytes' },
  priority: { code: 0x0024, shape: 'u32' },
  'use-candidate': { code: 0x0025, shape: 'flag' },
  padding: { code: 0x0026, shape: 'bytes' },
  'response-port': { code: 0x0027, shape: 'port' },
  'password-algorithms': { code: 0x8002, shape: 'bytes' },
  'alternate-domain': { code: 0x8003, shape: 'text' },
  software: { code: 0x8022, shape: 'text' },
  'alternate-server': { code: 0x8023, shape: 'address' },
  fingerprint: { code: 0x8028, shape: 'u32' },
  'ice-controlled': { code: 0x8029, shape: 'u64' },
  'ice-controlling': { code: 0x802a, shape: 'u64' },
  'response-origin': { code: 0x802b, shape: 'address' },
  'other-address': { code: 0x802c, shape: 'address' },
} as const satisfies Record<string, AttributeSpec>;

export type AttributeName = keyof typeof STUN_ATTRIBUTES;

type NamesOf<S extends AttributeShape> = {
  [N in AttributeName]: (typeof STUN_ATTRIBUTES)[N]['shape'] extends S ? N : never;
}[AttributeName];

export type AddressAttribute = { readonly name: NamesOf<'address' | 'xor-address'>; readonly address: TransportAddress };
export type TextAttribute = { readonly name: NamesOf<'text'>; readonly text: string };
export type NumberAttribute = { readonly name: NamesOf<'u8' | 'u16' | 'port' | 'u32'>; readonly value: number };
/** 64 bits as 16 lower-case hex digits: exact, and compared as text they compare as numbers. */
export type WideAttribute = { readonly name: NamesOf<'u64'>; readonly hex: string };
export type FlagAttribute = { readonly name: NamesOf<'flag'> };
export type BytesAttribute = { readonly name: NamesOf<'bytes'>; readonly bytes: Uint8Array };
export type ErrorAttribute = { readonly name: 'error-code' /** 300..699 */; readonly code: number; readonly reason: string };
export type TypesAttribute = { readonly name: 'unknown-attributes'; readonly types: readonly number[] };
/** One that the table does not know, kept as it came. */
export type UnknownAttribute = { readonly name: 'unknown'; readonly code: number; readonly bytes: Uint8Array };

export type StunAttribute =
  | AddressAttribute
  | TextAttribute
  | NumberAttribute
  | WideAttribute
  | FlagAttribute
  | BytesAttribute
  | ErrorAttribute
  | TypesAttribute
  | UnknownAttribute;

const BY_CODE = new Map<number, AttributeName>((Object.keys(STUN_ATTRIBUTES) as AttributeName[]).map((name) => [STUN_ATTRIBUTES[name].code, name]));

export function attributeNameOf(code: number): AttributeName | undefined {
  return BY_CODE.get(code);
}

export function attributeCodeOf(attribute: StunAttribute): number {
  return attribute.name === 'unknown' ? attribute.code : STUN_ATTRIBUTES[attribute.name].code;
}

/** RFC 8489 section 14: codes below 0x8000 must be understood by who gets them. */
export function isComprehensionRequired(code: number): boolean {
  return code < 0x8000;
}
