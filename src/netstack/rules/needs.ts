/**
 * Which address families a rule set has connections tracked of. As in Linux it is the rules that ask: those that read or
 * mark a connection, and those that translate; a chain of type nat alone does not.
 * @see nf_ct_netns_get in net/netfilter/nft_ct.c, nft_nat.c, nft_masq.c, nft_redir.c
 * @module
 */
import type { Operand, Ruleset, Selector, Statement, Table } from '../../nft/ruleset.js';

const BOTH = [4, 6] as const;

export function trackedFamilies(ruleset: Ruleset): ReadonlySet<4 | 6> {
  const families = new Set<4 | 6>();
  for (const table of ruleset.tables) {
    for (const chain of table.chains) {
      for (const rule of chain.rules) for (const statement of rule.statements) for (const family of asks(statement, table)) families.add(family);
    }
  }
  return families;
}

function asks(statement: Statement, table: Table): readonly (4 | 6)[] {
  const own = table.family === 'inet' ? BOTH : table.family === 'ip' ? ([4] as const) : ([6] as const);
  switch (statement.do) {
    case 'snat':
    case 'dnat':
      return statement.family === null ? own : [statement.family];
    case 'masquerade':
    case 'redirect':
    case 'set-ct-mark':
      return own;
    default:
      return operandsOf(statement).some(readsConnection) ? own : [];
  }
}

function operandsOf(statement: Statement): readonly Operand[] {
  switch (statement.do) {
    case 'match':
    case 'lookup':
      return [statement.left];
    case 'match-any-bit':
    case 'match-masked':
      return [{ is: 'selector', selector: statement.left }];
    case 'vmap':
      return [statement.key];
    case 'set-meta-mark':
    case 'set-field':
      return statement.to.from === 'map' ? [statement.to.key] : statement.to.from === 'bits' ? [{ is: 'bits', bits: statement.to.bits }] : [];
    default:
      return [];
  }
}

function readsConnection(operand: Operand): boolean {
  const selectors: readonly Selector[] = operand.is === 'concat' ? operand.parts : operand.is === 'bits' ? [operand.bits.of] : [operand.selector];
  return selectors.some(({ select }) => select === 'ct' || select === 'ct-tuple');
}
