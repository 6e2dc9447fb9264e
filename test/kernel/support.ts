/**
 * Labs on the kernel for tests: a recorder, the compiled role process, and a look at what a lab leaves behind.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../src/base/error.js';
import { randomRoot } from '../../src/base/rng.js';
import { millis } from '../../src/base/time.js';
import { DecisionTable } from '../../src/capture/decision-table.js';
import type { Ledger } from '../../src/capture/ledger.js';
import { pointsOf } from '../../src/capture/points.js';
import { Recorder } from '../../src/capture/recorder.js';
import { type ByteSource, FileSink, MemorySink } from '../../src/capture/store/byte-store.js';
import { createLabPki } from '../../src/protocol/pki/lab-pki.js';
import { KINDS } from '../../src/roles/kinds.js';
import type { RoleKind } from '../../src/roles/role.js';
import type { Lab, ScriptTime, Substrate } from '../../src/substrate/substrate.js';
import type { Plan } from '../../src/topology/plan.js';
import { parseTopology } from '../../src/topology/topology-file.js';

export const ROOT = join(import.meta.dirname, '..', '..');

export function planOf(text: string, kinds: ReadonlyMap<string, RoleKind> = KINDS): Plan {
  const parsed = parseTopology(text, 'kernel.lab.yaml', kinds);
  if (!parsed.ok) throw new Error(parsed.errors.map((e) => `${e.where?.line ?? 0}: ${e.message}`).join('\n'));
  return parsed.plan;
}

export interface RecordedLab {
  readonly lab: Lab;
  /** Closes the lab and gives what was recorded. */
  finish(): Promise<Ledger>;
  /** The capture file, once the lab is closed. */
  source(): ByteSource;
}

export async function buildLab(
  substrate: Substrate,
  plan: Plan,
  options: { kinds?: ReadonlyMap<string, RoleKind>; captureFile?: string; signal?: AbortSignal } = {},
): Promise<RecordedLab> {
  const kinds = options.kinds ?? KINDS;
  const [lack] = await substrate.probe();
  if (lack !== undefined) throw lack;
  const points = pointsOf(plan);
  const decisions = new DecisionTable((node) => points.nodeName(node));
  const run = { version: '0', topology: plan.name, hash: plan.hash, seed: 1, records: 'both' } as const;
  const sink = options.captureFile === undefined ? new MemorySink() : new FileSink(options.captureFile);
  const recorder = new Recorder({ points, decisions, sink, run, originSeconds: substrate.originSeconds() });
  const served = plan.nodes.filter((node) => kinds.get(node.kind)?.tls === true);
  const pki = await createLabPki(new Map(served.map((node) => [node.name, node.certificateNames])), randomRoot(1).stream('pki'));
  const lab = await substrate.build(plan, {
    kinds,
    recorder,
    decisions,
    seed: 1,
    pki,
    signal: options.signal ?? new AbortController().signal,
    captureFile: options.captureFile ?? null,
  });
  return {
    lab,
    async finish() {
      const end = lab.clock.now;
      await lab.close();
      recorder.close(end);
      sink.close();
      return recorder.ledger();
    },
    source: () => sink.source(),
  };
}

/** Looks every 50 ms of lab time until something is so; who runs the script has the limit. */
export async function until(time: ScriptTime, so: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await so())) await time.sleep(millis(50));
}

/** Runs a command in a node's namespace; resolves to what it wrote. */
export function inNode(lab: Lab, node: string, ...command: readonly string[]): Promise<string> {
  const [file = '', ...args] = [...(lab.enter?.(node) ?? []), ...command];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new LabError('KERNEL_TOOL', `${command.join(' ')} in ${node} ended with ${code}: ${errors}`));
    });
  });
}

/** Starts a command in a node's namespace and waits for its first output; `stop` ends it. */
export function startInNode(lab: Lab, node: string, ...command: readonly string[]): Promise<{ stop(): Promise<void> }> {
  const [file = '', ...args] = [...(lab.enter?.(node) ?? []), ...command];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => {
      resolve();
    });
  });
  const stop = (): Promise<void> => {
    child.kill('SIGKILL');
    return ended;
  };
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.stdout.once('data', () => {
      resolve({ stop });
    });
  });
}

/** Script for `node -e`: one UDP socket that echoes. */
export const echoScript = (address: string, port: number): string =>
  `const s=require('dgram').createSocket('udp${address.includes(':') ? 6 : 4}');s.on('message',(m,r)=>s.send(m,r.port,r.address));s.bind(${port},'${address}',()=>console.log('ready'))`;

/** Script for `node -e`: sends `count` datagrams one after the other and prints the round trips in milliseconds as JSON. */
export const roundTripScript = (from: string, to: string, port: number, count: number): string =>
  `const s=require('dgram').createSocket('udp${to.includes(':') ? 6 : 4}');const out=[];let at;const go=()=>{at=performance.now();s.send('round trip '+out.length,${port},'${to}')};` +
  `s.on('message',()=>{out.push(performance.now()-at);if(out.length===${count}){console.log(JSON.stringify(out));s.close()}else go()});s.bind(0,'${from}',go)`;

/** Network namespaces that a process is in or holds open. */
export function namespacesOf(pid: number): ReadonlySet<string> {
  const found = new Set<string>();
  for (const path of [`/proc/${pid}/ns/net`, ...listing(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`)]) {
    try {
      const target = readlinkSync(path);
      if (target.startsWith('net:[')) found.add(target);
    } catch {
      // The process or descriptor has gone since it was listed.
    }
  }
  return found;
}

/** What is in use on this machine now. */
export function namespacesInUse(): ReadonlySet<string> {
  return new Set(processIds().flatMap((pid) => [...namespacesOf(pid)]));
}

/** Living processes (no zombies) descended from `pid`. */
export function descendants(pid: number): readonly number[] {
  const parents = new Map(processIds().map((id) => [id, parentOf(id)]));
  const found: number[] = [];
  let generation = [pid];
  while (generation.length > 0) {
    generation = [...parents].filter(([, parent]) => generation.includes(parent)).map(([id]) => id);
    found.push(...generation);
  }
  return found;
}

export function alive(pid: number): boolean {
  return parentOf(pid) !== -1;
}

function processIds(): number[] {
  return listing('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** -1 for a process that is gone or a zombie. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? -1 : Number(parent);
  } catch {
    return -1;
  }
}

function listing(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
