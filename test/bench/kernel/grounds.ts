/**
 * Two ways to join the same namespaces: callpath's fabric with its recorder, and plain veth pairs with a tcpdump at each.
 * Addresses, routes and settings are the same text for both.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../../src/base/assert.js';
import { DecisionTable } from '../../../src/capture/decision-table.js';
import { pointsOf } from '../../../src/capture/points.js';
import { Recorder } from '../../../src/capture/recorder.js';
import { FileSink } from '../../../src/capture/store/byte-store.js';
import { randomRoot } from '../../../src/base/rng.js';
import { createLabPki } from '../../../src/protocol/pki/lab-pki.js';
import { KINDS } from '../../../src/roles/kinds.js';
import { Namespace } from '../../../src/substrate/kernel/namespace/namespace.js';
import { nodeBatch, nodeSysctls } from '../../../src/substrate/kernel/namespace/node-setup.js';
import { writeSysctl } from '../../../src/substrate/kernel/namespace/sysctl.js';
import { runTool } from '../../../src/substrate/kernel/namespace/tool.js';
import { loadLibc } from '../../../src/substrate/kernel/tap/libc.js';
import { createNetns } from '../../../src/substrate/netns/netns.js';
import type { Plan } from '../../../src/topology/plan.js';

/** Namespaces of a plan, joined. */
export interface Ground {
  /** Milliseconds from nothing to all links up. */
  readonly built: number;
  /** Words before a command that is to run at the node. */
  enter(node: string): readonly string[];
  /** Starts writing what crosses every link into files; resolves when it does. */
  capture(): Promise<void>;
  /** Processes that stand for links and capture, this one left out. */
  readonly helpers: readonly number[];
  /** Ends the capture; packets of it, each counted once a link. */
  captured(): Promise<number>;
  close(): Promise<void>;
}

export const GROUNDS: Readonly<Record<string, (plan: Plan, roleMain: string) => Promise<Ground>>> = { fabric, veth };

/** It records from the beginning. */
async function fabric(plan: Plan, roleMain: string): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-bench-'));
  const substrate = createNetns({ main: roleMain });
  const points = pointsOf(plan);
  const decisions = new DecisionTable((node) => points.nodeName(node));
  const run = { version: '0', topology: plan.name, hash: plan.hash, seed: 1, records: 'both' } as const;
  const sink = new FileSink(join(folder, 'bench.pcapng'));
  const recorder = new Recorder({ points, decisions, sink, run, originSeconds: substrate.originSeconds() });
  const pki = await createLabPki(new Map(), randomRoot(1).stream('pki'));
  await loadLibc();
  const began = performance.now();
  const lab = await substrate.build(plan, { kinds: KINDS, recorder, decisions, seed: 1, pki, signal: new AbortController().signal });
  const built = performance.now() - began;
  return {
    built,
    helpers: [],
    enter: (node) => must(lab.enter?.(node), 'a way into the node'),
    capture: () => Promise.resolve(),
    captured: async () => {
      const end = lab.clock.now;
      const carried = plan.links.reduce((sum, link) => sum + lab.linkStats(link.id, 0).carried + lab.linkStats(link.id, 1).carried, 0);
      await lab.close();
      recorder.close(end);
      sink.close();
      // The recorder writes what it is told by the links, or fails.
      if (recorder.error !== null) throw recorder.error;
      return carried;
    },
    close: async () => {
      await lab.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function veth(plan: Plan): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-bench-'));
  const libc = await loadLibc();
  const began = performance.now();
  const spaces = plan.nodes.map((node) => {
    const space = Namespace.create(libc, node.name);
    space.inside(() => {
      for (const [path, value] of nodeSysctls(node)) writeSysctl(node.name, path, value);
    });
    return space;
  });
  const space = (id: number): Namespace => must(spaces[id], 'a namespace');
  const pairs = plan.links.map(
    ({ ends: [a, b] }) => `link add name ${a.interface} netns ${space(a.node).path} type veth peer name ${b.interface} netns ${space(b.node).path}\n`,
  );
  await runTool(space(0), { tool: 'ip', arguments: ['-batch', '-'], input: pairs.join('') });
  await Promise.all(plan.nodes.map((node, i) => runTool(space(i), { tool: 'ip', arguments: ['-batch', '-'], input: `${nodeBatch(node).join('\n')}\n` })));
  const built = performance.now() - began;
  const enter = (node: string): readonly string[] => ['nsenter', `--net=${must(spaces[plan.nodes.findIndex(({ name }) => name === node)], node).path}`];
  const dumps: ChildProcess[] = [];
  const counts: Promise<number>[] = [];
  return {
    built,
    enter,
    get helpers() {
      return dumps.map((dump) => dump.pid ?? 0);
    },
    async capture() {
      await Promise.all(
        plan.links.map(async ({ name, ends: [end] }) => {
          const [file = '', ...args] = [
            ...enter(end.nodeName),
            'tcpdump',
            '-i',
            end.interface,
            '--immediate-mode',
            '-Z',
            'root',
            '-n',
            '-w',
            join(folder, `${name}.pcap`),
          ];
          const dump = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
          dumps.push(dump);
          let said = '';
          dump.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
          counts.push(once(dump, 'close').then(() => Number(/^(\d+) packets? captured$/m.exec(said)?.[1] ?? NaN)));
          while (!said.includes('listening on')) await once(dump.stderr, 'data');
        }),
      );
    },
    async captured() {
      for (const dump of dumps) dump.kill('SIGINT');
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    },
    async close() {
      for (const dump of dumps) dump.kill('SIGKILL');
      await Promise.all(counts);
      for (const one of spaces) one.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
