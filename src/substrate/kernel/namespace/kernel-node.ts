/**
 * A node of the plan as a network namespace: its devices, addresses, routes and rules. What runs on it is started from
 * {@link Namespace.inside}.
 * @module
 */
import { dirname } from 'node:path';
import { LabError } from '../../../base/error.js';
import type { PlanNode, RouteChange } from '../../../topology/plan.js';
import type { Libc } from '../tap/libc.js';
import { LONGEST_NAME, TapDevice } from '../tap/tap-device.js';
import { Namespace } from './namespace.js';
import { conntrackSysctls, dscpRules, interfaceSysctls, nodeBatch, nodeSysctls, routeChangeLine, ruleBatch, stationBatch } from './node-setup.js';
import { writeSysctl } from './sysctl.js';
import { runTool } from './tool.js';

export class KernelNode {
  readonly plan: PlanNode;
  readonly namespace: Namespace;
  /** In the order of the plan's interfaces. */
  readonly devices: readonly TapDevice[];

  /** The last change of routes; the next one waits for it. */
  #changes: Promise<void> = Promise.resolve();

  private constructor(plan: PlanNode, namespace: Namespace, devices: readonly TapDevice[]) {
    this.plan = plan;
    this.namespace = namespace;
    this.devices = devices;
  }

  /**
   * The namespace with its devices, nothing up yet. Errors: KERNEL_PERMISSION, KERNEL_REFUSED.
   * @param namespace one with nothing in it but a loopback, such as a container's; it is closed with the node
   */
  static create(libc: Libc, plan: PlanNode, namespace: Namespace = Namespace.create(libc, plan.name)): KernelNode {
    const devices: TapDevice[] = [];
    try {
      const long = plan.interfaces.find((iface) => iface.name.length > LONGEST_NAME);
      if (long !== undefined) {
        throw new LabError('KERNEL_REFUSED', `${plan.name}: the interface name "${long.name}" is too long for the kernel`, {
          where: plan.src,
          expected: `at most ${LONGEST_NAME} characters`,
        });
      }
      namespace.inside(() => {
        for (const [path, value] of nodeSysctls(plan)) writeSysctl(plan.name, path, value);
      });
      for (const iface of plan.interfaces) devices.push(TapDevice.open(libc, namespace, iface.name));
      namespace.inside(() => {
        for (const [path, value] of interfaceSysctls(plan)) writeSysctl(plan.name, path, value);
      });
      return new KernelNode(plan, namespace, devices);
    } catch (error) {
      for (const device of devices) device.close();
      namespace.close();
      throw error;
    }
  }

  /** Everything of the plan, up and running. Errors: KERNEL_TOOL, KERNEL_REFUSED. */
  async configure(): Promise<void> {
    await runTool(this.namespace, { tool: 'ip', arguments: ['-batch', '-'], input: `${nodeBatch(this.plan).join('\n')}\n` });
    const stations = stationBatch(this.plan);
    if (stations.length > 0) await runTool(this.namespace, { tool: 'bridge', arguments: ['-batch', '-'], input: `${stations.join('\n')}\n` });
    await this.#batches((family) => ruleBatch(this.plan, family));
    // First of all rules: the file may begin with `flush ruleset`.
    await this.#firewall();
    const rules = dscpRules(this.plan);
    if (rules !== null) await runTool(this.namespace, { tool: 'nft', arguments: ['-f', '-'], input: rules });
  }

  /** Relative includes are taken from the file's own folder, as the plan's reader takes them. */
  async #firewall(): Promise<void> {
    const { firewall, conntrack, name, src } = this.plan;
    if (firewall) await runTool(this.namespace, { tool: 'nft', arguments: ['-I', dirname(firewall.file), '-f', firewall.file], input: '' });
    if (conntrack && 'nf_conntrack_max' in conntrack) {
      throw new LabError('KERNEL_REFUSED', `${name}: the kernel has one nf_conntrack_max for all network namespaces`, {
        where: src,
        expected: 'a node without conntrack.max, or the simulator',
      });
    }
    this.namespace.inside(() => {
      for (const [path, value] of conntrackSysctls(this.plan)) writeSysctl(name, path, value);
    });
  }

  /** One call after the other, each in its order. Errors: KERNEL_REFUSED. */
  route(changes: readonly RouteChange[]): Promise<void> {
    const done = this.#changes.then(() => this.#batches((family) => changes.filter(({ route }) => route.family === family).map(routeChangeLine)));
    this.#changes = done.catch(() => undefined);
    return done;
  }

  /** Words that do not say by themselves which family they mean. */
  async #batches(linesOf: (family: 4 | 6) => readonly string[]): Promise<void> {
    for (const family of [4, 6] as const) {
      const lines = linesOf(family);
      if (lines.length > 0) await runTool(this.namespace, { tool: 'ip', arguments: [`-${family}`, '-batch', '-'], input: `${lines.join('\n')}\n` });
    }
  }

  /** Idempotent. */
  close(): void {
    for (const device of this.devices) device.close();
    this.namespace.close();
  }
}
