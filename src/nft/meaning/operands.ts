/**
 * Left sides of matches and keys of look-ups: a field, a field with bits, fields joined by dots.
 * @module
 */
import { assertInvariant } from '../../base/assert.js';
import { fault, unsupported } from '../fault.js';
import type { Bits, Operand, Selector } from '../ruleset.js';
import { selectorText } from '../syntax/rule/selectors.js';
import type { Expr } from '../syntax/tree.js';
import type { Protocols } from './protocols.js';
import { maximum, typeOf } from './values/types.js';
import type { TypeInfo } from './values/types.js';
import { number, plain } from './values/values.js';

export interface ReadOperand {
  readonly operand: Operand;
  /** One for each part. */
  readonly types: readonly TypeInfo[];
}

/** @param compared by a match; else it is a key, or a part of one Errors: NFT_TYPE, NFT_CONFLICT, NFT_UNSUPPORTED. */
export function operand(e: Expr, protocols: Protocols, compared = false): ReadOperand {
  const inner = plain(e);
  switch (inner.kind) {
    case 'selector': {
      const selector = settled(inner.selector, inner, protocols, compared);
      return { operand: { is: 'selector', selector }, types: [typeOf(selector)] };
    }
    case 'binary': {
      const read = bits(inner, protocols);
      if (isWhole(read)) return { operand: { is: 'selector', selector: read.of }, types: [typeOf(read.of)] };
      return { operand: { is: 'bits', bits: read }, types: [typeOf(read.of)] };
    }
    case 'concat':
      return concatenation(inner, protocols);
    default:
      throw fault('NFT_SYNTAX', e.src, 'a field of the packet must stand here', { expected: 'such as ip saddr' });
  }
}

function concatenation(e: Extract<Expr, { kind: 'concat' }>, protocols: Protocols): ReadOperand {
  const parts = e.parts.map((part): Selector => {
    const read = operand(part, protocols);
    if (read.operand.is === 'bits') throw unsupported(part.src, 'bits of a field in a concatenation');
    assertInvariant(read.operand.is === 'selector', 'a concatenation is flat');
    const { selector } = read.operand;
    // nft shifts its bits across a byte boundary in the wrong order, so it matches something else.
    if (selector.select === 'ip6' && selector.field === 'dscp')
      throw unsupported(part.src, 'ip6 dscp in a concatenation', { hint: 'nft reads it wrongly there: match it by itself' });
    return selector;
  });
  if (parts.length > MOST_PARTS) throw fault('NFT_TYPE', e.src, 'the concatenation has too many parts', { expected: `at most ${MOST_PARTS}` });
  return { operand: { is: 'concat', parts }, types: parts.map(typeOf) };
}

/** NFT_REG32_COUNT registers of 4 octets hold the key. */
const MOST_PARTS = 16;

/** With the family that the rule or its table gives; notes the protocols that the field implies. */
function settled(field: Selector, at: Expr, protocols: Protocols, compared: boolean): Selector {
  const selector = protocols.read(field, at.src);
  if (selector.select !== 'ct-tuple') return selector;
  if (selector.field === 'saddr' || selector.field === 'daddr') {
    // nft finds it out by itself in a match alone: of a key, or a part of one, it wants to be told.
    const family = selector.family ?? (compared ? protocols.network : null);
    if (family === null)
      throw fault('NFT_TYPE', at.src, 'the family of the address is not known here', { expected: `ct ${selector.direction} ip ${selector.field}, or ip6` });
    return { ...selector, family };
  }
  if (selector.field !== 'protocol' && !protocols.transportAsked) {
    throw fault('NFT_TYPE', at.src, `${selectorText(selector)} needs to know the transport`, { expected: 'meta l4proto tcp or udp before it' });
  }
  return selector;
}

/**
 * Folds and, or, xor with constants into one mask and one xor, as nft does for the kernel's bitwise expression.
 * @returns `(of & mask) ^ xor`
 */
export function bits(e: Expr, protocols: Protocols): Bits {
  const inner = plain(e);
  if (inner.kind === 'selector') {
    const of = settled(inner.selector, inner, protocols, true);
    const { type, bits: width } = typeOf(of);
    if (type === 'ifname' || type === 'iface_index') throw fault('NFT_TYPE', inner.src, 'the name of an interface has no bits');
    if (type === 'ipv6_addr') throw unsupported(inner.src, 'bits of an IPv6 address', { hint: 'a prefix matches its first bits: ip6 saddr 2001:db8::/32' });
    return { of, mask: maximum(width), xor: 0 };
  }
  if (inner.kind !== 'binary') throw fault('NFT_SYNTAX', e.src, 'a field of the packet must stand here', { expected: 'such as meta mark' });
  if (inner.op === '<<' || inner.op === '>>') throw unsupported(inner.src, `a shift of a field (${inner.op})`);
  const left = bits(inner.left, protocols);
  return combine(left, inner.op, constant(inner.right, typeOf(left.of)));
}

/** Constants of an IPv4 address are addresses: `ip saddr & 255.255.255.0`. */
function constant(e: Expr, info: TypeInfo): number {
  if (info.type === 'ipv4_addr') throw unsupported(e.src, 'bits of an address', { hint: 'a prefix matches its first bits: ip saddr 10.0.0.0/24' });
  return number(e, info);
}

function combine({ of, mask, xor }: Bits, op: '&' | '|' | '^', value: number): Bits {
  switch (op) {
    case '&':
      return { of, mask: (mask & value) >>> 0, xor: (xor & value) >>> 0 };
    case '|':
      return { of, mask: (mask & ~value) >>> 0, xor: ((xor & ~value) | value) >>> 0 };
    case '^':
      return { of, mask, xor: (xor ^ value) >>> 0 };
  }
}

/** True when the bits are the whole field. */
export function isWhole({ of, mask, xor }: Bits): boolean {
  return xor === 0 && mask === maximum(typeOf(of).bits);
}
