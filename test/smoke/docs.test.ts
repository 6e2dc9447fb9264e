/**
 * The documents say what is true: links lead somewhere, commands and options exist, examples parse, filters compile, and
 * every table of keys, fields, codes and events is the code's own.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIELDS } from '../../src/analysis/filter-fields.js';
import { must } from '../../src/base/assert.js';
import { DROP_NAMES } from '../../src/base/drop.js';
import { DECISION_KEYS, RECORD_KEYS } from '../../src/capture/comment.js';
import { compileFilter } from '../../src/capture/filter/compile.js';
import { experimentIds, flowIds } from '../../src/library/load/load.js';
import { CallpathLab } from '../../src/library/lab/callpath-lab.js';
import { Judged } from '../../src/library/lab/judged.js';
import { StartedLab } from '../../src/library/lab/started-lab.js';
import { parseExperiment } from '../../src/experiment/experiment-file.js';
import { MATCHES, MODULES } from '../../src/nft/iptables/matches.js';
import { OUTSIDE_MATCHES, OUTSIDE_OPTIONS, OUTSIDE_TARGETS } from '../../src/nft/iptables/outside.js';
import { TARGETS } from '../../src/nft/iptables/targets.js';
import { CONSTRUCTS } from '../../src/nft/testing/constructs.js';
import { UNSUPPORTED } from '../../src/nft/testing/unsupported.js';
import { KINDS, KIND_INFOS } from '../../src/roles/kinds.js';
import { parseFlow } from '../../src/library/load/flow-file.js';
import { CONNTRACK_SYSCTLS } from '../../src/topology/conntrack-sysctls.js';
import { topologyJsonSchema } from '../../src/topology/json-schema.js';
import { parseTopology } from '../../src/topology/topology-file.js';
import { Desk, build } from './cli-support.js';
import * as docs from './documents.js';
import { EXAMPLE_FILE, runExample } from './docs.example.js';
import { planOfFlow } from '../support/documented-flows.js';
import { ROOT, flowWith, judge, play } from './support.js';

const FILES = docs.documents();
const text = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const guide = (name: string): string => text(`lab/docs/${name}`);

describe('links', () => {
  it.each(FILES)('%s: every relative link leads to a file, every anchor to a heading', (file) => {
    const broken = docs.links(text(file)).filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : relative(ROOT, join(ROOT, dirname(file), path));
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !docs.anchors(text(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('a link to nowhere would be found', () => {
    expect(docs.links('see [this](nowhere.md#x), `[not](this)` and\n```\n[nor](that)\n```\n')).toEqual(['nowhere.md#x']);
    expect(docs.anchors('# A `b` c!\n## A `b` c!\n')).toEqual(['a-b-c', 'a-b-c-1']);
  });
});

describe('commands', () => {
  // The help of the command itself says what it knows.
  const desk = new Desk();
  afterAll(() => {
    desk.clear();
  });
  const help = new Map<string, Promise<string>>();
  const helpOf = (...command: readonly string[]): Promise<string> => {
    const key = command.join(' ');
    const text = help.get(key) ?? desk.run(...command, '--help').then(({ out }) => out);
    help.set(key, text);
    return text;
  };
  const known = async (): Promise<readonly string[]> => docs.words(/^ {2}([a-z-]+)/gm, must((await helpOf()).split('Commands:')[1], 'commands in the help'));
  const faults = async ([command = '', ...rest]: readonly string[]): Promise<readonly string[]> => {
    if (command.startsWith('-')) return [];
    if (!(await known()).includes(command)) return [`no command ${command}`];
    // A command may have commands of its own, such as `rules import`; `help` is one of each of those.
    const own = docs.words(/^ {2}([a-z-]+)/gm, (await helpOf(command)).split('Commands:')[1] ?? '');
    const [second = ''] = rest;
    if (own.length > 0 && /^[a-z]/.test(second) && !own.includes(second)) return [`no command ${command} ${second}`];
    const helpText = await (own.includes(second) ? helpOf(command, second) : helpOf(command));
    const found = rest.filter((word) => word.startsWith('--') && word.length > 2).filter((word) => !new RegExp(`${word}[\\s,]`).test(helpText));
    const flows =
      command === 'run' ? rest.filter((word, i) => /^[a-z0-9-]+$/.test(word) && !word.startsWith('-') && !(rest[i - 1] ?? '').startsWith('--')) : [];
    const filter = command === 'where' || command === 'why' ? rest[1] : undefined;
    if (filter !== undefined && !/^[A-Z]+$/.test(filter)) compileFilter(filter, FIELDS);
    return [...found.map((word) => `${command} has no option ${word}`), ...flows.filter((id) => !flowIds().includes(id)).map((id) => `no flow ${id}`)];
  };

  const allFaults = async (commands: ReturnType<typeof docs.commands>): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const command of commands) found.push(...(await faults(command)));
    return found;
  };

  it.each(FILES)('%s: commands, options, flows and filters exist', async (file) => {
    expect(await allFaults(docs.commands(text(file)))).toEqual([]);
    const scripts = Object.keys((JSON.parse(text('package.json')) as { scripts: object }).scripts);
    expect(docs.npmScripts(text(file)).filter((name) => !scripts.includes(name))).toEqual([]);
  });

  it('wrong ones would be found', async () => {
    const seen = docs.commands(
      '```console\n$ callpath run nosuch --sed 3\n$ callpath fly\n```\nand `callpath check --all X`, `callpath rules import X --ip7`, `callpath rules improt X`',
    );
    expect(await allFaults(seen)).toEqual([
      'run has no option --sed',
      'no flow nosuch',
      'no command fly',
      'check has no option --all',
      'rules has no option --ip7',
      'no command rules improt',
    ]);
    await expect(faults(['where', 'X', 'udp.prt == 5'])).rejects.toThrow('no field');
  });
});

describe('examples', () => {
  it.each(FILES)('%s: each YAML example is read by its parser', (file) => {
    for (const { kind, body, line } of docs.yamlExamples(text(file))) expect(docs.faultsOf(kind, body), `${file}:${line} (${kind})`).toEqual([]);
  });

  it('a bad example would be found', () => {
    expect(docs.faultsOf('topology', 'name: x\ntopology: { nodes: { a: { kind: ruoter } } }\n')).toHaveLength(1);
    expect(docs.faultsOf('fragment', 'topology:\n  links:\n    - { endpoints: ["r1:a", "nobody:b"] }\n')).toHaveLength(1);
    expect(docs.faultsOf('flow-steps', '- dance: caller\n')).toHaveLength(1);
    expect(docs.faultsOf('flow-expect', '- signed-in: [stranger]\n')).toHaveLength(1);
    expect(docs.faultsOf('experiment', 'experiment: x\n').length).toBeGreaterThan(0);
    expect(docs.faultsOf('prose', 'a: b\n')).toHaveLength(1);
  });

  it('the example of the README is the one that is compiled and run', async () => {
    const [shown] = docs.fences(text('README.md')).filter(({ info }) => info === 'ts');
    const [, example] = /\/\/ #example\n([\s\S]*?)\/\/ #end/.exec(readFileSync(EXAMPLE_FILE, 'utf8')) ?? [];
    const undented = must(example, 'the example').replace(/^ {2}/gm, '');
    const { body } = must(shown, 'a TypeScript example');
    expect(docs.withoutImports(body)).toBe(undented.trim());
    // The same imports, from the package instead of its source.
    expect(docs.importsOf(body)).toEqual(docs.importsOf(readFileSync(EXAMPLE_FILE, 'utf8').replaceAll('../../src/index.js', 'callpath')));
    const lines: unknown[][] = [];
    expect(await runExample((...words) => lines.push(words))).toBe(true);
    expect(lines).toContainEqual(['signalling/bob-online-fe', 'ExpressRoute', expect.any(Number), expect.any(Number)]);
  });
});

describe('testing.md', () => {
  const page = guide('testing.md');

  it('its example is the test that is compiled and run', () => {
    const [shown] = docs.fences(page).filter(({ info }) => info === 'ts');
    expect(must(shown, 'a TypeScript example').body).toBe(text('test/smoke/own-lab.test.ts').replaceAll('../../src/index.js', 'callpath'));
  });

  it('names what there is', () => {
    const methods = (type: { prototype: object }): string[] => Object.getOwnPropertyNames(type.prototype).filter((name) => name !== 'constructor');
    const named = docs.words(/^\| `\.?(\w+)\(/gm, page);
    expect(named.sort()).toEqual(
      [...methods(CallpathLab), ...methods(StartedLab), ...methods(Judged)]
        .filter((name, i, all) => !['start', 'time'].includes(name) && all.indexOf(name) === i)
        .sort(),
    );
  });
});

describe('what is shown is what comes', () => {
  const desk = new Desk();
  const topology = text('topologies/contoso.lab.yaml');
  beforeAll(async () => {
    for (const folder of ['lab', 'topologies']) symlinkSync(join(ROOT, folder), desk.path(folder));
    // The file that the README describes.
    writeFileSync(
      desk.path('bad.lab.yaml'),
      topology
        .replaceAll('../lab/rules/', 'lab/rules/')
        .replace('kind: router', 'kind: ruoter')
        .replace('10.3.0.53/24', '10.3.0.255/24')
        .replace('delay 4ms', 'delay 4'),
    );
    expect((await desk.run('run', 'hybrid-p2p-mixed')).code).toBe(0);
  }, 60_000);
  afterAll(() => {
    desk.clear();
  });

  it.each(FILES.filter((file) => docs.shown(text(file)).length > 0))(
    '%s',
    async (file) => {
      for (const { command, output, line } of docs.shown(text(file))) {
        const tool = /^\S+/.exec(command)?.[0] ?? '';
        if (tool !== 'callpath' && !judge(tool)) continue;
        const words = docs.callpathWords(command);
        if (words === null) build();
        const { out, err } = words === null ? desk.shell(command) : await desk.run(...words);
        expect(docs.missing(output, out === '' ? err : out), `${file}:${line}: ${command}\n${out}${err}`).toBeNull();
      }
    },
    300_000,
  );

  it('another output would be found', () => {
    expect(docs.missing(['a 1', '...', 'c d ...'], 'a 22\nb\nc de\n')).toBeNull();
    expect(docs.missing(['a 1', 'c d'], 'a 22\nb\nc d\n')).toBe('c d');
    expect(docs.missing(['a', '...', 'c d'], 'a\nb\nc de\n')).toBe('c d');
  });
});

describe('tables are those of the code', () => {
  const generate = (...args: readonly string[]): { readonly status: number | null; readonly stdout: string } =>
    spawnSync(process.execPath, ['lab/scripts/docs.mjs', ...args], { cwd: ROOT, encoding: 'utf8' });

  it('sections and schemas that are generated are current', () => {
    build();
    expect(generate('--check')).toMatchObject({ status: 0, stdout: '' });
  }, 60_000);

  it('filters.md: fields', () => {
    expect(docs.rows(guide('filters.md'), 'fields')).toEqual([...FIELDS.values()].map((f) => [`\`${f.name}\``, f.type, f.summary]));
  });

  it('capture.md: drop codes, and keys of comments', () => {
    const codes = DROP_NAMES.slice(1).map((name, i) => [(i + 1).toString(16).padStart(2, '0'), name]);
    expect(docs.rows(guide('capture.md'), 'drops').map(([code, name]) => [code, name].map(docs.bare))).toEqual(codes);
    const keys = docs.rows(guide('capture.md'), 'comment-keys').flatMap(([key]) => docs.codes(key));
    expect(keys.sort()).toEqual([...DECISION_KEYS, ...RECORD_KEYS].sort());
  });

  it('capture.md: events that the sources emit, and the fields of those that runs show', async () => {
    const table = docs.rows(guide('capture.md'), 'events');
    const documented = new Map<string, Set<string>>();
    for (const [name, , fields] of table) {
      const event = docs.bare(name);
      documented.set(event, new Set([...(documented.get(event) ?? []), ...docs.codes(must(fields, 'fields').replace(/\([^)]*\)/g, ''))]));
    }
    expect([...documented.keys()].sort()).toEqual(docs.eventNames());
    for (const id of flowIds()) {
      const verdict = await play(flowWith(id), planOfFlow(id));
      for (const event of verdict.run.ledger.events()) {
        for (const field of Object.keys(event.fields)) expect(documented.get(event.name), `${event.name} ${field}`).toContain(field);
      }
      verdict.run.ledger.close();
    }
  }, 60_000);

  it.each(docs.keyTables(guide('topology.md')))('topology.md: keys of %s', (path, keys) => {
    expect([...keys].sort()).toEqual([...docs.schemaKeys(topologyJsonSchema(KIND_INFOS), path)].sort());
  });

  it('topology.md: every mapping of the schema has its table', () => {
    const tables = docs.keyTables(guide('topology.md')).map(([path]) => path);
    expect(tables).toEqual([
      '.',
      'organisations.*',
      'topology',
      'topology.addressing',
      'topology.nodes.*',
      'topology.nodes.*.dscp[]',
      'topology.links[]',
      'topology.nodes.*.routes[]',
      'topology.nodes.*.routes[].via[]',
      'topology.nodes.*.rules[]',
      'topology.nodes.*.bgp',
      'topology.nodes.*.bgp.bfd',
      'topology.nodes.*.bgp.neighbors[]',
      'topology.nodes.*.bgp.neighbors[].import',
      'topology.nodes.*.bgp.neighbors[].import.match',
      'topology.nodes.*.bgp.neighbors[].import.set',
      'users.*',
      'zones.*',
      'zones.*.records.*',
    ]);
  });

  it('flows.md: keys, steps, expectations', () => {
    const unknown = 'flow: x\ntitle: t\nsource: s\ndeployment: online\ntopology: t\nactors: { a: alice }\nsteps: [{ zzz: 1 }]\nexpect: [{ zzz: 1 }]\nzzz: 1\n';
    const result = parseFlow(unknown, 'x.flow.yaml');
    const lists = result.ok
      ? []
      : result.errors.map((e) =>
          must(e.expected, 'expected')
            .replace(/^one of: /, '')
            .split(', '),
        );
    const first = (name: string): string[] =>
      docs
        .rows(guide('flows.md'), name)
        .map(([cell]) => docs.bare(cell).replace(/:.*/, ''))
        .sort();
    // Beside the kinds of steps an item of a script has these, which have a section of their own.
    const items = [...first('generated: steps'), 'at', 'together'].sort();
    expect([items, first('generated: expectations'), first('flow-keys')]).toEqual(lists);
  });

  it('experiments.md: keys, and each experiment that comes with the product', () => {
    const unknown =
      'experiment: x\ntitle: t\nsymptom: s\nsource: s\ntopology: t\nactors: { a: alice }\nsteps: [{ wait: 1s }]\nbroken: { title: t, expect: [{ signed-in: [a] }] }\ncured: { title: t, expect: [{ why: { of: a, by: ttl, zzz: 1 } }] }\nzzz: 1\n';
    const result = parseExperiment(unknown, 'x.experiment.yaml');
    const [why = [], keys = []] = result.ok
      ? []
      : result.errors.map((e) =>
          must(e.expected, 'expected')
            .replace(/^one of: /, '')
            .split(', '),
        );
    expect(
      docs
        .rows(guide('experiments.md'), 'experiment-keys')
        .flatMap(([cell]) => docs.codes(cell))
        .sort(),
    ).toEqual(keys);
    expect(
      docs
        .rows(guide('flows.md'), 'why-keys')
        .map(([cell]) => docs.bare(cell))
        .sort(),
    ).toEqual(why);
    expect(docs.words(/^\| `([a-z0-9-]+)` \|.*\|.*\|.*\|$/gm, must(guide('experiments.md').split('## Those that come')[1], 'the list')).sort()).toEqual(
      experimentIds(),
    );
  });

  it.each([...KINDS.values()])('node-kinds.md: $kind', (kind) => {
    const page = guide('node-kinds.md');
    const settings = Object.keys((kind.schema.json as { properties?: object }).properties ?? {});
    expect(docs.rows(page, `config: ${kind.kind}`).map(([key]) => docs.bare(key))).toEqual(settings);
  });

  it('firewalls.md: what is supported and what is not, in groups', () => {
    const page = guide('firewalls.md');
    const named = (groups: Readonly<Record<string, readonly { readonly name: string }[]>>): [string, string[]][] =>
      Object.entries(groups).map(([group, all]) => [group, [...new Set(all.map(({ name }) => name))]]);
    const plain = (cell: string | undefined): string => (cell ?? '').replaceAll('\\|', '|');
    const supported: [string, string[]][] = [];
    for (const [group = '', construct] of docs.rows(page, 'nft: supported')) {
      if (group !== '') supported.push([group, []]);
      supported.at(-1)?.[1].push(plain(construct));
    }
    expect(supported).toEqual(named(CONSTRUCTS));
    expect(docs.rows(page, 'nft: not supported').map(([group, all]) => [group, plain(all).split('; ')])).toEqual(named(UNSUPPORTED));
  });

  it('firewalls.md: settings of connection tracking', () => {
    const values = docs
      .rows(guide('firewalls.md'), 'conntrack')
      .map(([key, value]) => [`nf_conntrack_${docs.bare(key)}`, { '`true`': 1, '`false`': 0 }[value ?? ''] ?? parseInt(value ?? '', 10)]);
    expect(Object.fromEntries(values)).toEqual(CONNTRACK_SYSCTLS);
  });

  it('firewalls.md: what of iptables is imported and what is not', () => {
    const page = guide('firewalls.md');
    const matches = docs.rows(page, 'iptables: matches').map(([match, options]) => [docs.bare(match).replace('-m ', ''), docs.codes(options)]);
    expect(matches).toEqual(
      [...MODULES].map((module) => [module, Object.entries(MATCHES).flatMap(([option, [modules]]) => (modules.includes(module) ? [option] : []))]),
    );
    expect(
      docs
        .rows(page, 'iptables: targets')
        .flatMap(([target]) => docs.codes(target))
        .sort(),
    ).toEqual(Object.keys(TARGETS).sort());
    const outside = docs.rows(page, 'iptables: not imported').map(([, names]) => docs.codes(names));
    expect(outside).toEqual([OUTSIDE_MATCHES, OUTSIDE_TARGETS, OUTSIDE_OPTIONS].map((table) => Object.keys(table)));
  });

  it('node-kinds.md: every kind has its section', () => {
    expect(docs.words(/^## (\S+)$/gm, guide('node-kinds.md'))).toEqual([...KINDS.keys()]);
  });

  it('architecture.md: the floors, in their order', () => {
    const listed = docs.rows(guide('architecture.md'), 'floors').map(([floor]) => docs.bare(floor));
    const [, floors = ''] = /const floors = \[([^\]]*)\]/.exec(text('.dependency-cruiser.cjs')) ?? [];
    expect(listed).toEqual(docs.words(/'([a-z]+)'/g, floors).filter((floor) => existsSync(join(ROOT, 'src', floor))));
  });

  it('the first lines of the topologies name the schema that is there', () => {
    const result = parseTopology(text('topologies/contoso.lab.yaml'), join(ROOT, 'topologies/contoso.lab.yaml'), KIND_INFOS);
    expect(result.ok).toBe(true);
    expect(text('topologies/contoso.lab.yaml')).toMatch(/^# yaml-language-server: \$schema=lab\.schema\.json\n/);
    expect(existsSync(join(ROOT, 'topologies/lab.schema.json'))).toBe(true);
  });
});
