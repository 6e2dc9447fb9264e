/**
 * `nft monitor trace` in a node's namespace: lines as the kernel tells them, from the moment at which it is listened to.
 * @see netlink(7), "/proc/net/netlink"
 * @module
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { LabError } from '../../../base/error.js';
import type { Namespace } from '../namespace/namespace.js';
import { missing } from '../namespace/tool.js';
import { LineReader } from '../rpc/line-reader.js';

/** It ends with us, however we end. */
const WRAPPER = ['setpriv', '--pdeathsig', 'KILL'] as const;
const COMMAND = ['nft', '-a', '-n', 'monitor', 'trace'] as const;
/** NFNLGRP_NFTRACE is 9; groups are bits from 0. */
const TRACE_GROUP = 1 << 8;
const NETLINK_NETFILTER = 12;
const PATIENCE = 5000;
const STEP = 5;

export class TraceMonitor {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.on('close', () => {
        resolve();
      });
    });
  }

  /** Resolves when the kernel tells it of every packet that is traced from now on. Errors: KERNEL_TOOL, KERNEL_REFUSED. */
  static async start(namespace: Namespace, onLine: (line: string) => void): Promise<TraceMonitor> {
    const [program, ...args] = [...WRAPPER, ...COMMAND];
    const child = namespace.inside(() => spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
    let failure: Error | null = null;
    let complaint = '';
    child.on('error', (cause) => {
      failure = missing(program, cause);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    const reader = new LineReader(onLine);
    child.stdout.on('data', (bytes: Uint8Array) => {
      reader.push(bytes);
    });
    const monitor = new TraceMonitor(child);
    for (let waited = 0; ; waited += STEP) {
      if (failure !== null) throw failure as Error;
      if (child.exitCode !== null || waited > PATIENCE) {
        await monitor.close();
        throw new LabError(
          'KERNEL_REFUSED',
          `${namespace.name}: ${COMMAND.join(' ')} does not listen: ${complaint.trim() === '' ? 'it says nothing' : complaint.trim()}`,
        );
      }
      if (namespace.inside(() => listens())) return monitor;
      await new Promise((resolve) => setTimeout(resolve, STEP));
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}

/** Whether any socket of the namespace hears traces: ours is the only one that asks. */
function listens(): boolean {
  return readFileSync('/proc/thread-self/net/netlink', 'utf8')
    .split('\n')
    .some((line) => {
      const [, protocol, , groups] = line.trim().split(/\s+/);
      return Number(protocol) === NETLINK_NETFILTER && (parseInt(groups ?? '0', 16) & TRACE_GROUP) !== 0;
    });
}
