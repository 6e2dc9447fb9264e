/**
 * The command line in a folder of its own: as a function, in this process, or as a user has it, as a process. A process costs
 * two seconds of a CPU and a warm call a fifth of that, so a process is for what only one has: signals, pipes, its end.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli/command-line.js';
import type { Io } from '../../src/cli/io.js';
import { ROOT, swap } from './support.js';
import type { Change } from './support.js';

const MAIN = join(ROOT, 'dist', 'cli', 'main.js');

let built = false;

/** Bundles what has changed, once in a run of the tests; what the package does before its own start. */
export function build(): void {
  if (built) return;
  built = true;
  const result = spawnSync(process.execPath, [join(ROOT, 'lab', 'scripts', 'setup.mjs')], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
}

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that takes longer hangs, however busy the machine; milliseconds. */
const PATIENCE = 100_000;

/** No colours, no CI: the same on every machine. */
const ENVIRONMENT = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

/** A folder, and commands run in it. */
export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), 'callpath-'));

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** A command, in this process: what it prints and its exit code. Files are those of the folder. */
  run(...args: string[]): Promise<Said> {
    return this.watch({}, ...args);
  }

  /** The same before a terminal: so wide, of this kind. */
  async watch({ columns, env = {} }: { readonly columns?: number; readonly env?: Io['env'] }, ...args: string[]): Promise<Said> {
    const said = { out: '', err: '' };
    const terminal = columns === undefined ? {} : { isTTY: true, columns };
    const before = process.cwd();
    process.chdir(this.folder);
    try {
      const code = await main(args, {
        stdout: { write: (text) => (said.out += text), ...terminal },
        stderr: { write: (text) => (said.err += text), ...terminal },
        env: { ...ENVIRONMENT, ...env },
        ending: (task) => task(new AbortController().signal),
        onHangUp: () => () => undefined,
        anew: null,
      });
      return { code, ...said };
    } finally {
      process.chdir(before);
    }
  }

  /** A command, as a process of its own. */
  process(...args: string[]): Said {
    const result = spawnSync(process.execPath, [MAIN, ...args], {
      cwd: this.folder,
      env: ENVIRONMENT,
      encoding: 'utf8',
      timeout: PATIENCE,
      maxBuffer: 1 << 26,
    });
    return { code: result.status, out: result.stdout, err: result.stderr };
  }

  /** A command line of the shell, with `callpath` in it. */
  shell(line: string): Said {
    const script = `callpath() { "${process.execPath}" "${MAIN}" "$@"; }; set -o pipefail; ${line}`;
    const result = spawnSync('bash', ['-c', script], { cwd: this.folder, env: ENVIRONMENT, encoding: 'utf8', timeout: PATIENCE });
    return { code: result.status, out: result.stdout, err: result.stderr };
  }

  start(nodeOptions: readonly string[], ...args: string[]): { child: ChildProcess; ended: Promise<Said> } {
    const child = spawn(process.execPath, [...nodeOptions, MAIN, ...args], { cwd: this.folder, env: ENVIRONMENT, timeout: PATIENCE });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = new Promise<Said>((resolve) => {
      child.on('close', (code) => {
        resolve({ code, out, err });
      });
    });
    return { child, ended };
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return name;
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  size(name: string): number {
    return statSync(this.path(name), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Resolves when the file in the folder has grown to that size. */
  async grown(folder: string, name: string, size: number): Promise<void> {
    mkdirSync(this.path(folder), { recursive: true });
    if (this.size(join(folder, name)) >= size) return;
    await new Promise<void>((resolve) => {
      const watcher = watch(this.path(folder), () => {
        if (this.size(join(folder, name)) < size) return;
        watcher.close();
        resolve();
      });
    });
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A flow that comes with the product, with changes, for a file of one's own. */
export function flowText(id: string, ...changes: readonly Change[]): string {
  const text = readFileSync(join(ROOT, 'lab', 'flows', `${id}.flow.yaml`), 'utf8');
  const own = swap(/^topology: .*$/m, `topology: ${join(ROOT, 'topologies', 'contoso.lab.yaml')}`);
  return [own, ...changes].reduce((sofar, change) => change(sofar), text);
}

export function topologyText(...changes: readonly Change[]): string {
  // Wherever it is written to: rule files are named relative to the topology.
  const own = swap(/firewall: \.\./g, `firewall: ${ROOT}`);
  return [own, ...changes].reduce((sofar, change) => change(sofar), readFileSync(join(ROOT, 'topologies', 'contoso.lab.yaml'), 'utf8'));
}

/** Line, from 1, of the first occurrence of `part`. */
export function lineOf(text: string, part: string): number {
  return text.slice(0, text.indexOf(part)).split('\n').length;
}

/** The lab time of an hours-long call: minutes of real time, so that whoever interrupts it comes in the middle. */
export const LONG: readonly Change[] = [swap('for: 5s', 'for: 100h'), swap('\nsteps:', '\nlimit: 200h\nsteps:')];

/** Names of elements, their attributes and text: enough XML to prove that a report is well-formed. Throws where it is not. */
export function parseXml(xml: string): readonly { name: string; attributes: Record<string, string>; text: string }[] {
  const found: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: (typeof found)[number][] = [];
  const body = xml.replace(/^<\?xml [^?]*\?>/, '');
  const token = /<\/([a-z]+)>|<([a-z]+)((?: [a-z]+="[^"<]*")*) *(\/?)>|([^<]+)/gy;
  let at = 0;
  for (let match = token.exec(body); match !== null; match = token.exec(body)) {
    at = token.lastIndex;
    const [, closing, opening, attributes = '', empty, text] = match;
    if (closing !== undefined && open.pop()?.name !== closing) throw new Error(`</${closing}> closes nothing`);
    if (text !== undefined) {
      const last = open.at(-1);
      if (last !== undefined) last.text += unescape(text);
      else if (text.trim() !== '') throw new Error(`text outside: ${text}`);
    }
    if (opening === undefined) continue;
    const element = {
      name: opening,
      attributes: Object.fromEntries([...attributes.matchAll(/ ([a-z]+)="([^"]*)"/g)].map((one) => [one[1] ?? '', unescape(one[2] ?? '')])),
      text: '',
    };
    found.push(element);
    if (empty === '') open.push(element);
  }
  if (at !== body.length || open.length > 0) throw new Error(`no XML at character ${at}: ${body.slice(at, at + 80)}`);
  return found;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#10': '\n', '#9': '\t' };

function unescape(text: string): string {
  return text.replace(/&([^;]*;?)/g, (_, name: string) => {
    const character = ENTITIES[name.slice(0, -1)];
    if (character === undefined || !name.endsWith(';')) throw new Error(`no entity: &${name}`);
    return character;
  });
}
