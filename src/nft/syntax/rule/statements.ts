/**
 * The statements of a rule. What nft can do beside is refused by its name.
 * @see nft(8), "Statements"
 * @module
 */
import type { LabError } from '../../../base/error.js';
import { didYouMean } from '../../../base/suggest.js';
import { fault, unsupported } from '../../fault.js';
import type { Selector } from '../../ruleset.js';
import { atVerdict, leftSide, mapBody, maskList, rightSide, statementValue, takeComment, takeVerdict } from './expressions.js';
import type { Reader } from './expressions.js';
import { takeLimit } from './limits.js';
import { takeNat } from './nat.js';
import { atSelector } from './selectors.js';
import { placeOf } from '../lexing/token.js';
import type { Token } from '../lexing/token.js';
import { expandName } from '../variables.js';
import type { Expr, NameTree, RelationalOperator, RejectKind, RuleTree, StatementTree } from '../tree.js';

/** Statements of nft that are outside the subset, by their first word. */
const OTHER: Readonly<Record<string, string>> = {
  quota: 'a quota (quota)',
  queue: 'a queue to user space (queue)',
  tproxy: 'a transparent proxy (tproxy)',
  synproxy: 'a SYN proxy (synproxy)',
  dup: 'a duplicate of the packet (dup)',
  fwd: 'forwarding to a device (fwd)',
  flow: 'a flow table (flow)',
  meter: 'a meter (meter)',
  add: 'filling a set from a rule (add @SET)',
  update: 'filling a set from a rule (update @SET)',
  delete: 'emptying a set from a rule (delete @SET)',
  set: 'filling a set from a rule (set add ... @SET)',
  reset: 'removing a TCP option (reset tcp option)',
  last: 'the time of the last match (last)',
  destroy: 'removing what may be there (destroy)',
};

/** A rule up to the end of its line. Errors: NFT_*. */
export function takeRule(r: Reader): RuleTree {
  const s = r.tokens;
  const src = placeOf(s.peek());
  s.mark();
  const statements: StatementTree[] = [];
  let comment: string | null = null;
  let length = 0;
  while (!s.atEndOfStatement()) {
    if (s.takeWord('comment')) {
      comment = takeComment(s);
      break;
    }
    statements.push(takeStatement(r));
    length = s.taken;
  }
  return { statements, comment, text: s.release(length), src };
}

function takeStatement(r: Reader): StatementTree {
  const s = r.tokens;
  const token = s.peek();
  const src = placeOf(token);
  if (atVerdict(s)) return { do: 'verdict', ...takeVerdict(r) };
  if (token.kind === 'word') {
    const other = OTHER[token.text];
    if (other !== undefined) throw unsupported(token, other);
    switch (token.text) {
      case 'counter':
        return takeCounter(r);
      case 'limit':
        return takeLimit(s);
      case 'log':
        return takeLog(r);
      case 'reject':
        return takeReject(r);
      case 'snat':
      case 'dnat':
      case 'masquerade':
      case 'redirect':
        return takeNat(r);
      case 'notrack':
        s.next();
        return { do: 'notrack', src };
      case 'ct':
        if (isConnectionLimit(s.peek(1))) throw unsupported(token, 'a limit on connections (ct count)');
        break;
      default:
    }
  }
  if (!atSelector(s) && !s.atSign('(') && !s.atSign('@')) throw noStatement(r, token);
  return takeMatch(r, leftSide(r));
}

const isConnectionLimit = (token: Token): boolean => token.kind === 'word' && token.text === 'count';

const FIRST_WORDS = `accept drop return continue jump goto counter limit log reject snat dnat masquerade redirect notrack
  ip ip6 tcp udp th icmp icmpv6 meta ct iif oif iifname oifname mark pkttype comment`.split(/\s+/);

function noStatement(r: Reader, token: Token): LabError {
  const near = token.kind === 'word' ? didYouMean(token.text, FIRST_WORDS) : {};
  return r.tokens.wrong('a statement, a match such as "ip saddr 10.0.0.1", or the end of the line', near.hint);
}

// ---- matches ---------------------------------------------------------------------------------------------------------

const RELATIONS: readonly RelationalOperator[] = ['==', '!=', '<', '>', '<=', '>=', '!'];

function takeMatch(r: Reader, left: Expr): StatementTree {
  const s = r.tokens;
  const { src } = left;
  if (s.takeWord('vmap')) return { do: 'vmap', key: left, map: mapBody(r), src };
  if (s.takeWord('set')) return { do: 'set-value', target: target(left), value: statementValue(r), src };
  if (s.atWord('map')) throw s.wrong('a value, vmap, or set', 'a map gives a value to a statement: meta mark set tcp dport map { 80 : 1 }');
  const op = RELATIONS.find((sign) => s.takeSign(sign)) ?? 'implicit';
  const right = rightSide(r);
  if (!s.takeSign('/')) return { do: 'match', left, op, right, src };
  return { do: 'match-masked', left, op, value: right, mask: maskList(r), src };
}

function target(left: Expr): Selector {
  if (left.kind === 'selector') return left.selector;
  throw fault('NFT_SYNTAX', left.src, 'only a single field can be set', { expected: 'such as: meta mark set 1' });
}

// ---- counter, log, reject --------------------------------------------------------------------------------------------

/** The name of an object, which may stand in quotes. */
export function objectName(r: Reader, what: string): NameTree {
  const s = r.tokens;
  const token = s.peek();
  if (token.kind === 'quoted') return { name: s.next().text, src: placeOf(token) };
  if (!s.atSign('$') && s.peek(1).kind === 'word' && s.peek(1).text === 'map') throw unsupported(token, `${what} chosen by a map`);
  if (atSelector(s) && s.peek(1).kind === 'word') throw unsupported(token, `${what} chosen by a map`);
  return { name: s.wantName(`the name of ${what}`).text, src: placeOf(token) };
}

function takeCounter(r: Reader): StatementTree {
  const s = r.tokens;
  const src = placeOf(s.next());
  if (s.takeWord('name')) return { do: 'counter', name: objectName(r, 'a counter'), packets: 0, bytes: 0, src };
  let [packets, bytes] = [0, 0];
  for (;;) {
    if (s.takeWord('packets')) packets = s.wantNumber('a number of packets').value;
    else if (s.takeWord('bytes')) bytes = s.wantNumber('a number of bytes').value;
    else return { do: 'counter', name: null, packets, bytes, src };
  }
}

export const LOG_LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'] as const;
/** NF_LOG_PREFIXLEN with the terminating zero. */
const LONGEST_PREFIX = 127;

function takeLog(r: Reader): StatementTree {
  const s = r.tokens;
  const src = placeOf(s.next());
  let prefix: string | null = null;
  let level: string | null = null;
  for (;;) {
    const token = s.peek();
    if (s.takeWord('prefix')) prefix = logPrefix(r);
    else if (s.takeWord('level')) level = logLevel(r);
    else if (s.atWord('group', 'snaplen', 'queue-threshold')) throw unsupported(token, `a log to user space (log ${token.text})`);
    else if (s.atWord('flags')) throw unsupported(token, 'what a log line holds (log flags)');
    else return { do: 'log', prefix, level, src };
  }
}

function logPrefix(r: Reader): string {
  const token = r.tokens.peek();
  if (token.kind !== 'quoted' && token.kind !== 'word' && token.kind !== 'wildcard') throw r.tokens.wrong('the prefix in quotes');
  const text = token.text.replace(/\$(\w*)/g, (_, name: string) => variableText(r, token, name));
  if (new TextEncoder().encode(text).length > LONGEST_PREFIX)
    throw fault('NFT_TYPE', token, 'the log prefix is too long', { expected: `at most ${LONGEST_PREFIX} characters` });
  r.tokens.next();
  return text;
}

function variableText(r: Reader, at: Token, name: string): string {
  let value = expandName(r.variables, { ...at, text: name });
  while (value.kind === 'variable') value = value.value;
  if (value.kind === 'word' || value.kind === 'wildcard') return value.text;
  if (value.kind === 'number') return String(value.value);
  throw fault('NFT_TYPE', at, `the variable "${name}" holds no text`, { expected: 'a word, a number, or a text in quotes' });
}

function logLevel(r: Reader): string {
  const token = r.tokens.next();
  if (token.text === 'audit') throw unsupported(token, 'a log to the audit daemon (log level audit)');
  if ((LOG_LEVELS as readonly string[]).includes(token.text)) return token.text;
  throw fault('NFT_SYNTAX', token, `"${token.raw}" is no log level`, { expected: `one of: ${LOG_LEVELS.join(', ')}`, ...didYouMean(token.text, LOG_LEVELS) });
}

function takeReject(r: Reader): StatementTree {
  const s = r.tokens;
  const src = placeOf(s.next());
  if (!s.takeWord('with')) return { do: 'reject', kind: 'default', code: null, src };
  if (s.takeWord('tcp')) {
    s.wantWord('reset');
    return { do: 'reject', kind: 'tcp-reset', code: null, src };
  }
  if (!s.atWord('icmp', 'icmpv6', 'icmpx')) throw s.wrong('tcp reset, or icmp, icmpv6 or icmpx with a code');
  const kind = s.next().text as RejectKind;
  s.takeWord('type');
  const token = s.peek();
  if (token.kind !== 'word' && token.kind !== 'number') throw s.wrong(`a code of ${kind}, such as port-unreachable`);
  s.next();
  const code: Expr =
    token.kind === 'number'
      ? { kind: 'number', value: BigInt(token.text), src: placeOf(token) }
      : { kind: 'word', text: token.text, quoted: false, src: placeOf(token) };
  return { do: 'reject', kind, code, src };
}
