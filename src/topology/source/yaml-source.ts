/**
 * A YAML 1.2 file as plain values, together with the place of every key and value in the text. Anchors, aliases and
 * merge keys (`<<`) are allowed; a value that came by one of them has its place where it was written.
 * @module
 */
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Alias, Document, Node, Pair, Scalar, YAMLError, YAMLMap } from 'yaml';
import { LabError } from '../../base/error.js';
import type { ErrorCode, SourceRef } from '../../base/error.js';
import type { Path, PlaceOn, Source } from './source.js';
import { yamlWords } from './yaml-words.js';

export type { Path, PlaceOn } from './source.js';

/** What each alias stands for: the last node above it that has the anchor. The library walks the document for each question. */
function aliased(document: Document.Parsed): ReadonlyMap<Alias, Node> {
  const anchored = new Map<string, Node>();
  const found = new Map<Alias, Node>();
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node)) {
        const target = anchored.get(node.source);
        if (target !== undefined) found.set(node, target);
      } else if (node.anchor !== undefined) anchored.set(node.anchor, node);
    },
  });
  return found;
}

export class YamlSource implements Source {
  readonly file: string;
  /** Faults of syntax, in the order of the text. */
  readonly errors: readonly LabError[];
  /** Duplicate keys alone leave it true. */
  readonly usable: boolean;
  readonly value: unknown;
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  readonly #aliased: ReadonlyMap<Alias, Node>;
  readonly #duplicateKey: ErrorCode;
  /** Of mappings that were looked into. */
  readonly #pairs = new Map<YAMLMap, ReadonlyMap<string, Pair<Node, Node | null>>>();

  /** @param duplicateKey code of the fault that a key stands twice */
  constructor(text: string, file: string, duplicateKey: ErrorCode = 'TOPOLOGY_DUPLICATE') {
    this.file = file;
    this.#duplicateKey = duplicateKey;
    this.#document = parseDocument(text, { merge: true, lineCounter: this.#lines, prettyErrors: false, stringKeys: true, uniqueKeys: false });
    this.#aliased = aliased(this.#document);
    const errors = causes([...this.#document.errors, ...this.#document.warnings].map((e) => this.#syntaxError(e)).concat(this.#doubledKeys()));
    errors.push(...this.#badReferences(), ...this.#badNames());
    this.usable = errors.every((e) => e.code === duplicateKey);
    this.value = this.usable ? this.#plain(errors) : undefined;
    this.errors = errors;
  }

  place(path: Path, on: PlaceOn = 'value'): SourceRef {
    return this.#refOf(this.#offset(path, on));
  }

  placeWithin(path: Path, offset: number): SourceRef {
    const found = this.#resolved(this.#find(path).value);
    const start = this.#offset(path, 'value');
    return this.#refOf(start + (isScalar(found) ? shiftInScalar(found, offset) : 0));
  }

  /** True when something is written at exactly that path. */
  has(path: Path): boolean {
    return this.#find(path).depth === path.length;
  }

  #plain(errors: LabError[]): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: 1000 }) as unknown;
    } catch (cause) {
      // The library guards against aliases that multiply into gigabytes ("billion laughs").
      if (!(cause instanceof ReferenceError)) throw cause;
      errors.push(new LabError('YAML_SYNTAX', 'the aliases of this file multiply beyond all measure', { where: this.#refOf(0), cause }));
      return undefined;
    }
  }

  #syntaxError(e: YAMLError): LabError {
    const where = this.#refOf(e.pos[0]);
    return new LabError('YAML_SYNTAX', ...yamlWords(e.code, e.message, where));
  }

  /** Aliases without an anchor, and merge keys with nothing that could be merged. */
  #badReferences(): LabError[] {
    const found: LabError[] = [];
    visit(this.#document, {
      Pair: (_key, pair) => {
        if (!isMergeKey(pair.key)) return;
        const source = this.#resolved(pair.value as Node | null);
        const parts = isSeq(source) ? (source.items as Node[]) : [source];
        if (parts.every((part) => isMap(this.#resolved(part)))) return;
        const where = this.#refOf((pair.key as Node).range?.[0] ?? 0);
        found.push(
          new LabError('YAML_SYNTAX', 'the merge key << has no mapping to merge', { where, expected: 'an alias of a mapping, or a list of them: <<: *anchor' }),
        );
      },
      Alias: (_key, alias) => {
        if (this.#aliased.has(alias)) return;
        found.push(
          new LabError('YAML_SYNTAX', `the alias *${alias.source} names no anchor above it`, {
            where: this.#refOf(alias.range?.[0] ?? 0),
            expected: `an anchor &${alias.source} before this line`,
          }),
        );
      },
    });
    return found;
  }

  /** The library looks for each key among all before it, which takes minutes for a mapping of 20,000. */
  #doubledKeys(): LabError[] {
    const found: LabError[] = [];
    visit(this.#document, {
      Map: (_key, map) => {
        const seen = new Set<unknown>();
        for (const { key } of map.items as Pair<Node, Node | null>[]) {
          if (!isScalar(key)) continue;
          if (seen.has(key.value)) {
            found.push(
              new LabError(this.#duplicateKey, 'the same key stands twice in one mapping', {
                where: this.#refOf(key.range?.[0] ?? 0),
                expected: 'each key once',
                hint: 'rename or remove one of them; only the last one would count',
              }),
            );
          }
          seen.add(key.value);
        }
      },
    });
    return found;
  }

  /** What a JavaScript object has for its own ends, and would lose. */
  #badNames(): LabError[] {
    const found: LabError[] = [];
    visit(this.#document, {
      Pair: (_key, pair) => {
        if (!isScalar(pair.key) || pair.key.value !== '__proto__') return;
        const where = this.#refOf(pair.key.range?.[0] ?? 0);
        found.push(new LabError('YAML_SYNTAX', '"__proto__" can\'t be a name', { where, expected: 'another name' }));
      },
    });
    return found;
  }

  #refOf(offset: number): SourceRef {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #offset(path: Path, on: PlaceOn): number {
    const found = this.#find(path);
    // Something missing is best shown at the key of what should have held it.
    const wantKey = on === 'key' || found.depth < path.length;
    const node = wantKey ? (found.key ?? found.value) : (this.#resolved(found.value) ?? found.key);
    return node?.range?.[0] ?? 0;
  }

  #find(path: Path): { key: Node | null; value: Node | null; depth: number } {
    let value: Node | null = this.#document.contents;
    let key: Node | null = null;
    let depth = 0;
    for (const step of path) {
      const next = this.#child(this.#resolved(value), step);
      if (next === undefined) break;
      depth++;
      key = next.key;
      value = next.value;
    }
    return { key, value, depth };
  }

  #resolved(node: Node | null): Node | null {
    return isAlias(node) ? (this.#aliased.get(node) ?? null) : node;
  }

  #child(node: Node | null, step: string | number): { key: Node | null; value: Node | null } | undefined {
    if (isSeq(node) && typeof step === 'number') {
      const item = node.items[step] as Node | undefined;
      return item === undefined ? undefined : { key: item, value: item };
    }
    return isMap(node) ? this.#childOfMap(node, String(step)) : undefined;
  }

  /** By key; of a key that stands twice the last. */
  #pairsOf(map: YAMLMap): ReadonlyMap<string, Pair<Node, Node | null>> {
    const known = this.#pairs.get(map);
    if (known !== undefined) return known;
    const pairs = new Map((map.items as Pair<Node, Node | null>[]).flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [])));
    this.#pairs.set(map, pairs);
    return pairs;
  }

  #childOfMap(map: YAMLMap, step: string): { key: Node | null; value: Node | null } | undefined {
    const pairs = map.items as Pair<Node, Node | null>[];
    const found = this.#pairsOf(map).get(step);
    if (found !== undefined) return { key: found.key, value: found.value };
    for (const pair of pairs) {
      if (!isMergeKey(pair.key)) continue;
      const merged = this.#resolved(pair.value);
      for (const part of isSeq(merged) ? (merged.items as Node[]) : [merged]) {
        const inner = this.#child(this.#resolved(part), step);
        if (inner !== undefined) return inner;
      }
    }
    return undefined;
  }
}

/** Of faults of syntax on one line the first: what follows it there follows from it. */
function causes(errors: readonly LabError[]): LabError[] {
  const lines = new Set<number>();
  return [...errors]
    .sort((a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0) || (a.where?.column ?? 0) - (b.where?.column ?? 0))
    .filter((error) => {
      const line = error.where?.line ?? 0;
      const first = error.code !== 'YAML_SYNTAX' || !lines.has(line);
      if (error.code === 'YAML_SYNTAX') lines.add(line);
      return first;
    });
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<';
}

/** How far the `offset`th character of the value stands behind the scalar's start; 0 where folding or escapes blur it. */
function shiftInScalar(scalar: Scalar, offset: number): number {
  const text = String(scalar.value);
  const written = scalar.range === undefined || scalar.range === null ? 0 : scalar.range[1] - scalar.range[0];
  if (scalar.type === 'PLAIN') return written === text.length ? offset : 0;
  const quoted = scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE';
  return quoted && written === text.length + 2 ? offset + 1 : 0;
}
