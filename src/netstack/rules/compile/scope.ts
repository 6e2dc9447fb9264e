/**
 * What the statements of a table may refer to: its sets, counters and limits by name, compiled once.
 * @module
 */
import { must } from '../../../base/assert.js';
import type { Element, SetRef, Table } from '../../../nft/ruleset.js';
import type { Translator } from '../../conntrack/tracker.js';
import type { NodeCore } from '../../node-core.js';
import { Limiter } from '../limiter.js';
import type { OwnAddressPorts } from '../nat-action.js';
import type { Assembler } from './assembler.js';
import { type KeyPorts, Keys } from './keys.js';
import { compileSet } from './sets.js';

/** What it needs of its node. */
export interface CompilePorts extends KeyPorts, OwnAddressPorts {
  readonly core: NodeCore;
}

export interface SetHandle {
  /** Number in the program. */
  readonly number: number;
  readonly elements: readonly Element[];
}

export class Scope {
  readonly node: CompilePorts;
  readonly translator: Translator | null;
  readonly out: Assembler;
  readonly keys: Keys;
  /** `inet/filter/`. */
  readonly prefix: string;
  /** Of the table; null for inet. */
  readonly family: 4 | 6 | null;
  /** Index of the rule in hand. */
  rule = 0;
  readonly #table: Table;
  readonly #sets = new Map<string, SetHandle>();
  readonly #counters = new Map<string, number>();
  readonly #limits = new Map<string, number>();

  constructor(node: CompilePorts, translator: Translator | null, out: Assembler, table: Table) {
    this.node = node;
    this.translator = translator;
    this.out = out;
    this.keys = new Keys(node);
    this.prefix = `${table.family}/${table.name}/`;
    this.family = table.family === 'inet' ? null : table.family === 'ip' ? 4 : 6;
    this.#table = table;
    for (const { name, packets, bytes, src } of table.counters)
      this.#counters.set(name, out.counters.push({ name: `${this.prefix}${name}`, rule: null, src, packets, bytes }) - 1);
    for (const { name, limit } of table.limits) this.#limits.set(name, out.limits.push(new Limiter(limit, node.core.scheduler)) - 1);
  }

  set(ref: SetRef): SetHandle {
    if (ref.is === 'anonymous') return this.#compile(ref.set);
    let handle = this.#sets.get(ref.name);
    if (handle === undefined) {
      handle = this.#compile(
        must(
          this.#table.sets.find((set) => set.name === ref.name),
          `set ${ref.name}`,
        ),
      );
      this.#sets.set(ref.name, handle);
    }
    return handle;
  }

  counter(name: string): number {
    return must(this.#counters.get(name), `counter ${name}`);
  }

  limit(name: string): number {
    return must(this.#limits.get(name), `limit ${name}`);
  }

  #compile(body: Parameters<typeof compileSet>[0]): SetHandle {
    const { set, elements, catchAll } = compileSet(body, this.keys, this.node.book);
    return { number: this.out.set(set, catchAll), elements };
  }
}
