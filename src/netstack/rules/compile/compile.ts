/**
 * Compiles a rule set for one node: interfaces become indexes, addresses keys of the address book, sets look-up structures,
 * chains places in the program.
 * @module
 */
import type { Chain, Ruleset, Table } from '../../../nft/ruleset.js';
import type { Translator } from '../../conntrack/tracker.js';
import type { Program } from '../program.js';
import { Assembler } from './assembler.js';
import { type CompilePorts, Scope } from './scope.js';
import { compileStatement } from './statements.js';

/** @param translator where a chain translates; null where none does */
export function compile(ruleset: Ruleset, node: CompilePorts, translator: Translator | null): Program {
  const out = new Assembler();
  for (const table of ruleset.tables) {
    const scope = new Scope(node, translator, out, table);
    for (const chain of table.chains) compileChain(table, chain, scope);
  }
  return out.finish();
}

function compileChain(table: Table, chain: Chain, scope: Scope): void {
  const { out } = scope;
  const name = `${scope.prefix}${chain.name}`;
  if (chain.base !== null) {
    const { type, hook, priority, policy, policySrc } = chain.base;
    out.baseChains.push({
      name,
      type,
      point: hook,
      priority,
      policySrc,
      drops: policy === 'drop',
      start: out.here,
      family: table.family === 'inet' ? 0 : table.family === 'ip' ? 4 : 6,
    });
  }
  out.beginChain(name);
  for (const { number, text, comment, src, statements } of chain.rules) {
    scope.rule = out.rules.push({ chain: name, number, text, comment, src }) - 1;
    for (const statement of statements) compileStatement(statement, scope);
    out.endRule();
  }
  out.endChain();
}
