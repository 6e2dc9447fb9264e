/**
 * The commands of a rule file: blocks as `nft list ruleset` prints them, and the forms with a verb. What changes a rule
 * set that is loaded already has no meaning here and is refused by its name.
 * @see nft(8), "Input file formats"
 * @module
 */
import { must } from '../../base/assert.js';
import { didYouMean } from '../../base/suggest.js';
import { fault, unsupported } from '../fault.js';
import type { TableFamily } from '../ruleset.js';
import { named } from './block/block.js';
import { nameOfChain, takeChain, takeCounterBlock, takeCounterValues, takeLimitBlock, takeTableBlock } from './block/table.js';
import type { File } from './file.js';
import { takeCommon } from './file.js';
import { takeRate } from './rule/limits.js';
import { takeElements, takeSetBody } from './block/set.js';
import { takeRule } from './rule/statements.js';
import { placeOf } from './lexing/token.js';
import type { Command, TableName, TableTree } from './tree.js';

/** All commands up to the end; faults are kept in the file's list. */
export function takeCommands(f: File): readonly Command[] {
  const s = f.reader.tokens;
  const commands: Command[] = [];
  while (!s.atEnd() && !f.faults.full) {
    if (s.peek().kind === 'newline' || s.atSign(';')) {
      s.next();
      continue;
    }
    const before = s.peek();
    const done = f.faults.attempt(() => {
      if (takeCommon(f)) return true;
      const command = takeCommand(f);
      if (!s.atEndOfStatement()) throw s.wrong('the end of the line or ";"');
      if (command !== null) commands.push(command);
      return true;
    });
    if (done !== undefined) continue;
    s.skipStatement(0);
    if (s.atSign('}') || s.peek() === before) s.next();
  }
  return commands;
}

const VERBS = ['add', 'create', 'insert', 'delete', 'flush'] as const;
const OTHER_VERBS = ['replace', 'get', 'list', 'reset', 'rename', 'import', 'export', 'monitor', 'describe', 'destroy'];

function takeCommand(f: File): Command | null {
  const s = f.reader.tokens;
  const token = s.peek();
  if (token.kind === 'word' && OTHER_VERBS.includes(token.text))
    throw unsupported(token, `the command ${token.text}`, { hint: 'a rule file is loaded into an empty node' });
  const verb = VERBS.find((word) => s.takeWord(word));
  switch (verb) {
    case undefined:
      return takeAddition(f, false);
    case 'add':
      return takeAddition(f, false);
    case 'create':
      return takeAddition(f, true);
    case 'insert':
      s.wantWord('rule');
      return takeRuleCommand(f, true);
    case 'delete':
      return takeDeletion(f);
    case 'flush':
      return takeFlush(f);
  }
}

const OBJECTS = ['table', 'chain', 'rule', 'set', 'map', 'element', 'counter', 'limit'] as const;
const OTHER_OBJECTS: Readonly<Record<string, string>> = {
  flowtable: 'a flow table (flowtable)',
  quota: 'a quota (quota)',
  ct: 'an object of connection tracking (ct helper, ct timeout, ct expectation)',
  secmark: 'a security mark (secmark)',
  synproxy: 'a SYN proxy (synproxy)',
};

function takeAddition(f: File, create: boolean): Command {
  const s = f.reader.tokens;
  const token = s.peek();
  const other = token.kind === 'word' ? OTHER_OBJECTS[token.text] : undefined;
  if (other !== undefined) throw unsupported(token, other);
  const object = OBJECTS.find((word) => s.atWord(word));
  // Without a word for it, what is added is a rule; that it names a family or a table makes it likely.
  if (object === undefined) {
    const plain = token.kind === 'word' && s.peek(1).kind === 'word' && didYouMean(token.text, ['table', ...VERBS]).hint === undefined;
    if (!plain)
      throw s.wrong(
        'a command: table, add, define, include, flush',
        token.kind === 'word' ? didYouMean(token.text, ['table', 'define', 'include', ...VERBS]).hint : undefined,
      );
    return takeRuleCommand(f, false);
  }
  s.next();
  switch (object) {
    case 'table':
      return { do: 'table', create, in: takeTableName(f), content: s.atSign('{') ? takeTableBlock(f) : EMPTY };
    case 'chain':
      return takeChainCommand(f, create);
    case 'rule':
      return takeRuleCommand(f, false);
    case 'set':
    case 'map': {
      const table = takeTableName(f);
      return { do: 'set', create, in: table, set: takeSetBody(f, named(f, `a ${object}`), object === 'map') };
    }
    case 'element': {
      const table = takeTableName(f);
      return { do: 'element', create, in: table, set: named(f, 'a set or map'), elements: takeElements(f) };
    }
    case 'counter':
      return takeCounterCommand(f, create);
    case 'limit':
      return takeLimitCommand(f, create);
  }
}

const EMPTY: TableTree = { chains: [], sets: [], counters: [], limits: [] };

const FAMILIES: readonly TableFamily[] = ['ip', 'ip6', 'inet'];

/** The family, or `ip` where none is written. Errors: NFT_UNSUPPORTED. */
function takeFamily(f: File): TableFamily | null {
  const s = f.reader.tokens;
  if (s.atWord('arp', 'bridge', 'netdev')) throw unsupported(s.peek(), `a table of the family ${s.peek().text}`, { expected: 'ip, ip6 or inet' });
  return FAMILIES.find((word) => s.takeWord(word)) ?? null;
}

function takeTableName(f: File): TableName {
  const family = takeFamily(f) ?? 'ip';
  const token = f.reader.tokens.wantName('the name of a table');
  return { family, table: token.text, src: placeOf(token) };
}

function takeChainCommand(f: File, create: boolean): Command {
  const s = f.reader.tokens;
  const table = takeTableName(f);
  const name = nameOfChain(f);
  const chain = s.atSign('{') ? takeChain(f, name) : { ...name, hook: null, policy: null, rules: [] };
  return { do: 'chain', create, in: table, chain };
}

function takeRuleCommand(f: File, first: boolean): Command {
  const s = f.reader.tokens;
  const table = takeTableName(f);
  const chain = nameOfChain(f);
  if (s.atWord('handle', 'index', 'position')) throw unsupported(s.peek(), `a place among other rules (${s.peek().text})`);
  const rule = takeRule(f.reader);
  if (rule.statements.length === 0) throw s.wrong('a rule');
  return { do: 'rule', first, in: table, chain, rule };
}

function takeCounterCommand(f: File, create: boolean): Command {
  const s = f.reader.tokens;
  const table = takeTableName(f);
  const name = named(f, 'a counter');
  if (s.atSign('{')) return { do: 'counter', create, in: table, counter: takeCounterBlock(f, name) };
  const values = s.atWord('packets') ? takeCounterValues(f) : { packets: 0, bytes: 0 };
  return { do: 'counter', create, in: table, counter: { ...name, ...values } };
}

function takeLimitCommand(f: File, create: boolean): Command {
  const s = f.reader.tokens;
  const table = takeTableName(f);
  const name = named(f, 'a limit');
  if (s.atSign('{')) return { do: 'limit', create, in: table, limit: takeLimitBlock(f, name) };
  s.wantWord('rate');
  return { do: 'limit', create, in: table, limit: { ...name, limit: takeRate(s) } };
}

function takeDeletion(f: File): Command {
  const s = f.reader.tokens;
  const at = s.peek();
  if (!s.takeWord('table')) throw unsupported(at, `the command delete ${at.raw}`, { hint: 'only a whole table can be deleted: delete table FAMILY NAME' });
  const family = takeFamily(f) ?? 'ip';
  if (s.atWord('handle')) throw unsupported(s.peek(), 'a table by its handle');
  const token = s.wantName('the name of a table');
  return { do: 'delete-table', in: { family, table: token.text, src: placeOf(token) } };
}

function takeFlush(f: File): Command {
  const s = f.reader.tokens;
  if (s.takeWord('ruleset')) return { do: 'flush-ruleset', family: takeFamily(f) };
  if (s.takeWord('table')) return { do: 'flush-table', in: takeTableName(f) };
  if (s.takeWord('chain')) {
    const table = takeTableName(f);
    return { do: 'flush-chain', in: table, chain: nameOfChain(f) };
  }
  if (s.takeWord('set', 'map')) {
    const table = takeTableName(f);
    return { do: 'flush-set', in: table, set: named(f, 'a set or map') };
  }
  const token = must(s.peek(), 'a token');
  if (s.atWord('flow', 'meter')) throw unsupported(token, `the command flush ${token.raw}`);
  throw fault('NFT_SYNTAX', token, `flush cannot be followed by "${token.raw}"`, { expected: 'ruleset, table, chain, set or map' });
}
