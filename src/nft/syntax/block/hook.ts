/**
 * What makes a chain a base chain: type, hook, priority, policy.
 * @see nft(8), "Chains"
 * @module
 */
import { didYouMean } from '../../../base/suggest.js';
import { fault, unsupported } from '../../fault.js';
import type { ChainHook, ChainType } from '../../ruleset.js';
import type { Reader } from '../rule/expressions.js';
import { variable } from '../rule/expressions.js';
import type { TokenStream } from '../lexing/stream.js';
import { placeOf } from '../lexing/token.js';
import type { ChainTree, Expr, HookTree } from '../tree.js';

const TYPES: readonly ChainType[] = ['filter', 'nat', 'route'];
const HOOKS: readonly ChainHook[] = ['prerouting', 'input', 'forward', 'output', 'postrouting'];

/** `type filter hook input priority filter + 5` */
export function takeHook(r: Reader): HookTree {
  const s = r.tokens;
  const src = placeOf(s.next());
  const type = oneOf(s, TYPES, 'a chain type');
  s.wantWord('hook');
  if (s.atWord('ingress', 'egress')) throw unsupported(s.peek(), `the hook ${s.peek().text}`);
  const hook = oneOf(s, HOOKS, 'a hook');
  if (s.atWord('device', 'devices')) throw unsupported(s.peek(), 'a chain for a device');
  s.wantWord('priority');
  return { type, hook, priority: takePriority(r), src };
}

function oneOf<T extends string>(s: TokenStream, known: readonly T[], what: string): T {
  const found = known.find((word) => s.atWord(word));
  if (found === undefined) throw s.wrong(`${what}: ${known.join(', ')}`, didYouMean(s.peek().text, known).hint);
  s.next();
  return found;
}

function takePriority(r: Reader): HookTree['priority'] {
  const s = r.tokens;
  const src = placeOf(s.peek());
  if (s.takeSign('-')) return { name: null, offset: -s.wantNumber('a number').value, src };
  if (s.peek().kind === 'number') return { name: null, offset: s.wantNumber('a number').value, src };
  if (s.atSign('$')) return { ...priorityOf(variable(r)), src };
  const token = s.peek();
  if (token.kind !== 'word') throw s.wrong('a priority: a number, or a name such as filter');
  s.next();
  return { name: token.text, offset: takeOffset(s), src };
}

function takeOffset(s: TokenStream): number {
  if (s.takeSign('+')) return s.wantNumber('a number').value;
  return s.takeSign('-') ? -s.wantNumber('a number').value : 0;
}

/** What a variable holds as a priority: a number, or a name with an offset in quotes (`"filter + 5"`). */
function priorityOf(e: Expr): { name: string | null; offset: number } {
  let inner = e;
  while (inner.kind === 'variable') inner = inner.value;
  if (inner.kind === 'number') return { name: null, offset: Number(inner.value) };
  const text = inner.kind === 'word' ? inner.text : '';
  const match = /^(-?\d+|[a-z]+)(?:\s*([+-])\s*(\d+))?$/.exec(text);
  if (match === null) throw fault('NFT_TYPE', e.src, 'the variable holds no priority', { expected: 'a number, or a name such as "filter + 5"' });
  const [, base = '', sign, number = '0'] = match;
  const offset = (sign === '-' ? -1 : 1) * Number(number);
  return /\d/.test(base) ? { name: null, offset: Number(base) + offset } : { name: base, offset };
}

export function takePolicy(r: Reader): NonNullable<ChainTree['policy']> {
  const s = r.tokens;
  const src = placeOf(s.next());
  if (s.takeWord('accept')) return { policy: 'accept', src };
  if (s.takeWord('drop')) return { policy: 'drop', src };
  if (!s.atSign('$')) throw s.wrong('accept or drop', s.atWord('reject') ? 'a policy cannot reject: end the chain with a rule that does' : undefined);
  let inner = variable(r);
  while (inner.kind === 'variable') inner = inner.value;
  if (inner.kind === 'word' && (inner.text === 'accept' || inner.text === 'drop')) return { policy: inner.text, src };
  throw fault('NFT_TYPE', src, 'the variable holds no policy', { expected: 'accept or drop, in quotes' });
}
