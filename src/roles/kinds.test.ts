/**
 * A kind is a folder here and a line of the registry: nothing else may know its name. What a kind is, everybody asks of
 * its traits.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { KINDS } from './kinds.js';

/** Below the plan nobody has met a node; these floors have their own meanings of `client`, `nat`, `bridge` and `dns`. */
const KNOWS_NO_NODE = ['base', 'wire', 'nft', 'protocol', 'host'];

/** Words that are names of kinds by chance, with what they mean there. A comparison with a kind is never one of them. */
const OTHER_MEANINGS: Readonly<Record<string, readonly string[]>> = {
  // Protocols: media of legs, fields of the filter language, words of flow files.
  'analysis/media.ts': ['stun', 'dns'],
  'analysis/payload.ts': ['stun'],
  'analysis/filter-fields.ts': ['stun', 'dns'],
  'verify/': ['stun', 'dns'],
  'scenario/': ['stun', 'dns'],
  // nftables' chain type, and where a drop was decided.
  'capture/comment.ts': ['nat'],
  'capture/ledger-builder.ts': ['nat'],
  'capture/points.ts': ['bridge'],
  'analysis/why/decided.ts': ['nat'],
  'analysis/why/nat-rules.ts': ['nat'],
  'netstack/': ['nat', 'bridge'],
  'substrate/kernel/': ['nat'],
  // Forms of foreign programs (`RoleKind.program`), folders of the lab's own state; the tool of iproute2.
  'substrate/': ['process', 'container', 'bridge'],
  // A key of the configuration, of the plan and of points.
  'topology/': ['bridge'],
};

interface Found {
  readonly file: string;
  readonly line: number;
  readonly word: string;
  /** Held against the kind of something. */
  readonly compared: boolean;
}

function literalsOf(file: string, text: string, names: ReadonlySet<string>): readonly Found[] {
  if (![...names].some((name) => text.includes(`'${name}'`) || text.includes(`\`${name}\``) || text.includes(`"${name}"`))) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  const found: Found[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && names.has(node.text) && !ts.isImportDeclaration(node.parent)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      found.push({ file, line, word: node.text, compared: isCompared(node) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `x.kind === '...'`, `x.kind.kind`, `x.nodeKind`, a `case` of a switch over one, or a question to a table of kinds. */
function isCompared(literal: ts.Node): boolean {
  const { parent } = literal;
  if (ts.isBinaryExpression(parent)) return isKind(parent.left === literal ? parent.right : parent.left);
  if (ts.isCaseClause(parent)) return isKind(parent.parent.parent.expression);
  return ts.isCallExpression(parent) && ts.isPropertyAccessExpression(parent.expression) && /kinds/i.test(parent.expression.expression.getText());
}

function isKind(node: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(node) && /^(kind|nodeKind)$/.test(node.name.text);
}

/** Files that may have met a node, but for tests and what serves them. */
function sources(): readonly string[] {
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|\.testkit\.ts$|(^|\/)testing(\.ts$|\/)/.test(file))
    .filter((file) => !KNOWS_NO_NODE.some((floor) => file.startsWith(`${floor}/`)))
    .sort();
}

function isMeantOtherwise({ file, word, compared }: Found): boolean {
  return !compared && Object.entries(OTHER_MEANINGS).some(([place, words]) => file.startsWith(place) && words.includes(word));
}

describe('names of kinds', () => {
  const names = new Set(KINDS.keys());
  const foundIn = (files: readonly string[]) => files.flatMap((file) => literalsOf(file, readFileSync(join('src', file), 'utf8'), names));

  it('stand nowhere outside the folder of roles', () => {
    const found = foundIn(sources().filter((file) => !file.startsWith('roles/')));
    expect(found.filter((one) => !isMeantOtherwise(one)).map(({ file, line, word }) => `${file}:${line} '${word}'`)).toEqual([]);
    expect(sources().length).toBeGreaterThan(200);
  });

  it('are compared with nothing in the folder of roles: there, too, traits are asked', () => {
    const found = foundIn(sources().filter((file) => file.startsWith('roles/')));
    expect(found.filter(({ compared }) => compared).map(({ file, line, word }) => `${file}:${line} '${word}'`)).toEqual([]);
    // Each kind says its name, in the file of its kind.
    expect(new Set(found.filter(({ file }) => file.endsWith('/kind.ts')).map(({ word }) => word))).toEqual(names);
  });

  it.each([
    ["if (node.kind === 'dns') go();", true],
    ["const HOME = 'front-end';", false],
    ["switch (node.kind) { case 'stun': break; }", true],
    ["kinds.get('router')", true],
    ['node.kind.kind !== `bridge`', true],
  ])('are found in %s', (text, compared) => {
    expect(literalsOf('analysis/media.ts', text, names)).toMatchObject([{ line: 1, compared }]);
    expect(literalsOf('analysis/media.ts', text, names).some(isMeantOtherwise)).toBe(false);
  });

  it("are not meant by a protocol's name, nor by the kind of something else", () => {
    const [found] = literalsOf('analysis/media.ts', "return 'dns';", names);
    expect(found !== undefined && isMeantOtherwise(found)).toBe(true);
    expect(literalsOf('analysis/media.ts', "if (uri.kind === 'sip') go(); import x from './dns.js';", names)).toEqual([]);
  });
});

describe('traits', () => {
  it.each([...KINDS.values()].map((kind) => [kind.kind, kind] as const))(
    'of %s agree with what its nodes do with packets',
    (_, { traits, forwards, bridge }) => {
      const { is } = typeof traits === 'function' ? traits({}) : traits;
      expect(is === 'equipment').toBe(forwards || bridge);
    },
  );
});
