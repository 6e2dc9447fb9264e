/**
 * Base chains, and what the kernel checks of all chains together: no circle of jumps, none too deep, translation and
 * rejection only where packets come by that can be translated or rejected.
 * @see nft(8), "Chains"; nf_tables_api.c: nft_chain_validate, nft_chain_validate_dependency
 * @module
 */
import type { LabError, SourceRef } from '../../base/error.js';
import { didYouMean } from '../../base/suggest.js';
import { fault } from '../fault.js';
import type { BaseChain, ChainHook, ChainType, Rule, Statement, Verdict } from '../ruleset.js';
import type { ChainTree, HookTree } from '../syntax/tree.js';
import type { ChainInWork, TableInWork } from './building.js';
import { PRIORITIES } from './values/constants.js';

const HOOKS: Readonly<Record<ChainType, readonly ChainHook[]>> = {
  filter: ['prerouting', 'input', 'forward', 'output', 'postrouting'],
  nat: ['prerouting', 'input', 'output', 'postrouting'],
  route: ['output'],
};

/** Translation needs the connection, so it comes after connection tracking. */
const CONNTRACK_PRIORITY = -200;

/** Errors: NFT_CONFLICT, NFT_UNKNOWN, NFT_TYPE. */
export function baseChain(hook: HookTree, policy: ChainTree['policy'], at: SourceRef): BaseChain {
  if (!HOOKS[hook.type].includes(hook.hook)) {
    throw fault('NFT_CONFLICT', hook.src, `a chain of type ${hook.type} has no place in the hook ${hook.hook}`, {
      expected: `one of: ${HOOKS[hook.type].join(', ')}`,
    });
  }
  const priority = priorityNumber(hook);
  if (hook.type === 'nat' && priority <= CONNTRACK_PRIORITY) {
    throw fault('NFT_CONFLICT', hook.priority.src, `a nat chain with priority ${priority} would come before connection tracking`, {
      expected: `more than ${CONNTRACK_PRIORITY}`,
    });
  }
  return { type: hook.type, hook: hook.hook, priority, policy: policy?.policy ?? 'accept', policySrc: policy?.src ?? at };
}

function priorityNumber({ hook, priority: { name, offset, src } }: HookTree): number {
  const found = name === null ? { value: 0, hook: null } : PRIORITIES.get(name);
  if (found === undefined) {
    const glued = /^([a-z]+)-(\d+)$/.exec(name ?? '');
    const hint = glued === null ? didYouMean(name ?? '', PRIORITIES.keys()) : { hint: `write "${glued[1]} - ${glued[2]}" with spaces` };
    throw fault('NFT_UNKNOWN', src, `there is no priority "${name}"`, { expected: `a number, or one of: ${[...PRIORITIES.keys()].join(', ')}`, ...hint });
  }
  if (found.hook !== null && found.hook !== hook)
    throw fault('NFT_CONFLICT', src, `the priority ${name} is for the hook ${found.hook}`, { expected: 'a number, or filter, raw, mangle, security' });
  const value = found.value + offset;
  if (!Number.isSafeInteger(value) || Math.abs(value) > 0x7fff_ffff)
    throw fault('NFT_TYPE', src, 'the priority is out of range', { expected: 'a number of 32 bits' });
  return value;
}

// ---- all chains together ---------------------------------------------------------------------------------------------

/** NFT_JUMP_STACK_SIZE */
const DEEPEST_JUMP = 16;

/** Every fault, each once. */
export function chainFaults(table: TableInWork): readonly LabError[] {
  const walk = new Walk(table);
  for (const chain of table.chainList.values()) if (chain.base !== null) walk.from(chain, chain.base);
  return [...walk.faults.values()];
}

class Walk {
  readonly #table: TableInWork;
  /** By place. */
  readonly faults = new Map<string, LabError>();
  /** Chains done for a type and hook, with the depth at which they were entered. */
  #done = new Map<string, number>();
  #open: string[] = [];

  constructor(table: TableInWork) {
    this.#table = table;
  }

  from(chain: ChainInWork, base: BaseChain): void {
    this.#done = new Map();
    this.#visit(chain, base, chain.src);
  }

  #visit(chain: ChainInWork, base: BaseChain, at: SourceRef): void {
    if (this.#open.includes(chain.name))
      return this.#add(at, `the jump to "${chain.name}" makes a circle: ${[...this.#open.slice(this.#open.indexOf(chain.name)), chain.name].join(' > ')}`);
    if (this.#open.length >= DEEPEST_JUMP) return this.#add(at, `the jump to "${chain.name}" is the ${DEEPEST_JUMP}th in a row, which the kernel refuses`);
    const before = this.#done.get(chain.name);
    if (before !== undefined && before >= this.#open.length) return;
    this.#done.set(chain.name, this.#open.length);
    this.#open.push(chain.name);
    for (const rule of chain.rules) {
      for (const statement of rule.statements) {
        const wrong = misplaced(statement, base);
        if (wrong !== null) this.#add(rule.src, wrong);
        for (const target of targets(statement, this.#table)) this.#jump(target, base, rule);
      }
    }
    this.#open.pop();
  }

  #jump(target: string, base: BaseChain, rule: Omit<Rule, 'number'>): void {
    const next = this.#table.chainList.get(target);
    if (next !== undefined) this.#visit(next, base, rule.src);
  }

  #add(at: SourceRef, message: string): void {
    const key = `${at.file}:${at.line}:${at.column}`;
    if (!this.faults.has(key)) this.faults.set(key, fault('NFT_CONFLICT', at, message));
  }
}

/** Why a statement cannot be done for packets of this chain, or null. */
function misplaced(statement: Statement, { type, hook }: BaseChain): string | null {
  const here = `in a chain of type ${type} at the hook ${hook}`;
  switch (statement.do) {
    case 'snat':
      return type === 'nat' && (hook === 'postrouting' || hook === 'input')
        ? null
        : `snat has no effect ${here}: it belongs into type nat, hook postrouting or input`;
    case 'dnat':
    case 'redirect':
      return type === 'nat' && (hook === 'prerouting' || hook === 'output')
        ? null
        : `${statement.do} has no effect ${here}: it belongs into type nat, hook prerouting or output`;
    case 'masquerade':
      return type === 'nat' && hook === 'postrouting' ? null : `masquerade has no effect ${here}: it belongs into type nat, hook postrouting`;
    case 'reject':
      return hook === 'postrouting' ? 'nothing can be rejected at the hook postrouting' : null;
    default:
      return null;
  }
}

function targets(statement: Statement, table: TableInWork): readonly string[] {
  if (statement.do === 'verdict') return targetOf(statement);
  if (statement.do !== 'vmap') return [];
  const elements = statement.map.is === 'anonymous' ? statement.map.set.elements : (table.setList.get(statement.map.name)?.elements ?? []);
  return elements.flatMap(({ data }) => (data?.is === 'verdict' ? targetOf(data.verdict) : []));
}

function targetOf(verdict: Verdict): readonly string[] {
  return verdict.verdict === 'jump' || verdict.verdict === 'goto' ? [verdict.chain] : [];
}
