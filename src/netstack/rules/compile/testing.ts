/**
 * Rule sets compiled for a small router, and programs as text, for tests.
 * @module
 */
import { must } from '../../../base/assert.js';
import { rulesetOf } from '../../../nft/testing/rulesets.js';
import type { Selector } from '../../../nft/ruleset.js';
import { selectorText } from '../../../nft/syntax/rule/selectors.js';
import { Netfilter } from '../../netfilter/netfilter.js';
import { type TestNet, testNet } from '../../testing.js';
import { fieldNumber } from '../fields.js';
import { AT, NO_FIELD, OP, type Program, WIDTH } from '../program.js';
import { Assembler } from './assembler.js';
import { compile } from './compile.js';
import { Scope } from './scope.js';

/** `r` has lo 0, eth0 1, eth1 2. */
export function router(): TestNet {
  return testNet({
    nodes: { a: {}, r: { forwards: true }, b: {} },
    links: [
      { a: ['a', '10.0.1.1/24 2001:db8:1::1/64'], b: ['r', '10.0.1.254/24 2001:db8:1::fe/64'] },
      { a: ['r', '10.0.2.254/24 2001:db8:2::fe/64'], b: ['b', '10.0.2.1/24 2001:db8:2::1/64'] },
    ],
  });
}

export interface Compiled {
  readonly net: TestNet;
  readonly program: Program;
}

/** @param tables text of a rule file */
export function compiled(tables: string): Compiled {
  const net = router();
  const node = net.node('r');
  return { net, program: compile(rulesetOf(tables), node, new Netfilter(node, {}).nat) };
}

/** One rule in a base chain of an inet table. */
export function compiledRule(rule: string, more = ''): Compiled {
  return compiled(`table inet t {\n  ${more}\n  chain other {\n  }\n  chain c {\n    type filter hook forward priority 0\n    ${rule}\n  }\n}\n`);
}

/** A table's scope with nothing compiled yet. @param table its content */
export function scopeOf(table: string, family = 'inet'): { readonly net: TestNet; readonly scope: Scope; readonly out: Assembler } {
  const net = router();
  const out = new Assembler();
  const [read] = rulesetOf(`table ${family} t {\n  ${table}\n}\n`).tables;
  return { net, out, scope: new Scope(net.node('r'), null, out, must(read, 'table')) };
}

const SELECTORS: readonly Selector[] = [
  { select: 'tcp', field: 'dport' },
  { select: 'tcp', field: 'flags' },
  { select: 'udp', field: 'dport' },
  { select: 'ip', field: 'saddr' },
  { select: 'ip', field: 'ttl' },
  { select: 'ip6', field: 'saddr' },
  { select: 'meta', key: 'mark' },
  { select: 'meta', key: 'iifname' },
  { select: 'meta', key: 'l4proto' },
  { select: 'meta', key: 'nfproto' },
  { select: 'ct', key: 'state' },
];
const FIELD_NAMES: ReadonlyMap<number, string> = new Map(SELECTORS.map((selector) => [fieldNumber(selector), selectorText(selector)]));
const OP_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(OP).map(([name, op]) => [op, name]));

/** `2: EQ tcp dport 80 0 0 else 5` for each instruction; places are numbers of instructions. */
export function listing({ code }: Pick<Program, 'code'>): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < code.length; at += WIDTH) {
    const word = (i: number): number => must(code[at + i], 'word');
    const op = must(OP_NAMES.get(word(AT.OP)), 'operation');
    const field = word(AT.FIELD) === NO_FIELD ? '-' : (FIELD_NAMES.get(word(AT.FIELD)) ?? `field ${word(AT.FIELD)}`);
    const jumps = op === 'JUMP' || op === 'GOTO';
    const a = jumps ? word(AT.A) / WIDTH : word(AT.A);
    lines.push(`${at / WIDTH}: ${op} ${field} ${a} ${word(AT.B)} ${word(AT.C)} else ${word(AT.FAIL) / WIDTH}`);
  }
  return lines;
}

/** What stands in chain `c` of {@link compiledRule} for the rule, without the ends of chains. */
export function ruleListing(rule: string, more = ''): readonly string[] {
  return listing(compiledRule(rule, more).program)
    .slice(1, -1)
    .map((line) => line.replace(/^\d+: | else \d+$/g, ''));
}
