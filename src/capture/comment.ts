/**
 * The grammar of the capture's comments: what a packet's comment, an interface's description and the section's
 * comment are written in, so that a run can be had back from its file.
 *
 *     comment = pair *(SP pair)
 *     pair    = key "=" (token | quoted)
 *     key     = lower-case letter, then letters, digits and "-"
 *     token   = one or more characters, none of them space, control, quote, backslash or "="
 *     quoted  = DQUOTE, characters with \" and \\ escaped, DQUOTE
 *
 * Keys of decisions are closed ({@link DECISION_KEYS}); after `event=` any key may follow. Numbers are decimal,
 * times are nanoseconds.
 * @module
 */
import { assertInvariant } from '../base/assert.js';

/** Pairs in the order in which they are written. */
export type Pairs = Readonly<Record<string, string>>;

/** Keys that a decision of a node may use, beside the recorder's own ({@link RECORD_KEYS}). */
export const DECISION_KEYS = [
  'at', // node
  'stage', // where in the node: route, input, forward, prerouting ...
  'chain', // firewall chain, family/table/chain
  'rule', // number of the rule in its chain
  'src', // file:line of what a person wrote
  'says', // the rule's comment
  'ct', // conntrack state
  'nat', // translation, from>to
  'route', // prefix of the route taken
  'via', // next hop
  'dev', // interface
  'metric',
  'table', // routing table
  'member', // which next hop of how many
  'mark', // firewall mark
  'kind',
  'reason', // a role's own word for why it dropped
  'q', // queue
  'link',
  'mac',
  'mtu',
  'dscp',
  'proto',
  'from',
  'to',
] as const;

/** Keys that the recorder itself writes beside a decision. */
export const RECORD_KEYS = ['drop', 'cause', 'since'] as const;

const closed: ReadonlySet<string> = new Set<string>([...DECISION_KEYS, ...RECORD_KEYS]);
const KEY = /^[a-z][a-z0-9-]*$/;
// eslint-disable-next-line no-control-regex -- the grammar names control characters
const TOKEN = /^[^\s\u0000-\u001f"\\=]+$/u;

export function isDecisionKey(key: string): boolean {
  return (DECISION_KEYS as readonly string[]).includes(key);
}

/** One pair as it is written. */
export function formatPair(key: string, value: string): string {
  assertInvariant(KEY.test(key), `comment key ${JSON.stringify(key)}`);
  if (TOKEN.test(value)) return `${key}=${value}`;
  return `${key}="${value.replace(/[\\"]/g, '\\$&')}"`;
}

export function formatComment(pairs: Pairs): string {
  return Object.entries(pairs)
    .map(([key, value]) => formatPair(key, value))
    .join(' ');
}

/** The pairs, or null when the text is not in the grammar (or names a key twice): then it is somebody's remark. */
export function parseComment(text: string): Pairs | null {
  const pairs: Record<string, string> = {};
  let at = 0;
  while (at < text.length) {
    const equals = text.indexOf('=', at);
    if (equals < 0) return null;
    const key = text.slice(at, equals);
    if (!KEY.test(key) || Object.hasOwn(pairs, key)) return null;
    const end = text[equals + 1] === '"' ? endOfQuoted(text, equals + 1) : endOfToken(text, equals + 1);
    if (end < 0) return null;
    const raw = text.slice(equals + 1, end);
    if (raw.startsWith('"')) pairs[key] = raw.slice(1, -1).replace(/\\([\\"])/g, '$1');
    else if (TOKEN.test(raw)) pairs[key] = raw;
    else return null;
    if (end === text.length) return pairs;
    if (text[end] !== ' ') return null;
    at = end + 1;
  }
  return null;
}

function endOfToken(text: string, from: number): number {
  const space = text.indexOf(' ', from);
  return space < 0 ? text.length : space;
}

/** Index after the closing quote, or -1. */
function endOfQuoted(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') {
      if (text[i + 1] !== '\\' && text[i + 1] !== '"') return -1;
      i++;
    } else if (text[i] === '"') return i + 1;
  }
  return -1;
}

/** What a parsed comment is: an event, what a record says (closed keys only), or neither. */
export function commentKind(pairs: Pairs): 'event' | 'record' | 'other' {
  if (Object.hasOwn(pairs, 'event')) return 'event';
  const keys = Object.keys(pairs);
  return keys.length > 0 && keys.every((key) => closed.has(key)) ? 'record' : 'other';
}

/** A record's comment without what the recorder adds: the decision alone, as text; empty when there is none. */
export function decisionText(pairs: Pairs): string {
  return Object.entries(pairs)
    .filter(([key]) => !(RECORD_KEYS as readonly string[]).includes(key))
    .map(([key, value]) => formatPair(key, value))
    .join(' ');
}
