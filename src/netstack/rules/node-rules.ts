/**
 * The rules in force on a node: loaded from a rule set as a whole, replaced as a whole (nft -f), counted.
 * @module
 */
import type { Ruleset } from '../../nft/ruleset.js';
import type { Tracker, Translator } from '../conntrack/tracker.js';
import type { HookPoints } from '../ports.js';
import { BaseChainHook, type ChainWorks } from './base-chain.js';
import { compile } from './compile/compile.js';
import type { CompilePorts } from './compile/scope.js';
import { Counters } from './counters.js';
import { RuleDecisions } from './decisions.js';
import { FlowCache } from './flow-cache.js';
import { type LogPorts, LogWriter } from './log-writer.js';
import { Machine } from './machine.js';
import type { FieldPorts } from './packet-fields.js';
import type { CounterInfo, Program } from './program.js';
import { type RejectPorts, Rejecter } from './rejecter.js';

/** What it needs of its node. */
export interface RulePorts extends CompilePorts, FieldPorts, LogPorts, RejectPorts {
  readonly hooks: HookPoints;
}

export interface RuleOptions {
  /** Null: the node does not track connections. */
  readonly tracker: Tracker | null;
  /** Null: the node does not translate. */
  readonly translator: Translator | null;
  /** False: no verdict is kept with a connection. For comparison. */
  readonly cache?: boolean;
}

/** A counter as it stands. */
export interface CounterReading extends Omit<CounterInfo, 'rule'> {
  /** Where a rule's own counter is. */
  readonly rule: { readonly chain: string; readonly number: number; readonly text: string } | null;
}

interface Loaded {
  readonly program: Program;
  readonly counters: Counters;
  readonly cache: FlowCache | null;
  readonly undo: readonly (() => void)[];
}

export class NodeRules {
  readonly #node: RulePorts;
  readonly #options: RuleOptions;
  #loaded: Loaded | null = null;

  constructor(node: RulePorts, options: RuleOptions) {
    this.#node = node;
    this.#options = options;
  }

  /** In place of what was loaded before; connections stay, counters and limits begin anew. */
  load(ruleset: Ruleset): void {
    this.unload();
    const { tracker, translator } = this.#options;
    const node = this.#node;
    const program = compile(ruleset, node, translator);
    const counters = new Counters(program.counters);
    const cache = tracker === null || this.#options.cache === false ? null : new FlowCache(program.baseChains.length, counters);
    const works: ChainWorks = {
      machine: new Machine(node, program, tracker, counters, new LogWriter(node)),
      tracker,
      cache,
      decisions: new RuleDecisions(node, program),
      rejecter: new Rejecter(node, tracker),
      rejects: program.rejects,
    };
    const undo = program.baseChains.map((info, index) => {
      const hook = new BaseChainHook(info, index, works);
      if (info.type !== 'nat') return node.hooks.install(hook);
      return translator === null ? () => undefined : translator.installChain(hook);
    });
    this.#loaded = { program, counters, cache, undo };
  }

  unload(): void {
    for (const undo of this.#loaded?.undo ?? []) undo();
    this.#loaded = null;
  }

  /** Packets whose verdict was kept with their connection. */
  get cached(): number {
    return this.#loaded?.cache?.hits ?? 0;
  }

  /** Named counters first, then those of rules, in the order of the file. */
  counters(): CounterReading[] {
    if (this.#loaded === null) return [];
    const { program, counters } = this.#loaded;
    return program.counters.map(({ name, rule, src }, i) => {
      const info = rule === null ? undefined : program.rules[rule];
      return {
        name,
        src,
        rule: info === undefined ? null : { chain: info.chain, number: info.number, text: info.text },
        packets: counters.packets[i] ?? 0,
        bytes: counters.bytes[i] ?? 0,
      };
    });
  }
}
