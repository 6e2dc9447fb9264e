/**
 * Statements of a rule as instructions.
 * @module
 */
import { assertInvariant, must, unreachable } from '../../../base/assert.js';
import { spanOf } from '../../../nft/meaning/overlaps.js';
import { formatAddressNumber } from '../../../nft/meaning/values/values.js';
import type { MapData, NatStatement, NatTarget, NumberSource, Pattern, RejectWith, Statement, Verdict } from '../../../nft/ruleset.js';
import type { NatRange } from '../../conntrack/tracker.js';
import { type Addr, IPPROTO } from '../../transport.js';
import { fieldNumber, NFPROTO_IPV4, NFPROTO_IPV6 } from '../fields.js';
import { Limiter } from '../limiter.js';
import { ToOwnAddress, ToRange } from '../nat-action.js';
import { MANGLE, NO_FIELD, OP } from '../program.js';
import { compileBits, compileElement, compileMatch } from './matches.js';
import type { Scope } from './scope.js';

type Field = Extract<Statement, { readonly do: 'set-field' }>['field'];

export function compileStatement(statement: Statement, scope: Scope): void {
  const { out, rule } = scope;
  switch (statement.do) {
    case 'match':
    case 'match-any-bit':
    case 'match-masked':
    case 'lookup':
      compileMatch(statement, scope);
      return;
    case 'verdict':
      out.verdict(statement, scope.prefix, rule);
      return;
    case 'vmap': {
      const { elements } = compileElement(statement.key, statement.map, scope);
      out.emit(
        OP.VERDICT,
        NO_FIELD,
        out.verdicts(
          elements.map((element) => verdictOf(element.data)),
          scope.prefix,
        ),
        0,
        rule,
      );
      return;
    }
    case 'counter':
      out.emit(OP.COUNTER, NO_FIELD, statement.name === null ? ownCounter(statement, scope) : scope.counter(statement.name));
      return;
    case 'limit':
      out.emit(
        OP.LIMIT,
        NO_FIELD,
        statement.name === null ? out.limits.push(new Limiter(statement.limit, scope.node.core.scheduler)) - 1 : scope.limit(statement.name),
      );
      return;
    case 'log':
      out.emit(OP.LOG, NO_FIELD, out.logs.push({ prefix: statement.prefix ?? '', rule }) - 1);
      return;
    case 'reject':
      compileDependency(statement.reject, scope);
      out.emit(OP.REJECT, NO_FIELD, out.rejects.push({ reject: statement.reject, rule }) - 1, 0, rule);
      return;
    case 'notrack':
      out.emit(OP.NOTRACK);
      return;
    case 'set-meta-mark':
    case 'set-ct-mark':
      compileNumber(statement.to, scope);
      out.emit(statement.do === 'set-meta-mark' ? OP.SET_MARK : OP.SET_CT_MARK);
      return;
    case 'set-field':
      compileNumber(statement.to, scope);
      out.emit(OP.SET_FIELD, NO_FIELD, mangled(statement.field));
      return;
    default:
      compileNat(statement, scope);
  }
}

function ownCounter({ packets, bytes }: { readonly packets: number; readonly bytes: number }, { out, rule }: Scope): number {
  return out.counters.push({ name: null, rule, src: must(out.rules[rule], 'rule').src, packets, bytes }) - 1;
}

/** What nft puts before a reject that is for some packets alone. */
function compileDependency(reject: RejectWith, { out }: Scope): void {
  switch (reject.with) {
    case 'icmp':
      out.emit(OP.EQ, fieldNumber({ select: 'meta', key: 'nfproto' }), NFPROTO_IPV4);
      return;
    case 'icmpv6':
      out.emit(OP.EQ, fieldNumber({ select: 'meta', key: 'nfproto' }), NFPROTO_IPV6);
      return;
    case 'tcp-reset':
      out.emit(OP.EQ, fieldNumber({ select: 'meta', key: 'l4proto' }), IPPROTO.TCP);
      return;
    case 'icmpx':
      return;
    default:
      unreachable(reject);
  }
}

/** Leaves the number in word 0. */
function compileNumber(source: NumberSource, scope: Scope): void {
  const { out } = scope;
  switch (source.from) {
    case 'value':
      out.emit(OP.CONST, NO_FIELD, source.number | 0);
      return;
    case 'bits':
      compileBits(source.bits, scope);
      return;
    case 'map': {
      const { elements } = compileElement(source.key, source.map, scope);
      out.emit(OP.DATA, NO_FIELD, out.table(Int32Array.from(elements, (element) => numberOf(element.data))));
      return;
    }
    default:
      unreachable(source);
  }
}

function mangled(field: Field): number {
  if (field.select === 'ip') return field.field === 'dscp' ? MANGLE.DSCP4 : field.field === 'ecn' ? MANGLE.ECN4 : MANGLE.TTL;
  return field.field === 'dscp' ? MANGLE.DSCP6 : field.field === 'ecn' ? MANGLE.ECN6 : MANGLE.HOP_LIMIT;
}

function verdictOf(data: MapData | null): Verdict {
  assertInvariant(data?.is === 'verdict', 'a map of verdicts');
  return data.verdict;
}

function numberOf(data: MapData | null): number {
  const part = data?.is === 'data' ? data.parts[0] : undefined;
  assertInvariant(part?.is === 'number', 'a map of numbers');
  return part.number | 0;
}

// ---- translation -----------------------------------------------------------------------------------------------------

function compileNat(statement: NatStatement, scope: Scope): void {
  const { out, rule } = scope;
  const translator = must(scope.translator, 'a translator');
  if (!('to' in statement)) {
    const action = new ToOwnAddress(scope.node, translator, statement.ports, statement.flags);
    out.emit(OP.NAT, NO_FIELD, out.nats.push(action) - 1, 0, rule);
    return;
  }
  const { to, flags } = statement;
  const family = statement.family ?? scope.family;
  let ranges: (NatRange | null)[];
  let mapped = 0;
  if ('map' in to) {
    const { elements } = compileElement(to.key, to.map, scope);
    ranges = elements.flatMap((element) => rangesOf(targetOf(element.data), family, flags, scope));
    mapped = 1;
  } else ranges = rangesOf(to, family, flags, scope);
  out.emit(OP.NAT, NO_FIELD, out.nats.push(new ToRange(translator, ranges)) - 1, mapped, rule);
}

/** For IPv4 and for IPv6: a target with an address is for one of them, one with ports alone for what the statement is. */
function rangesOf(to: NatTarget, family: 4 | 6 | null, flags: Pick<NatRange, 'random' | 'fullyRandom' | 'persistent'>, { node }: Scope): (NatRange | null)[] {
  const address = (text: string): Addr => must(node.book.parse(text), `address ${text}`);
  const addresses = to.addresses === null ? null : { from: address(to.addresses.from), to: address(to.addresses.to) };
  const only = to.addresses?.family ?? family;
  return ([4, 6] as const).map((of) => (only !== null && only !== of ? null : { family: of, addresses, ports: to.ports, ...flags }));
}

/** `address`, or `address . port`. */
function targetOf(data: MapData | null): NatTarget {
  const parts = data?.is === 'data' ? data.parts : [];
  const address = parts.find((part) => patternFamily(part) !== null);
  const port = parts.find((part) => part !== address);
  return { addresses: address === undefined ? null : addressRange(address), ports: port === undefined ? null : portRange(port) };
}

function patternFamily(pattern: Pattern): 4 | 6 | null {
  if (pattern.is === 'range') return patternFamily(pattern.from);
  return pattern.is === 'address' || pattern.is === 'prefix' ? pattern.family : null;
}

function addressRange(pattern: Pattern): NonNullable<NatTarget['addresses']> {
  if (pattern.is === 'address') return { family: pattern.family, from: pattern.address, to: pattern.address };
  if (pattern.is === 'prefix') {
    const { from, to } = must(spanOf(pattern), 'addresses of a prefix');
    return { family: pattern.family, from: formatAddressNumber(from, pattern.family), to: formatAddressNumber(to, pattern.family) };
  }
  assertInvariant(pattern.is === 'range' && pattern.from.is === 'address' && pattern.to.is === 'address', 'an address, from one to another, or a prefix');
  return { family: pattern.from.family, from: pattern.from.address, to: pattern.to.address };
}

function portRange(pattern: Pattern): NonNullable<NatTarget['ports']> {
  if (pattern.is === 'number') return { from: pattern.number, to: pattern.number };
  assertInvariant(pattern.is === 'range' && pattern.from.is === 'number' && pattern.to.is === 'number', 'a port, or from one to another');
  return { from: pattern.from.number, to: pattern.to.number };
}
