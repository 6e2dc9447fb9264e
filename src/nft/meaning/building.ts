/**
 * A table while the commands of a file fill it.
 * @module
 */
import type { SourceRef } from '../../base/error.js';
import type { BaseChain, ChainHook, Element, Limit, NamedCounter, NamedLimit, Rule, Selector, Table, TableFamily } from '../ruleset.js';
import type { SetSignature, TableScope } from './scope.js';
import { body } from './sets.js';

export interface ChainInWork {
  readonly name: string;
  base: BaseChain | null;
  rules: Omit<Rule, 'number'>[];
  readonly src: SourceRef;
}

export interface SetInWork {
  readonly name: string;
  readonly signature: SetSignature;
  /** Elements may be ranges. */
  readonly interval: boolean;
  /** Elements that overlap become one. */
  readonly merges: boolean;
  /** The data are ranges. */
  readonly dataInterval: boolean;
  /** At most so many elements. */
  readonly size: number | null;
  /** Fields of these types, where a type has no name. */
  readonly example: readonly Selector[] | null;
  elements: Element[];
  readonly src: SourceRef;
}

export class TableInWork implements TableScope {
  readonly family: TableFamily;
  readonly name: string;
  readonly src: SourceRef;
  readonly chainList = new Map<string, ChainInWork>();
  readonly setList = new Map<string, SetInWork>();
  readonly counterList = new Map<string, NamedCounter>();
  readonly limitList = new Map<string, NamedLimit>();
  readonly broken = new Set<string>();

  constructor(family: TableFamily, name: string, src: SourceRef) {
    this.family = family;
    this.name = name;
    this.src = src;
  }

  get sets(): ReadonlyMap<string, SetSignature> {
    return new Map([...this.setList].map(([name, set]) => [name, set.signature]));
  }

  get counters(): ReadonlySet<string> {
    return new Set(this.counterList.keys());
  }

  get limits(): ReadonlyMap<string, Limit> {
    return new Map([...this.limitList].map(([name, { limit }]) => [name, limit]));
  }

  get chains(): ReadonlyMap<string, ChainHook | null> {
    return new Map([...this.chainList].map(([name, { base }]) => [name, base?.hook ?? null]));
  }

  finished(): Table {
    return {
      family: this.family,
      name: this.name,
      chains: [...this.chainList.values()].map(({ name, base, rules, src }) => ({
        name,
        base,
        rules: rules.map((rule, i) => ({ number: i + 1, ...rule })),
        src,
      })),
      sets: [...this.setList.values()].map(({ name, signature, elements, example, src }) => ({
        name,
        ...body(signature, elements),
        ...(example !== null && { example }),
        src,
      })),
      counters: [...this.counterList.values()],
      limits: [...this.limitList.values()],
      src: this.src,
    };
  }
}
