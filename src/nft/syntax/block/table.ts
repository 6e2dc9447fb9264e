/**
 * Tables, chains, sets, maps, counters and limits with their contents in braces.
 * @see nft(8), "Tables", "Chains", "Sets", "Maps", "Stateful objects"
 * @module
 */
import { didYouMean } from '../../../base/suggest.js';
import type { LabError } from '../../../base/error.js';
import { fault, unsupported } from '../../fault.js';
import type { Limit } from '../../ruleset.js';
import { named, takeBlock } from './block.js';
import type { Named } from './block.js';
import type { File } from '../file.js';
import { takeHook, takePolicy } from './hook.js';
import { takeComment } from '../rule/expressions.js';
import { takeRate } from '../rule/limits.js';
import { takeSetBody } from './set.js';
import { takeRule } from '../rule/statements.js';
import type { ChainTree, CounterTree, HookTree, LimitTree, RuleTree, TableTree } from '../tree.js';

// ---- tables ----------------------------------------------------------------------------------------------------------

const OTHER_OBJECTS: Readonly<Record<string, string>> = {
  flowtable: 'a flow table (flowtable)',
  quota: 'a quota (quota)',
  ct: 'an object of connection tracking (ct helper, ct timeout, ct expectation)',
  secmark: 'a security mark (secmark)',
  synproxy: 'a SYN proxy (synproxy)',
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

export function takeTableBlock(f: File): TableTree {
  const table: Mutable<TableTree> = { chains: [], sets: [], counters: [], limits: [] };
  f.reader.variables.open();
  try {
    takeBlock(f, () => tableItem(f, table));
  } finally {
    f.reader.variables.close();
  }
  return table;
}

function tableItem(f: File, table: Mutable<TableTree>): true {
  const s = f.reader.tokens;
  const token = s.peek();
  const other = token.kind === 'word' ? OTHER_OBJECTS[token.text] : undefined;
  if (other !== undefined) throw unsupported(token, other);
  if (s.takeWord('chain')) table.chains.push(takeChain(f, nameOfChain(f)));
  else if (s.takeWord('set')) table.sets.push(takeSetBody(f, named(f, 'a set'), false));
  else if (s.takeWord('map')) table.sets.push(takeSetBody(f, named(f, 'a map'), true));
  else if (s.takeWord('counter')) table.counters.push(takeCounterBlock(f, named(f, 'a counter')));
  else if (s.takeWord('limit')) table.limits.push(takeLimitBlock(f, named(f, 'a limit')));
  else if (s.takeWord('comment')) takeComment(s);
  else if (s.atWord('flags')) throw unsupported(token, `flags of a table (flags ${s.peek(1).raw})`);
  else throw noItem(f);
  return true;
}

const ITEMS = ['chain', 'set', 'map', 'counter', 'limit', 'comment', 'include', 'define'];

function noItem(f: File): LabError {
  const token = f.reader.tokens.peek();
  return f.reader.tokens.wrong(`one of: ${ITEMS.join(', ')}; or "}"`, token.kind === 'word' ? didYouMean(token.text, ITEMS).hint : undefined);
}

export const nameOfChain = (f: File): Named => named(f, 'a chain');

// ---- chains ----------------------------------------------------------------------------------------------------------

export function takeChain(f: File, { name, src }: Named): ChainTree {
  let hook: HookTree | null = null;
  let policy: ChainTree['policy'] = null;
  const rules: RuleTree[] = [];
  const s = f.reader.tokens;
  f.reader.variables.open();
  try {
    takeBlock(f, () => {
      if (s.atWord('type')) hook = takeHook(f.reader);
      else if (s.atWord('policy')) {
        if (policy !== null) throw fault('NFT_CONFLICT', s.peek(), 'the chain has a policy already');
        policy = takePolicy(f.reader);
      } else if (s.atWord('flags')) throw unsupported(s.peek(), 'hardware offload (flags offload)');
      // A comment with nothing before it is the chain's own.
      else if (s.takeWord('comment')) takeComment(s);
      else rules.push(takeRule(f.reader));
      return true;
    });
  } finally {
    f.reader.variables.close();
  }
  return { name, hook, policy, rules, src };
}

// ---- counters and limits ---------------------------------------------------------------------------------------------

export function takeCounterBlock(f: File, { name, src }: Named): CounterTree {
  const s = f.reader.tokens;
  let values = { packets: 0, bytes: 0 };
  takeBlock(f, () => {
    if (s.takeWord('comment')) takeComment(s);
    else values = takeCounterValues(f);
    // nft wants no end after them.
    return false;
  });
  return { name, ...values, src };
}

/** `packets N bytes N` */
export function takeCounterValues(f: File): { packets: number; bytes: number } {
  const s = f.reader.tokens;
  s.wantWord('packets');
  const packets = s.wantNumber('a number of packets').value;
  s.wantWord('bytes');
  return { packets, bytes: s.wantNumber('a number of bytes').value };
}

export function takeLimitBlock(f: File, { name, src }: Named): LimitTree {
  const s = f.reader.tokens;
  let limit: Limit | null = null;
  takeBlock(f, () => {
    if (s.takeWord('comment')) takeComment(s);
    else {
      s.wantWord('rate');
      limit = takeRate(s);
    }
    return false;
  });
  if (limit === null) throw fault('NFT_SYNTAX', src, `the limit "${name}" has no rate`, { expected: 'rate 10/second' });
  return { name, limit, src };
}
