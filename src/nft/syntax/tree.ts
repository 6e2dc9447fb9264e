/**
 * What a rule file says, before names and types are resolved. Variables are in place: an expression of kind `variable`
 * holds what the variable stood for where it was used.
 * @module
 */
import type { SourceRef } from '../../base/error.js';
import type { ChainHook, ChainType, Limit, Selector, TableFamily } from '../ruleset.js';

// ---- expressions -----------------------------------------------------------------------------------------------------

export type BinaryOperator = '&' | '|' | '^' | '<<' | '>>';
export type RelationalOperator = 'implicit' | '==' | '!=' | '<' | '>' | '<=' | '>=' | '!';

export type Expr =
  | { readonly kind: 'word'; readonly text: string; readonly quoted: boolean; readonly src: SourceRef }
  | { readonly kind: 'wildcard'; readonly text: string; readonly src: SourceRef }
  | { readonly kind: 'number'; readonly value: bigint; readonly src: SourceRef }
  | { readonly kind: 'variable'; readonly name: string; readonly value: Expr; readonly src: SourceRef }
  | { readonly kind: 'selector'; readonly selector: Selector; readonly src: SourceRef }
  | { readonly kind: 'range'; readonly from: Expr; readonly to: Expr; readonly src: SourceRef }
  | { readonly kind: 'prefix'; readonly base: Expr; readonly length: bigint; readonly src: SourceRef }
  | { readonly kind: 'binary'; readonly op: BinaryOperator; readonly left: Expr; readonly right: Expr; readonly src: SourceRef }
  | { readonly kind: 'concat'; readonly parts: readonly Expr[]; readonly src: SourceRef }
  /** `a, b` without braces: bits. */
  | { readonly kind: 'list'; readonly items: readonly Expr[]; readonly src: SourceRef }
  | { readonly kind: 'set'; readonly elements: readonly ElementTree[]; readonly src: SourceRef }
  | { readonly kind: 'set-name'; readonly name: string; readonly src: SourceRef }
  /** `tcp dport map { 80 : 1 }` */
  | { readonly kind: 'map'; readonly key: Expr; readonly map: Expr; readonly src: SourceRef }
  /** `*` */
  | { readonly kind: 'any'; readonly src: SourceRef };

export interface ElementTree {
  readonly key: Expr;
  readonly data: { readonly verdict: VerdictTree } | { readonly value: Expr } | null;
  readonly src: SourceRef;
}

export interface VerdictTree {
  readonly verdict: 'accept' | 'drop' | 'return' | 'continue' | 'jump' | 'goto';
  /** Of jump and goto. */
  readonly chain: NameTree | null;
  readonly src: SourceRef;
}

export interface NameTree {
  readonly name: string;
  readonly src: SourceRef;
}

// ---- statements ------------------------------------------------------------------------------------------------------

export type RejectKind = 'default' | 'tcp-reset' | 'icmp' | 'icmpv6' | 'icmpx';

export interface NatTree {
  readonly do: 'snat' | 'dnat' | 'masquerade' | 'redirect';
  readonly family: 4 | 6 | null;
  /** `addr . port to`: the map gives both. */
  readonly withPort: boolean;
  readonly address: Expr | null;
  readonly port: Expr | null;
  readonly flags: readonly ('random' | 'fully-random' | 'persistent')[];
  readonly src: SourceRef;
}

export type StatementTree =
  | { readonly do: 'match'; readonly left: Expr; readonly op: RelationalOperator; readonly right: Expr; readonly src: SourceRef }
  /** `tcp flags syn / syn,ack` */
  | { readonly do: 'match-masked'; readonly left: Expr; readonly op: RelationalOperator; readonly value: Expr; readonly mask: Expr; readonly src: SourceRef }
  | { readonly do: 'vmap'; readonly key: Expr; readonly map: Expr; readonly src: SourceRef }
  | ({ readonly do: 'verdict' } & VerdictTree)
  | { readonly do: 'counter'; readonly name: NameTree | null; readonly packets: number; readonly bytes: number; readonly src: SourceRef }
  | { readonly do: 'limit'; readonly name: NameTree | null; readonly limit: Limit | null; readonly src: SourceRef }
  | { readonly do: 'log'; readonly prefix: string | null; readonly level: string | null; readonly src: SourceRef }
  | { readonly do: 'reject'; readonly kind: RejectKind; readonly code: Expr | null; readonly src: SourceRef }
  | { readonly do: 'notrack'; readonly src: SourceRef }
  | { readonly do: 'set-value'; readonly target: Selector; readonly value: Expr; readonly src: SourceRef }
  | NatTree;

export interface RuleTree {
  readonly statements: readonly StatementTree[];
  readonly comment: string | null;
  readonly text: string;
  readonly src: SourceRef;
}

// ---- blocks ----------------------------------------------------------------------------------------------------------

export interface HookTree {
  readonly type: ChainType;
  readonly hook: ChainHook;
  readonly priority: { readonly name: string | null; readonly offset: number; readonly src: SourceRef };
  readonly src: SourceRef;
}

export interface ChainTree {
  readonly name: string;
  readonly hook: HookTree | null;
  readonly policy: { readonly policy: 'accept' | 'drop'; readonly src: SourceRef } | null;
  readonly rules: readonly RuleTree[];
  readonly src: SourceRef;
}

/** `type ipv4_addr . inet_service`, or `typeof ip saddr . tcp dport`. */
export type TypeTree =
  | { readonly by: 'name'; readonly names: readonly NameTree[]; readonly src: SourceRef }
  | { readonly by: 'example'; readonly expression: Expr; readonly src: SourceRef };

export interface SetTree {
  readonly name: string;
  readonly map: boolean;
  readonly key: TypeTree | null;
  /** Of a map. */
  readonly data: TypeTree | 'verdict' | null;
  readonly interval: boolean;
  readonly autoMerge: boolean;
  /** `type ipv4_addr : interval ipv4_addr`: the data are ranges. */
  readonly dataInterval: boolean;
  /** At most so many elements. */
  readonly size: number | null;
  readonly elements: Expr | null;
  readonly src: SourceRef;
}

export interface CounterTree extends NameTree {
  readonly packets: number;
  readonly bytes: number;
}

export interface LimitTree extends NameTree {
  readonly limit: Limit;
}

export interface TableTree {
  readonly chains: readonly ChainTree[];
  readonly sets: readonly SetTree[];
  readonly counters: readonly CounterTree[];
  readonly limits: readonly LimitTree[];
}

export interface TableName {
  readonly family: TableFamily;
  readonly table: string;
  readonly src: SourceRef;
}

/** Commands in the order of the file. `create` refuses what is there already. */
export type Command =
  | { readonly do: 'table'; readonly create: boolean; readonly in: TableName; readonly content: TableTree }
  | { readonly do: 'chain'; readonly create: boolean; readonly in: TableName; readonly chain: ChainTree }
  | { readonly do: 'set'; readonly create: boolean; readonly in: TableName; readonly set: SetTree }
  | { readonly do: 'counter'; readonly create: boolean; readonly in: TableName; readonly counter: CounterTree }
  | { readonly do: 'limit'; readonly create: boolean; readonly in: TableName; readonly limit: LimitTree }
  | { readonly do: 'element'; readonly create: boolean; readonly in: TableName; readonly set: NameTree; readonly elements: Expr }
  | { readonly do: 'rule'; readonly first: boolean; readonly in: TableName; readonly chain: NameTree; readonly rule: RuleTree }
  | { readonly do: 'delete-table'; readonly in: TableName }
  | { readonly do: 'flush-table'; readonly in: TableName }
  | { readonly do: 'flush-chain'; readonly in: TableName; readonly chain: NameTree }
  | { readonly do: 'flush-set'; readonly in: TableName; readonly set: NameTree }
  | { readonly do: 'flush-ruleset'; readonly family: TableFamily | null };
