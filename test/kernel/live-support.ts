/**
 * Labs that stay up, as people have them: every command a process of its own, in a folder of its own.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Two nodes behind a bridge. */
export const SMALL = `
name: small
organisations: { lab: { domains: [lab.example] } }
topology:
  nodes:
    sw: { kind: bridge, organisation: lab, segment: customer, prefixes: [192.0.2.0/24] }
    ns: { kind: dns, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.3/24] } }
    r: { kind: router, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.1/24] } }
  links:
    - { name: ns-sw, segment: customer, endpoints: ["ns:eth0", "sw:p1"] }
    - { name: r-sw, segment: customer, endpoints: ["r:eth0", "sw:p2"], impairments: delay 5ms }
zones:
  lab.example: { servers: [ns], records: { a: { A: ns } } }
`;

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Said>;
  /** Settles when it has written the text, or has ended. */
  said(text: string): Promise<void>;
  /** What it has written so far. */
  text(): string;
}

/** What was started and may still run. */
const running = new Set<ChildProcess>();

/** For after each test: one that failed must not leave its lab up. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

export class LiveDesk {
  readonly folder: string;
  readonly #command: readonly string[];
  readonly #env: NodeJS.ProcessEnv;

  /** @param command what stands for `callpath`; @param folder made here; the labs of one folder do not see those of another */
  constructor(command: readonly string[], folder: string, env: NodeJS.ProcessEnv = process.env) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.#command = command;
    this.#env = { ...env, XDG_RUNTIME_DIR: folder };
  }

  start(...args: readonly string[]): Running {
    const [program = '', ...words] = this.#command;
    const child = spawn(program, [...words, ...args], { cwd: this.folder, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    child.on('exit', () => running.delete(child));
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = new Promise<Said>((resolve) => {
      child.on('close', (code) => {
        resolve({ code, out, err });
      });
    });
    const said = (text: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if ((out + err).includes(text)) resolve();
        };
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        child.on('close', () => {
          resolve();
        });
        look();
      });
    return { child, ended, said, text: () => out + err };
  }

  run(...args: readonly string[]): Said {
    return this.runWith('', ...args);
  }

  /** @param input what it reads */
  runWith(input: string, ...args: readonly string[]): Said {
    const [program = '', ...words] = this.#command;
    const result = spawnSync(program, [...words, ...args], { cwd: this.folder, env: this.#env, input, encoding: 'utf8', timeout: 180_000 });
    return { code: result.status, out: result.stdout, err: result.stderr };
  }

  /** On a terminal of that size, whose output and errors are one. */
  onTerminal(rows: number, columns: number, ...args: readonly string[]): Said {
    const quoted = [...this.#command, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const result = spawnSync('script', ['-qec', `stty rows ${rows} cols ${columns}; exec ${quoted}`, '/dev/null'], {
      cwd: this.folder,
      env: { ...this.#env, TERM: 'xterm' },
      encoding: 'utf8',
      timeout: 180_000,
    });
    return { code: result.status, out: result.stdout, err: result.stderr };
  }

  /** A lab of that topology that is up. */
  async up(topology: string, on: 'netns' | 'docker' = 'netns'): Promise<Running> {
    writeFileSync(join(this.folder, 'test.lab.yaml'), topology);
    return this.upFile('test.lab.yaml', on);
  }

  /** The same, of a topology file, which may have rule files beside it. */
  async upFile(file: string, on: 'netns' | 'docker' = 'netns'): Promise<Running> {
    const lab = this.start('up', file, '--on', on);
    await lab.said(` is up on ${on}`);
    if (lab.child.exitCode !== null) throw new Error(`the lab did not come up: ${(await lab.ended).err}`);
    return lab;
  }

  /** Names of the sockets that are left. */
  sockets(): readonly string[] {
    const folders = readdirSync(this.folder).filter((name) => /^callpath-\d+$/.test(name));
    return folders.flatMap((name) => readdirSync(join(this.folder, name)));
  }
}
