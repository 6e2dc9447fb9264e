/**
 * Watches the rules of one node: switches tracing on, listens, and makes decisions of what is told.
 * @module
 */
import { trackedFamilies } from '../../../netstack/rules/needs.js';
import type { PacketIdentity } from '../identity/packet-identity.js';
import type { Namespace } from '../namespace/namespace.js';
import { runTool } from '../namespace/tool.js';
import { TraceMonitor } from './monitor.js';
import { NodeTracer, type NodeTracerOptions } from './node-tracer.js';
import { ruleNumbers, traceRules } from './trace-table.js';

export interface RuleWatchOptions extends Omit<NodeTracerOptions, 'numbers' | 'tracked' | 'packets'> {
  readonly packets: PacketIdentity;
}

export class RuleWatch {
  readonly #monitor: TraceMonitor;
  readonly #tracer: NodeTracer;

  private constructor(monitor: TraceMonitor, tracer: NodeTracer) {
    this.#monitor = monitor;
    this.#tracer = tracer;
  }

  /** The node's rules are loaded. Errors: KERNEL_TOOL, KERNEL_REFUSED. */
  static async start(namespace: Namespace, options: RuleWatchOptions): Promise<RuleWatch> {
    const tracked = trackedFamilies(options.ruleset);
    await runTool(namespace, { tool: 'nft', arguments: ['-f', '-'], input: traceRules(tracked) });
    const numbers = ruleNumbers(await runTool(namespace, { tool: 'nft', arguments: ['-a', '-j', 'list', 'ruleset'], input: '' }));
    const tracer = new NodeTracer({ ...options, numbers, tracked });
    const monitor = await TraceMonitor.start(namespace, (line) => {
      tracer.feed(line);
    });
    options.packets.watch();
    return new RuleWatch(monitor, tracer);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#monitor.close();
    this.#tracer.close();
  }
}
