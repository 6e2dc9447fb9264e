/**
 * Reads the product's documents: links, commands, examples and tables in Markdown.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { KIND_INFOS } from '../../src/roles/kinds.js';
import { parseExperiment } from '../../src/experiment/experiment-file.js';
import { parseFlow } from '../../src/library/flow-file.js';
import { parseTopology } from '../../src/topology/topology-file.js';
import { ROOT } from './support.js';

export interface Fence {
  /** What stands behind the three backticks. */
  readonly info: string;
  readonly body: string;
  /** Line of the first line of the body, from 1. */
  readonly line: number;
}

/** Every Markdown file of the product, by its path from the root. */
export function documents(): readonly string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return below(path);
      return entry.name.endsWith('.md') ? [path] : [];
    });
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'captures/README.md', ...below('lab')].sort();
}

export function fences(text: string): readonly Fence[] {
  return [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    info: (match[1] ?? '').trim(),
    body: match[2] ?? '',
    line: text.slice(0, match.index).split('\n').length + 1,
  }));
}

function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}

/** Relative links, outside of code. */
export function links(text: string): readonly string[] {
  return words(
    /\]\(([^)\s]+)\)/g,
    prose(text).replace(/`[^`\n]*`/g, (code) => (code.includes('](') ? '' : code)),
  ).filter((link) => !/^[a-z]+:/.test(link));
}

/** Anchors of headings as GitHub makes them, and those written by hand. */
export function anchors(text: string): readonly string[] {
  const seen = new Map<string, number>();
  const headings = words(/^#{1,6} (.+)$/gm, prose(text)).map((heading) => {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .trim()
      .replace(/ /g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
  return [...headings, ...words(/<a (?:id|name)="([^"]+)"/g, text)];
}

/** First group of every match. */
export function words(pattern: RegExp, text: string): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** Every `callpath ...` that a reader might type, as words. A name in capitals stands for something and is no command. */
export function commands(text: string): readonly (readonly string[])[] {
  const typed = fences(text).flatMap(({ body }) => words(/^\$ callpath (.+)$/gm, body.replace(/\\\n\s*/g, ' ')));
  const inline = words(
    /`callpath ([^`]+)`/g,
    prose(text).replace(/`[^`]*`/g, (code) => code.replace(/\n/g, ' ')),
  );
  return [...typed, ...inline].map(split).filter(([first = '']) => first !== '' && !/^[A-Z]/.test(first));
}

/** As a shell takes a line apart; a comment ends it. */
function split(line: string): readonly string[] {
  const found: string[] = [];
  for (const [, single, double, bare] of line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)) {
    if (bare?.startsWith('#') === true) break;
    found.push(single ?? double ?? bare ?? '');
  }
  return found;
}

export function npmScripts(text: string): readonly string[] {
  return words(/\bnpm run ([a-z-]+)/g, text);
}

// ---- tables ----

/** Cells of the table that follows the mark `<!-- NAME -->`, without its head; none when another mark comes first. */
export function rows(text: string, name: string): readonly (readonly string[])[] {
  const mark = `<!-- ${name} -->\n`;
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`no table is marked "${name}"`);
  const found: string[][] = [];
  for (const line of text.slice(at + mark.length).split('\n')) {
    if (!line.startsWith('|')) break;
    found.push(
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
  }
  return found.slice(2);
}

/** The first code in a cell. */
export function bare(cell: string | undefined): string {
  return codes(cell)[0] ?? '';
}

export function codes(cell: string | undefined): string[] {
  return words(/`([^`]+)`/g, cell ?? '');
}

/** Tables of keys, each with its path in the file: `topology.nodes.*`, `topology.links[]`. */
export function keyTables(text: string): [path: string, keys: readonly string[]][] {
  return words(/<!-- keys: (\S+) -->/g, text).map((path) => [path, rows(text, `keys: ${path}`).map(([cell]) => bare(cell))]);
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Keys that a JSON schema has at a path; of alternatives the one that is a mapping, else the one that is a list. */
export function schemaKeys(schema: object, path: string): readonly string[] {
  let at: Schema | undefined = mapping(schema);
  for (const step of path === '.' ? [] : path.replace(/\[\]/g, '.[]').split('.')) {
    const next: Schema | undefined = step === '*' ? at?.additionalProperties : step === '[]' ? at?.items : at?.properties?.[step];
    at = next === undefined ? undefined : mapping(next);
  }
  return Object.keys(at?.properties ?? {});
}

function mapping(schema: Schema): Schema {
  const holds = (...keys: readonly (keyof Schema)[]): Schema | undefined => schema.anyOf?.find((one) => keys.some((key) => one[key] !== undefined));
  return holds('properties', 'additionalProperties') ?? holds('items') ?? schema;
}

// ---- examples ----

export interface YamlExample {
  readonly kind: string;
  readonly body: string;
  readonly line: number;
}

export function yamlExamples(text: string): readonly YamlExample[] {
  return fences(text)
    .filter(({ info }) => /^ya?ml\b/.test(info))
    .map(({ info, body, line }) => ({ kind: info.replace(/^ya?ml\s*/, ''), body, line }));
}

/** What fragments of topologies are laid over. */
const BASE = `
name: base
organisations: { contoso: { domains: [contoso.example] } }
topology:
  addressing: { networks: { } }
  defaults: { organisation: contoso, resolvers: [ns] }
  nodes:
    lan: { kind: bridge, prefixes: [192.0.2.0/24, "2001:db8:1::/64"] }
    ns: { kind: dns, resolvers: [] }
    outside-ns: { kind: dns, resolvers: [] }
    fe: { kind: front-end, config: { domains: [contoso.example] } }
    r1: { kind: router }
    r2: { kind: router, segment: internet }
  links:
    - { endpoints: ["ns:eth0", "lan:p1"] }
    - { endpoints: ["outside-ns:eth0", "lan:p2"] }
    - { endpoints: ["fe:eth0", "lan:p3"] }
    - { endpoints: ["r1:lan", "lan:p4"] }
    - { endpoints: ["r1:wan", "r2:wan"], name: trunk, segment: internet }
zones: { }
`;
const BASE_LINK = '    - { endpoints: ["r1:up", "r2:down"], segment: internet }\n';

const FLOW_HEAD = 'flow: base\ntitle: t\nsource: s\ndeployment: hybrid\ntopology: t.lab.yaml\nactors: { caller: alice, callee: bob }\n';
const SOME_STEP = 'steps: [{ wait: 1s }]\n';
const SOME_EXPECTATION = 'expect: [{ signed-in: [caller] }]\n';

/** What the parser of that kind of example says against it. */
export function faultsOf(kind: string, body: string): readonly string[] {
  const listed = (name: string): string => `${name}:\n${body.replace(/^/gm, '  ')}\n`;
  switch (kind) {
    case 'topology':
      return topologyFaults(body);
    case 'fragment': {
      // An interface that a fragment's routes speak of is there even where the fragment brings no link.
      const base = BASE.replace(/^ {4}- \{ endpoints: \["r1:wan".*\n/m, body.includes('links:') ? '' : BASE_LINK);
      return topologyFaults(stringify(merged(parse(base), parse(body))));
    }
    case 'flow':
      return flowFaults(body);
    case 'experiment':
      return experimentFaults(body);
    case 'flow-steps':
      return flowFaults(FLOW_HEAD + listed('steps') + SOME_EXPECTATION);
    case 'flow-expect':
      return flowFaults(FLOW_HEAD + SOME_STEP + listed('expect'));
    default:
      return [`"yaml ${kind}" does not say what it is: topology, fragment, flow, flow-steps, flow-expect or experiment`];
  }
}

function topologyFaults(text: string): readonly string[] {
  const result = parseTopology(text, 'example.lab.yaml', KIND_INFOS);
  return result.ok ? [] : result.errors.map((error) => `${error.where?.line ?? 0}: ${error.message}`);
}

function flowFaults(text: string): readonly string[] {
  const result = parseFlow(text, 'example.flow.yaml');
  return result.ok ? [] : result.errors.map((error) => `${error.where?.line ?? 0}: ${error.message}`);
}

function experimentFaults(text: string): readonly string[] {
  const result = parseExperiment(text, 'example.experiment.yaml');
  return result.ok ? [] : result.errors.map((error) => `${error.where?.line ?? 0}: ${error.message}`);
}

/** Mappings key by key, lists one after the other. */
function merged(base: unknown, over: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(over)) return [...(base as unknown[]), ...(over as unknown[])];
  if (!isTree(base) || !isTree(over)) return over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, key in base && key in over ? merged(base[key], over[key]) : (over[key] ?? base[key])]));
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The statements of an example, without its imports. */
export function withoutImports(code: string): string {
  return code.replace(/^import [\s\S]*?;\n/gm, '').trim();
}

/** Imports of the package itself. */
export function importsOf(code: string): readonly string[] {
  return words(/^(import .* from 'callpath';)$/gm, code);
}

// ---- what is shown ----

export interface Shown {
  /** The command line, whole. */
  readonly command: string;
  readonly output: readonly string[];
  readonly line: number;
}

/**
 * Commands of console examples that are shown with their output.
 * @param kind `console netns` for those that need a kernel: test/kernel runs them
 */
export function shown(text: string, kind: 'console' | 'console netns' = 'console'): readonly Shown[] {
  return fences(text)
    .filter(({ info }) => info === kind)
    .flatMap(({ body, line }) => {
      const parts = body
        .replace(/\\\n\s*/g, ' ')
        .split(/^\$ /m)
        .slice(1);
      return parts.map((part) => {
        const [command = '', ...output] = part.trimEnd().split('\n');
        return { command, output, line };
      });
    })
    .filter(({ output }) => output.length > 0);
}

/**
 * The first line shown that does not come, or null. A line `...` stands for any lines, ` ...` at an end for the rest of
 * the line. Numbers count as alike: they follow from every packet of the run, and the text around them does not.
 */
export function missing(output: readonly string[], actual: string): string | null {
  const came = actual.split('\n').map(plain);
  let at = 0;
  let gap = false;
  for (const line of output) {
    if (line.trim() === '...') {
      gap = true;
      continue;
    }
    const wanted = plain(line.replace(/ \.\.\.$/, ''));
    const fits = (text: string): boolean => (line.endsWith(' ...') ? text.startsWith(wanted) : text === wanted);
    const found = gap ? came.findIndex((text, i) => i >= at && fits(text)) : fits(came[at] ?? '') ? at : -1;
    if (found < 0) return line;
    at = found + 1;
    gap = false;
  }
  return null;
}

function plain(line: string): string {
  return line
    .replace(/\S*(?=lab\/(flows|rules)\/|topologies\/)/g, '')
    .replace(/\d+(\.\d+)?/g, '#')
    .replace(/\s+/g, ' ')
    .trim();
}

// ---- the code ----

/** Names of all events that the sources write into the ledger. */
export function eventNames(): readonly string[] {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/\.(test|testkit)\.ts$|testing/.test(file),
  );
  const names = sources.flatMap((file) => {
    const text = readFileSync(join(ROOT, 'src', file), 'utf8');
    return [...words(/\bevent\((?:[^'()]*, )?'([a-z-]+)'/g, text), ...words(/_EVENT = '([a-z-]+)'/g, text)];
  });
  return [...new Set(names)].sort();
}
