/**
 * The substrate `netns`: Linux network namespaces and TAP devices, nothing else of the machine. What a lab of kernels is
 * stands in `kernel/`; here is where its namespaces come from, and how a process gets into one.
 *
 * Nothing outlives a lab, however it ends: namespaces and devices hang on file descriptors of this process, role
 * processes die with it (`setpriv --pdeathsig`) and with their stdin.
 *
 * Who is not root gets a user namespace ({@link Substrate.gainRights}); nothing else differs.
 *
 * @example
 * const lacks = await netns.probe();
 * const lab = await netns.build(plan, deps);
 * @module
 */
import { LabError } from '../../base/error.js';
import { type Ground, KernelLab } from '../kernel/lab/kernel-lab.js';
import { Origin } from '../kernel/lab/origin.js';
import { Namespace } from '../kernel/namespace/namespace.js';
import { mayMakeNamespaces, startAsNamespaceRoot } from '../kernel/namespace/user-namespace.js';
import { hasTool, missing, runTool } from '../kernel/namespace/tool.js';
import { startIsolated } from '../kernel/program/isolated.js';
import { spawnRole } from '../kernel/role/role-process.js';
import type { KindRef } from '../kernel/role/role-start.js';
import { loadLibc } from '../kernel/tap/libc.js';
import { TapDevice } from '../kernel/tap/tap-device.js';
import { refusePrograms } from '../programs.js';
import type { Substrate } from '../substrate.js';

export interface NetnsOptions {
  /** The compiled entry point of role processes; by default the one beside its module. */
  readonly main?: string;
  /** Node kinds that are not in the registry: the module that exports each. */
  readonly kindModules?: ReadonlyMap<string, KindRef>;
}

const TOOLS = ['ip', 'bridge', 'setpriv'] as const;
/** A role's process ends with the lab's, even if that is killed. */
const WRAPPER = ['setpriv', '--pdeathsig', 'KILL'] as const;

export function createNetns(options: NetnsOptions = {}): Substrate {
  const { main, kindModules } = options;
  const origin = new Origin();
  const ground: Ground = {
    namespace: (libc, node) => Namespace.create(libc, node.name),
    // A process is born into the namespace that the thread is in which starts it.
    spawn: (node, namespace, listener) =>
      namespace.inside(() => spawnRole({ node: node.name, listener, wrapper: WRAPPER, ...(main !== undefined && { main }) })),
    launch: (_node, namespace, start) => startIsolated(namespace, start),
    close: () => Promise.resolve(),
  };
  return {
    name: 'netns',
    originSeconds: () => origin.announce(),
    gainRights,
    probe,
    async build(plan, deps) {
      refusePrograms(plan, deps.kinds, 'netns', ['process']);
      return KernelLab.build(plan, deps, { origin: origin.take(), ground, ...(kindModules !== undefined && { kindModules }) });
    },
  };
}

export const netns: Substrate = createNetns();

async function gainRights(command: readonly string[]): Promise<void> {
  // Another system lacks more than rights, which the probe tells.
  if (process.platform !== 'linux' || mayMakeNamespaces()) return;
  startAsNamespaceRoot(await loadLibc(), command);
}

/** Does once what a lab does: a namespace, a device in it, a setting by `ip`. */
async function probe(): Promise<readonly LabError[]> {
  const lacks = TOOLS.filter((tool) => !hasTool(tool)).map((tool) => missing(tool));
  if (lacks.length > 0) return lacks;
  try {
    const libc = await loadLibc();
    const namespace = Namespace.create(libc, 'a first try');
    try {
      const device = TapDevice.open(libc, namespace, 'probe0');
      try {
        await runTool(namespace, { tool: 'ip', arguments: ['-batch', '-'], input: 'link set dev probe0 up\naddress add 192.0.2.1/24 dev probe0\n' });
      } finally {
        device.close();
      }
    } finally {
      namespace.close();
    }
    return [];
  } catch (error) {
    if (LabError.is(error)) return [error];
    throw error;
  }
}
