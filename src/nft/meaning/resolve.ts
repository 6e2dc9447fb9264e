/**
 * The commands of a file, done one after the other on an empty node: what each may use is what is there by then. Within
 * a table's block chains, sets and objects come first and rules last, as nft does it.
 * @module
 */
import type { SourceRef } from '../../base/error.js';
import { didYouMean, listed } from '../../base/suggest.js';
import { fault, unsupported } from '../fault.js';
import type { FaultList } from '../fault.js';
import type { Limit, Ruleset, Selector } from '../ruleset.js';
import { checkSet } from '../syntax/block/set.js';
import type { ChainTree, Command, CounterTree, Expr, LimitTree, NameTree, RuleTree, SetTree, TableName, TypeTree } from '../syntax/tree.js';
import { TableInWork } from './building.js';
import type { ChainInWork, SetInWork } from './building.js';
import { baseChain, chainFaults } from './chains.js';
import { sameType } from './matches.js';
import { operand } from './operands.js';
import { clash } from './overlaps.js';
import { Protocols, selectorsOf } from './protocols.js';
import { unknown, verdictOf } from './scope.js';
import type { SetSignature } from './scope.js';
import { checkData, elements } from './sets.js';
import { resolveRule } from './statements.js';
import { OTHER_TYPES, typeByName, typeInfo, typeOf } from './values/types.js';
import type { TypeInfo } from './values/types.js';

export function resolve(commands: readonly Command[], files: readonly string[], faults: FaultList): Ruleset {
  const state = new State(faults);
  for (const command of commands) faults.attempt(() => state.run(command));
  for (const table of state.tables.values()) for (const error of chainFaults(table)) faults.add(error);
  return { files, tables: [...state.tables.values()].map((table) => table.finished()) };
}

class State {
  readonly tables = new Map<string, TableInWork>();
  readonly #faults: FaultList;

  constructor(faults: FaultList) {
    this.#faults = faults;
  }

  run(command: Command): void {
    switch (command.do) {
      case 'flush-ruleset':
        for (const [key, table] of this.tables) if (command.family === null || table.family === command.family) this.tables.delete(key);
        return;
      case 'delete-table':
        this.#existing(command.in);
        this.tables.delete(keyOf(command.in));
        return;
      case 'table':
        return this.#table(command);
      default:
        return this.#inTable(this.#existing(command.in), command);
    }
  }

  #table(command: Extract<Command, { do: 'table' }>): void {
    const key = keyOf(command.in);
    let table = this.tables.get(key);
    if (table !== undefined && command.create) throw exists(command.in.src, `table ${command.in.family} ${command.in.table}`, table.src);
    if (table === undefined) {
      table = new TableInWork(command.in.family, command.in.table, command.in.src);
      this.tables.set(key, table);
    }
    const { chains, sets, counters, limits } = command.content;
    const into = table;
    for (const chain of chains) this.#faults.attempt(() => addChain(into, chain, false));
    for (const counter of counters) this.#faults.attempt(() => addCounter(into, counter, false));
    for (const limit of limits) this.#faults.attempt(() => addLimit(into, limit, false));
    for (const set of sets) this.#faults.attempt(() => addSet(into, set, false));
    for (const chain of chains) for (const rule of chain.rules) this.#faults.attempt(() => addRule(into, chain, rule, false));
  }

  #inTable(table: TableInWork, command: Exclude<Command, { do: 'table' | 'flush-ruleset' | 'delete-table' }>): void {
    switch (command.do) {
      case 'chain':
        addChain(table, command.chain, command.create);
        for (const rule of command.chain.rules) this.#faults.attempt(() => addRule(table, command.chain, rule, false));
        return;
      case 'set':
        return addSet(table, command.set, command.create);
      case 'counter':
        return addCounter(table, command.counter, command.create);
      case 'limit':
        return addLimit(table, command.limit, command.create);
      case 'element':
        return addElements(table, setOf(table, command.set), command.elements);
      case 'rule':
        return addRule(table, command.chain, command.rule, command.first);
      case 'flush-table':
        for (const chain of table.chainList.values()) chain.rules = [];
        return;
      case 'flush-chain':
        chainOf(table, command.chain).rules = [];
        return;
      case 'flush-set':
        setOf(table, command.set).elements = [];
        return;
    }
  }

  #existing(name: TableName): TableInWork {
    const table = this.tables.get(keyOf(name));
    if (table !== undefined) return table;
    const known = [...this.tables.values()].map((t) => `${t.family} ${t.name}`);
    throw fault('NFT_UNKNOWN', name.src, `there is no table ${name.family} ${name.table} yet`, {
      expected: known.length === 0 ? 'table FAMILY NAME { ... } before it' : `one of: ${listed(known)}`,
      ...didYouMean(`${name.family} ${name.table}`, known),
    });
  }
}

const keyOf = ({ family, table }: TableName): string => `${family} ${table}`;

function exists(at: SourceRef, what: string, before: SourceRef) {
  return fault('NFT_CONFLICT', at, `the ${what} is there already`, { hint: `it is made in ${before.file}:${before.line}` });
}

// ---- chains and rules ------------------------------------------------------------------------------------------------

/** Notes the name of what could not be made, so that its uses are not complained of too. */
function whole<T>(table: TableInWork, name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    table.broken.add(name);
    throw error;
  }
}

function addChain(table: TableInWork, tree: ChainTree, create: boolean): void {
  const { hook } = tree;
  const base = hook === null ? null : whole(table, tree.name, () => baseChain(hook, tree.policy, tree.src));
  const before = table.chainList.get(tree.name);
  if (before === undefined) {
    if (base === null && tree.policy !== null) throw noPolicy(tree.policy.src);
    table.chainList.set(tree.name, { name: tree.name, base, rules: [], src: tree.src });
    return;
  }
  if (create) throw exists(tree.src, `chain ${tree.name}`, before.src);
  reopen(before, tree, base);
}

/** A chain may be opened again: with the same hook, and with another policy. */
function reopen(before: ChainInWork, tree: ChainTree, base: ChainInWork['base']): void {
  if (base !== null && !(before.base !== null && before.base.type === base.type && before.base.hook === base.hook && before.base.priority === base.priority)) {
    throw fault('NFT_CONFLICT', tree.hook?.src ?? tree.src, `the chain "${tree.name}" is there already, with another type, hook or priority`, {
      hint: `it is made in ${before.src.file}:${before.src.line}`,
    });
  }
  if (tree.policy === null) return;
  if (before.base === null) throw noPolicy(tree.policy.src);
  before.base = { ...before.base, policy: tree.policy.policy, policySrc: tree.policy.src };
}

function noPolicy(at: SourceRef) {
  return fault('NFT_CONFLICT', at, 'only a base chain has a policy', { expected: 'type filter hook ... priority ... in the same chain' });
}

function chainOf(table: TableInWork, name: NameTree): ChainInWork {
  const found = table.chainList.get(name.name);
  if (found === undefined) throw unknown(name, 'chain', table.chainList.keys(), table);
  return found;
}

function addRule(table: TableInWork, chain: NameTree, tree: RuleTree, first: boolean): void {
  const { rules } = chainOf(table, chain);
  const rule = resolveRule(tree, table);
  if (first) rules.unshift(rule);
  else rules.push(rule);
}

// ---- counters and limits ---------------------------------------------------------------------------------------------

function addCounter(table: TableInWork, { name, packets, bytes, src }: CounterTree, create: boolean): void {
  const before = table.counterList.get(name);
  if (before !== undefined && create) throw exists(src, `counter ${name}`, before.src);
  if (before === undefined) table.counterList.set(name, { name, packets, bytes, src });
}

function addLimit(table: TableInWork, { name, limit, src }: LimitTree, create: boolean): void {
  const before = table.limitList.get(name);
  if (before !== undefined && (create || !sameLimit(before.limit, limit))) throw exists(src, `limit ${name}`, before.src);
  if (before === undefined) table.limitList.set(name, { name, limit, src });
}

const sameLimit = (a: Limit, b: Limit): boolean => JSON.stringify(a) === JSON.stringify(b);

// ---- sets ------------------------------------------------------------------------------------------------------------

function setOf(table: TableInWork, name: NameTree): SetInWork {
  const found = table.setList.get(name.name);
  if (found === undefined) throw unknown(name, 'set or map', table.setList.keys(), table);
  return found;
}

function addSet(table: TableInWork, tree: SetTree, create: boolean): void {
  const signature = whole(table, tree.name, (): SetSignature => {
    checkSet(tree);
    return { types: typesOf(tree.key, table), gives: !tree.map ? null : tree.data === 'verdict' ? 'verdict' : typesOf(tree.data, table) };
  });
  const before = table.setList.get(tree.name);
  if (before !== undefined) {
    if (create || !sameSignature(before.signature, signature) || before.interval !== tree.interval) throw exists(tree.src, `set ${tree.name}`, before.src);
    if (tree.elements !== null) addElements(table, before, tree.elements);
    return;
  }
  const set: SetInWork = {
    name: tree.name,
    signature,
    interval: tree.interval,
    merges: tree.autoMerge,
    dataInterval: tree.dataInterval,
    size: tree.size,
    example: exampleOf(tree.key, signature, table),
    elements: [],
    src: tree.src,
  };
  table.setList.set(tree.name, set);
  if (tree.elements !== null) addElements(table, set, tree.elements);
}

function sameSignature(a: SetSignature, b: SetSignature): boolean {
  const same = (x: readonly TypeInfo[], y: readonly TypeInfo[]): boolean => x.length === y.length && x.every((info, i) => sameType(info, y[i] as TypeInfo));
  const gives = Array.isArray(a.gives) && Array.isArray(b.gives) ? same(a.gives, b.gives) : a.gives === b.gives;
  return gives && same(a.types, b.types);
}

function typesOf(tree: TypeTree | 'verdict' | null, table: TableInWork): readonly TypeInfo[] {
  if (tree === null || tree === 'verdict') return [];
  if (tree.by === 'example') return exampleTypes(tree.expression, table);
  return tree.names.map(({ name, src }) => {
    const type = typeByName(name);
    if (type !== undefined) return typeInfo(type);
    if (OTHER_TYPES.has(name)) throw unsupported(src, `the type ${name}`);
    throw fault('NFT_UNKNOWN', src, `there is no type "${name}"`, {
      expected: 'such as ipv4_addr, inet_service, ifname, mark',
      ...didYouMean(name, ['ipv4_addr', 'ipv6_addr', 'inet_service', 'inet_proto', 'ifname', 'mark', 'verdict']),
    });
  });
}

/** `typeof` names fields, but no packet: protocols that exclude each other may stand together. */
function exampleTypes(e: Expr, table: TableInWork): readonly TypeInfo[] {
  return exampleSelectors(e, table).map(typeOf);
}

function exampleSelectors(e: Expr, table: TableInWork): readonly Selector[] {
  const parts = e.kind === 'concat' ? e.parts : [e];
  return parts.flatMap((part) => selectorsOf(operand(part, new Protocols(table.family)).operand));
}

/** Kept where the type alone does not tell how wide the numbers are. */
function exampleOf(tree: TypeTree | null, { types }: SetSignature, table: TableInWork): readonly Selector[] | null {
  return tree?.by === 'example' && types.some(({ type }) => type === 'integer') ? exampleSelectors(tree.expression, table) : null;
}

function addElements(table: TableInWork, set: SetInWork, e: Expr): void {
  const found = elements(e, { ...set.signature, verdict: (verdict) => verdictOf(verdict, table) });
  if (!set.interval) {
    const range = found.find(({ key }) => key.some((p) => p.is === 'range' || p.is === 'prefix' || (p.is === 'interface' && p.wildcard)));
    if (range !== undefined)
      throw fault('NFT_TYPE', range.src, `the set "${set.name}" holds single values only`, {
        hint: 'flags interval; in its definition lets it hold ranges and prefixes',
      });
  }
  if (set.signature.gives !== 'verdict') checkData(found, set.dataInterval);
  const all = [...set.elements, ...found];
  if (set.size !== null && new Set(all.map(({ key }) => JSON.stringify(key))).size > set.size)
    throw fault('NFT_CONFLICT', e.src, `the set "${set.name}" holds at most ${set.size} elements`);
  const trouble = clash(all, set.merges && set.signature.gives === null && set.signature.types.length === 1);
  if (trouble !== null) throw trouble;
  set.elements = all;
}
