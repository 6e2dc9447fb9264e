/**
 * Address translation: families, pools, ports, maps.
 * @see nft(8), "NAT statements"
 * @module
 */
import { fault, unsupported } from '../fault.js';
import type { NatFlags, NatStatement, NatTarget } from '../ruleset.js';
import type { Expr, NatTree } from '../syntax/tree.js';
import type { RuleContext } from './matches.js';
import { setRef } from './matches.js';
import { operand } from './operands.js';
import { spanOf } from './overlaps.js';
import { signatureOf } from './scope.js';
import type { SetSignature } from './scope.js';
import { typeInfo, wordsOf } from './values/types.js';
import type { TypeInfo } from './values/types.js';
import { formatAddressNumber, number, pattern, plain } from './values/values.js';

const PORT = typeInfo('inet_service');

/** Errors: NFT_TYPE, NFT_CONFLICT, NFT_UNSUPPORTED, NFT_UNKNOWN. */
export function resolveNat(tree: NatTree, context: RuleContext): NatStatement {
  const flags = natFlags(tree);
  if (tree.do === 'masquerade' || tree.do === 'redirect') return { do: tree.do, ports: ports(tree.port, context), flags };
  const family = natFamily(tree, context);
  const address = tree.address === null ? null : plain(tree.address);
  if (address?.kind === 'map') {
    if (tree.port !== null) throw unsupported(tree.port.src, 'a port beside a map of addresses', { hint: 'let the map give both: ADDRESS . PORT' });
    return { do: tree.do, family, to: fromMap(address, tree, family, context), flags };
  }
  if (tree.withPort) throw unsupported(tree.src, 'addr . port without a map', { expected: 'ADDRESS:PORT' });
  return { do: tree.do, family, to: target(tree, family, context), flags };
}

function natFlags({ flags }: NatTree): NatFlags {
  return { random: flags.includes('random'), fullyRandom: flags.includes('fully-random'), persistent: flags.includes('persistent') };
}

/** Of a table for both families an address needs to know which: the statement says so, or a match before it. */
function natFamily(tree: NatTree, { scope, protocols }: RuleContext): 4 | 6 | null {
  const known = scope.family === 'inet' ? null : scope.family === 'ip' ? 4 : 6;
  const family = tree.family ?? known ?? (tree.address === null ? null : protocols.network);
  if (tree.address === null) return family;
  if (family === null)
    throw fault('NFT_TYPE', tree.src, `in a table of the family inet ${tree.do} needs to know the family`, {
      expected: `${tree.do} ip to, or ${tree.do} ip6 to; or a match before it, such as meta nfproto ipv4`,
    });
  if (protocols.network !== null && protocols.network !== family)
    throw fault('NFT_CONFLICT', tree.src, `the packets here are IPv${protocols.network}, the new address is IPv${family}`);
  return family;
}

function target(tree: NatTree, family: 4 | 6 | null, context: RuleContext): NatTarget {
  return { addresses: tree.address === null ? null : addresses(tree.address, family ?? 4), ports: ports(tree.port, context) };
}

function addresses(e: Expr, family: 4 | 6): NonNullable<NatTarget['addresses']> {
  if (plain(e).kind === 'concat') throw unsupported(e.src, 'addr . port without a map', { expected: 'ADDRESS:PORT' });
  const span = spanOf(pattern(e, addressType(family)));
  if (span === null) throw fault('NFT_TYPE', e.src, '"*" is no address');
  return { family, from: formatAddressNumber(span.from, family), to: formatAddressNumber(span.to, family) };
}

const addressType = (family: 4 | 6): TypeInfo => typeInfo(family === 4 ? 'ipv4_addr' : 'ipv6_addr');

function requireTransport(at: Expr, { protocols }: RuleContext): void {
  if (protocols.transportAsked) return;
  throw fault('NFT_CONFLICT', at.src, 'a port can be translated only where the transport is known', {
    expected: 'a match before it, such as tcp dport 80 or meta l4proto { tcp, udp }',
  });
}

function ports(e: Expr | null, context: RuleContext): NatTarget['ports'] {
  if (e === null) return null;
  const inner = plain(e);
  if (inner.kind === 'map') throw unsupported(e.src, 'a port from a map');
  requireTransport(e, context);
  if (inner.kind !== 'range') {
    const port = number(e, PORT);
    return { from: port, to: port };
  }
  const [from, to] = [number(inner.from, PORT), number(inner.to, PORT)];
  if (from > to) throw fault('NFT_TYPE', e.src, 'the range ends before it begins', { expected: 'the smaller port first' });
  return { from, to };
}

function fromMap(
  e: Extract<Expr, { kind: 'map' }>,
  tree: NatTree,
  family: 4 | 6 | null,
  context: RuleContext,
): Exclude<Extract<NatStatement, { to: unknown }>['to'], NatTarget> {
  const { operand: key, types } = operand(e.key, context.protocols);
  const withPort = tree.withPort || givesPort(e.map, context);
  if (withPort) requireTransport(e, context);
  const gives = withPort ? [addressType(family ?? 4), PORT] : [addressType(family ?? 4)];
  checkNamed(e.map, gives, context);
  return { map: setRef(e.map, { types, gives }, context), key, withPort };
}

/** nft looks at the map itself: `ADDRESS . PORT` as data translates both. */
function givesPort(e: Expr, { scope }: RuleContext): boolean {
  const inner = plain(e);
  if (inner.kind === 'set-name') {
    const { gives } = signatureOf({ name: inner.name, src: e.src }, scope);
    return Array.isArray(gives) && gives.length === 2;
  }
  if (inner.kind !== 'set') return false;
  const [first] = inner.elements;
  return first?.data !== null && first !== undefined && 'value' in first.data && plain(first.data.value).kind === 'concat';
}

/** Errors: NFT_TYPE when a named map gives something else. */
export function checkNamed(e: Expr, gives: readonly TypeInfo[] | 'verdict', { scope }: RuleContext): void {
  const inner = plain(e);
  if (inner.kind !== 'set-name') return;
  const signature = signatureOf({ name: inner.name, src: e.src }, scope);
  if (signature.gives === null)
    throw fault('NFT_TYPE', e.src, `"${inner.name}" is a set, not a map`, {
      expected: gives === 'verdict' ? 'a map that gives verdicts' : `a map that gives ${gives.map(wordsOf).join(' . ')}`,
    });
  if (fits(signature.gives, gives)) return;
  throw fault('NFT_TYPE', e.src, `the map "${inner.name}" gives ${described(signature.gives)}`, { expected: described(gives) });
}

function fits(given: NonNullable<SetSignature['gives']>, wanted: readonly TypeInfo[] | 'verdict'): boolean {
  if (given === 'verdict' || wanted === 'verdict') return given === wanted;
  return given.length === wanted.length && given.every((info, i) => info.type === wanted[i]?.type);
}

const described = (gives: readonly TypeInfo[] | 'verdict'): string => (gives === 'verdict' ? 'verdicts' : gives.map(wordsOf).join(' . '));
