/**
 * Address translation: `snat`, `dnat`, `masquerade`, `redirect`.
 * @see nft(8), "NAT statements"
 * @module
 */
import { unsupported } from '../../fault.js';
import { statementValue } from './expressions.js';
import type { Reader } from './expressions.js';
import type { TokenStream } from '../lexing/stream.js';
import { placeOf } from '../lexing/token.js';
import type { Expr, NatTree } from '../tree.js';

type Flag = NatTree['flags'][number];

export function takeNat(r: Reader): NatTree {
  const head = r.tokens.next();
  const src = placeOf(head);
  const kind = head.text as NatTree['do'];
  const target = kind === 'snat' || kind === 'dnat' ? takeTarget(r) : takePorts(r, kind);
  return { do: kind, ...target, flags: takeFlags(r.tokens), src };
}

type Target = Pick<NatTree, 'family' | 'withPort' | 'address' | 'port'>;

function takeTarget(r: Reader): Target {
  const s = r.tokens;
  const next = s.peek(1);
  const named = s.atWord('ip', 'ip6') && next.kind === 'word' && ['to', 'addr', 'interval', 'prefix'].includes(next.text);
  const family = named ? (s.next().text === 'ip' ? 4 : 6) : null;
  if (s.atWord('prefix')) throw unsupported(s.peek(), 'a translation of whole networks (prefix to)');
  if (family !== null && s.takeWord('addr')) {
    s.wantSign('.');
    s.wantWord('port');
    s.wantWord('to');
    return { family, withPort: true, address: statementValue(r), port: null };
  }
  s.takeWord('interval');
  if (family !== null) s.wantWord('to');
  else s.takeWord('to');
  if (family === null && s.takeSign(':')) return { family, withPort: false, address: null, port: statementValue(r) };
  const address = statementValue(r);
  const port: Expr | null = s.takeSign(':') ? statementValue(r) : null;
  return { family, withPort: false, address, port };
}

/** Where `masquerade` and `redirect` lead: a port or a range of ports. */
function takePorts(r: Reader, kind: NatTree['do']): Target {
  const s = r.tokens;
  const none = { family: null, withPort: false, address: null };
  if (!s.takeWord('to')) return { ...none, port: null };
  if (kind === 'masquerade') s.wantSign(':');
  else s.takeSign(':');
  return { ...none, port: statementValue(r) };
}

const FLAGS: readonly Flag[] = ['random', 'fully-random', 'persistent'];

function takeFlags(s: TokenStream): readonly Flag[] {
  const flags: Flag[] = [];
  if (!s.atWord(...FLAGS)) return flags;
  do {
    const flag = FLAGS.find((f) => s.takeWord(f));
    if (flag === undefined) throw s.wrong(`one of: ${FLAGS.join(', ')}`);
    flags.push(flag);
  } while (s.takeSign(','));
  return flags;
}
