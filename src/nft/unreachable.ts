/**
 * Rules and chains that no packet ever comes to: behind a rule that ends the chain for every packet, and chains that nothing
 * jumps to.
 * @module
 */
import { LabError } from '../base/error.js';
import type { Chain, Rule, Ruleset, SetRef, Statement, Table } from './ruleset.js';

/** In the order of the files. Codes: NFT_UNREACHABLE. */
export function unreachable({ tables }: Ruleset): readonly LabError[] {
  return tables.flatMap((table) => {
    const wanted = targets(table);
    return table.chains.flatMap((chain) => (chain.base === null && !wanted.has(chain.name) ? [lonely(chain, table)] : behind(chain)));
  });
}

function lonely({ name, src, rules }: Chain, table: Table): LabError {
  return new LabError('NFT_UNREACHABLE', `nothing jumps to the chain "${name}" of the table ${table.family} ${table.name}, and it has no hook`, {
    where: rules[0]?.src ?? src,
    expected: `a rule with "jump ${name}" or "goto ${name}", or a line "type ... hook ... priority ...;" in the chain`,
  });
}

function behind({ name, rules }: Chain): readonly LabError[] {
  const end = rules.findIndex(endsAlways);
  const [last, next] = [rules[end], rules[end + 1]];
  if (last === undefined || next === undefined) return [];
  const count = rules.length - end - 1;
  return [
    new LabError('NFT_UNREACHABLE', `no packet comes to ${count === 1 ? 'the last rule' : `the last ${count} rules`} of the chain "${name}"`, {
      where: next.src,
      expected: `them above line ${last.src.line}, which ends the chain for every packet: ${last.text}`,
    }),
  ];
}

/** A verdict that stands behind nothing that might not match. */
function endsAlways({ statements }: Rule): boolean {
  for (const statement of statements) {
    if (isEnd(statement)) return true;
    if (mayStop(statement)) return false;
  }
  return false;
}

function isEnd(statement: Statement): boolean {
  if (statement.do === 'reject') return true;
  return statement.do === 'verdict' && statement.verdict !== 'continue' && statement.verdict !== 'jump';
}

/** True of what not every packet passes; of what translates too: a packet of another family goes on. */
function mayStop({ do: what }: Statement): boolean {
  return !['counter', 'log', 'notrack', 'verdict'].includes(what);
}

/** Names of the chains that rules jump or go to, directly or by a map. */
function targets({ chains, sets }: Table): ReadonlySet<string> {
  const statements = chains.flatMap((chain) => chain.rules).flatMap((rule) => rule.statements);
  const ofSet = (ref: SetRef): readonly string[] => {
    const elements = ref.is === 'anonymous' ? ref.set.elements : (sets.find(({ name }) => name === ref.name)?.elements ?? []);
    return elements.flatMap(({ data }) => (data?.is === 'verdict' && 'chain' in data.verdict ? [data.verdict.chain] : []));
  };
  return new Set(
    statements.flatMap((statement) => {
      if (statement.do === 'verdict') return 'chain' in statement ? [statement.chain] : [];
      return statement.do === 'vmap' ? ofSet(statement.map) : [];
    }),
  );
}
