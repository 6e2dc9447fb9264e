/**
 * Statements as nft text.
 * @see nft(8), "Statements"
 * @module
 */
import { unreachable } from '../../base/assert.js';
import { BITMASKS, ICMPX_CODES } from '../meaning/values/constants.js';
import { typeInfo, typeOf } from '../meaning/values/types.js';
import type { Limit, Match, NatFlags, NatStatement, NatTarget, NumberSource, Operand, RejectWith, Statement } from '../ruleset.js';
import { selectorText } from '../syntax/rule/selectors.js';
import { bitsOfText, bitsText, hex, maskText, numberText, operandText, patternText, setText, typesOfOperand, verdictText } from '../format.js';

export function statementText(statement: Statement): string {
  switch (statement.do) {
    case 'match':
    case 'match-any-bit':
    case 'match-masked':
    case 'lookup':
      return matchText(statement);
    case 'vmap':
      return `${operandText(statement.key)} vmap ${setText(statement.map, typesOfOperand(statement.key))}`;
    case 'verdict':
      return verdictText(statement);
    case 'reject':
      return rejectText(statement.reject);
    case 'counter':
      if (statement.name !== null) return `counter name "${statement.name}"`;
      return statement.packets === 0 && statement.bytes === 0 ? 'counter' : `counter packets ${statement.packets} bytes ${statement.bytes}`;
    case 'limit':
      return statement.name === null ? `limit ${rateText(statement.limit)}` : `limit name "${statement.name}"`;
    case 'log':
      return `log${statement.prefix === null ? '' : ` prefix "${statement.prefix}"`}${statement.level === null ? '' : ` level ${statement.level}`}`;
    case 'notrack':
      return 'notrack';
    case 'set-meta-mark':
      return `meta mark set ${sourceText(statement.to)}`;
    case 'set-ct-mark':
      return `ct mark set ${sourceText(statement.to)}`;
    case 'set-field': {
      const info = typeOf(statement.field);
      return `${selectorText(statement.field)} set ${statement.to.from === 'value' ? numberText(statement.to.number, info) : sourceText(statement.to)}`;
    }
    case 'snat':
    case 'dnat':
    case 'masquerade':
    case 'redirect':
      return natText(statement);
    default:
      return unreachable(statement);
  }
}

// ---- matches ---------------------------------------------------------------------------------------------------------

const SIGNS = { eq: '', ne: '!= ', lt: '< ', gt: '> ', le: '<= ', ge: '>= ' } as const;

function matchText(match: Match): string {
  switch (match.do) {
    case 'match':
      return `${operandText(match.left)} ${comparisonSign(match)}${patternText(match.right, typesOfOperand(match.left)[0] ?? typeInfo('integer'))}`;
    case 'match-any-bit':
      return `${selectorText(match.left)} ${match.op === 'ne' ? '! ' : ''}${bitsText(match.bits, typeOf(match.left).type, ',')}`;
    case 'match-masked': {
      const info = typeOf(match.left);
      return `${selectorText(match.left)} & ${maskText(match.mask, info)} ${match.op === 'ne' ? '!=' : '=='} ${maskText(match.value, info)}`;
    }
    case 'lookup':
      return `${operandText(match.left)} ${SIGNS[match.op]}${setText(match.set, typesOfOperand(match.left))}`;
    default:
      return unreachable(match);
  }
}

/** Without an operator, flags would match by any of their bits. */
function comparisonSign({ left, op }: Extract<Match, { do: 'match' }>): string {
  const flags = left.is === 'selector' && BITMASKS.has(typeOf(left.selector).type);
  return op === 'eq' && flags ? '== ' : SIGNS[op];
}

// ---- limits, answers, marks ------------------------------------------------------------------------------------------

export function rateText({ over, what, amount, unit, burst }: Limit): string {
  const rate = what === 'packets' ? `${amount}/${unit}` : `${amount} bytes/${unit}`;
  return `rate ${over ? 'over ' : ''}${rate}${burst === 0 ? '' : ` burst ${burst} ${what}`}`;
}

function rejectText(reject: RejectWith): string {
  switch (reject.with) {
    case 'tcp-reset':
      return 'reject with tcp reset';
    case 'icmp':
      return `reject with icmp ${numberText(reject.code, typeInfo('icmp_code'))}`;
    case 'icmpv6':
      return `reject with icmpv6 ${numberText(reject.code, typeInfo('icmpv6_code'))}`;
    case 'icmpx':
      return `reject with icmpx ${[...ICMPX_CODES].find(([, code]) => code === reject.code)?.[0] ?? reject.code}`;
    default:
      return unreachable(reject);
  }
}

function sourceText(source: NumberSource): string {
  switch (source.from) {
    case 'value':
      return hex(source.number);
    case 'bits':
      return bitsOfText(source.bits);
    case 'map':
      return mapText(source.key, source.map, [typeInfo('mark')]);
    default:
      return unreachable(source);
  }
}

function mapText(key: Operand, map: Parameters<typeof setText>[0], data: Parameters<typeof setText>[2]): string {
  return `${operandText(key)} map ${setText(map, typesOfOperand(key), data)}`;
}

// ---- translation -----------------------------------------------------------------------------------------------------

function natText(nat: NatStatement): string {
  const flags = flagsText(nat.flags);
  if (!('to' in nat)) return `${nat.do}${nat.ports === null ? '' : ` to :${portsText(nat.ports)}`}${flags}`;
  if (!('map' in nat.to)) return `${nat.do}${targetText(nat.to)}${flags}`;
  const { key, map, withPort } = nat.to;
  const family = nat.family === null ? '' : nat.family === 4 ? ' ip' : ' ip6';
  const data = [typeInfo(nat.family === 6 ? 'ipv6_addr' : 'ipv4_addr'), ...(withPort ? [typeInfo('inet_service')] : [])];
  return `${nat.do}${family}${withPort ? ' addr . port' : ''} to ${mapText(key, map, data)}${flags}`;
}

function targetText({ addresses, ports }: NatTarget): string {
  const port = ports === null ? '' : `:${portsText(ports)}`;
  if (addresses === null) return ` to ${port}`;
  const { family, from, to } = addresses;
  const one = (address: string): string => (family === 6 && ports !== null ? `[${address}]` : address);
  return ` ${family === 4 ? 'ip' : 'ip6'} to ${one(from)}${from === to ? '' : `-${one(to)}`}${port}`;
}

function portsText({ from, to }: NonNullable<NatTarget['ports']>): string {
  return from === to ? String(from) : `${from}-${to}`;
}

function flagsText({ random, fullyRandom, persistent }: NatFlags): string {
  const flags = [...(random ? ['random'] : []), ...(fullyRandom ? ['fully-random'] : []), ...(persistent ? ['persistent'] : [])];
  return flags.length === 0 ? '' : ` ${flags.join(',')}`;
}
