/**
 * A rule set, or a rule, as nft text: the same to `nft -f` and to {@link parseRuleset} as what it was read from.
 * @see nft(8)
 * @module
 */
import { clash } from '../meaning/overlaps.js';
import { isRangeData } from '../meaning/sets.js';
import { typeInfo, typeOf } from '../meaning/values/types.js';
import type { TypeInfo } from '../meaning/values/types.js';
import type { Chain, NamedSet, Rule, Ruleset, Table } from '../ruleset.js';
import { rateText, statementText } from './format-statements.js';
import { elementTexts } from '../format.js';
import { selectorText } from '../syntax/rule/selectors.js';

/** Each table as a block, with a line end after each. */
export function formatRuleset(ruleset: Pick<Ruleset, 'tables'>): string {
  return ruleset.tables.map(formatTable).join('\n');
}

/** On one line. */
export function formatRule({ statements, comment }: Pick<Rule, 'statements' | 'comment'>): string {
  return [...statements.map(statementText), ...(comment === null ? [] : [`comment "${comment}"`])].join(' ');
}

/** Two spaces for each level. */
function formatTable(table: Table): string {
  const blocks = [
    ...table.counters.map(({ name, packets, bytes }) => block(`counter ${name}`, [`packets ${packets} bytes ${bytes}`])),
    ...table.limits.map(({ name, limit }) => block(`limit ${name}`, [rateText(limit)])),
    ...table.sets.map(formatSet),
    ...table.chains.map(formatChain),
  ];
  return `table ${table.family} ${table.name} {\n${blocks.map((lines) => lines.map((line) => `  ${line}\n`).join('')).join('\n')}}\n`;
}

function block(head: string, lines: readonly string[]): readonly string[] {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), '}'];
}

function formatChain({ name, base, rules }: Chain): readonly string[] {
  const head = base === null ? [] : [`type ${base.type} hook ${base.hook} priority ${base.priority}; policy ${base.policy};`];
  return block(`chain ${name}`, [...head, ...rules.map(formatRule)]);
}

function formatSet(set: NamedSet): readonly string[] {
  const key = set.example?.map(typeOf) ?? set.types.map((type) => typeInfo(type));
  const data: readonly TypeInfo[] = Array.isArray(set.gives) ? set.gives.map((type) => typeInfo(type)) : [];
  const elements = elementTexts(set, { key, data });
  const interval = set.elements.some(({ key: parts }) => parts.some((p) => p.is === 'range' || p.is === 'prefix' || (p.is === 'interface' && p.wildcard)));
  return block(`${set.gives === null ? 'set' : 'map'} ${set.name}`, [
    `${typesText(set)}${givesText(set)}`,
    ...(interval ? ['flags interval'] : []),
    ...(set.gives === null && key.length === 1 && clash(set.elements, false) !== null ? ['auto-merge'] : []),
    ...(elements.length === 0 ? [] : [`elements = { ${elements.join(', ')} }`]),
  ]);
}

function typesText({ types, example }: NamedSet): string {
  return example === undefined ? `type ${types.join(' . ')}` : `typeof ${example.map(selectorText).join(' . ')}`;
}

/** With `typeof` the data too is described by a field. */
function givesText(set: NamedSet): string {
  const { gives, example } = set;
  if (gives === null) return '';
  if (gives === 'verdict') return ' : verdict';
  const types = example === undefined ? gives : gives.map((type) => EXAMPLES[type] ?? type);
  return ` : ${set.elements.some(isRangeData) ? 'interval ' : ''}${types.join(' . ')}`;
}

const EXAMPLES: Readonly<Record<string, string>> = {
  ipv4_addr: 'ip daddr',
  ipv6_addr: 'ip6 daddr',
  inet_service: 'tcp dport',
  mark: 'meta mark',
  dscp: 'ip dscp',
};
