/**
 * The statements of a rule, with everything resolved.
 * @see nft(8), "Statements"
 * @module
 */
import { unreachable } from '../../base/assert.js';
import type { SourceRef } from '../../base/error.js';
import { fault, unsupported } from '../fault.js';
import type { Match, NumberSource, RejectWith, Rule, Selector, Statement } from '../ruleset.js';
import { selectorText } from '../syntax/rule/selectors.js';
import type { Expr, RuleTree, StatementTree } from '../syntax/tree.js';
import { CONSTANTS, ICMPX_CODES } from './values/constants.js';
import type { RuleContext } from './matches.js';
import { resolveMasked, resolveMatch, setRef } from './matches.js';
import { checkNamed, resolveNat } from './nat.js';
import { bits, isWhole, operand } from './operands.js';
import { Protocols, TCP } from './protocols.js';
import type { TableScope } from './scope.js';
import { unknown, verdictOf } from './scope.js';
import { typeInfo, typeOf } from './values/types.js';
import type { TypeInfo } from './values/types.js';
import { number, plain } from './values/values.js';

/** Errors: NFT_TYPE, NFT_UNKNOWN, NFT_CONFLICT, NFT_UNSUPPORTED. */
export function resolveRule(tree: RuleTree, scope: TableScope): Omit<Rule, 'number'> {
  const context: RuleContext = { scope, protocols: new Protocols(scope.family) };
  const statements: Statement[] = [];
  /** What a `reject` presupposes; nft checks it before anything else of the rule. */
  const first: Match[] = [];
  let end: SourceRef | null = null;
  for (const statement of tree.statements) {
    if (end !== null) throw fault('NFT_CONFLICT', statement.src, 'nothing comes to this statement: the one before ends the rule', { hint: 'write it before' });
    statements.push(resolveStatement(statement, context, first));
    if (isTerminal(statement)) end = statement.src;
  }
  return { statements: [...first, ...statements], comment: tree.comment, text: tree.text, src: tree.src };
}

function isTerminal(statement: StatementTree): boolean {
  switch (statement.do) {
    case 'verdict':
      return statement.verdict !== 'continue';
    case 'reject':
    case 'snat':
    case 'dnat':
    case 'masquerade':
    case 'redirect':
      return true;
    default:
      return false;
  }
}

function resolveStatement(tree: StatementTree, context: RuleContext, first: Match[]): Statement {
  switch (tree.do) {
    case 'match':
      return resolveMatch(tree, context);
    case 'match-masked':
      return resolveMasked(tree, context);
    case 'vmap': {
      const { operand: key, types } = operand(tree.key, context.protocols);
      checkNamed(tree.map, 'verdict', context);
      return { do: 'vmap', key, map: setRef(tree.map, { types, gives: 'verdict' }, context) };
    }
    case 'verdict':
      return { do: 'verdict', ...verdictOf(tree, context.scope) };
    case 'counter':
      if (tree.name !== null && !context.scope.counters.has(tree.name.name)) throw unknown(tree.name, 'counter', context.scope.counters, context.scope);
      return { do: 'counter', name: tree.name?.name ?? null, packets: tree.packets, bytes: tree.bytes };
    case 'limit':
      return resolveLimit(tree, context.scope);
    case 'log':
      return { do: 'log', prefix: tree.prefix, level: tree.level };
    case 'reject':
      return resolveReject(tree, context.protocols, first);
    case 'notrack':
      return { do: 'notrack' };
    case 'set-value':
      return resolveSetting(tree, context);
    case 'snat':
    case 'dnat':
    case 'masquerade':
    case 'redirect':
      return resolveNat(tree, context);
    default:
      return unreachable(tree);
  }
}

function resolveLimit(tree: Extract<StatementTree, { do: 'limit' }>, scope: TableScope): Statement {
  const limit = tree.name === null ? tree.limit : scope.limits.get(tree.name.name);
  if (limit !== undefined && limit !== null) return { do: 'limit', name: tree.name?.name ?? null, limit };
  throw unknown(tree.name ?? { name: '', src: tree.src }, 'limit', scope.limits.keys(), scope);
}

// ---- reject ----------------------------------------------------------------------------------------------------------

const PORT_UNREACHABLE = 3;
const PORT_UNREACHABLE_6 = 4;

function resolveReject(tree: Extract<StatementTree, { do: 'reject' }>, protocols: Protocols, first: Match[]): Statement {
  return { do: 'reject', reject: rejectWith(tree, protocols, first) };
}

function rejectWith(tree: Extract<StatementTree, { do: 'reject' }>, protocols: Protocols, first: Match[]): RejectWith {
  switch (tree.kind) {
    case 'default':
      if (protocols.network === null) return { with: 'icmpx', code: 1 };
      return protocols.network === 4 ? { with: 'icmp', code: PORT_UNREACHABLE } : { with: 'icmpv6', code: PORT_UNREACHABLE_6 };
    case 'tcp-reset':
      requireTcp(tree, protocols, first);
      return { with: 'tcp-reset' };
    case 'icmp':
      requireFamily(4, tree, protocols, first);
      return { with: 'icmp', code: code(tree, CONSTANTS.icmp_code) };
    case 'icmpv6':
      requireFamily(6, tree, protocols, first);
      return { with: 'icmpv6', code: code(tree, CONSTANTS.icmpv6_code) };
    case 'icmpx': {
      if (protocols.family !== 'inet')
        throw fault('NFT_TYPE', tree.src, 'icmpx is for tables of the family inet', {
          expected: protocols.family === 'ip' ? 'reject with icmp' : 'reject with icmpv6',
        });
      const found = code(tree, ICMPX_CODES);
      if (found !== 0 && found !== 1 && found !== 2 && found !== 3)
        throw fault('NFT_TYPE', tree.src, `there is no icmpx code ${found}`, { expected: [...ICMPX_CODES.keys()].join(', ') });
      return { with: 'icmpx', code: found };
    }
    default:
      return unreachable(tree.kind);
  }
}

function code({ code: e, src, kind }: Extract<StatementTree, { do: 'reject' }>, names: ReadonlyMap<string, number>): number {
  const inner = e === null ? null : plain(e);
  if (inner?.kind === 'word') {
    const found = names.get(inner.text);
    if (found !== undefined) return found;
    throw fault('NFT_TYPE', inner.src, `"${inner.text}" is no code of ${kind}`, { expected: `one of: ${[...names.keys()].join(', ')}` });
  }
  if (inner?.kind === 'number' && inner.value <= 255n) return Number(inner.value);
  throw fault('NFT_TYPE', src, `the code of ${kind} is out of range`, { expected: `one of: ${[...names.keys()].join(', ')}` });
}

/** A reset answers TCP only, so the rule matches TCP only. */
function requireTcp(tree: StatementTree, protocols: Protocols, first: Match[]): void {
  if (protocols.transport === TCP) return;
  if (protocols.transport !== null) throw fault('NFT_CONFLICT', tree.src, 'a TCP reset answers TCP only', { expected: 'meta l4proto tcp before it' });
  first.unshift({ do: 'match', left: { is: 'selector', selector: { select: 'meta', key: 'l4proto' } }, op: 'eq', right: { is: 'number', number: TCP } });
}

function requireFamily(version: 4 | 6, tree: StatementTree, protocols: Protocols, first: Match[]): void {
  if (protocols.network === version) return;
  if (protocols.network !== null) throw fault('NFT_CONFLICT', tree.src, `the packets here are IPv${protocols.network}, the answer is for IPv${version}`);
  protocols.network = version;
  first.unshift({
    do: 'match',
    left: { is: 'selector', selector: { select: 'meta', key: 'nfproto' } },
    op: 'eq',
    right: { is: 'number', number: version === 4 ? 2 : 10 },
  });
}

// ---- set -------------------------------------------------------------------------------------------------------------

function resolveSetting(tree: Extract<StatementTree, { do: 'set-value' }>, context: RuleContext): Statement {
  const { target } = tree;
  if (target.select === 'meta' && target.key === 'mark') return { do: 'set-meta-mark', to: source(tree.value, typeInfo('mark'), context) };
  if (target.select === 'ct' && target.key === 'mark') return { do: 'set-ct-mark', to: source(tree.value, typeInfo('mark'), context) };
  const field = settableField(target);
  if (field === null)
    throw unsupported(tree.src, `setting ${selectorText(target)}`, {
      expected: 'meta mark, ct mark, ip dscp, ip ecn, ip ttl, ip6 dscp, ip6 ecn or ip6 hoplimit',
    });
  context.protocols.read(target, tree.src);
  const value = plain(tree.value);
  if (value.kind === 'map' || readsPacket(value))
    throw unsupported(tree.value.src, `setting ${selectorText(target)} from ${value.kind === 'map' ? 'a map' : 'a field of the packet'}`, {
      expected: 'a constant',
    });
  return { do: 'set-field', field, to: { from: 'value', number: number(tree.value, typeOf(target)) } };
}

type Field = Extract<Statement, { do: 'set-field' }>['field'];

function settableField(target: Selector): Field | null {
  if (target.select === 'ip' && (target.field === 'dscp' || target.field === 'ecn' || target.field === 'ttl')) return { select: 'ip', field: target.field };
  if (target.select === 'ip6' && (target.field === 'dscp' || target.field === 'ecn' || target.field === 'hoplimit'))
    return { select: 'ip6', field: target.field };
  return null;
}

/** Where a mark comes from. */
function source(e: Expr, info: TypeInfo, context: RuleContext): NumberSource {
  const value = plain(e);
  if (value.kind === 'map') {
    const { operand: key, types } = operand(value.key, context.protocols);
    checkNamed(value.map, [info], context);
    return { from: 'map', key, map: setRef(value.map, { types, gives: [info] }, context) };
  }
  if (!readsPacket(value)) return { from: 'value', number: number(e, info) };
  const read = bits(value, context.protocols);
  const { type, time } = typeOf(read.of);
  const length = read.of.select === 'meta' && read.of.key === 'length' && isWhole(read);
  if ((type !== 'mark' && !length) || time)
    throw fault('NFT_TYPE', e.src, `${selectorText(read.of)} is no mark`, { expected: 'a number, meta mark, ct mark, or a map' });
  return { from: 'bits', bits: read };
}

function readsPacket(e: Expr): boolean {
  const inner = plain(e);
  return inner.kind === 'selector' || (inner.kind === 'binary' && (readsPacket(inner.left) || readsPacket(inner.right)));
}
